"""Whom a street writes to: an employer, as that street deals with it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from django.db import models
from django.db.models import Q

from members.ground import access
from members.ground.access import Resource, Right


class Counterpart(NamedTuple):
    """An employer and a street (ids). What a street gives an employer opens that street's own cards alone."""

    employer: int
    street: int


class OfCounterpart:
    """A row of an employer and a street."""

    employer_id: int
    street_id: int

    @property
    def counterpart(self) -> Counterpart:
        return Counterpart(self.employer_id, self.street_id)


class GivenQuerySet(models.QuerySet):
    """Rows that a street answers for: what it gave an employer, what it tells it."""

    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("street__path", access.reach(user, Resource.KEY, right)))


def among(counterparts: Iterable[Counterpart]) -> Q:
    """Return the condition "its employer and street are one of these"; none of them is none of the rows."""
    employers: dict[int, list[int]] = defaultdict(list)
    for employer, street in counterparts:
        employers[street].append(employer)
    rows = Q(pk__in=[])
    for street, some in employers.items():
        rows |= Q(street=street, employer__in=some)
    return rows
