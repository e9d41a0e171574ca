"""The coverage pages: drill down, the state of a day, print, XLSX."""

from datetime import date

from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models import Area
from members.rules.coverage import Coverage, coverage, drilled
from members.web.files import download
from members.web.pictures import Picture, PictureSet
from members.web.shell import page

FORMULAS = {
    "members": ("党员", "当日居住在本区域的党员。迁出的不计。"),
    "local": ("在册", "其中组织关系在本社区的党员；占比 = 在册 ÷ 党员。按现在登记的关系计。"),
    "in_post": ("在职", "其中组织关系在单位的党员；占比 = 在职 ÷ 党员。按现在登记的关系计。"),
    "share_of_residents": ("占常住人口", "填了常住人口的社区里的党员 ÷ 这些社区的常住人口。没有填常住人口的社区不计。"),
    "groups": ("楼组", "当日启用的楼组。"),
    "coverage": ("覆盖率", "已建立党小组的楼组 ÷ 楼组。建组日期在当日之后的不算已建立。"),
    "taking_part": ("参加党小组", "当日已参加楼组党小组的党员；占比 = 参加 ÷ 党员。"),
    "cadre_share": ("处科级干部任组长", "现任组长是处级或科级的楼组 ÷ 有组长的楼组。没有登记组长的楼组不计。"),
    "paired_share": (
        "党员家庭结对",
        "当日正在结对的党员家庭 ÷ 党员家庭。同一楼组同一室号的党员算一户；没有登记室号的党员不计。",
    ),
}
HEADINGS = (
    "区域", "党员", "在册", "在册占比", "在职", "在职占比", "常住人口", "占常住人口", "社区", "楼组",
    "已建立党小组", "覆盖率", "参加党小组", "参加占比", "有组长的楼组", "处科级任组长", "处科级占比",
    "党员家庭", "已结对的党员家庭", "结对占比",
)  # fmt: skip
CHANGES = {
    "members": "党员", "local": "在册", "in_post": "在职", "groups": "楼组", "established": "已建立党小组的楼组",
    "taking_part": "参加", "paired": "结对的家庭",
}  # fmt: skip
SHARES = {index: "0.0%" for index, heading in enumerate(HEADINGS) if heading.endswith(("占比", "占常住人口", "覆盖率"))}


def start(request):
    """Redirect to the report of the highest of the user's areas."""
    areas = Area.objects.for_user(request.user, resource=Resource.REPORT).on(timezone.localdate())
    first = areas.first()
    if first is None:
        return page(request, "louzu/coverage_none.html", title="覆盖情况", status=403)
    return redirect("coverage", first.pk)


def show(request, pk):
    """Show an area's figures and those one level down; names link further down, figures to the rows they count."""
    context = _context(request, pk)
    # The linked lists show today, so another day's figures have no links.
    is_today = context["report"].day == context["today"]
    changes = [] if is_today else _changes(request, context["report"])
    return page(request, "louzu/coverage.html", listed=context["may_list"] and is_today, changes=changes, **context)


def printed(request, pk):
    return page(request, "louzu/coverage_print.html", **_context(request, pk))


def exported(request, pk):
    """Answer with the same table as an .xlsx with typed cells, and a sheet for each level further down."""
    areas = Area.objects.for_user(request.user, resource=Resource.REPORT)
    area = get_object_or_404(areas, pk=pk)
    reports = drilled(area, areas=areas, day=_day(request))
    titles = ["覆盖情况", *(Area.Level(level).label for level in range(area.level + 2, Area.Level.BUILDING_GROUP + 1))]
    day, rows = reports[0].day, sum(len(each.rows) for each in reports)
    above = (f"覆盖情况：{area.label}", f"截至 {day}")
    sheets = [
        ExportSheet(title, HEADINGS, _lines(each), SHARES, above) for title, each in zip(titles, reports, strict=True)
    ]
    content = workbook_of([*sheets, formulas_sheet(FORMULAS.values())])
    with atomic_write():
        record("export", area, changes={"report": "覆盖情况", "rows": rows, "day": day.isoformat()})
    return download(content, f"覆盖情况-{area.label}-{day}.xlsx")


def _report(request, pk: int) -> Coverage:
    areas = Area.objects.for_user(request.user, resource=Resource.REPORT)
    return coverage(get_object_or_404(areas, pk=pk), areas=areas, day=_day(request))


def _day(request) -> date:
    """Return the requested day; today for one that cannot be read or is still to come."""
    try:
        return min(date.fromisoformat(request.GET.get("day", "")), timezone.localdate())
    except ValueError:
        return timezone.localdate()


def _context(request, pk: int) -> dict:
    report = _report(request, pk)
    area = report.area
    areas = Area.objects.for_user(request.user, resource=Resource.REPORT)
    level = Area.Level(area.level + 1).label if area.level < Area.Level.BUILDING_GROUP else ""
    return {
        "title": f"覆盖情况：{area.label}",
        "report": report,
        "above": areas.above(area),
        "formulas": FORMULAS,
        "level": level,
        "today": timezone.localdate(),
        "picture": _picture(report, level) if len(report.rows) > 1 and report.figures.members else None,
        "may_list": Area.objects.for_user(request.user, resource=Resource.MEMBER).filter(pk=area.pk).exists(),
        "missing": [row.area for row in report.rows if row.figures.established < row.figures.groups],
    }


def _changes(request, report: Coverage) -> list[str]:
    """Return in words what the main figures have gained or lost from the report's day to today. Three queries."""
    areas = Area.objects.for_user(request.user, resource=Resource.REPORT)
    now = coverage(report.area, areas=areas, day=timezone.localdate()).figures
    gains = {label: getattr(now, name) - getattr(report.figures, name) for name, label in CHANGES.items()}
    return [f"{label} {'+' if gain > 0 else '−'}{abs(gain):,}" for label, gain in gains.items() if gain]


def _picture(report: Coverage, level: str) -> Picture:
    """Return bars of local and in-post members for each area of the table."""
    figures = [row.figures for row in report.rows]
    sets = [
        PictureSet("在册", [each.local for each in figures], "local"),
        PictureSet("在职", [each.in_post for each in figures], "in-post"),
    ]
    return Picture("coverage-chart", "stacked", f"各{level}党员构成", [row.area.name for row in report.rows], sets)


def _lines(report: Coverage) -> list[list]:
    """Return the rows of the sheet: the area itself, then the areas of the report's level."""
    return [_cells(report.area.label, report.figures), *(_cells(row.area.label, row.figures) for row in report.rows)]


def _cells(name: str, figures) -> list:
    return [
        name, figures.members, figures.local, figures.local_share, figures.in_post, figures.in_post_share,
        figures.residents or None, figures.share_of_residents, figures.communities, figures.groups, figures.established,
        figures.coverage, figures.taking_part, figures.taking_part_share, figures.led, figures.led_by_cadre,
        figures.cadre_share, figures.households, figures.paired, figures.paired_share,
    ]  # fmt: skip
