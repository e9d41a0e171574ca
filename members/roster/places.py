"""Finding a row's community, compound and building in the tree below the area of the upload."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from members.ground.text import building_key, place_key
from members.models import Area
from members.models.areas import SEGMENT

LEVELS = {"community": Area.Level.COMMUNITY, "station": Area.Level.STATION, "group": Area.Level.BUILDING_GROUP}


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


def area_rows(area: Area, *, day: date) -> list[tuple[Any, ...]]:
    """Look up the areas above and inside this one, in a fixed order so that two look-ups can be compared."""
    around = Area.objects.inside(area).on(day) | Area.objects.above(area)
    return list(around.order_by("path").values_list("path", "level", "name", "label"))


class RosterPlaces:
    """The open areas below the one chosen for the upload, searched by the names that people write."""

    def __init__(self, area: Area, rows: list[tuple[Any, ...]], *, create_groups: bool):
        self.area, self.create_groups = area, create_groups
        self.names: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.found: dict[tuple[str, ...], RosterGroup | PlaceProblem] = {}
        self.by_key: dict[tuple[int, str], list[str]] = defaultdict(list)
        for path, level, name, label in rows:
            self.names[path], self.labels[path] = name, label
            self.by_key[level, _key(level, name)].append(path)

    def find(self, values: dict[str, str], *, columns: dict[str, str]) -> RosterGroup:
        """Return the building group that a row names; PlaceProblem where it names none, or more than one."""
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

    def _look_up(self, values: dict[str, str], columns: dict[str, str]) -> RosterGroup:
        path = ""
        for field, level in LEVELS.items():
            text = values.get(field, "")
            if level <= self.area.level:
                path = self._given(field, level, text)
            elif text:
                found = self._below(path, level, text)
                if not found and self._may_be_made(level, path):
                    return self._new_group(path, text)
                path = self._only(found, field, text, path)
            elif field in columns and field == "group":
                raise PlaceProblem(field, "楼组没有填写，请填写几号楼，如“12号楼”")
        if len(path) < 4 * SEGMENT:
            raise PlaceProblem("group", "不知道是哪个楼组：表中没有“楼组”一列，请补上，或上传时选到楼组")
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

    def _may_be_made(self, level: int, path: str) -> bool:
        return self.create_groups and level == Area.Level.BUILDING_GROUP and len(path) == 3 * SEGMENT

    def _new_group(self, station: str, text: str) -> RosterGroup:
        key = building_key(text)
        name = f"{key}号楼" if key.isdigit() else text
        return RosterGroup(f"{station}+{key}", name, f"{self.labels[station]} {name}", is_new=True)


def _key(level: int, text: str) -> str:
    return building_key(text) if level == Area.Level.BUILDING_GROUP else place_key(text)
