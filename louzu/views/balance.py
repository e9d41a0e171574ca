"""The pages of 分类指导: compounds of one kind beside each other; as a page, to print, as XLSX."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity
from activities.views.reports import own_area, report_areas
from louzu.rules.balance import FEWEST, FIGURES, SIZES, Balance, CompoundFigures, CompoundKind, balance
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models.households import FIRST_YEAR
from members.web.files import download
from members.web.pictures import Picture, PictureSet
from members.web.shell import page

HEADINGS = {
    "joined": "参加党小组",
    "came": "参加过活动",
    "paired": "党员家庭结对",
    "weeks": "每周有活动",
    "visits": "每对走访次数",
    "needs": "群众需求办结",
}
FORMULAS = [
    ("怎么分类", "先按住宅类型，再按大小：" + "、".join(f"{size.name}（{size.bounds}）" for size in SIZES) + "。"),
    (
        "同类中间一半",
        f"同类小区的数字从小到大排开，去掉最低的四分之一和最高的四分之一。同类不到 {FEWEST} 个的不比。"
        "按显示的数字比，显示得一样的就是一样。",
    ),
    ("低于、高于", "只说这个小区和同类不一样，不排名、不考核：低的看看同类办了什么，高的可以请去说说做法。"),
    ("参加党小组", "当日已参加楼组党小组的党员 ÷ 当日居住的党员。"),
    (
        "参加过活动",
        "当日居住的党员里，这 12 周至少参加过一次活动的 ÷ 当日居住的党员。只算您看得到的活动。",
    ),
    ("党员家庭结对", "当日正在结对的党员家庭 ÷ 党员家庭。没有登记室号的党员不计。"),
    ("每周有活动", "这 12 周里小区自己办了活动的周数 ÷ 该办的周数。小区中间才启用的，之前的周不计。"),
    ("每对走访次数", "当日还在结对的，这 12 周的走访次数 ÷ 对数。已经结束的结对不算。"),
    ("群众需求办结", "这 12 周里办结的 ÷（办结的 + 到最后一天还没有办结的）。已撤回的不计。"),
    ("同类办了什么", "小区和楼组这 12 周已举办的活动，按六个领域。比同类办得少的：场数低于同类中间一半。"),
    ("12 周", "截止日之前最近的 12 个整周，星期一到星期日。"),
]
SIDES = {"below": "低于同类中间一半", "above": "高于同类中间一半", "": ""}
FIELDS = dict(Activity.Field.choices)


class FigureCell(NamedTuple):
    """A figure of a compound: in words, where it stands, what it is made of, and the address of what it counts."""

    text: str
    side: str
    parts: str
    url: str


class CompoundLine(NamedTuple):
    """A compound's row, and the fields of work that its neighbours of the same kind did and it did not."""

    compound: CompoundFigures
    cells: list[FigureCell]
    fields: list[tuple[int, str]]
    ideas: str
    add_url: str


class KindSection(NamedTuple):
    """A kind on the page: the middle half of each figure in words, and its compounds."""

    kind: CompoundKind
    middles: list[str]
    lines: list[CompoundLine]
    fields: list[int]


def start(request):
    """Redirect to the report of the user's own area."""
    return redirect("balance", own_area(request).pk)


def show(request, pk):
    """Show an area's compounds by kind; each number opens the list of what it counts."""
    return page(request, "louzu/balance.html", **_context(request, pk))


def printed(request, pk):
    return page(request, "louzu/balance_print.html", **_context(request, pk))


def exported(request, pk):
    """Download the same as XLSX: the compounds, the middle halves, the activities by field, the formulas."""
    report = _report(request, pk)
    content = workbook_of(_sheets(report))
    with atomic_write():
        rows = sum(len(kind.compounds) for kind in report.kinds)
        record("export", report.area, changes={"report": "分类指导", "rows": rows, "day": report.day.isoformat()})
    return download(content, f"分类指导-{report.area.label}-{report.day}.xlsx")


def _report(request, pk: int) -> Balance:
    areas = report_areas(request)
    return balance(get_object_or_404(areas, pk=pk), areas=areas, day=_day(request))


def _day(request) -> date:
    """Return the requested day; today for one that cannot be read, is too early or still to come."""
    today = timezone.localdate()
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today
    return day if FIRST_YEAR <= day <= today else today


def _context(request, pk: int) -> dict[str, Any]:
    report = _report(request, pk)
    return {
        "title": f"分类指导：{report.area.label}",
        "report": report,
        "above": report_areas(request).above(report.area),
        "today": timezone.localdate(),
        "headings": list(HEADINGS.values()),
        "fields": list(FIELDS.values()),
        "sections": [_section(request, report, kind) for kind in report.kinds],
        "pictures": list(_pictures(report)),
        "may_describe": access.covers(request.user, Resource.AREA, report.area.path, Right.WRITE),
        "formulas": FORMULAS,
    }


def _section(request, report: Balance, kind: CompoundKind) -> KindSection:
    middles = []
    for name in FIGURES:
        half = kind.middles.get(name)
        middles.append(f"{_text(name, half.low)}–{_text(name, half.high)}" if half else "—")
    lines = [_line(request, report, kind, each) for each in kind.compounds]
    return KindSection(kind, middles, lines, [kind.fields[name] for name in FIELDS])


