"""Thin places 薄弱点: what is due now and not done yet, tier by tier, and the periods before (docs/design/reports.md).

What is due where is told by `due`. Places are described, never persons.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from activities.rules.due import (
    GROUP,
    DueArea,
    DueCell,
    DuePeriod,
    DueProgress,
    DueState,
    activities_by_day,
    due_areas,
    due_cells,
    latest,
    progress_of,
    visits_by_day,
)
from members.models import Area
from members.models.areas import AreaQuerySet

# How many periods are looked at, the running one included: a year of months and quarters, a dozen weeks.
SPANS = {Area.Level.STREET: 12, Area.Level.COMMUNITY: 12, Area.Level.STATION: 12, GROUP: 5}


@dataclass(frozen=True, slots=True)
class ThinPlace:
    """An area and its last periods, the running one last."""

    area: DueArea
    cells: tuple[DueCell, ...]

    @property
    def is_missing(self) -> bool:
        """Whether the running period is due here and nothing was recorded in it yet."""
        return self.cells[-1].is_waiting

    @property
    def is_due(self) -> bool:
        return self.is_missing or self.cells[-1].state == DueState.DONE

    @property
    def has_missed_before(self) -> bool:
        """Whether it is missing now and missed the period before as well."""
        return self.is_missing and self.cells[-2].state == DueState.MISSING

    @property
    def progress(self) -> DueProgress:
        return progress_of(self.area.level, self.cells)

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.area.pk,
            "area": self.area.label,
            "is_missing": self.is_missing,
            "has_missed_before": self.has_missed_before,
            "cells": [cell.as_dict() for cell in self.cells],
        }


@dataclass(frozen=True)
class ThinTier:
    """The areas of one level, by path, and their last periods."""

    level: Area.Level
    periods: tuple[DuePeriod, ...]
    places: tuple[ThinPlace, ...]

    @property
    def now(self) -> DuePeriod:
        return self.periods[-1]

    @cached_property
    def due(self) -> int:
        """The number of places where the running period is due; none is in a street."""
        return sum(place.is_due for place in self.places) if self.level > Area.Level.STREET else 0

    @cached_property
    def missing(self) -> list[ThinPlace]:
        return [place for place in self.places if place.is_missing]

    @property
    def missed_before(self) -> int:
        return sum(place.has_missed_before for place in self.missing)

    @cached_property
    def progress(self) -> DueProgress:
        """The periods done of those due, of all places together."""
        return progress_of(self.level, (cell for place in self.places for cell in place.cells))

    @property
    def held(self) -> int:
        """The activities and visits of the running period."""
        return sum(place.cells[-1].held for place in self.places)

    def as_dict(self) -> dict[str, Any]:
        return {
            "level": self.level.name,
            "due_now": self.due,
            "missing_now": len(self.missing),
            "missed_before": self.missed_before,
            "held_now": self.held,
            **self.progress.as_dict(),
            "periods": [period.as_dict() for period in self.periods],
            "places": [place.as_dict() for place in self.places],
        }


@dataclass(frozen=True)
class ThinPlaces:
    """An area on a day: a tier for its own level and for each below."""

    area: Area
    day: date
    tiers: tuple[ThinTier, ...]

    def tier(self, level: int) -> ThinTier | None:
        return next((tier for tier in self.tiers if tier.level == level), None)

    def as_dict(self) -> dict[str, Any]:
        return {
            "area": self.area.name,
            "level": Area.Level(self.area.level).name,
            "day": str(self.day),
            "tiers": [tier.as_dict() for tier in self.tiers],
        }


def thin(area: Area, *, areas: AreaQuerySet, today: date) -> ThinPlaces:
    """Return what is due now in an area and in those below it; `areas` are those the reader may see reports of.

    Three queries, whatever the size.
    """
    levels = [Area.Level(level) for level in range(area.level, GROUP + 1)]
    return ThinPlaces(area, today, tuple(tiers_of(area, areas.inside(area), levels, today)))


def tiers_of(area: Area, areas: AreaQuerySet, levels: Iterable[Area.Level], today: date) -> list[ThinTier]:
    """Return a tier of each of these levels, of the areas of the query inside the area, by three queries."""
    periods = {level: latest(level, today, SPANS[level]) for level in levels}
    first = min(each[0].first for each in periods.values())
    activities, visits = activities_by_day(area, first, today), visits_by_day(area, first, today)
    places: dict[int, list[ThinPlace]] = {level: [] for level in periods}
    for place in due_areas(areas.filter(level__in=periods).order_by("path")):
        spans = periods[Area.Level(place.level)]
        if place.is_open_in(spans[0].first, today):
            cells = due_cells(place, spans, activities[place.pk], visits[place.pk], today)
            places[place.level].append(ThinPlace(place, tuple(cells)))
    return [ThinTier(level, tuple(spans), tuple(places[level])) for level, spans in periods.items()]
