"""The figures of each day: counted live, kept each night, and compared with what is kept (docs/design/desk.md)."""

from collections.abc import Iterator
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from louzu.models import FiguresOfDay
from louzu.rules.counting import CountedArea, count_stock, counted_areas
from louzu.rules.happening import count_happenings
from louzu.rules.tally import Tally
from members.ground.atomic import atomic_write
from members.models import Area

COUNTS = tuple(field.name for field in FiguresOfDay._meta.concrete_fields if field.name not in ("id", "area", "day"))
LOWEST_LEVEL = Area.Level.STATION
PORTION = 500  # rows written at once: SQLite binds at most 32,766 values

Counts = tuple[int, ...]
Days = dict[tuple[int, date], Counts]


class Difference(NamedTuple):
    """A day of an area of which other figures are kept than there are; None where there is no row."""

    area: int
    day: date
    kept: Counts | None
    counted: Counts | None


def count_days(area: Area, first: date, last: date) -> Days:
    """Return by area (id) and day the counts, in the order of `COUNTS`, of an area and of all below it.

    Rows are of streets, communities and compounds, for the days on which they are open or have any count: the counts of
    an area are always the sum of those below it and of its own. Eight queries.
    """
    tally, places = Tally(first, last), counted_areas(area)
    count_stock(tally, area, places)
    count_happenings(tally, area, [place.due for place in places])
    tally.add_up()
    return dict(_rows(tally, [place for place in places if place.due.level <= LOWEST_LEVEL]))


def _rows(tally: Tally, places: list[CountedArea]) -> Iterator[tuple[tuple[int, date], Counts]]:
    nothing = [0] * tally.days
    for place in places:
        counts = tally.of(place.path)
        by_day = list(zip(*(counts.get(name, nothing) for name in COUNTS), strict=True))
        for index, day in enumerate(tally.each_day()):
            if place.span.contains(day) or any(by_day[index]):
                yield (place.due.pk, day), by_day[index]


def kept_days(area: Area, first: date, last: date) -> Days:
    """Return the kept counts of an area and of all below it, in the form of `count_days`. One query."""
    rows = FiguresOfDay.objects.inside(area).between(first, last).order_by()
    return {(pk, day): tuple(counts) for pk, day, *counts in rows.values_list("area", "day", *COUNTS)}


def differences(area: Area, first: date, last: date) -> list[Difference]:
    """Return the days of which other figures are kept than there are now, the earliest first."""
    counted, kept = count_days(area, first, last), kept_days(area, first, last)
    return [
        Difference(*key, kept.get(key), counted.get(key))
        for key in sorted(counted.keys() | kept.keys(), key=itemgetter(1, 0))
        if kept.get(key) != counted.get(key)
    ]


def keep_days(area: Area, first: date, last: date) -> list[Difference]:
    """Count the days anew and keep what differs; return the differences. They are counts, so the trail has no entry."""
    found = differences(area, first, last)
    for start in range(0, len(found), PORTION):
        with atomic_write():
            _keep(found[start : start + PORTION])
    return found


def _keep(some: list[Difference]) -> None:
    gone = [each for each in some if each.counted is None]
    for each in gone:
        FiguresOfDay.objects.filter(area=each.area, day=each.day).delete()
    rows = [
        FiguresOfDay(area_id=each.area, day=each.day, **dict(zip(COUNTS, each.counted, strict=True)))
        for each in some
        if each.counted is not None
    ]
    FiguresOfDay.objects.bulk_create(rows, update_conflicts=True, unique_fields=["area", "day"], update_fields=COUNTS)
