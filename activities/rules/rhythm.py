"""Rhythm 四联动: where activities were held as often as they are due, and where not (docs/design/reports.md).

Due are: in the street nothing fixed, in a community an activity each month, in a compound one each week, in a building
group an activity or a visit each quarter. An area's own activities count, not those of other areas. Places are
described, never persons.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, TextChoices

from activities.models import Activity, Visit
from members.models import Area
from members.models.areas import SEGMENT, AreaQuerySet

GROUP = Area.Level.BUILDING_GROUP


class DueState(TextChoices):
    """The state of an area's period."""

    DONE = "done", "已办"
    MISSING = "missing", "未办"
    NOT_DUE = "not_due", "未到期"
    NOT_APPLICABLE = "not_applicable", "不适用"


class DuePeriod(NamedTuple):
    """A week, month or quarter, first and last day included."""

    label: str
    first: date
    last: date

    @property
    def month(self) -> int:
        """The month of the first day; a week belongs to the month of its Thursday."""
        return (self.first + timedelta(days=3)).month


def weeks(year: int) -> list[DuePeriod]:
    """Return the 52 or 53 ISO weeks of the year, Monday to Sunday; the first may begin before New Year."""
    mondays = [date.fromisocalendar(year, week, 1) for week in range(1, date(year, 12, 28).isocalendar().week + 1)]
    return [DuePeriod(f"第{week}周", day, day + timedelta(days=6)) for week, day in enumerate(mondays, start=1)]


def months(year: int) -> list[DuePeriod]:
    return [DuePeriod(f"{month}月", date(year, month, 1), _before(year, month + 1)) for month in range(1, 13)]


def quarters(year: int) -> list[DuePeriod]:
    return [DuePeriod(f"{q}季度", date(year, 3 * q - 2, 1), _before(year, 3 * q + 1)) for q in range(1, 5)]


