"""Thin places as a workbook: a list of all places, the weeks of compounds, the quarters of groups, the formulas."""

from collections.abc import Iterator, Sequence
from typing import Any

from activities.rules.due import DuePeriod
from activities.rules.thin import ThinPlace, ThinPlaces, ThinTier
from activities.views.due_links import without
from members.ground.export import ExportSheet, formulas_sheet
from members.models import Area

HEADINGS = (
    "层级", "区域", "这一期从", "到", "这一期", "活动", "走访", "上一期也没有", "最近已办", "最近应办", "完成率",
)  # fmt: skip
SHARE = HEADINGS.index("完成率")
GRIDS = {Area.Level.STATION: "小区每周", Area.Level.BUILDING_GROUP: "楼组每季"}


def sheets(report: ThinPlaces, formulas: Sequence[tuple[str, str]]) -> Iterator[ExportSheet]:
    """Yield the sheets; the lines above each say what it shows, and as of which day."""
    above = (f"薄弱点：{report.area.label}", f"截至 {report.day}")
    places = [_line(tier, place) for tier in report.tiers for place in tier.places]
    yield ExportSheet("薄弱点", HEADINGS, places, {SHARE: "0.0%"}, above)
    for level, name in GRIDS.items():
        if tier := report.tier(level):
            yield _grid(name, tier, above)
    yield formulas_sheet(formulas)


def _line(tier: ThinTier, place: ThinPlace) -> list[Any]:
    now, progress = place.cells[-1], place.progress
    before = "是" if place.has_missed_before else ""
    return [
        tier.level.label, place.area.label, tier.now.first, tier.now.last, without(now), now.activities, now.visits,
        before, progress.done, progress.due, progress.share,
    ]  # fmt: skip


def _grid(name: str, tier: ThinTier, above: Sequence[str]) -> ExportSheet:
    """Return the numbers of activities and visits by period; a word where there were none."""
    headings = ["区域", *(_label(period) for period in tier.periods)]
    rows = [[place.area.label, *(cell.held or without(cell) for cell in place.cells)] for place in tier.places]
    return ExportSheet(name, headings, rows, {}, above)


def _label(period: DuePeriod) -> str:
    return f"{period.first.year}年{period.label}（{period.first:%m-%d}—{period.last:%m-%d}）"
