"""Pairs of an employer and a street that deals with it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from django.db import models
from django.db.models import Q

from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area


class Counterpart(NamedTuple):
    """The ids of an employer and a street. A key or login given by a street opens that street's cards only."""

    employer: int
    street: int


class OfCounterpart:
    """Mixin of rows that belong to an employer and a street."""

    employer_id: int
    street: Any
    street_id: int

    @property
    def counterpart(self) -> Counterpart:
        return Counterpart(self.employer_id, self.street_id)

    @property
    def opens(self) -> Area:
        """The street whose cards, slips and offers the row concerns."""
        return self.street


class OfCounterpartOrTest(OfCounterpart, models.Model):
    """Mixin of what a street gives an employer's system. For a test it opens the practice street, and nothing real."""

    practice = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the practice street stays
        null=True,
        editable=False,
        verbose_name="测试街道",
        related_name="+",
    )

    class Meta:
        abstract = True

    @property
    def is_test(self) -> bool:
        return self.practice_id is not None

    @property
    def opens(self) -> Area:
        return self.practice or self.street

    @property
    def counterpart(self) -> Counterpart:
        return Counterpart(self.employer_id, self.practice_id or self.street_id)


class GivenQuerySet(models.QuerySet):
    """Rows that a street answers for: keys, contacts, webhooks and feeds of employers."""

    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("street__path", access.reach(user, Resource.KEY, right)))


def among(counterparts: Iterable[Counterpart], *, column: str = "street") -> Q:
    """Return the condition that a row belongs to one of these counterparts; without any, no row does.

    `column` is the row's street.
    """
    employers: dict[int, list[int]] = defaultdict(list)
    for employer, street in counterparts:
        employers[street].append(employer)
    rows = Q(pk__in=[])
    for street, some in employers.items():
        rows |= Q(**{column: street}, employer__in=some)
    return rows
