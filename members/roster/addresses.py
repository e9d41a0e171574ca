"""Reading an address: the building group and the room that a text means, without a database and without a guess.

What stands before the first known name has to be province, city and district; what stands behind the last one has to be
building, unit and room, whole. Anything else leaves the door in doubt: 新成公寓二期3号 is never 新成公寓 3号楼.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from members.ground.address_text import (
    LAST_NOTE,
    PLACE_LIKE,
    REMARK,
    Parts,
    building_begun,
    fold,
    read_inside,
    read_parts,
    unknown_name,
    upper_words,
)
from members.roster.address_names import GROUP, SEPARATORS, STATION, HomeDoor, StreetNames, Walk, related

ROOM_ENDS = frozenset("0123456789室号")
MOST_DOORS = 20
NOT_READ = "看不出是哪一号楼、哪一室，请写成“小区 12号楼302室”这样"
NO_BUILDING = "只写了哪一室，没有写几号楼，请补上楼号，如“12号楼302室”"


class ReadAddress(NamedTuple):
    """What an address means: one door that is `certain`; else the doors to choose from, and why it is in doubt.

    `unknown` is the name of a compound that nobody knows yet: answered once, it settles every row that has it.
    `missing` is a building that a known compound does not have: the compound's path, the building, the room.
    """

    doors: tuple[HomeDoor, ...] = ()
    is_certain: bool = False
    unknown: str = ""
    message: str = ""
    missing: tuple[str, str, str] = ("", "", "")

    @property
    def door(self) -> HomeDoor | None:
        return self.doors[0] if self.is_certain else None


class AddressBook(StreetNames):
    """The reader of a street's addresses: made once, then asked for any number of them."""

    def __init__(
        self, areas: Iterable[tuple[Any, ...]], names: Iterable[tuple[str, str]], *, districts: Iterable[str] = ()
    ):
        super().__init__(areas, names, districts=districts)
        self.parts = cache(read_parts)  # few buildings and rooms, in many compounds
        self.read_before: dict[tuple[str, str], ReadAddress] = {}

    def read(self, text: str, *, within: str = "") -> ReadAddress:
        """Read an address; `within` is the path of the area in which it is known to lie, such as a column's 小区."""
        key = (text, within)
        if key not in self.read_before:
            self.read_before[key] = self._read(fold(text), within)
        return self.read_before[key]

    def _read(self, text: str, within: str) -> ReadAddress:
        text, notes = _without_notes(text)
        text = text.replace("(", "").replace(")", "")
        found: list[ReadAddress] = []
        for walk in self.walks(text, within):
            found.append(self._with_notes(self._settle(walk, text), notes))
        certain = [each for each in found if each.is_certain]
        if len(found) == 1 or (len(certain) == len(found) and len({each.door for each in found}) == 1):
            return found[0]
        doors = [door for each in found for door in each.doors]
        if not certain:
            return max(found, key=lambda each: len(each.doors))
        if len(certain) == 1 and not any(each.doors for each in found if not each.is_certain):
            return certain[0]
        return _several(doors, "这个住址有几种读法")

    def _settle(self, walk: Walk, text: str) -> ReadAddress:
        """Find the doors behind the names that were read."""
        words = upper_words(walk.before)
        if words is None:
            return _unknown(self.below_upper_names(text))
        read = self._settle_names(walk, text)
        strange = self.strange(words)
        return _several(read.doors, f"住址写的是“{strange}”，不在本地") if strange else read

    def _settle_names(self, walk: Walk, text: str) -> ReadAddress:
        if not walk.areas and walk.named:
            return _several(self._doors_in(walk.named, walk.rest), "住址里写了几个地方，对不起来")
        groups = {path for path in walk.areas if len(path) == GROUP}
        if groups:
            return self._in_groups(groups, walk.rest)
        stations = {path for path in walk.areas if len(path) == STATION}
        if stations:
            return self._in_stations(stations, walk.rest, text)
        return self._in_areas(walk)

    def _in_groups(self, groups: set[str], rest: str) -> ReadAddress:
        """Settle the address of a single building: a unit and a room may follow, or its own number once more."""
        doors = [HomeDoor(path, "") for path in groups]
        if parts := read_inside(rest):
            doors = [HomeDoor(path, parts.room) for path in groups]
            return _one(doors, parts)
        if parts := self.parts(rest):
            again = {path for path in groups if path in self.of_building(path[:STATION], parts)}
            if again == groups:
                return _one([self.door(path, parts) for path in groups], parts)
        return _several(doors, NOT_READ)

    def _in_stations(self, stations: set[str], rest: str, text: str) -> ReadAddress:
        doors, parts = self.in_literal(stations, rest)
        if parts is None and (parts := self.parts(rest)):
            doors = self.doors_of(stations, parts)
        if parts is None:
            return self._not_whole(stations, rest, text)
        if not doors:
            return self._no_such_building(stations, parts)
        return _one(doors, parts, is_sure=len(stations) == 1)

    def _no_such_building(self, stations: set[str], parts: Parts) -> ReadAddress:
        where = "、".join(sorted(self.own_name[path] for path in stations))
        called = f"{parts.building}号楼" if parts.building[:1].isdigit() else f"{parts.building}座"
        known = any(building == parts.building for path in stations for building, _ in self.groups.get(path, ()))
        is_missing = len(stations) == 1 and parts.is_sure and not known
        missing = (min(stations), called, parts.room) if is_missing else ("", "", "")
        return ReadAddress(message=f"“{where}”里没有“{called}”，请核对楼号", missing=missing)

    def _not_whole(self, stations: set[str], rest: str, text: str) -> ReadAddress:
        """Answer for an address whose compound is known, but whose rest is not exactly a building and a room."""
        if begun := building_begun(rest):
            return _several(self.doors_of(stations, Parts(begun, "", "")), NOT_READ)
        inside = read_inside(rest)
        if inside and inside.room and rest.lstrip(SEPARATORS)[:1].isdigit():
            return ReadAddress(message=NO_BUILDING)
        if not rest.strip(SEPARATORS):
            return ReadAddress(message="只写到小区，没有写几号楼，请补上楼号")
        return _unknown(self.below_upper_names(text))

    def _in_areas(self, walk: Walk) -> ReadAddress:
        """Answer for an address without a compound: the buildings of that number, wherever they are."""
        parts = self.parts(walk.rest)
        if parts is None:
            if unknown_name(walk.rest):
                return _unknown(walk.rest)
            return ReadAddress(message=NO_BUILDING if _is_room(walk.rest) else NOT_READ)
        around = walk.areas or {""}
        stations = {path for path in self.groups if any(path.startswith(area) for area in around)}
        doors = self.doors_of(stations, parts)
        return _several(doors, "没有写是哪个小区") if doors else ReadAddress(message="没有写是哪个小区，请补上")

    def _doors_in(self, named: Iterable[str], rest: str) -> list[HomeDoor]:
        parts = self.parts(rest)
        groups = [HomeDoor(path, "") for path in named if len(path) == GROUP]
        return groups + (self.doors_of({path for path in named if len(path) == STATION}, parts) if parts else [])

    def _with_notes(self, read: ReadAddress, notes: list[str]) -> ReadAddress:
        """Hold the door against what stands in brackets behind it: a place in there has to be the same one."""
        if not read.is_certain or read.door is None:
            return read
        for note in notes:
            walk = self.walks(note, "")[-1]
            is_place = bool(walk.named) and not walk.before
            if is_place and not walk.rest and any(related(path, read.door.path) for path in walk.areas):
                continue
            again = self._settle(walk, note) if is_place else None
            if again and again.door and again.door.path == read.door.path and again.door.room in ("", read.door.room):
                continue
            if is_place or PLACE_LIKE.search(note):
                others = again.doors if again else ()
                return _several([read.door, *others], f"括号里写的“{note[:20]}”对不起来")
        return read


