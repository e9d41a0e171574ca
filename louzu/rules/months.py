"""Figures over time: an area's months of this year and last, and those of the areas below (docs/design/desk.md).

Past days are those kept each night; today, and days that are not kept yet, are counted now.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from louzu.models import FiguresOfDay
from louzu.rules.figures import COUNTS, LOWEST_LEVEL, Counts, count_days
from members.ground.replica import from_replica
from members.models import Area
from members.models.areas import AreaQuerySet

STOCK = COUNTS[: COUNTS.index("activities")]
NOTHING: Counts = (0,) * len(COUNTS)
# The rates: what they are called, their top and their bottom.
RATES = {
    "coverage": ("established", "groups"),
    "taking_part_share": ("taking_part", "members"),
    "paired_share": ("paired", "households"),
    "communities_share": ("communities_done", "communities_due"),
    "stations_share": ("stations_done", "stations_due"),
    "groups_share": ("groups_done", "groups_due"),
}


class MonthFigures(NamedTuple):
    """A month of an area: what there was on its last day (or today), what happened in it, periods that ended in it.

    An area that closed within the month had nothing on its last day, so that communities add up to their street.
    """

    month: date
    day: date
    counts: dict[str, int]

    def share(self, rate: str) -> float | None:
        """Return a rate by its name; None where nothing was due or there."""
        top, bottom = RATES[rate]
        return self.counts[top] / self.counts[bottom] if self.counts[bottom] else None

    def as_dict(self) -> dict[str, Any]:
        rates = {rate: self.share(rate) for rate in RATES}
        return {"month": f"{self.month:%Y-%m}", "day": self.day.isoformat(), **self.counts, **rates}


class MonthsRow(NamedTuple):
    """An area and its months, the first one first; months in which it was not open are left out."""

    area: Area
    months: list[MonthFigures]

    def as_dict(self) -> dict[str, Any]:
        return {"area": self.area.name, "id": self.area.pk, "months": [month.as_dict() for month in self.months]}


@dataclass(slots=True)
class Months:
    """The report: an area from January of the year before to the end of the year, or today."""

    area: Area
    year: int
    own: MonthsRow
    rows: list[MonthsRow]

    def as_dict(self) -> dict[str, Any]:
        level = Area.Level(self.area.level).name
        rows = [row.as_dict() for row in self.rows]
        return {**self.own.as_dict(), "level": level, "year": self.year, "rows": rows}


@from_replica
def months(area: Area, *, areas: AreaQuerySet, year: int, today: date) -> Months:
    """Return the months of a street, community or compound and of those one level down; at most ten queries.

    `areas` are those the reader may see reports of.
    """
    shown = [area, *areas.children_of(area).filter(level__lte=LOWEST_LEVEL)]
    first, last = date(year - 1, 1, 1), min(date(year, 12, 31), today)
    days = _days(area, shown, first, last, today)
    ends = {day.replace(day=1): day for day in sorted(days[area.pk])}
    rows = [MonthsRow(each, _by_month(days[each.pk], ends)) for each in shown]
    return Months(area, year, rows[0], [row for row in rows[1:] if row.months])


def _days(area: Area, shown: list[Area], first: date, last: date, today: date) -> dict[int, dict[date, Counts]]:
    """Return the counts of these areas by day: kept ones, and counted ones from the first day that is not kept."""
    found: dict[int, dict[date, Counts]] = defaultdict(dict)
    kept = FiguresOfDay.objects.filter(area__in=shown).between(first, min(last, today - timedelta(days=1)))
    for pk, day, *counts in kept.order_by().values_list("area", "day", *COUNTS):
        found[pk][day] = tuple(counts)
    if missing := _first_missing(area, set(found[area.pk]), first, last):
        for (pk, day), counts in count_days(area, missing, last).items():
            found[pk][day] = counts
    return found


def _first_missing(area: Area, kept: set[date], first: date, last: date) -> date | None:
    """Return the first of these days on which the area is open and which is not kept."""
    begin = max(first, area.since or first)
    end = min(last, area.until - timedelta(days=1)) if area.until else last
    days = (begin + timedelta(days=number) for number in range((end - begin).days + 1))
    return next((day for day in days if day not in kept), None)


def _by_month(days: dict[date, Counts], ends: dict[date, date]) -> list[MonthFigures]:
    """Take what there was from the last day of each month, and add up what happened in it."""
    by_month: dict[date, list[Counts]] = defaultdict(list)
    for day in sorted(days):
        by_month[day.replace(day=1)].append(days[day])
    return [_month(month, ends[month], days, some) for month, some in by_month.items() if month in ends]


def _month(month: date, end: date, days: dict[date, Counts], some: list[Counts]) -> MonthFigures:
    there = days.get(end, NOTHING)[: len(STOCK)]
    happened = map(sum, zip(*(counts[len(STOCK) :] for counts in some), strict=True))
    return MonthFigures(month, end, dict(zip(COUNTS, (*there, *happened), strict=True)))
