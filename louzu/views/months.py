"""Figures over time 月度走势: an area month by month, this year beside last; as a page, to print, as XLSX."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from activities.views.reports import own_area, report_areas, requested_year
from louzu.rules.figures import LOWEST_LEVEL
from louzu.rules.months import MonthFigures, Months, MonthsRow, months
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models.households import FIRST_YEAR
from members.web.files import download
from members.web.pictures import Picture, PictureSet
from members.web.shell import page

MONTHS = tuple(f"{number}月" for number in range(1, 13))


class MonthFigure(NamedTuple):
    """A figure by its name in MonthFigures: its heading, unit, colour and formula; a rate is shown in per cent."""

    heading: str
    unit: str
    hue: str
    formula: str

    @property
    def is_rate(self) -> bool:
        return self.unit == "%"


FIGURES = {
    "stations_share": MonthFigure("小区每周活动完成率", "%", "station", "本月结束的周里，办了活动的 ÷ 该办的。"),
    "communities_share": MonthFigure("社区每月活动完成率", "%", "community", "本月办了活动的社区 ÷ 该办的社区。"),
    "groups_share": MonthFigure("楼组每季活动或走访完成率", "%", "group", "季末那个月才有：办了的楼组 ÷ 该办的楼组。"),
    "activities": MonthFigure("举办的活动", "场", "activities", "本区域和下级本月已举办的活动。"),
    "attendances": MonthFigure("党员参加人次", "人次", "members", "登记参加这些活动的党员，来几次算几次。"),
    "visits": MonthFigure("走访", "次", "visits", "本月登记的走访。"),
    "taking_part": MonthFigure("参加楼组党小组的党员", "人", "taking-part", "月底（本月是今天）已参加的党员。"),
    "paired_share": MonthFigure("党员家庭结对率", "%", "paired", "月底正在结对的党员家庭 ÷ 党员家庭。"),
    "needs_opened": MonthFigure("提出的群众需求", "件", "needs-open", "本月提出的需求。"),
    "needs_done": MonthFigure("办结的群众需求", "件", "needs-done", "本月办结的需求，不管哪个月提出。"),
    "cards_issued": MonthFigure("发出的记录卡", "张", "cards-issued", "本月发给单位的记录卡。"),
    "cards_received": MonthFigure("单位签收的记录卡", "张", "cards-received", "本月单位签收的记录卡。"),
    "cards_answered": MonthFigure("单位反馈的记录卡", "张", "cards-answered", "本月单位反馈的记录卡。"),
}
TOGETHER = (
    ("needs", "群众需求：提出和办结", ("needs_opened", "needs_done")),
    ("cards", "记录卡：发出、签收和反馈", ("cards_issued", "cards_received", "cards_answered")),
)
APART = tuple(name for name in FIGURES if not name.startswith(("needs", "cards")))
NOTE = "过去的日子每夜重算一次，今天的是现在的数字；补登记的活动第二天就算进原来的月份。"


def start(request):
    """Redirect to the report of the user's own area."""
    area = own_area(request)
    if area.level > LOWEST_LEVEL:
        raise PermissionDenied("走势按小区、社区和街道统计；一个楼组的活动和走访，请看“活动”和“走访”。")
    return redirect("months", area.pk)


def show(request, pk):
    """Show an area's months in pictures and a table, and one figure of the areas one level down beside each other."""
    return page(request, "louzu/months.html", **_context(request, pk))


def printed(request, pk):
    return page(request, "louzu/months_print.html", **_context(request, pk))


def exported(request, pk):
    """Download the months of an area and of those below it as XLSX, with their formulas."""
    report = _report(request, pk)
    content = workbook_of(_sheets(report))
    with atomic_write():
        record("export", report.area, changes={"report": "月度走势", "rows": len(report.rows) + 1, "year": report.year})
    return download(content, f"月度走势-{report.area.label}-{report.year}年.xlsx")


def _report(request, pk: int) -> Months:
    areas = report_areas(request)
    area = get_object_or_404(areas, pk=pk)
    if area.level > LOWEST_LEVEL:
        raise Http404  # what a building group did in a month is a list, not a line
    return months(area, areas=areas, year=requested_year(request), today=timezone.localdate())