def _line(request, report: Balance, kind: CompoundKind, compound: CompoundFigures) -> CompoundLine:
    urls = _urls(request, report, compound)
    cells = [_cell(name, compound, urls.get(name, "")) for name in FIGURES]
    index, days = reverse("activities:index"), f"status=held&period={report.first}~{report.last}"
    fields = [
        (compound.fields[name], f"{index}?area={compound.area.pk}&{days}&field={name}" if compound.fields[name] else "")
        for name in FIELDS
    ]
    ideas = "、".join(str(FIELDS[name]) for name in kind.ideas_for(compound))
    may_add = access.covers(request.user, Resource.ACTIVITY, compound.area.path, Right.WRITE)
    add_url = reverse("activities:add", query={"area": compound.area.pk}) if may_add else ""
    return CompoundLine(compound, cells, fields, ideas, add_url)


def _cell(name: str, compound: CompoundFigures, url: str) -> FigureCell:
    ratio = compound.ratios[name]
    parts = f"{ratio.top} / {ratio.bottom}" if ratio.bottom else ""
    return FigureCell(
        _text(name, compound.shown(name)), SIDES[compound.sides.get(name, "")], parts, url if ratio.bottom else ""
    )


def _urls(request, report: Balance, compound: CompoundFigures) -> dict[str, str]:
    """Return by figure the address of what it counts, as far as the reader may list it and the list shows that day."""
    place, pk = compound.area.path, compound.area.pk
    days = {"from": report.first, "to": report.last}
    urls = {"came": reverse("activities:participation", args=[pk], query=days)}
    urls["weeks"] = reverse("activities:rhythm", args=[pk], query={"year": report.last.isocalendar().year})
    if access.covers(request.user, Resource.NEED, place):
        urls["needs"] = reverse("activities:needs", query={"place": place})
    is_today = report.day == timezone.localdate()
    if is_today and access.covers(request.user, Resource.MEMBER, place):
        urls["joined"] = reverse("admin:members_member_changelist", query={"place": place, "joined": "yes"})
    if access.covers(request.user, Resource.HOUSEHOLD, place):
        visited = {"place": place, "visited_on_from": report.first, "visited_on_to": report.last}
        urls["visits"] = reverse("admin:activities_visit_changelist", query=visited)
        if is_today:
            urls["paired"] = reverse("members:pairings", query={"place": place, "show": "paired"})
    return urls


def _text(name: str, value: Any) -> str:
    if value is None:
        return "—"
    return f"{float(value):.1f}" if name == "visits" else f"{float(value):.1%}"


def _pictures(report: Balance) -> Iterator[Picture]:
    """Yield a picture a figure: a row a kind with the middle half as a band, a dot a compound."""
    kinds = [kind for kind in report.kinds if kind.middles]
    for name in FIGURES:
        if any(name in kind.middles for kind in kinds):
            sets = [PictureSet("在中间一半", _dots(kinds, name, False), "inside", hollow=True)]
            sets.append(PictureSet("在中间一半以外", _dots(kinds, name, True), "outside"))
            bands = [kind.middles.get(name) for kind in kinds]
            shown = [[_drawn(name, edge) for edge in band] if band else None for band in bands]
            labels, unit = [kind.name for kind in kinds], "" if name == "visits" else "%"
            yield Picture(f"picture-{name}", "dots", HEADINGS[name], labels, sets, unit=unit, bands=shown)


def _dots(kinds: list[CompoundKind], name: str, is_outside: bool) -> list[tuple[int, float, str]]:
    return [
        (row, _drawn(name, value), each.area.name)
        for row, kind in enumerate(kinds)
        for each in kind.compounds
        if (value := each.shown(name)) is not None and bool(each.sides.get(name)) == is_outside
    ]


def _drawn(name: str, value: Any) -> float:
    return round(float(value) * (1 if name == "visits" else 100), 1)


def _sheets(report: Balance) -> Iterator[ExportSheet]:
    above = (f"{report.area}分类指导", f"截至 {report.day}；活动、走访、需求：{report.first} 至 {report.last}")
    formats = {4 + 2 * index: "0.0" if name == "visits" else "0.0%" for index, name in enumerate(FIGURES)}
    headings = ["类别", "社区", "小区", "楼组"]
    for heading in HEADINGS.values():
        headings += [heading, f"{heading}：和同类比"]
    rows = [_row(kind, each) for kind in report.kinds for each in kind.compounds]
    yield ExportSheet("各小区", [*headings, *FIELDS.values(), "比同类办得少的"], rows, formats, above)
    edges = [f"{heading}{edge}" for heading in HEADINGS.values() for edge in ("（下）", "（上）")]
    halves = {
        2 + 2 * index + edge: "0.0" if name == "visits" else "0.0%"
        for index, name in enumerate(FIGURES)
        for edge in (0, 1)
    }
    yield ExportSheet("同类中间一半", ["类别", "小区", *edges], map(_half_row, report.kinds), halves, above)
    yield formulas_sheet(FORMULAS)


def _row(kind: CompoundKind, compound: CompoundFigures) -> list[Any]:
    community = compound.area.label.removesuffix(compound.area.name).strip()
    cells: list[Any] = [kind.name, community, compound.area.name, compound.groups]
    for name in FIGURES:
        value = compound.ratios[name].value
        cells += [None if value is None else float(value), SIDES[compound.sides.get(name, "")]]
    ideas = kind.ideas_for(compound)
    return [*cells, *(compound.fields[name] for name in FIELDS), "、".join(str(FIELDS[name]) for name in ideas)]


def _half_row(kind: CompoundKind) -> list[Any]:
    edges = (kind.middles.get(name, (None, None)) for name in FIGURES)
    return [kind.name, len(kind.compounds), *(None if edge is None else float(edge) for pair in edges for edge in pair)]
