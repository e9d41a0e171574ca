"""The participation report of a period: attendances, activities held and outcomes; as a page, to print, as XLSX."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from activities.models import Activity
from activities.rules.outcomes import Outcomes, outcomes
from activities.rules.participation import KINDS, Participation, ParticipationFigures, TookPlace, participation
from activities.views.reports import own_area, period_choices, report_areas, requested_period
from members.ground import access
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models import Area
from members.web.files import download
from members.web.shell import page

FORMULAS = {
    "members": (
        "党员",
        "这段时间里在本区域住过的党员，迁入、迁出的都算。在两处住过的，两处各算一次，合计只算一次。",
    ),
    "share": (
        "参加率",
        "其中至少参加过一次活动的 ÷ 党员，每人只算一次。只算您能看到的、已举办的活动；没有登记名单的活动不计。",
    ),
    "tiers": (
        "街道、社区、小区、楼组",
        "其中至少参加过一次这一级活动的 ÷ 党员；同一个人几级都可以算。只列您看得到的。",
    ),
    "activities": ("活动", "本区域和下级这段时间里已举办的活动；计划中、已取消的不计。"),
    "attendances": ("人次", "登记参加这些活动的党员，来几次算几次，住在别处的也算。"),
    "residents": ("群众人次", "这些活动填写的群众人数之和；没有填的不计。"),
    "pairings": ("结对", "截止那天还在结对的；开始、结束的是这段时间里的。两户都在您看得到的范围内才计。"),
    "unvisited": ("90 天没有走访", "其中结对已满 90 天、到截止那天最近 90 天没有登记走访的。"),
    "needs": ("群众需求", "待认领、已认领的是截止那天的；提出、办结的是这段时间里的。撤回的不算办结。"),
    "median": ("办结天数", "办结的需求从提出到办结的天数，取中间的一个：一半比它快，一半比它慢。"),
    "honours": ("评优", "这些年度授予本区域和下级楼组、小区的荣誉。"),
}
COUNTS = ("活动", "人次", "群众人次")


class Breakdown(NamedTuple):
    """Activities by one criterion; each part has a label, its totals and the query string that filters the list."""

    name: str
    parts: list[tuple[str, TookPlace, str]]


class Chart(NamedTuple):
    """A bar chart: its element id, heading, and data as the page's script reads it."""

    id: str
    heading: str
    data: dict[str, list]


def start(request):
    """Redirect to the report of the user's own area."""
    return redirect("activities:participation", own_area(request).pk)


def show(request, pk):
    """Show the figures of an area and of the areas one level down, with links to these and to the lists."""
    return page(request, "activities/participation.html", **_context(request, pk))


def printed(request, pk):
    return page(request, "activities/participation_print.html", **_context(request, pk))


def exported(request, pk):
    """Download the figures as XLSX, one sheet a table and one for the formulas."""
    report, results = _report(request, pk)
    days = f"{report.first}至{report.last}"
    content = workbook_of(_sheets(report, results))
    with atomic_write():
        record("export", report.area, changes={"report": "参与情况", "rows": len(report.rows), "days": days})
    return download(content, f"参与情况-{report.area.label}-{days}.xlsx")


def _report(request, pk: int) -> tuple[Participation, Outcomes]:
    areas, (first, last) = report_areas(request), requested_period(request)
    area = get_object_or_404(areas, pk=pk)
    query: dict[str, Any] = {"areas": areas, "first": first, "last": last}
    return participation(area, **query), outcomes(area, **query)


def _context(request, pk: int) -> dict[str, Any]:
    report, results = _report(request, pk)
    level = Area.Level(report.area.level + 1) if report.area.level < Area.Level.BUILDING_GROUP else None
    return {
        "title": f"参与情况：{report.area.label}",
        "report": report,
        "results": results,
        "days": f"from={report.first}&to={report.last}",
        "listed": f"status=held&period={report.first}~{report.last}",
        "above": report_areas(request).above(report.area),
        "level": level.label if level else "",
        "tiers": [_short(tier) for tier in report.figures.by_tier],
        "kinds": list(_kinds(report)),
        "choices": [(name, *days, days == (report.first, report.last)) for name, days in period_choices().items()],
        "today": timezone.localdate(),
        "listing": report.last == timezone.localdate(),
        "charts": list(_charts(report)),
        "may_visit": access.can(request.user, Resource.HOUSEHOLD),
        "formulas": FORMULAS,
    }


def _kinds(report: Participation) -> Iterator[Breakdown]:
    tiers = [(str(tier.label), held, "&own=on" * (tier == report.area.level)) for tier, held in report.by_tier.items()]
    yield Breakdown("哪一级办的", tiers)
    for kind, parts in report.by_kind.items():
        name = Activity._meta.get_field(kind).verbose_name  # type: ignore[union-attr]
        is_listed = kind == "field"
        sorts = [(str(KINDS[kind](part).label), held, f"&{kind}={part}" * is_listed) for part, held in parts.items()]
        yield Breakdown(str(name), sorts)


def _charts(report: Participation) -> Iterator[Chart]:
    """Yield the charts: the share of each area in the table, and the activities of each field."""
    if len(report.rows) > 1 and report.figures.participants:
        shares = [round(100 * (row.figures.share or 0), 1) for row in report.rows]
        yield Chart("shares", "参加率（%）", {"labels": [row.area.name for row in report.rows], "data": shares})
    if report.figures.held.activities:
        fields = report.by_kind["field"]
        labels = [str(Activity.Field(part).label) for part in fields]
        counts = [held.activities for held in fields.values()]
        yield Chart("fields", "各领域的活动", {"labels": labels, "data": counts})


def _sheets(report: Participation, results: Outcomes) -> Iterator[ExportSheet]:
    above = (f"参与情况：{report.area.label}", f"{report.first} 至 {report.last}")
    shares = ("参加率", *(f"{_short(tier)}活动" for tier in report.figures.by_tier))
    rows = [_cells(report.area.label, report.figures), *(_cells(row.area.label, row.figures) for row in report.rows)]
    formats = {3 + index: "0.0%" for index in range(len(shares))}
    yield ExportSheet("参与情况", ("区域", "党员", "参加过", *shares, *COUNTS), rows, formats, above)
    parts = [(kind.name, name, *_counts(held)) for kind in _kinds(report) for name, held, _ in kind.parts]
    yield ExportSheet("办了什么", ("分类", "类别", *COUNTS), parts, {}, above)
    yield ExportSheet("结对、需求、评优", ("项目", "数量"), _outcome_rows(results), {}, above)
    yield formulas_sheet(FORMULAS.values())


def _short(tier: Area.Level) -> str:
    return tier.label.removesuffix("党员联络站")


def _cells(name: str, figures: ParticipationFigures) -> list[Any]:
    shares = figures.shares_by_tier.values()
    return [name, figures.members, figures.participants, figures.share, *shares, *_counts(figures.held)]


def _counts(held: TookPlace) -> tuple[int, int, int]:
    return held.activities, held.attendances, held.residents


def _outcome_rows(results: Outcomes) -> Iterator[tuple[str, float | None]]:
    pairings, needs = results.pairings, results.needs
    yield from zip(("结对中", "90 天没有走访", "新结对", "结束结对"), pairings, strict=True)
    yield from zip(("提出需求", "待认领", "已认领", "已办结", "办结天数的中位数"), needs, strict=True)
    yield from ((f"{year} 年{name}", given) for year, name, given in results.honours)
