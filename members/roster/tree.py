"""Importing the tree of areas from a sheet: communities, compounds and building groups, one group a row."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from members.ground import audit
from members.ground.address_text import ends_as_address, fold
from members.ground.atomic import atomic_write
from members.ground.days import Unreadable, read_day
from members.ground.paths import NextPaths
from members.ground.text import as_text, building_key, place_key, squeezed
from members.ground.trouble import trouble
from members.models import Area, AreaName
from members.models.area_names import wrong_with
from members.roster.columns import Vocabulary
from members.roster.refusal import UnreadableFile
from members.roster.sheet import RosterRow, read

HEADINGS = {
    "community": ("社区", "社区名称", "居委", "居委会"),
    "residents": ("社区常住人口", "常住人口", "社区人口", "人口数"),
    "station": ("小区", "小区名称", "所在小区", "住宅小区", "联络站"),
    "station_names": ("小区地址", "小区地址与别名", "小区别名"),
    "housing": ("住宅类型", "房屋类型", "小区类型"),
    "group": ("楼组", "楼号", "楼栋", "楼", "楼组名称"),
    "group_names": ("楼组地址", "楼组地址与别名", "楼号地址"),
    "established_on": ("建组日期", "建组时间", "成立日期"),
    "stage": ("楼组党小组状态", "党小组状态", "楼组党小组", "状态"),
}
NAME_LENGTH, NAME_LONGEST = 50, 100
LEVELS = {
    "community": Area.Level.COMMUNITY,
    "station": Area.Level.STATION,
    "group": Area.Level.BUILDING_GROUP,
}
NAMED: dict[int, str] = {Area.Level.STATION: "station_names", Area.Level.BUILDING_GROUP: "group_names"}
BETWEEN_NAMES = re.compile(r"[、，,;；\n]")
LABELS = {"community": "社区", "station": "小区", "group": "楼组"}
HOUSING = {label: value for value, label in Area.Housing.choices}
STAGES = {label: value for value, label in Area.Stage.choices}


@dataclass(slots=True)
class TreeReport:
    """The result of an import: counts {level: {"new", "changed", "same"}}, every error, the sheets' heading rows."""

    street: str
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    headings: dict[str, int] = field(default_factory=dict)


def street_named(name: str) -> Area:
    """Return the street of this name, or a new one that is not saved; UnreadableFile where there are several."""
    found = list(Area.objects.streets().lasting().filter(name=name)[:2])
    if len(found) > 1:
        raise UnreadableFile(f"有不止一个街道叫“{name}”，请先改名以便区分。")
    return found[0] if found else Area(name=name)


class TreeProblem(Exception):
    def __init__(self, column: str, message: str):
        super().__init__(message)
        self.column, self.message = column, message


def import_tree(content: bytes, *, street: Area, today: date, check: bool = False) -> TreeReport:
    """Create or update the street's tree from a workbook, all or nothing. A second import changes nothing.

    `street` may be a new one that is not saved. Raises UnreadableFile for a file that is no such sheet.
    """
    sheets = read(content, Vocabulary(HEADINGS, "community"), date_fields=("established_on",))
    try:
        with atomic_write():
            tree = Tree(_locked(street), today)
            for sheet in sheets:
                tree.report.headings[sheet.name] = sheet.heading_row
                for row in sheet.rows:
                    tree.take(row, sheet.columns)
            if not check and not tree.report.errors:
                tree.save()
    except ValidationError as error:
        raise UnreadableFile("".join(error.messages)) from error
    except IntegrityError as error:
        raise UnreadableFile("刚刚有人也在新建街道，什么都没有写入。请再导入一次。") from error
    return tree.finished()


def _locked(street: Area) -> Area:
    """Lock the street and return it as it is now; a new one gets its path, unless somebody has just made it."""
    if street.pk is None:
        Area.objects.lock_street(None)
        street = street_named(street.name)
    if street.pk is None:
        return street.place_under(None)
    Area.objects.lock_street(street)
    street.refresh_from_db()
    return street


