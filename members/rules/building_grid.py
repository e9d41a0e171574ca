"""A building as a grid: its doors by unit, floor and number, and the kind of household behind each."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Q

from members.ground import access
from members.ground.access import Resource
from members.models import Area, Household, Pairing, Residence

Behind = dict[tuple[int, str], list[str]]
ELSEWHERE = "别的楼"  # in place of a door in a building that the reader's posts do not open


@dataclass(slots=True)
class GridDoor:
    """A door: the names of the members who live there, and its pairings of the day.

    `hidden` are the ids of pairings whose other side lies in a building that the reader may not see.
    """

    door: Household
    names: list[str]
    pairings: list[Pairing]
    hidden: set[int]

    @property
    def kind(self) -> str:
        """The kind of household: "member", "paired", "unpaired", or "left" where members moved away from a pairing."""
        if self.names:
            return "member"
        if any(pairing.neighbour_id == self.door.pk for pairing in self.pairings):
            return "paired"
        return "left" if self.pairings else "unpaired"

    @property
    def is_looking_after(self) -> bool:
        return any(pairing.household_id == self.door.pk for pairing in self.pairings)

    @property
    def pairing(self) -> Pairing | None:
        """The pairing that the door links to: the one in which it is the neighbour, else one of the others."""
        seen = [pairing for pairing in self.pairings if pairing.pk not in self.hidden]
        received = (pairing for pairing in seen if pairing.neighbour_id == self.door.pk)
        return next(received, next(iter(seen), None))

    @property
    def number(self) -> str:
        """The room without its unit, which stands above."""
        return f"{self.door.floor or ''}{self.door.number}"

    @property
    def called(self) -> str:
        return "、".join(self.names) or self.door.name

    @property
    def label(self) -> str:
        return f"{self.door.room} {self.called}".strip()

    @property
    def others(self) -> list[str]:
        """The other sides of its pairings, those in other buildings with the building's name."""
        return [
            ELSEWHERE if pairing.pk in self.hidden else door_name(pairing.other_side(self.door), self.door.area_id)
            for pairing in self.pairings
        ]


@dataclass(slots=True)
class Floor:
    """A row of the grid; None where there is no such door."""

    number: int
    cells: list[GridDoor | None]


@dataclass(slots=True)
class Block:
    """A unit 单元 of the building, the top floor first; a building without units is one block."""

    unit: str
    floors: list[Floor]


@dataclass(slots=True)
class BuildingGrid:
    """A building's doors. `others` are those without a floor; `missing` are members' rooms that have no door yet."""

    blocks: list[Block] = field(default_factory=list)
    others: list[GridDoor] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    homeless: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.blocks and not self.others


def grid_of(building: Area, *, user: Any, day: date) -> BuildingGrid:
    """Return the grid of a building on a day, with names for users who may read members. Three queries."""
    behind = _members_by_room(building, user, day)
    pairings: dict[int, list[Pairing]] = defaultdict(list)
    hidden = set()
    here = Q(household__area=building) | Q(neighbour__area=building)
    for pairing in Pairing.objects.on(day).filter(here).select_related("household__area", "neighbour__area"):
        pairings[pairing.household_id].append(pairing)
        pairings[pairing.neighbour_id].append(pairing)
        if not all(may_see(side, user) for side in (pairing.household, pairing.neighbour)):
            hidden.add(pairing.pk)
    doors = Household.objects.filter(area=building).order_by("number")
    cells = [GridDoor(door, behind.get(door.room, []), pairings[door.pk], hidden) for door in doors]
    placed = sorted((cell for cell in cells if cell.door.floor is not None), key=lambda cell: _unit(cell.door))
    return BuildingGrid(
        blocks=[_block(unit, list(row)) for (_, unit), row in groupby(placed, key=lambda cell: _unit(cell.door))],
        others=[cell for cell in cells if cell.door.floor is None],
        missing=sorted(behind.keys() - {cell.door.room for cell in cells} - {""}),
        homeless=len(behind.get("", [])),
        counts=_counts(cells),
    )


def door_name(door: Household, here: int) -> str:
    """Return what a door is called in the building `here` (id); in another building, with that building's name."""
    return door.room if door.area_id == here else f"{door.area.name} {door.room}"


def may_see(door: Household, user: Any) -> bool:
    return access.covers(user, Resource.HOUSEHOLD, door.area.path)


def _members_by_room(building: Area, user: Any, day: date) -> dict[str, list[str]]:
    is_named = access.covers(user, Resource.MEMBER, building.path)
    homes = Residence.objects.filter(area=building).on(day).order_by("member__pinyin")
    behind: dict[str, list[str]] = defaultdict(list)
    for room, name in homes.values_list("room", "member__name"):
        behind[room].append(name if is_named else "党员")
    return dict(behind)


def _unit(door: Household) -> tuple[int, str]:
    """Return a key that sorts unit 2 before unit 10."""
    return len(door.unit), door.unit


def _block(unit: str, cells: list[GridDoor]) -> Block:
    columns = sorted({cell.door.number for cell in cells})
    by_floor: dict[int, dict[str, GridDoor]] = defaultdict(dict)
    for cell in cells:
        by_floor[cell.door.floor or 0][cell.door.number] = cell
    floors = [Floor(number, [row.get(column) for column in columns]) for number, row in by_floor.items()]
    return Block(unit, sorted(floors, key=lambda floor: -floor.number))


def _counts(cells: list[GridDoor]) -> dict[str, int]:
    """Return the counts that stand above the grid."""
    of_members = [cell for cell in cells if cell.kind == "member"]
    return {
        "members": len(of_members),
        "members_paired": sum(cell.is_looking_after for cell in of_members),
        "neighbours": len(cells) - len(of_members),
        "paired": sum(cell.kind == "paired" for cell in cells),
    }


def members_behind(doors: Iterable[tuple[int, str]], *, user: Any) -> Behind:
    """Return the names of the members who live behind these doors (group, room) now, if the user may read them."""
    groups = {group for group, _ in doors}
    homes = Residence.objects.for_user(user).filter(area__in=groups).current().exclude(room="")
    behind: Behind = defaultdict(list)
    for group, room, name in homes.order_by("member__pinyin").values_list("area", "room", "member__name"):
        behind[group, room].append(name)
    return behind
