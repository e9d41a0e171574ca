"""Thin places: what is due now and not done yet, by tier, with two heat grids; as a page, to print, as XLSX."""

from typing import Any, NamedTuple

from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from activities.rules.due import DuePeriod
from activities.rules.reminding import NOW, WHAT, last_sent, may_remind
from activities.rules.thin import SPANS, ThinPlaces, ThinTier, thin
from activities.views.due_links import DueLinks
from activities.views.reports import own_area, report_areas
from activities.views.thin_parts import MissingPart, ThinParts
from activities.views.thin_sheets import sheets
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import workbook_of
from members.models import Area
from members.web.files import download
from members.web.shell import page

STATION, GROUP = Area.Level.STATION, Area.Level.BUILDING_GROUP
FEW = 60  # of so few places all are shown at once
NAMES = {Area.Level.STREET: "街道", Area.Level.COMMUNITY: "社区", STATION: "小区", GROUP: "楼组"}
BEFORE = {Area.Level.COMMUNITY: "上个月", STATION: "上一周", GROUP: "上一季"}
UNITS = {Area.Level.COMMUNITY: "个月", STATION: "周", GROUP: "季"}
LEGEND = [
    ("held-3", "4", "4 次以上"),
    ("held-2", "2", "2 到 3 次"),
    ("held-1", "1", "1 次"),
    ("missing", "缺", "已经过完，没有登记"),
    ("waiting", "○", "这一期还没有登记"),
    ("not_due", "·", "不用办"),
    ("not_applicable", "／", "还没有建立党小组"),
]
FORMULAS = [
    ("该办什么", "社区每月一次活动；小区每周一次活动；楼组每季一次活动或走访。街道没有固定要求，只列出本月办了几次。"),
    ("应办", "这一期从第一天到最后一天都在用的区域；楼组还要已经建立党小组。中途启用、建立或停用的，这一期不算。"),
    (
        "还没有办",
        "应办，这一期还没有登记。只算这个区域自己主办、登记为“已举办”的活动；楼组还算本楼党员家庭的走访。",
    ),
    ("上一期也没有", "还没有办的地方里，上一期（上个月、上一周、上一季）应办而没有登记的。"),
    (
        "完成率",
        f"最近 {SPANS[Area.Level.COMMUNITY]} 个月、{SPANS[STATION]} 周、{SPANS[GROUP]} 季里，已办的期数 ÷ 应办的期数。"
        "正在过的这一期，办了就算，没办先不算。没有应办的显示“—”。",
    ),
    ("周", "星期一到星期日。"),
    ("颜色", "活动和走访的次数越多，颜色越深；黑白打印时看深浅、数字和边框。楼组的格子里写的是楼号。"),
]


class TierPart(NamedTuple):
    """A tier in words: its figures, and what is missing."""

    tier: ThinTier
    name: str
    now: str
    what: str
    before: str
    unit: str
    parts: list[MissingPart]
    is_open: bool


class Quarter(NamedTuple):
    """A quarter to choose."""

    period: DuePeriod
    key: str
    label: str


def start(request):
    """Redirect to the thin places of the user's own area."""
    return redirect("activities:thin", own_area(request).pk)


def show(request, pk):
    """Show what is missing now, the last weeks of the compounds and a quarter of the building groups."""
    return page(request, "activities/thin.html", **_context(request, pk))


def printed(request, pk):
    return page(request, "activities/thin_print.html", **_context(request, pk))


def exported(request, pk):
    """Download the places of each tier as XLSX; its last sheet has the formulas."""
    report = _report(request, pk)
    content = workbook_of(sheets(report, FORMULAS))
    rows = sum(len(tier.places) for tier in report.tiers)
    with atomic_write():
        record("export", report.area, changes={"report": "薄弱点", "rows": rows, "day": str(report.day)})
    return download(content, f"薄弱点-{report.area.label}-{report.day}.xlsx")


def _report(request, pk: int) -> ThinPlaces:
    areas = report_areas(request)
    return thin(get_object_or_404(areas, pk=pk), areas=areas, today=timezone.localdate())


def _context(request, pk: int) -> dict[str, Any]:
    report, links = _report(request, pk), DueLinks(request.user)
    parts, sent = ThinParts(report, links), last_sent(report.area, report.day)
    weeks, groups = report.tier(STATION), report.tier(GROUP)
    quarters = [_quarter(period) for period in groups.periods] if groups else []
    chosen = next((each for each in quarters if each.key == request.GET.get("quarter")), quarters[-1])
    return {
        "title": f"薄弱点：{report.area.label}",
        "report": report,
        "above": report_areas(request).above(report.area),
        "tiers": [_tier(tier, parts, sent) for tier in report.tiers],
        "weeks": parts.weeks(weeks) if weeks else [],
        "week_days": weeks.periods if weeks else [],
        "tiles": parts.tiles(groups, chosen.period) if groups else [],
        "quarters": quarters,
        "chosen": chosen,
        "here": f"{reverse('activities:thin', args=[pk])}?quarter={chosen.key}",
        "legend": LEGEND,
        "formulas": FORMULAS,
        "may_add": access.can(request.user, Resource.ACTIVITY, Right.WRITE),
        "may_remind": may_remind(request.user, report.area.path),
    }


def _tier(tier: ThinTier, parts: ThinParts, sent: dict) -> TierPart:
    level = tier.level
    words = NAMES[level], NOW.get(level, "本月"), WHAT.get(level, "活动"), BEFORE.get(level, ""), UNITS.get(level, "")
    return TierPart(tier, *words, parts.missing(tier, sent), len(tier.missing) <= FEW)


def _quarter(period: DuePeriod) -> Quarter:
    year, number = period.first.year, (period.first.month + 2) // 3
    return Quarter(period, f"{year}-{number}", f"{year}年{period.label}")