class Tree:
    """The street's areas, changed in memory by the sheet's rows until `save`."""

    def __init__(self, street: Area, today: date):
        self.today, self.report, self.street = today, TreeReport(street.name), street
        self.areas = {self._key(area): area for area in Area.objects.inside(street).lasting()}
        self.paths = NextPaths(Area.objects.below(self.street).values_list("path", flat=True))
        self.before = {key: self._values(area) for key, area in self.areas.items()}
        self.touched: dict[tuple[str, str], Area] = {}
        self.names = TreeNames(street)

    def take(self, row: RosterRow, columns: dict[str, str]) -> None:
        """Add or update one row's areas; its error goes into the report."""
        try:
            parent = self.street
            for column, cell in row.cells.items():
                if sentence := trouble(cell):
                    raise TreeProblem(column, sentence)
            for column, level in LEVELS.items():
                if name := squeezed(as_text(row.cells.get(column, ""))):
                    parent = self._area(parent, level, column, name)
                    self._describe(parent, row)
                    self.names.take(parent, row)
        except TreeProblem as problem:
            where = {"sheet": row.sheet, "row": row.number, "column": columns.get(problem.column, "")}
            value = as_text(row.cells.get(problem.column, ""))
            self.report.errors.append(where | {"value": value, "message": problem.message})

    def save(self) -> None:
        new = [area for key, area in self.touched.items() if key not in self.before]
        if self.street.pk is None:
            new.insert(0, self.street)
        changed = [area for key, area in self.touched.items() if self._is_changed(key)]
        Area.objects.bulk_create(new)
        Area.objects.bulk_update(changed, ["residents", "housing", "stage", "established_on"])
        names = self.names.save(self.street)
        if new or changed or names:
            counts = {"new": len(new), "changed": len(changed)} | ({"names": names} if names else {})
            audit.record("import", Area, path=self.street.path, changes=counts)

    def finished(self) -> TreeReport:
        for column, level in LEVELS.items():
            keys = [key for key, area in self.touched.items() if area.level == level]
            new = sum(key not in self.before for key in keys)
            changed = sum(self._is_changed(key) for key in keys)
            self.report.counts[column] = {"new": new, "changed": changed, "same": len(keys) - new - changed}
        return self.report

    def _area(self, parent: Area, level: int, column: str, name: str) -> Area:
        if level != parent.level + 1:
            raise TreeProblem(column, f"缺少“{name}”的上一级，请把社区、小区、楼组都填上。")
        if len(name) > NAME_LENGTH:
            raise TreeProblem(column, f"名称最多 {NAME_LENGTH} 个字，请写短一些")
        key = (parent.path, _folded(level, name))
        if key not in self.areas:
            self.areas[key] = self._new(parent, level, column, name)
        self.touched[key] = self.areas[key]
        return self.areas[key]

    def _new(self, parent: Area, level: int, column: str, name: str) -> Area:
        stage = Area.Stage.NONE if level == Area.Level.BUILDING_GROUP else None
        try:
            return Area(name=name, stage=stage).stand_at(self.paths.below(parent.path), parent)
        except ValidationError as error:
            raise TreeProblem(column, "".join(error.messages)) from error

    def _describe(self, area: Area, row: RosterRow) -> None:
        cells = row.cells
        if area.level == Area.Level.COMMUNITY and "residents" in cells:
            area.residents = _residents(cells["residents"])
        if area.level == Area.Level.STATION and "housing" in cells:
            area.housing = _one_of(HOUSING, "housing", as_text(cells["housing"]))
        if area.level == Area.Level.BUILDING_GROUP:
            self._establish(area, cells)

    def _establish(self, area: Area, cells: dict[str, Any]) -> None:
        if "stage" in cells:
            area.stage = _one_of(STAGES, "stage", as_text(cells["stage"]))
        elif "established_on" in cells:
            area.stage = Area.Stage.ESTABLISHED
        if "established_on" in cells:
            try:
                area.established_on = date.fromisoformat(read_day(cells["established_on"], today=self.today))
            except ValueError as error:
                hint = str(error) if isinstance(error, Unreadable) else "建组日期要写到日，如 2003-10-15"
                raise TreeProblem("established_on", hint) from error

    def _is_changed(self, key: tuple[str, str]) -> bool:
        return key in self.before and self.before[key] != self._values(self.areas[key])

    @staticmethod
    def _key(area: Area) -> tuple[str, str]:
        return area.parent_path, _folded(area.level, area.name)

    @staticmethod
    def _values(area: Area) -> tuple:
        return area.residents, area.housing, area.stage, area.established_on


class TreeNames:
    """The addresses and other names that the sheet adds to the street's areas; none is taken away."""

    def __init__(self, street: Area):
        known = AreaName.objects.filter(street=street.pk).values_list("key", "area__path") if street.pk else ()
        self.paths: dict[str, str] = dict(known)
        self.new: dict[str, tuple[Area, AreaName]] = {}

    def take(self, area: Area, row: RosterRow) -> None:
        """Add the names in the row's column for this level; TreeProblem where one is no name, or another area's."""
        column = NAMED.get(area.level, "")
        for text in BETWEEN_NAMES.split(as_text(row.cells.get(column, ""))):
            if key := fold(text):
                self._add(area, column, squeezed(text), key)

    def save(self, street: Area) -> int:
        """Write the new names, whose areas are saved by now; return how many."""
        for area, name in self.new.values():
            name.area, name.street = area, street
        AreaName.objects.bulk_create(name for _, name in self.new.values())
        return len(self.new)

    def _add(self, area: Area, column: str, text: str, key: str) -> None:
        if key == fold(area.name) or self.paths.get(key) == area.path:
            return
        if key in self.paths:
            raise TreeProblem(column, f"“{text}”已经是本街道另一处的地址，一个地址只能写在一处，请核对")
        if sentence := wrong_with(key):
            raise TreeProblem(column, sentence)
        if max(len(text), len(key)) > NAME_LONGEST:
            raise TreeProblem(column, f"地址最多 {NAME_LONGEST} 个字，几个地址之间请用“、”隔开")
        kind = AreaName.Kind.ADDRESS if ends_as_address(key) else AreaName.Kind.OTHER
        self.paths[key] = area.path
        self.new[key] = (area, AreaName(text=text, key=key, kind=kind))


def _folded(level: int, name: str) -> str:
    return building_key(name) if level == Area.Level.BUILDING_GROUP else place_key(name)


def _residents(cell: Any) -> int:
    text = as_text(cell)
    if not re.fullmatch(r"[0-9]{1,8}", text):
        raise TreeProblem("residents", "常住人口请填整数，如 6838。")
    return int(text)


def _one_of(labels: dict[str, str], column: str, text: str) -> str:
    if text not in labels:
        raise TreeProblem(column, f"“{text}”不在可选范围内，请填：{'、'.join(labels)}。")
    return labels[text]
