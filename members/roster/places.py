"""Finding a row's community, compound and building in the tree below the area of the upload."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from members.ground import access
from members.ground.address_text import says_a_room
from members.ground.text import building_key, place_key
from members.models import Area, AreaName
from members.models.areas import SEGMENT
from members.roster.address_names import HomeDoor
from members.roster.addresses import AddressBook, ReadAddress, read_address

LEVELS = {"community": Area.Level.COMMUNITY, "station": Area.Level.STATION, "group": Area.Level.BUILDING_GROUP}


NO_GROUP = "不知道是哪个楼组：表中没有“楼组”一列，请补上，或上传时选到楼组"
NO_ADDRESS = "住址没有填写，请写到几号楼几室，如“迎晖苑1期 12号楼302室”"


class PlaceProblem(Exception):
    """The row does not name exactly one place: `field` is the column to correct, the message says how."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True, slots=True)
class RosterGroup:
    """A building group: its path, or, where it is still to be made, the station's path and the group's key."""

    path: str
    name: str
    label: str
    is_new: bool = False


class RosterPlace(NamedTuple):
    """Where a row's person lives: a group, or the answers to choose from, or the unknown name of a compound.

    `answers` are {path of a group and room: what to show}; `why` says what is in doubt. `room` is the room read.
    """

    group: RosterGroup | None = None
    room: str = ""
    answers: dict[str, str] = {}
    unknown: str = ""
    why: str = ""


def area_rows(area: Area, *, day: date) -> list[tuple[Any, ...]]:
    """Look up the street's open areas, in a fixed order so that two look-ups can be compared."""
    inside = Area.objects.filter(access.within("path", [access.subtree(area.street_path)]))
    return list(
        (inside.on(day) | Area.objects.above(area)).order_by("path").values_list("path", "level", "name", "label")
    )


def name_rows(area: Area) -> list[tuple[Any, ...]]:
    """Look up the other names of the street's areas, as (path, name)."""
    names = AreaName.objects.filter(street__path=area.street_path)
    return list(names.order_by("pk").values_list("area__path", "text"))