def _before(year: int, month: int) -> date:
    return date(year + month // 13, (month - 1) % 12 + 1, 1) - timedelta(days=1)


PERIODS: dict[int, Callable[[int], list[DuePeriod]]] = {
    Area.Level.STREET: months,
    Area.Level.COMMUNITY: months,
    Area.Level.STATION: weeks,
    Area.Level.BUILDING_GROUP: quarters,
}


class DueArea(NamedTuple):
    """The columns of an area that the grid needs; 922 of them are made faster than as many model instances."""

    pk: int
    path: str
    level: int
    name: str
    label: str
    since: date | None
    until: date | None
    stage: str | None
    established_on: date | None

    def __str__(self) -> str:
        return self.label

    def is_open_in(self, first: date, last: date) -> bool:
        """Whether the area is open on any of these days."""
        return (self.since or first) <= last and (self.until is None or self.until > first)

    def has_rhythm(self, period: DuePeriod) -> bool:
        """Whether anything is due here: nothing is in a street, or in a group without a party group."""
        if self.level < GROUP:
            return self.level > Area.Level.STREET
        return self.stage == Area.Stage.ESTABLISHED and (self.established_on or period.last) <= period.last

    def owes(self, period: DuePeriod) -> bool:
        """Whether the area, and a group's party group, exists on all days of the period."""
        begins = max(self.since or period.first, self.established_on or period.first)
        lasts = self.until is None or self.until > period.last
        return self.has_rhythm(period) and begins <= period.first and lasts


class DueCell(NamedTuple):
    """An area's period: its state, and the number of activities and visits in it."""

    state: DueState
    activities: int = 0
    visits: int = 0


@dataclass(slots=True)
class DueProgress:
    """The number of periods that were due, and of those done."""

    done: int = 0
    due: int = 0

    def add(self, other: "DueProgress") -> None:
        self.done += other.done
        self.due += other.due

    @property
    def share(self) -> float | None:
        return self.done / self.due if self.due else None

    def as_dict(self) -> dict[str, Any]:
        return {"done": self.done, "due": self.due, "share": self.share}


@dataclass(slots=True)
class DueGroup:
    """An area's year; `below` is the progress of the areas below it, by level."""

    area: DueArea
    cells: list[DueCell]
    is_waiting: bool
    below: dict[int, DueProgress] = field(default_factory=dict)

    @property
    def progress(self) -> DueProgress:
        """The periods done of those due; a street has none due."""
        states = Counter(cell.state for cell in self.cells) if self.area.level > Area.Level.STREET else Counter()
        return DueProgress(states[DueState.DONE], states[DueState.DONE] + states[DueState.MISSING])

    def as_dict(self) -> dict[str, Any]:
        below = {Area.Level(level).name: progress.as_dict() for level, progress in sorted(self.below.items())}
        cells = [{"state": state.value, "activities": held, "visits": visits} for state, held, visits in self.cells]
        return {
            "area": self.area.name,
            "id": self.area.pk,
            **self.progress.as_dict(),
            "below": below,
            "cells": cells,
        }


@dataclass(slots=True)
class RhythmGrid:
    """Areas of one level, and the periods of that level."""

    level: Area.Level
    periods: list[DuePeriod]
    rows: list[DueGroup]

    def as_dict(self) -> dict[str, Any]:
        periods = [{"label": label, "first": str(first), "last": str(last)} for label, first, last in self.periods]
        return {"level": self.level.name, "periods": periods, "rows": [row.as_dict() for row in self.rows]}


@dataclass(slots=True)
class Rhythm:
    """An area's year: a grid of the area itself and one of the areas in it."""

    area: Area
    year: int
    grids: list[RhythmGrid]

    def as_dict(self) -> dict[str, Any]:
        grids = [grid.as_dict() for grid in self.grids]
        return {
            "area": self.area.name,
            "level": Area.Level(self.area.level).name,
            "year": self.year,
            "grids": grids,
        }


def rhythm(area: Area, *, areas: AreaQuerySet, year: int, today: date, level: int | None = None) -> Rhythm:
    """Return the year of an area and of those in it; `areas` are those the reader may see reports of.

    `level` is that of the rows, by default the one below the area. Three queries, whatever the size.
    """
    level = min(level or area.level + 1, GROUP)
    periods = {each: PERIODS[each](year) for each in range(area.level, GROUP + 1)}
    rows = _rows(area, areas, periods, today)
    _sum_up(rows)
    by_level = {area.level: [row for row in rows if row.area.path == area.path]}
    by_level |= {level: [row for row in rows if row.area.level == level]} if level > area.level else {}
    grids = [RhythmGrid(Area.Level(each), periods[each], found) for each, found in by_level.items() if found]
    return Rhythm(area, year, grids)


def _rows(area: Area, areas: AreaQuerySet, periods: dict[int, list[DuePeriod]], today: date) -> list[DueGroup]:
    """Return a row for every area that was open on a day of the year."""
    first = min(each[0].first for each in periods.values())
    last = max(each[-1].last for each in periods.values())
    activities, visits = _activities(area, first, last), _visits(area, first, last)
    places = [DueArea(*values) for values in areas.inside(area).values_list(*DueArea._fields)]
    return [
        _row(place, periods[place.level], activities[place.pk], visits[place.pk], today)
        for place in places
        if place.is_open_in(periods[place.level][0].first, periods[place.level][-1].last)
    ]


def _row(place: DueArea, periods: list[DuePeriod], activities: Counter, visits: Counter, today: date) -> DueGroup:
    held, called = _by_period(activities, periods), _by_period(visits, periods)
    cells = [
        DueCell(_state(place, period, bool(held[i] or called[i]), today), held[i], called[i])
        for i, period in enumerate(periods)
    ]
    is_waiting = any(
        period.first <= today <= period.last and cell.state == DueState.NOT_DUE and place.owes(period)
        for period, cell in zip(periods, cells, strict=True)
    )
    return DueGroup(place, cells, is_waiting)


def _state(place: DueArea, period: DuePeriod, is_held: bool, today: date) -> DueState:
    if not place.has_rhythm(period):
        return DueState.DONE if is_held and place.level == Area.Level.STREET else DueState.NOT_APPLICABLE
    if not place.owes(period):
        return DueState.NOT_DUE
    if is_held:
        return DueState.DONE
    return DueState.MISSING if period.last < today else DueState.NOT_DUE


def _by_period(days: Counter, periods: list[DuePeriod]) -> Counter:
    """Sum daily counts by the period's index; days outside the periods do not count."""
    firsts, found = [period.first for period in periods], Counter[int]()
    for day, count in days.items():
        if firsts[0] <= day <= periods[-1].last:
            found[bisect_right(firsts, day) - 1] += count
    return found


def _sum_up(rows: list[DueGroup]) -> None:
    by_path = {row.area.path: row for row in rows}
    for row in rows:
        progress = row.progress
        for end in range(SEGMENT, len(row.area.path), SEGMENT):
            if above := by_path.get(row.area.path[:end]):
                above.below.setdefault(row.area.level, DueProgress()).add(progress)


def _activities(area: Area, first: date, last: date) -> defaultdict[int, Counter]:
    held = Activity.objects.held().inside(area).between(first, last).order_by()
    return _by_area(held.values_list("area", "held_on").annotate(Count("pk")))


def _visits(area: Area, first: date, last: date) -> defaultdict[int, Counter]:
    """Count visits by the building group of the member's household."""
    made = Visit.objects.inside(area).filter(visited_on__range=(first, last)).order_by()
    return _by_area(made.values_list("pairing__household__area", "visited_on").annotate(Count("pk")))


def _by_area(counted: Any) -> defaultdict[int, Counter]:
    found: defaultdict[int, Counter] = defaultdict(Counter)
    for pk, day, count in counted:
        found[pk][day] = count
    return found
