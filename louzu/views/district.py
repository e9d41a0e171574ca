"""The district's pages: its streets beside each other, and the communities of one; to print, as XLSX."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from louzu.models import FiguresOfDay
from louzu.rules.district import SHARES as RATES
from louzu.rules.district import (
    THIN_SHARE,
    WEEKS,
    District,
    DistrictMonth,
    DistrictRow,
    communities_beside,
    streets_beside,
)
from members.ground import access
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models import Area
from members.models.areas import AreaQuerySet
from members.templatetags.louzu import share
from members.web.files import download
from members.web.pictures import Picture, PictureSet
from members.web.shell import page

SHOWN_THIN = 12
FORMULAS = [
    ("数字", "每天夜里算好一次，存下合计数；这里看到的是最近算好的一天，不是此刻。"),
    ("党员、楼组、结对", "最近一天的数。覆盖率 = 已建立党小组的楼组 ÷ 楼组；参加 = 已参加楼组党小组的党员 ÷ 党员。"),
    ("社区每月", "今年已经过完的月份里，办了活动的 ÷ 应办的。社区自己主办的才算。"),
    ("小区每周", f"近 {WEEKS} 周里，办了活动的 ÷ 应办的。"),
    ("楼组每季", "今年已经过完的季度里，有活动或走访的 ÷ 应办的。"),
    ("活动、走访、需求", "今年以来的次数、条数。需求办结 = 今年办结的 ÷ 今年提出的，最多算 100%。"),
    ("记录卡签收", "今年签收的 ÷ 今年发出的；去年发出、今年才签收的也算，所以最多算 100%。"),
    (
        "要留意的",
        f"有楼组没有建立党小组，上月有社区没有办活动，小区周活动、楼组季度活动完成不到 {THIN_SHARE:.0%}，"
        "需求办结、记录卡签收不到一半。缺得多的写在前面，不排名次。",
    ),
]
HEADINGS = (
    "区域", "数字截至", "党员", "楼组", "已建立党小组", "覆盖率", "参加党小组", "参加占比", "党员家庭",
    "已结对的党员家庭", "结对占比", "结对", "社区应办（月）", "社区已办（月）", "社区完成率", "小区应办（近12周）",
    "小区已办（近12周）", "小区完成率", "楼组应办（季）", "楼组已办（季）", "楼组完成率", "活动", "走访", "提出的需求",
    "办结的需求", "发出的记录卡", "签收的记录卡", "签收占比", "要留意的",
)  # fmt: skip
SHARES = {index: "0.0%" for index, heading in enumerate(HEADINGS) if heading.endswith(("占比", "覆盖率", "完成率"))}


MONTHLY = {
    "党员": "members", "参加党小组": "taking_part_share", "家庭结对": "paired_share", "结对": "pairings",
    "活动": "activities", "参加人次": "attendances", "走访": "visits", "社区每月": "communities_share",
    "小区每周": "stations_share", "楼组每季": "groups_share", "提出的需求": "needs_opened", "办结的需求": "needs_done",
    "发出的记录卡": "cards_issued", "签收的记录卡": "cards_received",
}  # fmt: skip
MONTHLY_FORMATS = {index: "0.0%" for index, name in enumerate(MONTHLY.values(), start=1) if name in RATES}


def start(request):
    """Show the streets beside each other."""
    return page(request, "louzu/district.html", **_context(_streets(request), "全区各街道"))


def months(request):
    """Show the months of all streets together."""
    return page(request, "louzu/district_year.html", **_context(_streets(request, by_month=True), "全区各月"))


def street(request, pk):
    """Show the communities of a street beside each other."""
    return page(request, "louzu/district.html", **_street_context(request, pk))


def printed(request):
    return page(request, "louzu/district_print.html", **_context(_streets(request, by_month=True), "全区各街道"))


def street_printed(request, pk):
    return page(request, "louzu/district_print.html", **_street_context(request, pk))


def exported(request):
    paths = access.scope_paths(request.user, Resource.DISTRICT)
    return _file(_streets(request, by_month=True), "全区各街道", paths)


def street_exported(request, pk):
    found = _communities(request, pk)
    street = found.total.place
    return _file(found, f"{street.name}各社区", [street.path])


def _areas(request) -> AreaQuerySet:
    return Area.objects.for_user(request.user, resource=Resource.DISTRICT)


def _streets(request, *, by_month: bool = False) -> District:
    if not access.can(request.user, Resource.DISTRICT):
        raise PermissionDenied
    return streets_beside(_areas(request), today=timezone.localdate(), by_month=by_month)


def _communities(request, pk: int) -> District:
    found = communities_beside(_areas(request), pk, today=timezone.localdate())
    if found is None:
        raise Http404
    return found


def _street_context(request, pk: int) -> dict[str, Any]:
    found = _communities(request, pk)
    street = found.total.place
    return _context(found, f"{street.name}各社区") | {"street": street}


def _context(found: District, title: str) -> dict[str, Any]:
    pks = [row.place.pk for row in found.rows if row.place.is_street]
    links = {pk: reverse("district_street", args=[pk]) for pk in pks}
    return {
        "title": title,
        "report": found,
        "shown_thin": SHOWN_THIN,
        "level": "社区" if found.total.place.is_street else "街道",
        "thin": [(place, links.get(place.pk), sentence) for place, sentence in found.thin],
        "table": [(row, links.get(row.place.pk), _table_cells(row)) for row in found.rows],
        "total_cells": _table_cells(found.total),
        "months": _months(found),
        "picture": _picture(found),
        "formulas": FORMULAS,
    }


def _table_cells(row: DistrictRow) -> list[tuple[str, str]]:
    """Return the cells of a row of the table: a figure, and a smaller one below it."""
    counts, shares = row.counts, row.shares

    def part(rate: str) -> tuple[str, str]:
        top, bottom = RATES[rate]
        return share(shares[rate]), f"{counts[top]:,}/{counts[bottom]:,}" if counts[bottom] else ""

    return [
        (f"{counts['members']:,}", f"在册 {counts['local']:,}"),
        part("coverage"),
        (share(shares["taking_part_share"]), f"{counts['taking_part']:,} 人"),
        (share(shares["paired_share"]), f"{counts['pairings']:,} 对"),
        part("communities_share"),
        part("stations_share"),
        part("groups_share"),
        (f"{counts['activities']:,}", f"{counts['attendances']:,} 人次"),
        (f"{counts['visits']:,}", ""),
        part("needs_share"),
        part("received_share"),
    ]


def _months(found: District) -> list[tuple[str, bool, list[Any]]]:
    """Return the table of the months: (heading, whether it is a rate, a value a month)."""
    columns = [_month_cells(month)[1:] for month in found.total.months]
    rows = zip(*columns, strict=True) if columns else []
    return [(heading, name in RATES, list(row)) for (heading, name), row in zip(MONTHLY.items(), rows, strict=False)]


def _month_cells(month: DistrictMonth) -> list[Any]:
    values: dict[str, Any] = {**month.counts, **month.shares}
    return [f"{month.month.month}月", *(values[name] for name in MONTHLY.values())]


def _picture(found: District) -> Picture:
    """Return lines of how much of what was due was done, month by month, in per cent."""
    months = found.total.months
    lines = {"社区每月": ("communities_share", "community"), "小区每周": ("stations_share", "station")}
    sets = [
        PictureSet(label, [_percent(month.shares[name]) for month in months], hue)
        for label, (name, hue) in lines.items()
    ]
    labels = [f"{month.month.month}月" for month in months]
    return Picture("district-months", "lines", "各月活动完成率", labels, sets, unit="%", most=100)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _file(found: District, title: str, paths: list[str]):
    rows = [found.total, *found.rows]
    months = [_month_cells(month) for month in found.total.months]
    day = found.periods.yesterday.isoformat()
    above = (f"{title}楼组党建情况", f"截至 {day}，次数、条数自 {found.periods.new_year} 起")
    sheet = ExportSheet(title, HEADINGS, [_cells(row) for row in rows], SHARES, above)
    by_month = ExportSheet("各月", ("月份", *MONTHLY), months, MONTHLY_FORMATS, above)
    content = workbook_of([sheet, by_month, formulas_sheet(FORMULAS)])
    with atomic_write():
        record("export", FiguresOfDay, path=paths, changes={"report": "全区", "rows": len(rows), "day": day})
    return download(content, f"{title}-{day}.xlsx")


def _cells(row: DistrictRow) -> list[Any]:
    counts, shares = row.counts, row.shares
    if not row.last and row.place.pk:
        return [row.place.name, *[None] * (len(HEADINGS) - 2), row.missing[0]]
    return [
        row.place.name, row.last, counts["members"], counts["groups"], counts["established"], shares["coverage"],
        counts["taking_part"], shares["taking_part_share"], counts["households"], counts["paired"],
        shares["paired_share"], counts["pairings"], counts["communities_due"], counts["communities_done"],
        shares["communities_share"], counts["stations_due"], counts["stations_done"], shares["stations_share"],
        counts["groups_due"], counts["groups_done"], shares["groups_share"], counts["activities"], counts["visits"],
        counts["needs_opened"], counts["needs_done"], counts["cards_issued"], counts["cards_received"],
        shares["received_share"], "；".join(row.missing) if row.place.pk else "",
    ]  # fmt: skip
