"""The report on slips: by employer and by community; as a page, to print, as XLSX. Nobody is named."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from activities.ground.periods import DaySpan
from activities.views.reports import period_choices, requested_period
from feedback.rules.slips_counting import SlipFigures, UnitSlips, slip_figures
from feedback.views.listed import require_cards
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models import Area
from members.models.areas import AreaQuerySet
from members.web.files import download
from members.web.shell import page

PER_PAGE = 50
NO_SLIPS = "您的岗位看不到报到情况。需要的话，请联系街道。"
TOTALS = ("sent", "accepted", "waiting", "ended")
UNIT_HEADINGS = ("单位", "发来", "已接收", "等接收", "已结束", "回执天数")
PLACE_HEADINGS = ("社区", "报到", "其中 90 天内参加过活动")
FORMULAS = [
    (
        "发来",
        "这段时间里单位发来、本人报到、登记纸质的报到单，退回、撤回、转出的也算。没有登记过的单位按写的名称列。",
    ),
    ("已接收、已结束", "其中现在已接收、已结束的。结束的不再算在已接收里。"),
    ("等接收", "其中现在等社区接收，或者等对方核对的。"),
    ("回执天数", "从发来到接收的天数，取中间的一个：一半比它快，一半比它慢。一张都没有接收的显示“—”。"),
    ("报到", "这段时间里接收过的党员，每人在一个社区只算一次。还不知道社区的不在这里。"),
    (
        "90 天内参加过活动",
        "其中从接收那天起 90 天以内，参加过本街道已举办活动的。接收不满 90 天的也算到今天；只有数字，没有名单。",
    ),
]


class SlipReport(NamedTuple):
    """The counts of an area for some days."""

    area: Area
    days: DaySpan
    figures: SlipFigures

    @property
    def totals(self) -> dict[str, int]:
        return {name: sum(getattr(unit, name) for unit in self.figures.units) for name in TOTALS}

    @property
    def query(self) -> str:
        return urlencode({"from": self.days.first, "to": self.days.last})


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Redirect to the report of the highest of the user's areas."""
    first = _areas(request).current().first()
    if first is None:
        raise PermissionDenied(NO_SLIPS)
    return redirect("feedback:slip_report", first.pk)


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the slips of an area, a page of its employers at a time."""
    report = _report(request, pk)
    shown = Paginator(report.figures.units, PER_PAGE).get_page(request.GET.get("p"))
    return page(request, "feedback/slip_report.html", **_context(request, report), shown=shown, units=shown.object_list)


@require_GET
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    report = _report(request, pk)
    return page(request, "feedback/slip_report_print.html", **_context(request, report), units=report.figures.units)


@require_GET
def exported(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the same as XLSX: a sheet for employers, one for communities, one for the formulas."""
    report = _report(request, pk)
    content, days = workbook_of(_sheets(report)), f"{report.days.first}至{report.days.last}"
    with atomic_write():
        rows = len(report.figures.units) + len(report.figures.communities)
        record("export", report.area, changes={"report": "报到情况", "rows": rows, "days": days})
    return download(content, f"报到情况-{report.area.label}-{days}.xlsx")


def _areas(request: HttpRequest) -> AreaQuerySet:
    """Return the street and communities whose slips the user may read; PermissionDenied for who may read none."""
    require_cards(request.user)
    areas = Area.objects.for_user(request.user, resource=Resource.CARD)
    return areas.filter(level__lte=Area.Level.COMMUNITY)


def _report(request: HttpRequest, pk: int) -> SlipReport:
    area, days = get_object_or_404(_areas(request), pk=pk), requested_period(request)
    return SlipReport(area, days, slip_figures(area, *days))


def _context(request: HttpRequest, report: SlipReport) -> dict[str, Any]:
    return {
        "title": f"报到情况：{report.area.label}",
        "report": report,
        "above": _areas(request).above(report.area),
        "places": [each for each in report.figures.communities if each.community != report.area],
        "own": next((each for each in report.figures.communities if each.community == report.area), None),
        "choices": [(name, *days, days == report.days) for name, days in period_choices().items()],
        "today": timezone.localdate(),
        "formulas": FORMULAS,
    }


def _sheets(report: SlipReport) -> Iterator[ExportSheet]:
    days = f"{report.days.first}至{report.days.last}　截至 {timezone.localdate()}"
    above = (f"{report.area.label}报到情况", days)
    yield ExportSheet("各单位", UNIT_HEADINGS, map(_cells, report.figures.units), {5: "0.0"}, above)
    rows = [(each.community.name, each.reported, each.came) for each in report.figures.communities]
    yield ExportSheet("各社区", PLACE_HEADINGS, rows, {}, above)
    yield formulas_sheet(FORMULAS)


def _cells(unit: UnitSlips) -> list[Any]:
    return [unit.unit, unit.sent, unit.accepted, unit.waiting, unit.ended, unit.days]
