"""The figures of a monthly report, what they were before, and what has changed since earlier reports were closed."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count
from django.db.models.functions import TruncMonth

from activities.ground.periods import month_before
from activities.models import Activity
from louzu.models import MonthlyReport
from louzu.models.monthly import last_day_of
from louzu.rules.monthly_counts import COUNTED, TIERS, WHOLE, ByPart, Counts, counts_of
from louzu.rules.monthly_names import BY_NAME, FIGURES, with_shares
from members.models import Area

CORRECTED = 3  # so many closed reports are compared with what is on record now
LINE = 12  # months
Beat = Callable[[int], object]
Said = dict[tuple[str, int, str], Any]  # by month, area and figure
# What there had to be on record, in the whole area, before these figures can be compared.
NEEDED = {
    **dict.fromkeys(("members", "taking_part", "lived"), "members"),
    **dict.fromkeys(("groups", "established", "coverage"), "groups"),
    **dict.fromkeys(("pairings", "pairings_begun", "pairings_ended", "unvisited"), "pairings"),
    "visits": "visits",
    **dict.fromkeys(("needs_opened", "needs_done", "needs_open", "median_days"), "needs_opened"),
    **dict.fromkeys(("cards_issued", "cards_received", "cards_answered"), "cards_issued"),
}


class MonthlyPart(NamedTuple):
    """A row of the report: the whole, an area one level down, or what the area itself did (`kind` own)."""

    path: str
    pk: int
    name: str
    kind: str


def figures_of(area: Area, month: date, *, today: date, beat: Beat = lambda _: None) -> dict[str, Any]:
    """Return the figures of an area's month as the report keeps them; of the running month those up to today.

    `beat` is told how far the counting is, in per cent.
    """
    known: dict[date, ByPart] = {}

    def counted(of: date) -> ByPart:
        if of not in known:
            known[of] = counts_of(area, of, min(last_day_of(of), today), today=today)
            beat(min(60, 12 * len(known)))
        return known[of]

    now, before, year_before = (counted(each) for each in (month, month_before(month), _a_year_before(month)))
    rows = [_row(part, now, before, year_before) for part in _parts(area, now)]
    last = min(last_day_of(month), today)
    return {
        "area": area.name,
        "id": area.pk,
        "unit": _unit(area),
        "level": Area.Level(area.level).name,
        "month": f"{month:%Y-%m}",
        "first": month.isoformat(),
        "last": last.isoformat(),
        "is_whole": last_day_of(month) < today,
        "communities": now[WHOLE]["communities"],
        "rows": rows,
        "months": _line(area, month, last),
        "corrections": corrections(area, month, counted),
        "summary": _summary(area, rows[0]["figures"], now[WHOLE]["communities"]),
    }


def _a_year_before(month: date) -> date:
    return month.replace(year=month.year - 1)


def _unit(area: Area) -> str:
    """Return the name of the office: the street, or the street and its community."""
    above = Area.objects.above(area).values_list("name", flat=True)
    return " ".join([*above, area.name])


def _parts(area: Area, counts: ByPart) -> list[MonthlyPart]:
    """Return the rows: the whole, what the area itself did, and each area below that was there in the month."""
    below = Area.objects.children_of(area).filter(path__in=counts).values_list("path", "pk", "name")
    level = Area.Level(area.level).label
    own = [MonthlyPart(area.path, area.pk, f"{level}本级", "own")]
    return [MonthlyPart(WHOLE, area.pk, "合计", "whole"), *own, *(MonthlyPart(*row, kind="part") for row in below)]


def _row(part: MonthlyPart, now: ByPart, before: ByPart, year_before: ByPart) -> dict[str, Any]:
    figures = with_shares(_of(now, part.path))
    return {
        "area": part.name,
        "id": part.pk,
        "kind": part.kind,
        "figures": figures,
        "month_change": changes(figures, before, part.path),
        "year_change": changes(figures, year_before, part.path),
    }


def _of(counts: ByPart, path: str) -> Counts:
    return counts.get(path) or dict.fromkeys(COUNTED, 0) | {"median_days": None}


def changes(figures: dict[str, Any], earlier: ByPart, path: str) -> dict[str, Any]:
    """Return what each figure of a part has grown by; None where nothing of the kind was on record then."""
    then, found = with_shares(_of(earlier, path)), {}
    for name, value in figures.items():
        is_known = path in earlier and earlier[WHOLE][NEEDED.get(name, "activities")]
        is_there = is_known and value is not None and then[name] is not None
        found[name] = value - then[name] if is_there else None
    return found


def _line(area: Area, month: date, last: date) -> list[dict[str, Any]]:
    """Return the activities of each of the last twelve months, by the tier that held them."""
    firsts = [month]
    while len(firsts) < LINE:
        firsts.insert(0, month_before(firsts[0]))
    held = Activity.objects.held().inside(area).between(firsts[0], last).order_by()
    counted = held.annotate(month=TruncMonth("held_on")).values_list("month", "area__level").annotate(Count("pk"))
    lines = {first: {"month": f"{first:%Y-%m}"} | dict.fromkeys(TIERS.values(), 0) for first in firsts}
    for first, level, count in counted:
        lines[first][TIERS[level]] = count
    return list(lines.values())


def corrections(area: Area, month: date, counted: Callable[[date], ByPart]) -> list[dict[str, Any]]:
    """Return what is on record now for closed months, and was not known when they were closed, or corrected last.

    A correction stands in one report alone: the next one compares with what this one says.
    """
    earlier = MonthlyReport.objects.closed().filter(area=area, month__lt=month).order_by("-month")[:CORRECTED]
    said: Said = {}
    found = []
    for report in reversed(earlier):
        assert report.figures
        rows = [row for row in report.figures["rows"] if row["kind"] != "whole"]
        said |= {(report.code, row["id"], name): row["figures"][name] for row in rows for name in row["figures"]}
        said |= {(each["month"], each["id"], each["figure"]): each["now"] for each in report.figures["corrections"]}
    for report in reversed(earlier):
        for part in _parts(area, counted(report.month))[1:]:
            found += _differences(report.code, part, with_shares(_of(counted(report.month), part.path)), said)
    return found


def _differences(code: str, part: MonthlyPart, now: Counts, said: Said) -> list[dict[str, Any]]:
    """Return the counts of a part that differ from those of its report; shares follow from them."""
    keys = {figure.name: (code, part.pk, figure.name) for figure in FIGURES if not figure.of}
    return [
        {"month": code, "area": part.name, "id": part.pk, "figure": name, "was": said[key], "now": now[name]}
        for name, key in keys.items()
        if key in said and said[key] != now[name]
    ]


def correction_sentence(correction: dict[str, Any]) -> str:
    """Return a correction in words: 更正：10月 第一社区 活动 12 → 13."""
    figure = BY_NAME[correction["figure"]]
    was, now = figure.shown(correction["was"]), figure.shown(correction["now"])
    return f"更正：{int(correction['month'][5:])}月 {correction['area']} {figure.label} {was} → {now}"


def _summary(area: Area, whole: dict[str, Any], communities: int) -> str:
    """Return the paragraph that the figures make, as long as the office has written none."""
    shown = {figure.name: figure.shown(whole[figure.name]) for figure in FIGURES}
    organised = f"{communities} 个社区、" if area.level == Area.Level.STREET else ""
    return (
        f"{area.name}有 {organised}{shown['groups']} 个楼组，党员 {shown['members']} 名，"
        f"楼组党小组覆盖率 {shown['coverage']}。本月举办活动 {shown['activities']} 次，"
        f"党员参加 {shown['attendances']} 人次，群众参加 {shown['residents']} 人次；"
        f"参加过活动的党员 {shown['participants']} 名，占 {shown['participation']}。"
        f"正在结对 {shown['pairings']} 对，本月走访 {shown['visits']} 次；"
        f"群众需求提出 {shown['needs_opened']} 件，办结 {shown['needs_done']} 件；"
        f"发出记录卡 {shown['cards_issued']} 张，单位反馈 {shown['cards_answered']} 张。"
    )
