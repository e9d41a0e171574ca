"""The rhythm pages: what was held where, week by week and month by month; drill down, print, XLSX."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from activities.rules.rhythm import (
    DueArea,
    DueCell,
    DueGroup,
    DuePeriod,
    DueProgress,
    DueState,
    Rhythm,
    RhythmGrid,
    rhythm,
)
from activities.views.reports import asked_year, own_area, report_areas
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, workbook_of
from members.models import Area
from members.models.households import FIRST_YEAR
from members.web.files import download
from members.web.shell import page

RULES = {
    Area.Level.STREET: "街道：随时办活动",
    Area.Level.COMMUNITY: "社区：每月一次活动",
    Area.Level.STATION: "小区：每周一次活动",
    Area.Level.BUILDING_GROUP: "楼组：每季一次活动或走访",
}
BELOW = {
    Area.Level.COMMUNITY: "社区每月",
    Area.Level.STATION: "小区每周",
    Area.Level.BUILDING_GROUP: "楼组每季",
}
NOW = {Area.Level.COMMUNITY: "本月", Area.Level.STATION: "本周", Area.Level.BUILDING_GROUP: "本季"}
SIGNS = {DueState.DONE: "✓", DueState.MISSING: "缺", DueState.NOT_DUE: "·", DueState.NOT_APPLICABLE: "／"}
MEANINGS = {
    DueState.DONE: "这个区域自己主办、登记为“已举办”的活动；上级、下级办的不算。楼组还算本楼党员家庭的走访。",
    DueState.MISSING: "这一期已经过完，没有登记。补登记之后就是已办。",
    DueState.NOT_DUE: "这一期还没过完；或者区域、楼组党小组在这一期中间才启用、建立，或停用了。不计入完成率。",
    DueState.NOT_APPLICABLE: "还没有建立党小组的楼组；街道没有办活动的月份。不计入完成率。",
}
FORMULAS = [
    ("该办什么", "街道随时；社区每月一次活动；小区每周一次活动；楼组每季在家门口有一次活动或走访。"),
    *((state.label, MEANINGS[state]) for state in DueState),
    ("完成率", "已办 ÷（已办 + 未办），按期数计。没有到期的显示“—”。"),
    ("周", "星期一到星期日；跨年的一周按星期四所在的年份计，有的年份有 53 周。"),
]


class Box(NamedTuple):
    """A cell as it is shown: a sign, the words for it, and where it leads."""

    state: DueState
    sign: str
    words: str
    held: list[str]
    url: str


class RhythmLine(NamedTuple):
    """A row as it is shown; `below` in the order of the table's headings."""

    row: DueGroup
    boxes: list[Box]
    below: list[DueProgress]


class RhythmTable(NamedTuple):
    """A grid as it is shown, or the half of one: a year of weeks does not fit an office screen."""

    months: list[tuple[str, int]]
    periods: Sequence[DuePeriod]
    lines: list[RhythmLine]


class DueSection(NamedTuple):
    """A grid with what is due in it, and what is not held yet in the period that is running."""

    rule: str
    level: Area.Level
    below: list[str]
    tables: list[RhythmTable]
    now: str
    waiting: list[tuple[DueArea, str]]


def start(request):
    """The rhythm of the user's own area."""
    return redirect("activities:rhythm", own_area(request).pk)


def show(request, pk):
    """An area's year and that of the areas in it; each name leads further down, each cell to what it counts."""
    return page(request, "activities/rhythm.html", **_context(request, pk))


def printed(request, pk):
    return page(request, "activities/rhythm_print.html", **_context(request, pk))


def exported(request, pk):
    """A sheet for the area and one for those in it, a column a period."""
    report = _report(request, pk)
    rows = sum(len(grid.rows) for grid in report.grids)
    content = workbook_of([_sheet(grid) for grid in report.grids])
    with atomic_write():
        record("export", report.area, changes={"rows": rows, "year": report.year})
    return download(content, f"四联动-{report.area.label}-{report.year}.xlsx")


def _report(request, pk: int) -> Rhythm:
    areas = report_areas(request)
    area = get_object_or_404(areas, pk=pk)
    return rhythm(area, areas=areas, year=asked_year(request), today=timezone.localdate())


