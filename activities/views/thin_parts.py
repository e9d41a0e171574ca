"""Thin places as a page shows them: what is missing by community, the weeks of compounds, the tiles of groups."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

from django.urls import reverse

from activities.rules.due import DueArea, DueCell, DuePeriod, DueState
from activities.rules.reminding import can_be_reminded
from activities.rules.thin import ThinPlace, ThinPlaces, ThinTier
from activities.views.due_links import SIGNS, DueLinks, due_sentence
from members.models import Area
from members.models.areas import SEGMENT

COMMUNITY, STATION = Area.Level.COMMUNITY * SEGMENT, Area.Level.STATION * SEGMENT  # lengths of paths
STEPS = (1, 2, 4)  # from so many activities and visits on, a cell is darker
WAITING = "waiting"
SHORT = 3  # letters of a group's name that fit a cell


class HeatBox(NamedTuple):
    """A cell: how it is drawn, what stands in it, the sentence for it, and its link."""

    kind: str
    text: str
    sentence: str
    url: str


class HeatRow(NamedTuple):
    place: DueArea
    boxes: list[HeatBox]


class HeatPart(NamedTuple):
    """The rows of a community, or the groups of a compound as one tile."""

    name: str
    rows: list[HeatRow]
    done: int = 0
    due: int = 0


class MissingItem(NamedTuple):
    """A place where the running period is missing, and whether its secretary may be reminded, or when that was done."""

    place: DueArea
    url: str
    has_missed_before: bool
    sent_on: date | None
    can_be_reminded: bool


class MissingPart(NamedTuple):
    """What is missing in a community, by compound; `pk` is the area of which all can be reminded."""

    name: str
    pk: int
    compounds: list[tuple[str, list[MissingItem]]]

    @property
    def total(self) -> int:
        return sum(len(items) for _, items in self.compounds)

    @property
    def first(self) -> int:
        """The id of the first place, where the page opens again."""
        return self.compounds[0][1][0].place.pk

    @property
    def waiting(self) -> int:
        return sum(item.can_be_reminded for _, items in self.compounds for item in items)


class ThinParts:
    """Makes the parts of the page for one reader."""

    def __init__(self, report: ThinPlaces, links: DueLinks):
        self.report, self.links = report, links
        self.rhythm = reverse("activities:rhythm_start")
        self.communities = {place.area.path: place.area.pk for place in _places(report.tier(Area.Level.COMMUNITY))}

    def missing(self, tier: ThinTier, sent: dict[int, date]) -> list[MissingPart]:
        """Return the places of a tier that miss the running period, by community and compound."""
        cut = COMMUNITY if tier.level > Area.Level.COMMUNITY else 0
        return [self._missing_part(path, members, sent) for path, members in _by_path(tier.missing, cut)]

    def weeks(self, tier: ThinTier) -> list[HeatPart]:
        """Return the rows of compounds, by community."""
        return [
            HeatPart(_names(members[0], 0), [self._row(place, tier.periods) for place in members])
            for _, members in _by_path(tier.places, COMMUNITY)
        ]

    def tiles(self, tier: ThinTier, quarter: DuePeriod) -> list[HeatPart]:
        """Return the groups that were there in the quarter, a tile a compound."""
        at = tier.periods.index(quarter)
        there = [place for place in tier.places if place.area.is_open_in(quarter.first, quarter.last)]
        return [self._tile(members, quarter, at) for _, members in _by_path(there, STATION)]

    def _missing_part(self, path: str, members: list[ThinPlace], sent: dict[int, date]) -> MissingPart:
        name = _names(members[0], 0) if path else ""
        cut = STATION if members[0].area.level > Area.Level.STATION else 0
        compounds = [(_names(some[0], 1) if cut else "", self._items(some, sent)) for _, some in _by_path(members, cut)]
        return MissingPart(name, self.communities.get(path, self.report.area.pk), compounds)

    def _tile(self, members: list[ThinPlace], quarter: DuePeriod, at: int) -> HeatPart:
        cells = [place.cells[at] for place in members]
        rows = [
            HeatRow(place.area, [self._box(place.area, quarter, cell, _short(place.area.name))])
            for place, cell in zip(members, cells, strict=True)
        ]
        done = sum(cell.state == DueState.DONE for cell in cells)
        due = done + sum(cell.is_waiting or cell.state == DueState.MISSING for cell in cells)
        return HeatPart(_names(members[0], 1), rows, done, due)

    def _row(self, place: ThinPlace, periods: tuple[DuePeriod, ...]) -> HeatRow:
        pairs = zip(periods, place.cells, strict=True)
        return HeatRow(place.area, [self._box(place.area, period, cell, _sign(cell)) for period, cell in pairs])

    def _box(self, place: DueArea, period: DuePeriod, cell: DueCell, text: str) -> HeatBox:
        """Return a cell that opens the period's activities, records a missing one, or opens the area's rhythm."""
        url = self.links.of(place, period, cell)
        if cell.is_waiting:
            url = self.links.add(place, on=self.report.day)
        return HeatBox(_kind(cell), text, due_sentence(place, period, cell), url or f"{self.rhythm}{place.pk}/")

    def _items(self, places: list[ThinPlace], sent: dict[int, date]) -> list[MissingItem]:
        return [
            MissingItem(
                place.area,
                self.links.add(place.area, on=self.report.day) or f"{self.rhythm}{place.area.pk}/",
                place.has_missed_before,
                sent.get(place.area.pk),
                can_be_reminded(sent.get(place.area.pk), self.report.day),
            )
            for place in places
        ]


def _places(tier: ThinTier | None) -> tuple[ThinPlace, ...]:
    return tier.places if tier else ()


def _by_path(places: tuple[ThinPlace, ...] | list[ThinPlace], cut: int) -> Iterator[tuple[str, list[ThinPlace]]]:
    """Yield the places of each area above them, whose path has this length."""
    for path, some in groupby(places, lambda place: place.area.path[:cut]):
        yield path, list(some)


def _names(place: ThinPlace, at: int) -> str:
    """Return the name of the community (0) or compound (1) that a place lies in, or is."""
    names = place.area.label.split(" ")
    return names[at] if at < len(names) else ""


def _kind(cell: DueCell) -> str:
    if cell.held:
        return f"held-{sum(cell.held >= step for step in STEPS)}"
    return WAITING if cell.is_waiting else str(cell.state)


def _sign(cell: DueCell) -> str:
    if cell.held:
        return str(cell.held)
    return "○" if cell.is_waiting else SIGNS[cell.state]


def _short(name: str) -> str:
    """Return the number of a building group, as 12 of 12号楼, or the beginning of its name."""
    digits = "".join(letter for letter in name if letter.isdecimal())
    return digits[-SHORT:] or name[:2]
