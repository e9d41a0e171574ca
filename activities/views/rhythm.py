"""The rhythm report of a year: activities held per week, month or quarter; as a page, to print, as XLSX."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from activities.rules.due import DueArea, DuePeriod, DueProgress, DueState
from activities.rules.reminding import NOW
from activities.rules.rhythm import DueGroup, Rhythm, RhythmGrid, rhythm
from activities.views.due_links import SIGNS, DueLinks, counts, due_sentence
from activities.views.reports import own_area, report_areas, requested_year
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
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
    """A cell on the page: its sign, the sentence for it, the counts, and its link."""

    state: DueState
    sign: str
    sentence: str
    counts: list[str]
    url: str


class RhythmLine(NamedTuple):
    """A row on the page; `below` is in the order of the table's headings."""

    row: DueGroup
    boxes: list[Box]
    below: list[DueProgress]


class RhythmTable(NamedTuple):
    """A grid on the page, or half of one: a year of weeks does not fit an office screen."""

    months: list[tuple[str, int]]
    periods: Sequence[DuePeriod]
    lines: list[RhythmLine]


class DueSection(NamedTuple):
    """A grid with its rule, and the areas that still wait for an activity in the current period."""

    rule: str
    level: Area.Level
    below: list[str]
    tables: list[RhythmTable]
    now: str
    waiting: list[tuple[DueArea, str]]


def start(request):
    """Redirect to the report of the user's own area."""
    return redirect("activities:rhythm", own_area(request).pk)


def show(request, pk):
    """Show the year of an area and of the areas in it, with links to these and to the activities counted."""
    return page(request, "activities/rhythm.html", **_context(request, pk))


def printed(request, pk):
    return page(request, "activities/rhythm_print.html", **_context(request, pk))


def exported(request, pk):
    """Download the year as XLSX: a sheet for the area, one for the areas in it, a column a period; the formulas."""
    report = _report(request, pk)
    rows = sum(len(grid.rows) for grid in report.grids)
    content = workbook_of([*(_sheet(report, grid) for grid in report.grids), formulas_sheet(FORMULAS)])
    with atomic_write():
        record("export", report.area, changes={"report": "四联动", "rows": rows, "year": report.year})
    return download(content, f"四联动-{report.area.label}-{report.year}.xlsx")


def _report(request, pk: int) -> Rhythm:
    areas = report_areas(request)
    area = get_object_or_404(areas, pk=pk)
    return rhythm(area, areas=areas, year=requested_year(request), today=timezone.localdate())


def _context(request, pk: int) -> dict[str, Any]:
    report, links = _report(request, pk), DueLinks(request.user)
    return {
        "title": f"四联动：{report.area.label}",
        "report": report,
        "today": timezone.localdate(),
        "above": report_areas(request).above(report.area),
        "sections": [_section(links, grid) for grid in report.grids],
        "may_add": access.can(request.user, Resource.ACTIVITY, Right.WRITE),
        "may_visit": access.can(request.user, Resource.HOUSEHOLD, Right.WRITE),
        "legend": [(state, SIGNS[state], MEANINGS[state]) for state in DueState],
        "formulas": FORMULAS,
        "before": report.year - 1 if report.year > FIRST_YEAR.year else None,
        "after": report.year + 1 if report.year < timezone.localdate().year else None,
    }


def _section(links: DueLinks, grid: RhythmGrid) -> DueSection:
    levels = sorted({level for row in grid.rows for level in row.below})
    lines = [
        RhythmLine(row, _boxes(links, grid, row), [row.below.get(level, DueProgress()) for level in levels])
        for row in grid.rows
    ]
    waiting = [(row.area, links.add(row.area)) for row in grid.rows if row.is_waiting]
    below = [BELOW[Area.Level(level)] for level in levels]
    return DueSection(
        RULES[grid.level], grid.level, below, list(_tables(grid, lines)), NOW.get(grid.level, ""), waiting
    )


def _tables(grid: RhythmGrid, lines: list[RhythmLine]) -> Iterator[RhythmTable]:
    """Yield the grid as one table, or a grid of weeks as two halves of the year."""
    is_weeks = grid.level == Area.Level.STATION
    for _, numbered in groupby(enumerate(grid.periods), lambda each: is_weeks and each[1].month > 6):
        indexes, periods = zip(*numbered, strict=True)
        part = slice(indexes[0], indexes[-1] + 1)
        months = [(f"{month}月", len(list(each))) for month, each in groupby(period.month for period in periods)]
        yield RhythmTable(
            months if is_weeks else [], periods, [line._replace(boxes=line.boxes[part]) for line in lines]
        )


def _boxes(links: DueLinks, grid: RhythmGrid, row: DueGroup) -> list[Box]:
    """Return the cells of a row: a done one links to its activities, a missing one to the form that records it."""
    return [
        Box(
            cell.state,
            SIGNS[cell.state],
            due_sentence(row.area, period, cell),
            counts(cell),
            links.of(row.area, period, cell),
        )
        for period, cell in zip(grid.periods, row.cells, strict=True)
    ]


def _sheet(report: Rhythm, grid: RhythmGrid) -> ExportSheet:
    above = (f"四联动：{report.area.label}，{report.year}年", f"截至 {timezone.localdate()}")
    headings = ("区域", *(period.label for period in grid.periods), "已办", "应办", "完成率")
    rows = [
        [row.area.label, *(cell.state.label for cell in row.cells), each.done, each.due, each.share]
        for row, each in ((row, row.progress) for row in grid.rows)
    ]
    return ExportSheet(grid.level.label, headings, rows, {len(headings) - 1: "0.0%"}, above)
