"""Rhythm 四联动: an area's year, where activities were held as often as they are due, and where not.

What is due where is told by `due`.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from activities.rules.due import (
    GROUP,
    PERIODS,
    DueArea,
    DueCell,
    DuePeriod,
    DueProgress,
    activities_by_day,
    due_areas,
    due_cells,
    progress_of,
    visits_by_day,
)
from members.ground.replica import from_replica
from members.models import Area
from members.models.areas import SEGMENT, AreaQuerySet


@dataclass(slots=True)
class DueGroup:
    """An area's year; `below` is the progress of the areas below it, by level."""

    area: DueArea
    cells: list[DueCell]
    below: dict[int, DueProgress] = field(default_factory=dict)

    @property
    def progress(self) -> DueProgress:
        return progress_of(self.area.level, self.cells)

    @property
    def is_waiting(self) -> bool:
        return any(cell.is_waiting for cell in self.cells)

    def as_dict(self) -> dict[str, Any]:
        below = {Area.Level(level).name: progress.as_dict() for level, progress in sorted(self.below.items())}
        return {
            "area": self.area.name,
            "id": self.area.pk,
            **self.progress.as_dict(),
            "below": below,
            "cells": [cell.as_dict() for cell in self.cells],
        }


@dataclass(slots=True)
class RhythmGrid:
    """Areas of one level, and the periods of that level."""

    level: Area.Level
    periods: list[DuePeriod]
    rows: list[DueGroup]

    def as_dict(self) -> dict[str, Any]:
        periods, rows = [each.as_dict() for each in self.periods], [row.as_dict() for row in self.rows]
        return {"level": self.level.name, "periods": periods, "rows": rows}


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


@from_replica
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
    activities, visits = activities_by_day(area, first, last), visits_by_day(area, first, last)
    return [
        DueGroup(place, due_cells(place, periods[place.level], activities[place.pk], visits[place.pk], today))
        for place in due_areas(areas.inside(area))
        if place.is_open_in(periods[place.level][0].first, periods[place.level][-1].last)
    ]


def _sum_up(rows: list[DueGroup]) -> None:
    by_path = {row.area.path: row for row in rows}
    for row in rows:
        progress = row.progress
        for end in range(SEGMENT, len(row.area.path), SEGMENT):
            if above := by_path.get(row.area.path[:end]):
                above.below.setdefault(row.area.level, DueProgress()).add(progress)
