"""Homes compared part by part: 1号楼302 is neither 11号楼302 nor 1302."""

import re
from functools import lru_cache

from members.ground.rooms import fold_room
from members.ground.text import building_key, squeezed

# The room at the end of an address: 302, 302室, 2-302, 2单元302, 12-2-302; or after a building, any word: 1号楼车库.
ROOM_AT_END = re.compile(r"(?<![0-9A-Z-])((?:[0-9A-Z]{1,3}(?:-|单元|门洞|门))*[0-9]{2,4}[A-Z]?)(?:室|房间|房)?$")
BUILDING_AT_END = re.compile(r"(?<![0-9A-Z-])(?:第?([0-9]{1,3}|[A-Z])(?:号楼|#楼|号|幢|栋|座|#|楼))-?$")


def may_live_at(building: str, room: str, said_building: str, said_room: str) -> bool:
    """Whether a home may be the building and room that somebody wrote, as far as they wrote them.

    In "1-302" the first part is a unit, or a building where the home's room has no unit.
    """
    if said_building and building_key(building) != building_key(said_building):
        return False
    if not said_room:
        return True
    *before, number = said_room.split("-")
    *units, own = room.split("-")
    if number != own:
        return False
    if not before:
        return True
    parts = [building_key(building), *(unit.lstrip("0") for unit in units)]
    wanted = [part.lstrip("0") for part in before]
    return len(wanted) <= len(parts) and parts[-len(wanted) :] == wanted


@lru_cache(maxsize=4096)
def address_parts(address: str) -> tuple[str, str, str]:
    """Return an address as written in one line as place, building and room; "" for what it does not name."""
    text = squeezed(address).upper()
    room = ROOM_AT_END.search(text)
    before = text[: room.start()] if room else text
    building = BUILDING_AT_END.search(before)
    place = before[: building.start()] if building else before
    return place, building[0] if building else "", fold_room(room[1]) if room else ""


def is_at(label: str, room: str, address: str) -> bool:
    """Whether a home, by its area's full name and room, is the address: from the end, as far as it was written.

    What an address is made of is compared as a whole: the place as names of the tree, building, unit and number.
    """
    if squeezed(f"{label}{room}").upper() == squeezed(address).upper():
        return True
    names = squeezed_names(label)
    place, building, said_room = address_parts(address)
    if not (building or said_room):
        return _ends_with(names, room, squeezed(address).upper())
    if said_room and not may_live_at(names[-1], room, building, said_room):
        return False
    if building and building_key(names[-1]) != building_key(building):
        return False
    above = names[:-1] if building else names
    return not place or any("".join(above[start:]) == place for start in range(len(above)))


def squeezed_names(label: str) -> list[str]:
    """Return the names of an area and of those above it."""
    return [squeezed(name).upper() for name in label.split()]


def _ends_with(names: list[str], room: str, address: str) -> bool:
    """Whether an address without a building and a number is the last names of the home, with its room or without."""
    whole = [*names, squeezed(room).upper()] if room else names
    return any("".join(part[start:]) == address for part in (whole, names) for start in range(len(part)))
