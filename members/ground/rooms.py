"""Doors as people write them: 302, 302室, ２单元302, 2-302 are read into unit, floor and number.

A room is kept in one form, so that a roster, a form and the grid of a building mean the same door.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from members.ground.text import squeezed
from members.ground.trouble import trouble

UNIT = re.compile(r"^(\w{1,3}?)(?:单元|门洞|门)[-—]?(?=\w)")
ENDING = re.compile(r"(?<=\w)(?:室|房间|房|号)$")
DOOR = re.compile(r"^(?:([0-9A-Z]{1,3})-)?(\d{1,2})(\d\d[A-Z]?)$")
MOST_UNITS, MOST_FLOORS, MOST_DOORS = 12, 60, 30


class Door(NamedTuple):
    """Where a door is in its building. A room that names no floor has floor None, and its text as number."""

    unit: str
    floor: int | None
    number: str


def fold_room(text: str) -> str:
    """Return a room as it is kept: half width, no blanks, "2-302" with a unit and "302" without."""
    room = squeezed(unicodedata.normalize("NFKC", squeezed(text))).upper()
    return ENDING.sub("", UNIT.sub(r"\1-", room))


def wrong_with_room(text: str) -> str:
    """Return the sentence on a room in which a character was lost, or that is an error of Excel's; "" for any other."""
    sentence = trouble(text)
    return sentence and f"{sentence}。"


def read_door(room: str) -> Door:
    """Read a folded room: "2-302" is door 02 on floor 3 of unit 2; "车库" is a door on no floor."""
    match = DOOR.match(room)
    if not match or int(match[2]) == 0:
        return Door("", None, room)
    return Door(match[1] or "", int(match[2]), match[3])


def all_rooms(*, units: int, floors: int, doors: int, is_unit_named: bool = False) -> Iterable[str]:
    """Yield the rooms of a building of so many units, floors and doors a floor; one unit goes unnamed by itself."""
    for unit in range(1, units + 1):
        prefix = f"{unit}-" if units > 1 or is_unit_named else ""
        for floor in range(1, floors + 1):
            yield from (f"{prefix}{floor}{door:02}" for door in range(1, doors + 1))


class Shape(NamedTuple):
    """How many units, floors and doors a floor a building has, and whether its rooms name the unit."""

    units: int
    floors: int
    doors: int
    is_unit_named: bool


def shape_of(rooms: Iterable[str]) -> Shape:
    """Return the smallest shape that contains these rooms, up to MOST_…; no floors where no room names one."""
    read = [door for door in map(read_door, rooms) if door.floor]
    units = [int(door.unit) for door in read if door.unit.isdecimal()]
    return Shape(
        units=min(max(units, default=1), MOST_UNITS),
        floors=min(max((door.floor or 0 for door in read), default=0), MOST_FLOORS),
        doors=min(max((int(door.number[:2]) for door in read), default=0), MOST_DOORS),
        is_unit_named=bool(units),
    )
