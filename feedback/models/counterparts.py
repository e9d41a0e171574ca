"""Pairs of an employer and a street that deals with it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from django.db import models
from django.db.models import Q

from members.ground import access
from members.ground.access import Resource, Right


class Counterpart(NamedTuple):
    """The ids of an employer and a street. A key or login given by a street opens that street's cards only."""

    employer: int
    street: int


class OfCounterpart:
    """Mixin of rows that belong to an employer and a street."""

    employer_id: int
    street_id: int

    @property
    def counterpart(self) -> Counterpart:
        return Counterpart(self.employer_id, self.street_id)


class GivenQuerySet(models.QuerySet):
    """Rows that a street answers for: keys, contacts, webhooks and feeds of employers."""

    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("street__path", access.reach(user, Resource.KEY, right)))


def among(counterparts: Iterable[Counterpart]) -> Q:
    """Return the condition that a row belongs to one of these counterparts; without any, no row does."""
    employers: dict[int, list[int]] = defaultdict(list)
    for employer, street in counterparts:
        employers[street].append(employer)
    rows = Q(pk__in=[])
    for street, some in employers.items():
        rows |= Q(street=street, employer__in=some)
    return rows
