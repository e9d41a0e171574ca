"""Who lived behind a door on a day, for records that name a door and no person."""

from collections import defaultdict
from datetime import date
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery

from members.models import Area, Residence


class Stay(NamedTuple):
    """A member's time behind a door; `left_last` is the day on which the member's home before it ended."""

    member: int
    since: date
    is_since_known: bool
    until: date | None
    left_last: date | None

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def may_cover(self, day: date) -> bool:
        """Whether the day lies before the first one on record of a stay that may have begun earlier."""
        return not self.is_since_known and day < self.since and (self.left_last is None or self.left_last <= day)


class Dwellers:
    """The members behind the doors of these groups of a street, read in one query.

    A stay whose first day is not known also counts before its recorded one, unless another member is known to have
    lived there.
    """

    def __init__(self, street: Area, groups: Any, first: date, last: date):
        self._stays: dict[tuple[int, str], list[Stay]] = defaultdict(list)
        homes = Residence.objects.inside(street).filter(_in_time(first, last), area__in=groups).exclude(room="")
        for area, room, *stay in _with_the_home_before(homes).values_list("area", "room", *Stay._fields):
            self._stays[area, room].append(Stay(*stay))

    def on(self, day: date, area: int, room: str) -> set[int]:
        """Return the ids of the members who lived behind the door on this day."""
        stays = self._stays.get((area, room), [])
        known = {stay.member for stay in stays if stay.covers(day)}
        return known or {stay.member for stay in stays if stay.may_cover(day)}


def _in_time(first: date, last: date) -> Q:
    return (Q(until=None) | Q(until__gt=first)) & (Q(since__lte=last) | Q(is_since_known=False))


def _with_the_home_before(homes: QuerySet[Residence]) -> QuerySet[Residence]:
    # Of two homes that began and ended on one day the one recorded first came first.
    before = Q(since__lt=OuterRef("since")) | Q(since=OuterRef("since"), pk__lt=OuterRef("pk"))
    earlier = Residence.objects.filter(before, member=OuterRef("member"), until__lte=OuterRef("since"))
    last = earlier.order_by("-until").values("until")[:1]
    return homes.order_by().annotate(left_last=Subquery(last))