def _context(request, pk: int) -> dict[str, Any]:
    report = _report(request, pk)
    return {
        "title": f"四联动：{report.area.label}",
        "report": report,
        "today": timezone.localdate(),
        "above": report_areas(request).above(report.area),
        "sections": [_section(request, grid) for grid in report.grids],
        "may_add": access.can(request.user, Resource.ACTIVITY, Right.WRITE),
        "may_visit": access.can(request.user, Resource.HOUSEHOLD, Right.WRITE),
        "legend": [(state, SIGNS[state], MEANINGS[state]) for state in DueState],
        "formulas": FORMULAS,
        "before": report.year - 1 if report.year > FIRST_YEAR.year else None,
        "after": report.year + 1 if report.year < timezone.localdate().year else None,
    }


def _section(request, grid: RhythmGrid) -> DueSection:
    levels = sorted({level for row in grid.rows for level in row.below})
    lines = [
        RhythmLine(row, _boxes(request, grid, row), [row.below.get(level, DueProgress()) for level in levels])
        for row in grid.rows
    ]
    waiting = [(row.area, _add(request, row.area)) for row in grid.rows if row.is_waiting]
    below = [BELOW[Area.Level(level)] for level in levels]
    return DueSection(
        RULES[grid.level], grid.level, below, list(_tables(grid, lines)), NOW.get(grid.level, ""), waiting
    )


def _tables(grid: RhythmGrid, lines: list[RhythmLine]) -> Iterator[RhythmTable]:
    """The whole grid, or of weeks one half of the year after the other."""
    is_weeks = grid.level == Area.Level.STATION
    for _, numbered in groupby(enumerate(grid.periods), lambda each: is_weeks and each[1].month > 6):
        numbers, periods = zip(*numbered, strict=True)
        part = slice(numbers[0], numbers[-1] + 1)
        months = [(f"{month}月", len(list(each))) for month, each in groupby(period.month for period in periods)]
        yield RhythmTable(
            months if is_weeks else [], periods, [line._replace(boxes=line.boxes[part]) for line in lines]
        )


def _boxes(request, grid: RhythmGrid, row: DueGroup) -> list[Box]:
    """The cells of a row: what was held leads to it, what is missing to where one records it."""
    held, add = reverse("activities:index"), _add(request, row.area)
    boxes = []
    for period, cell in zip(grid.periods, row.cells, strict=True):
        listed = f"area={row.area.pk}&own=on&status=held&period={period.first}~{period.last}"
        url = f"{held}?{listed}" if cell.activities else ""
        if cell.state == DueState.MISSING and add:
            url = f"{add}&on={period.last}"
        boxes.append(Box(cell.state, SIGNS[cell.state], _words(row.area, period, cell), _held(cell), url))
    return boxes


def _add(request, place: DueArea) -> str:
    """Where one records an activity of this area; nowhere for who may not, or where the area is closed."""
    is_open = place.until is None or place.until > timezone.localdate()
    if is_open and access.covers(request.user, Resource.ACTIVITY, place.path, Right.WRITE):
        return f"{reverse('activities:add')}?area={place.pk}"
    return ""


def _words(place: DueArea, period: DuePeriod, cell: DueCell) -> str:
    days = "—".join(f"{day.month}月{day.day}日" for day in (period.first, period.last))
    told = "，".join(f"{each} 次" for each in _held(cell)) or cell.state.label
    return f"{place.name} {period.label}（{days}）：{told}"


def _held(cell: DueCell) -> list[str]:
    counts = {"活动": cell.activities, "走访": cell.visits}
    return [f"{name} {count}" for name, count in counts.items() if count]


def _sheet(grid: RhythmGrid) -> ExportSheet:
    headings = ("区域", *(period.label for period in grid.periods), "已办", "应办", "完成率")
    rows = [
        [row.area.label, *(cell.state.label for cell in row.cells), each.done, each.due, each.share]
        for row, each in ((row, row.progress) for row in grid.rows)
    ]
    return ExportSheet(grid.level.label, headings, rows, {len(headings) - 1: "0.0%"})
