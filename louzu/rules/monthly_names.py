"""The figures of a monthly report: their names on screen and paper, and their formulas."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from members.models import Area

NOTHING = "—"
COVERED, HAPPENED = "组织覆盖和活动", "四联动、结对、需求和记录卡"


class MonthlyFigure(NamedTuple):
    """A figure; `of` names its top and its bottom where it is a share. Tables show it where `table` names one."""

    name: str
    label: str
    formula: str
    table: str = ""
    of: tuple[str, str] | None = None

    def shown(self, value: float | None) -> str:
        """Return the value as text, a dash where there is none."""
        if value is None:
            return NOTHING
        return f"{value:.1%}" if self.of else f"{value:,g}"

    def shown_change(self, change: float | None) -> str:
        """Return a change as text: of a share in per cent points, with one decimal."""
        if change is None:
            return NOTHING
        shown = f"{abs(100 * change):.1f}" if self.of else f"{abs(change):,g}"
        sign = "+" if change > 0 else "−"
        return f"{sign}{shown}" if float(shown.replace(",", "")) else "0"


_A, _B = COVERED, HAPPENED
FIGURES = (
    MonthlyFigure("members", "党员", "月末那天居住在本区域的党员。", _A),
    MonthlyFigure("taking_part", "参加党小组", "其中已参加楼组党小组的。", _A),
    MonthlyFigure("groups", "楼组", "月末那天启用的楼组。", _A),
    MonthlyFigure("established", "已建党小组", "其中已建立党小组的。", _A),
    MonthlyFigure("coverage", "覆盖率", "已建党小组的楼组 ÷ 楼组。", _A, ("established", "groups")),
    MonthlyFigure("activities", "活动", "本月已举办的活动，含各级主办的。", _A),
    MonthlyFigure("at_street", "街道办", "其中街道主办的。", _A),
    MonthlyFigure("at_community", "社区办", "其中社区主办的。", _A),
    MonthlyFigure("at_station", "小区办", "其中小区党员联络站主办的。", _A),
    MonthlyFigure("at_group", "楼组办", "其中楼组主办的。", _A),
    MonthlyFigure("attendances", "党员人次", "来参加这些活动的党员，每次都计。", _A),
    MonthlyFigure("residents", "群众人次", "来参加这些活动的群众，每次都计。", _A),
    MonthlyFigure("participants", "参加过的党员", "本月住在这里、来过本街道任何一次活动的党员，每人计一次。", _A),
    MonthlyFigure(
        "participation",
        "参加率",
        "参加过的党员 ÷ 本月在这里住过的党员。月内搬过家的人，两处各计一次，合计只计一次。",
        _A,
        ("participants", "lived"),
    ),
    MonthlyFigure("lived", "住过的党员", "本月在这里住过的党员，哪怕一天。"),
    MonthlyFigure("months_share", "社区每月", "办了活动的社区 ÷ 应办的社区。", _B, ("months_done", "months_due")),
    MonthlyFigure("months_done", "社区每月已办", "本月办了活动的社区。"),
    MonthlyFigure("months_due", "社区每月应办", "整月启用的社区。"),
    MonthlyFigure(
        "weeks_share", "小区每周", "办了活动的周 ÷ 应办的周，只算在本月结束的周。", _B, ("weeks_done", "weeks_due")
    ),
    MonthlyFigure("weeks_done", "小区每周已办", "各小区办了活动的周数。"),
    MonthlyFigure("weeks_due", "小区每周应办", "各小区整周启用的周数。"),
    MonthlyFigure(
        "quarters_share",
        "楼组每季",
        "本季办过活动或走访过的楼组 ÷ 应办的楼组，只在季末的月份有。",
        _B,
        ("quarters_done", "quarters_due"),
    ),
    MonthlyFigure("quarters_done", "楼组每季已办", "本季办过活动或走访过的楼组。"),
    MonthlyFigure("quarters_due", "楼组每季应办", "整季有党小组的楼组。"),
    MonthlyFigure("pairings", "结对", "月末那天正在结对的。", _B),
    MonthlyFigure("pairings_begun", "新结对", "本月开始的。", _B),
    MonthlyFigure("pairings_ended", "结束", "本月结束的结对。", _B),
    MonthlyFigure("unvisited", "久未走访", "正在结对、90 天没有走访的。", _B),
    MonthlyFigure("visits", "走访", "本月登记的走访。", _B),
    MonthlyFigure("needs_opened", "提出需求", "本月提出的群众需求。", _B),
    MonthlyFigure("needs_done", "办结需求", "本月办结的群众需求。", _B),
    MonthlyFigure("needs_open", "未办结", "月末那天还没有办结的，待认领的和已认领的。", _B),
    MonthlyFigure("median_days", "办结天数", "本月办结的需求，从提出到办结天数的中位数。", _B),
    MonthlyFigure("cards_issued", "发出卡", "本月发给单位的记录卡。", _B),
    MonthlyFigure("cards_received", "签收卡", "单位本月签收的记录卡。", _B),
    MonthlyFigure("cards_answered", "反馈卡", "单位本月反馈的记录卡。", _B),
)
BY_NAME = {figure.name: figure for figure in FIGURES}
CHANGE_FORMULA = "数字下面一行是比上月，再下面一行是比去年同月；“—”是没有可以比的；百分比的增减是百分点。"


def with_shares(counts: dict[str, Any]) -> dict[str, Any]:
    """Return the counts and the shares made of them, in the order of the figures; None where the bottom is 0."""
    shares = {}
    for figure in FIGURES:
        if figure.of:
            top, bottom = (counts[name] for name in figure.of)
            shares[figure.name] = top / bottom if bottom else None
    return {figure.name: (counts | shares)[figure.name] for figure in FIGURES}


def columns(level: int, month: int, table: str) -> Iterable[MonthlyFigure]:
    """Return the figures of a table for an area of this level; what cannot be there is left out."""
    left_out = set() if month % 3 == 0 else {"quarters_share"}
    if level > Area.Level.STREET:
        left_out.add("at_street")
    return (figure for figure in FIGURES if figure.table == table and figure.name not in left_out)
