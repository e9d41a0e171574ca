"""The report on a period's record cards: by step, community and employer; as a page, to print, as XLSX."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.rules.card_figures import (
    ASIDE,
    STEP_LABELS,
    STEPS,
    CardCounts,
    CardFigures,
    EmployerCards,
    card_figures,
    card_periods,
)
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models import Area
from members.models.areas import AreaQuerySet
from members.web.files import download
from members.web.pictures import Picture, PictureSet
from members.web.shell import page

PER_PAGE = 50
NO_CARDS = "您的岗位看不到记录卡的情况。需要的话，请联系街道。"
Status = RecordCard.Status
RATES = ("签收率", "反馈率", "签收天数", "反馈天数")
FORMULAS = [
    ("生成", "这个时段生成的卡，草稿也算，后来撤回的也算。退回、撤回以后重新生成的，另算一张。"),
    (
        "请本人确认、本人同意、发给单位、单位签收、单位反馈",
        "走到过这一步的卡，后来退回、撤回的也算。到了后一步的，前面各步都算。",
    ),
    ("有异议、单位退回、已撤回", "现在停在这一步的卡。"),
    ("签收率", "单位签收 ÷ 发给单位。一张都没有发的显示“—”。"),
    ("反馈率", "单位反馈 ÷ 单位签收。一张都没有签收的显示“—”。"),
    ("签收天数", "从发给单位到单位签收的天数，取中间的一个：一半比它快，一半比它慢。"),
    ("反馈天数", "从单位签收到第一次反馈的天数，取中间的一个。"),
    ("没来取过", "有卡等着签收、从最早的一张发出以后没有来取过、也没有签收或退回过的单位。接口和网页收件箱都算取过。"),
    ("不计什么", "没有记录的党员没有卡，不在这里。按卡上写的社区和单位计，不按现在的住址和单位。"),
]
NEXT = {
    Status.OBJECTED: "有 {} 张本人有异议：看看哪里不对，改好再请本人确认。",
    Status.RETURNED: "有 {} 张单位退回：看看原因，核对单位以后重新生成。",
    Status.AGREED: "有 {} 张本人已经同意：可以发给单位了。",
    Status.SHOWN: "有 {} 张等本人确认：打印确认单请本人签字，或把链接发给本人。",
    Status.DRAFT: "有 {} 张还是草稿：请本人确认。",
}
UNITS: dict[str, tuple[str, Callable[[EmployerCards], bool]]] = {
    "unfetched": ("没来取过", lambda unit: unit.is_unfetched),
    "waiting": ("等签收", lambda unit: unit.counts.now[Status.ISSUED] > 0),
    "received": ("等反馈", lambda unit: unit.counts.now[Status.RECEIVED] > 0),
    "all": ("全部", lambda unit: True),
}


class LinkedNumber(NamedTuple):
    """A number with the address of the list of what it counts; "" where there is none for the reader."""

    number: int
    url: str


class CardLine(NamedTuple):
    """A row of a table: its name and address, its counts by step and aside, and its rates."""

    name: str
    url: str
    numbers: list[LinkedNumber]
    counts: CardCounts


def start(request):
    """Redirect to the report of the highest of the user's areas."""
    first = _areas(request).current().first()
    if first is None:
        raise PermissionDenied(NO_CARDS)
    return redirect("feedback:card_report", first.pk)


def show(request, pk):
    """Show the cards of an area's period; each number opens the list of what it counts, for whoever may see cards."""
    report, periods = _report(request, pk)
    return page(request, "feedback/card_report.html", periods=periods, **_context(request, report))


def printed(request, pk):
    report, _ = _report(request, pk)
    units = [(unit, "") for unit in report.employers or []]
    return page(request, "feedback/card_report_print.html", **_context(request, report) | {"units": units})


def exported(request, pk):
    """Download the same as XLSX: a sheet for communities, one for employers, one for the formulas."""
    report, _ = _report(request, pk)
    content = workbook_of(_sheets(report))
    with atomic_write():
        rows = len(report.rows) + len(report.employers or [])
        record("export", report.area, changes={"report": "记录卡情况", "rows": rows, "period": report.period.code})
    return download(content, f"记录卡情况-{report.area.label}-{report.period.label}.xlsx")


def _areas(request) -> AreaQuerySet:
    """Return the street and communities whose cards the user may count; PermissionDenied for who may count none."""
    if not access.can(request.user, Resource.CARD, Right.COUNT):
        raise PermissionDenied(NO_CARDS)
    areas = Area.objects.for_user(request.user, Right.COUNT, resource=Resource.CARD)
    return areas.filter(level__lte=Area.Level.COMMUNITY)


def _may_list(request, area: Area) -> bool:
    return access.covers(request.user, Resource.CARD, area.path)


def _report(request, pk: int) -> tuple[CardFigures, list[CardPeriod]]:
    """Return the report and the periods to choose from; another period than these is the last one."""
    areas = _areas(request)
    area = get_object_or_404(areas, pk=pk)
    periods = card_periods(area, areas=areas, today=timezone.localdate())
    period = next((each for each in periods if each.code == request.GET.get("period")), periods[0])
    return card_figures(area, areas=areas, period=period, by_employer=_may_list(request, area)), periods