class RosterPlaces:
    """The open areas below the one chosen for the upload, searched by the names that people write.

    The rows of areas and names are of the whole street, so that an address outside the chosen area is known as such.
    """

    def __init__(
        self,
        area: Area,
        rows: Iterable[tuple[Any, ...]],
        names: Iterable[tuple[Any, ...]] = (),
        *,
        create_groups: bool,
        districts: Iterable[str] = (),
    ):
        self.area, self.create_groups = area, create_groups
        self.names: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.groups: dict[str, RosterGroup] = {}
        self.found: dict[tuple[str, ...], RosterGroup | PlaceProblem] = {}
        self.by_key: dict[tuple[int, str], list[str]] = defaultdict(list)
        rows, names = list(rows), list(names)
        for path, level, name, label in rows:
            self.names[path], self.labels[path] = name, label
            self.by_key[level, _key(level, name)].append(path)
        for path, text in names:
            level = len(path) // SEGMENT
            if path in self.names and path not in self.by_key[level, _key(level, text)]:
                self.by_key[level, _key(level, text)].append(path)
        self.book = AddressBook(rows, names, districts=districts)

    def place(self, values: dict[str, str], *, columns: dict[str, str], chosen: str = "") -> RosterPlace:
        """Return where a row's person lives, by the columns of places, the address, or both; else PlaceProblem.

        `chosen` is the clerk's answer to a row in doubt: one of its `answers`.
        """
        address, group = values.get("address", ""), values.get("group", "")
        if address and not group:
            return self._addressed("address", address, values, chosen)
        try:
            found = RosterPlace(self.find(values, columns=columns))
        except PlaceProblem:
            if not group or not self._says_more(group):
                raise
            return self._addressed("group", group, values, chosen)
        return self._agreed(found, address, values, chosen) if address else found

    def find(self, values: dict[str, str], *, columns: dict[str, str]) -> RosterGroup:
        """Return the building group that a row's columns name; PlaceProblem where they name none, or several."""
        key = (*(values.get(field, "") for field in LEVELS), "group" if "group" in columns else "")
        if key not in self.found:
            try:
                self.found[key] = self._look_up(values, columns)
            except PlaceProblem as problem:
                self.found[key] = problem
        found = self.found[key]
        if isinstance(found, PlaceProblem):
            raise found
        return found

    def _says_more(self, group: str) -> bool:
        """Whether a cell of the building's column holds more than a building: a room, or a compound as well."""
        read = self.book.read(group)
        return says_a_room(group) or read.is_certain or bool(read.unknown)

    def _addressed(self, field: str, text: str, values: dict[str, str], chosen: str) -> RosterPlace:
        read = self._read(text, values)
        if read.door:
            return self._settled(read.door, values, field)
        answers = self._answers(read)
        if chosen in answers:
            path, _, room = chosen.partition(" ")
            return self._settled(HomeDoor(path, room), values)
        if read.missing[0] and read.missing[0].startswith(self.area.path):
            return self._without_building(field, read, values)
        if read.unknown or answers:
            return RosterPlace(answers=answers, unknown=read.unknown, why=read.message)
        raise PlaceProblem(field, read.message)

    def _read(self, text: str, values: dict[str, str]) -> ReadAddress:
        """Read an address inside the place that the other columns name; failing that, by itself."""
        within = self._around(values)
        read = read_address(text, self.book, within=within)
        if read.is_certain or not within:
            return read
        alone = read_address(text, self.book)
        return alone if alone.is_certain and not self._contradicts(alone, values) else read

    def _around(self, values: dict[str, str]) -> str:
        """Return the path of the smallest area that the columns name, else that of the upload below the street."""
        path = self.area.path if self.area.level > Area.Level.STREET else ""
        for field in ("community", "station"):
            if LEVELS[field] > self.area.level and (text := values.get(field, "")):
                found = self._below(path, LEVELS[field], text)
                path = found[0] if len(found) == 1 else path
        return path

    def _contradicts(self, read: ReadAddress, values: dict[str, str]) -> bool:
        """Whether a column names another known place than the address."""
        found = [self._below("", LEVELS[field], values.get(field, "")) for field in ("community", "station")]
        return any(paths and read.door and not read.door.path.startswith(tuple(paths)) for paths in found)

    def _answers(self, read: ReadAddress) -> dict[str, str]:
        """Return the doors to choose from, of those inside the area of the upload."""
        doors = [door for door in read.doors if door.path.startswith(self.area.path)]
        return {" ".join(door).strip(): f"{self.labels[door.path]} {door.room}".strip() for door in doors}

    def _settled(self, door: HomeDoor, values: dict[str, str], field: str = "address") -> RosterPlace:
        path = door.path
        if not path.startswith(self.area.path):
            where = self.labels[path]
            message = f"住址在“{where}”，不在上传时选的“{self.area.name}”里，请核对，或选对区域后重新上传"
            raise PlaceProblem(field, message)
        return RosterPlace(self._group(path), _one_room(door.room, values))

    def _group(self, path: str) -> RosterGroup:
        """Return the group of a path; one object for all its rows."""
        if path not in self.groups:
            self.groups[path] = RosterGroup(path, self.names[path], self.labels[path])
        return self.groups[path]

    def _without_building(self, field: str, read: ReadAddress, values: dict[str, str]) -> RosterPlace:
        station, building, room = read.missing
        if not self.create_groups:
            raise PlaceProblem(field, f"{read.message}；确实是新楼组的，上传时勾选“自动新建楼组”")
        return RosterPlace(self._new_group(station, building), _one_room(room, values))

    def _agreed(self, found: RosterPlace, address: str, values: dict[str, str], chosen: str) -> RosterPlace:
        """Hold the group that the columns name against the address, which may add the room."""
        assert found.group
        read = self._read(address, values)
        if read.door is None:
            return found
        if read.door.path == found.group.path:
            return found._replace(room=_one_room(read.door.room, values))
        room = values.get("room", "")
        doors = (HomeDoor(found.group.path, room), read.door) if not found.group.is_new else (read.door,)
        answers = self._answers(ReadAddress(doors))
        if chosen in answers:
            path, _, room = chosen.partition(" ")
            return RosterPlace(self._group(path), room)
        return RosterPlace(answers=answers, why=f"“楼组”一列和住址“{address[:40]}”说的不是一个地方")

    def _look_up(self, values: dict[str, str], columns: dict[str, str]) -> RosterGroup:
        path = ""
        for field, level in LEVELS.items():
            text = values.get(field, "")
            if level <= self.area.level:
                path = self._given(field, level, text)
            elif text:
                found = self._below(path, level, text)
                if not found and self._may_be_made(level, path, text):
                    return self._new_group(path, text)
                path = self._only(found, field, text, path)
            elif field in columns and field == "group":
                raise PlaceProblem(field, "楼组没有填写，请填写几号楼，如“12号楼”")
        if len(path) < 4 * SEGMENT:
            field = "address" if "address" in columns and "group" not in columns else "group"
            raise PlaceProblem(field, NO_ADDRESS if field == "address" else NO_GROUP)
        return RosterGroup(path, self.names[path], self.labels[path])

    def _given(self, field: str, level: int, text: str) -> str:
        path = self.area.path[: level * SEGMENT]
        name = self.names[path]
        if text and _key(level, text) != _key(level, name):
            raise PlaceProblem(field, f"“{text}”不在上传时选的“{self.area.name}”里，请改正，或选对区域后重新上传")
        return path

    def _below(self, prefix: str, level: int, text: str) -> list[str]:
        return [path for path in self.by_key.get((level, _key(level, text)), ()) if path.startswith(prefix)]

    def _only(self, found: list[str], field: str, text: str, prefix: str) -> str:
        where = self.names.get(prefix, self.area.name)
        if not found:
            hint = "；确实是新楼组的，上传时勾选“自动新建楼组”" if field == "group" else ""
            raise PlaceProblem(field, f"“{where}”里没有“{text}”，请核对名称{hint}")
        if len(found) > 1:
            upper, label = ("station", "小区") if field == "group" else ("community", "社区")
            raise PlaceProblem(upper, f"“{where}”里有不止一个“{text}”，请填写{label}以便区分")
        return found[0]

    def _may_be_made(self, level: int, path: str, text: str) -> bool:
        """Whether a new group may be called so: a text that names a room is no building."""
        below_station = level == Area.Level.BUILDING_GROUP and len(path) == 3 * SEGMENT
        return self.create_groups and below_station and not says_a_room(text)

    def _new_group(self, station: str, text: str) -> RosterGroup:
        key = building_key(text)
        name = f"{key}号楼" if key.isdigit() else text
        return RosterGroup(f"{station}+{key}", name, f"{self.labels[station]} {name}", is_new=True)


def _key(level: int, text: str) -> str:
    return building_key(text) if level == Area.Level.BUILDING_GROUP else place_key(text)


def _one_room(room: str, values: dict[str, str]) -> str:
    """Return the room by the address and the room's column, which may omit the unit; PlaceProblem if they differ."""
    given = values.get("room", "")
    if not given or given == room or room.endswith(f"-{given}"):
        return room
    if not room or given.endswith(f"-{room}"):
        return given
    raise PlaceProblem("room", f"住址里写的是 {room} 室，这一列写的是 {given} 室，请核对后改正其中一处")