def _context(request, pk: int) -> dict[str, Any]:
    report, today = _report(request, pk), timezone.localdate()
    chosen = request.GET.get("figure", "")
    name = chosen if chosen in FIGURES else "stations_share"
    return {
        "title": f"月度走势：{report.area.label}",
        "report": report,
        "above": report_areas(request).above(report.area),
        "before": report.year - 1 if report.year - 1 >= FIRST_YEAR.year else None,
        "after": report.year + 1 if report.year < today.year else None,
        "today": today,
        "pictures": list(_pictures(report)),
        "figures": FIGURES,
        "chosen": name,
        "heading": FIGURES[name].heading,
        "below": _below(report, name),
        "months": MONTHS,
        "lines": [(month, _cells(month)) for month in _of_year(report.own, report.year)],
        "rows": [(row.area, _row(row, report.year, name)) for row in report.rows],
        "note": NOTE,
    }


def _pictures(report: Months) -> Iterator[Picture]:
    """Yield a picture of each figure, this year's line beside last year's, and of those that belong together."""
    for name in APART:
        figure = FIGURES[name]
        yield _picture(f"month-{name}", figure.heading, figure, _two_years(report.own, report.year, name), report.year)
    for key, heading, names in TOGETHER:
        sets = [
            PictureSet(FIGURES[name].heading, _values(report.own, report.year, name), FIGURES[name].hue)
            for name in names
        ]
        yield _picture(f"month-{key}", heading, FIGURES[names[0]], sets, report.year)


def _picture(key: str, heading: str, figure: MonthFigure, sets: list[PictureSet], year: int) -> Picture:
    most = 100 if figure.is_rate else None
    return Picture(key, "lines", f"{heading}，{year}年逐月（{figure.unit}）", MONTHS, sets, unit=figure.unit, most=most)


def _two_years(row: MonthsRow, year: int, name: str) -> list[PictureSet]:
    before, now = _values(row, year - 1, name), _values(row, year, name)
    sets = [PictureSet(f"{year}年", now, FIGURES[name].hue)]
    if any(value for value in before):
        sets.append(PictureSet(f"{year - 1}年", before, "before", dashed=True))
    return sets


def _below(report: Months, name: str) -> list[Picture]:
    """Return a small picture of the figure for each area one level down, all on one scale."""
    figure = FIGURES[name]
    most = 100 if figure.is_rate else max(_known(report, name), default=0) or 1
    return [
        Picture(
            f"below-{row.area.pk}",
            "lines",
            row.area.name,
            MONTHS,
            _two_years(row, report.year, name),
            unit=figure.unit,
            most=most,
        )
        for row in report.rows
    ]


def _known(report: Months, name: str) -> Iterator[float]:
    for row in report.rows:
        for year in (report.year, report.year - 1):
            yield from (value for value in _values(row, year, name) if value is not None)


def _of_year(row: MonthsRow, year: int) -> list[MonthFigures]:
    return [month for month in row.months if month.month.year == year]


def _values(row: MonthsRow, year: int, name: str) -> list[float | None]:
    """Return the twelve months' values as a picture shows them; None for a month without one."""
    by_number = {month.month.month: month for month in _of_year(row, year)}
    return [_value(by_number[number], name) if number in by_number else None for number in range(1, 13)]


def _value(month: MonthFigures, name: str) -> float | None:
    if not FIGURES[name].is_rate:
        return month.counts[name]
    share = month.share(name)
    return None if share is None else round(100 * share, 1)


def _cells(month: MonthFigures) -> list[str]:
    return [_words(_value(month, name), FIGURES[name]) for name in FIGURES]


def _row(row: MonthsRow, year: int, name: str) -> list[str]:
    return [_words(value, FIGURES[name]) for value in _values(row, year, name)]


def _words(value: float | None, figure: MonthFigure) -> str:
    if value is None:
        return "—"
    return f"{value:.1f}%" if figure.is_rate else f"{value:,}"


def _sheets(report: Months) -> Iterator[ExportSheet]:
    above = (f"月度走势：{report.area.label}，{report.year}年", f"截至 {timezone.localdate()}")
    headings = ("区域", "月份", *(figure.heading for figure in FIGURES.values()))
    formats = {2 + index: "0.0%" for index, figure in enumerate(FIGURES.values()) if figure.is_rate}
    rows = [line for row in (report.own, *report.rows) for line in _export_lines(row, report.year)]
    yield ExportSheet("月度走势", headings, rows, formats, above)
    formulas = [(figure.heading, figure.formula) for figure in FIGURES.values()]
    yield formulas_sheet([*formulas, ("什么时候的数字", NOTE)])


def _export_lines(row: MonthsRow, year: int) -> Iterator[Sequence[Any]]:
    for month in _of_year(row, year):
        values = (month.share(name) if FIGURES[name].is_rate else month.counts[name] for name in FIGURES)
        yield [row.area.label, f"{month.month:%Y-%m}", *values]