def _context(request, report: CardFigures) -> dict[str, Any]:
    area, may_list = report.area, _may_list(request, report.area)
    return {
        "title": f"记录卡情况：{area.label}",
        "report": report,
        "above": _areas(request).above(area),
        "query": urlencode({"period": report.period.code}),
        "headings": [*STEP_LABELS.values(), *ASIDE.values()],
        "total": _line(area, report, report.counts, may_list),
        "lines": [_line(place, report, counts, may_list) for place, counts in report.rows if place != area],
        "now": [(status.label, LinkedNumber(report.counts.now[status], _board(report, status))) for status in Status],
        "steps": list(_next_steps(report)) if may_list else [],
        "picture": _funnel(report),
        "may_list": may_list,
        "today": timezone.localdate(),
        "formulas": FORMULAS,
        **(_units(request, report) if report.employers else {}),
    }


def _units(request, report: CardFigures) -> dict[str, Any]:
    """Return a page of the employers, of the sort that is asked for: at first those that never fetched, if any."""
    sorts = {name: [unit for unit in report.employers or [] if fits(unit)] for name, (_, fits) in UNITS.items()}
    asked = request.GET.get("units", "")
    chosen = asked if asked in sorts else "unfetched" if sorts["unfetched"] else "all"
    shown = Paginator(sorts[chosen], PER_PAGE).get_page(request.GET.get("p"))
    return {
        "tabs": [(name, UNITS[name][0], len(units), name == chosen) for name, units in sorts.items()],
        "shown": shown,
        "units": [(unit, _unit_url(report, unit)) for unit in shown],
    }


def _line(place: Area, report: CardFigures, counts: CardCounts, may_list: bool) -> CardLine:
    numbers = [LinkedNumber(counts.steps[step], _listed(report, place, reached=step)) for step in STEPS]
    numbers += [LinkedNumber(counts.now[status], _listed(report, place, status__exact=status)) for status in ASIDE]
    if not may_list:
        numbers = [each._replace(url="") for each in numbers]
    url = reverse("feedback:card_report", args=[place.pk], query={"period": report.period.code})
    return CardLine(place.name, url, numbers, counts)


def _listed(report: CardFigures, place: Area, **narrowed: Any) -> str:
    """Return the address of the admin's list of a place's cards of the period."""
    query = {"place": place.path, "period": report.period.code} | narrowed
    return reverse("admin:feedback_recordcard_changelist", query=query)


def _unit_url(report: CardFigures, unit: EmployerCards) -> str:
    return _listed(report, report.area, employer__id__exact=unit.pk)


def _board(report: CardFigures, status: str) -> str:
    query = {"place": report.area.path, "period": report.period.code, "show": status}
    return reverse("feedback:board", query=query)


def _next_steps(report: CardFigures) -> Iterator[tuple[str, str]]:
    """Yield what to do next: a sentence and the address where it is done."""
    now = report.counts.now
    for status, sentence in NEXT.items():
        if now[status]:
            yield sentence.format(now[status]), _board(report, status)
    if late := sum(unit.is_unfetched for unit in report.employers or []):
        yield f"有 {late} 个单位从发出以后没来取过：打个电话问一问，或者把卡打印出来送去。", "#units"


def _funnel(report: CardFigures) -> Picture | None:
    if not report.counts.steps["made"]:
        return None
    data = [report.counts.steps[step] for step in STEPS]
    bars = PictureSet("记录卡", data, "cards-made", hues=[f"cards-{step}" for step in STEPS])
    return Picture("funnel", "funnel", "记录卡走到了哪一步（张）", list(STEP_LABELS.values()), [bars])


def _sheets(report: CardFigures) -> Iterator[ExportSheet]:
    above = (f"{report.area}记录卡情况", f"{report.period.label}　截至 {timezone.localdate()}")
    headings = ("社区", *STEP_LABELS.values(), *ASIDE.values(), *RATES)
    rows = [_cells(place.name, counts) for place, counts in report.rows if place != report.area]
    formats = {10: "0.0%", 11: "0.0%", 12: "0.0", 13: "0.0"}
    yield ExportSheet("各社区", headings, [*rows, _cells("合计", report.counts)], formats, above)
    if report.employers is not None:
        headings = ("单位", *headings[1:], "最近取卡", "发出以后没来取过")
        yield ExportSheet("各单位", headings, map(_unit_cells, report.employers), formats | {14: "yyyy-mm-dd"}, above)
    yield formulas_sheet(FORMULAS)


def _unit_cells(unit: EmployerCards) -> list[Any]:
    fetched = timezone.localdate(unit.fetched_at) if unit.fetched_at else None
    return [*_cells(unit.name, unit.counts), fetched, "是" if unit.is_unfetched else ""]


def _cells(name: str, counts: CardCounts) -> list[Any]:
    reached, aside = (counts.steps[step] for step in STEPS), (counts.now[status] for status in ASIDE)
    rates = counts.receipt_share, counts.answer_share, counts.days_to_receipt, counts.days_to_answer
    return [name, *reached, *aside, *rates]