def read_address(text: str, book: AddressBook, *, within: str = "") -> ReadAddress:
    """Return what an address means, read with the names of the book; see `AddressBook.read`."""
    return book.read(text, within=within)


def _one(doors: list[HomeDoor], parts: Parts, *, is_sure: bool = True) -> ReadAddress:
    if len(doors) == 1 and parts.is_sure and is_sure:
        return ReadAddress(tuple(doors), is_certain=True)
    why = "这个住址可能是几个地方" if len(doors) > 1 else NOT_READ
    return _several(doors, why)


def _several(doors: Iterable[HomeDoor], message: str) -> ReadAddress:
    some = tuple(dict.fromkeys(doors))[:MOST_DOORS]
    return ReadAddress(some, message=message if some else NOT_READ)


def _unknown(text: str) -> ReadAddress:
    name = unknown_name(text)
    if not name:
        return ReadAddress(message=NOT_READ)
    return ReadAddress(unknown=name, message=f"不知道“{name}”是哪个小区")


def _is_room(rest: str) -> bool:
    parts = read_inside(rest)
    return bool(parts and parts.room)


def _without_notes(text: str) -> tuple[str, list[str]]:
    """Return a text without the brackets and remarks at its end, and what stood in the brackets."""
    notes: list[str] = []
    for _ in range(4):
        if text[-1:] in ROOM_ENDS:
            break
        if match := LAST_NOTE.search(text[-202:]):
            notes.append(match[1])
            text = text[: len(text) - len(match[0])]
        shorter = REMARK.sub("", text)
        if not match and shorter == text:
            break
        text = shorter
    return text, [note for note in notes if note]
