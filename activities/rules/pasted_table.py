"""A pasted table: rows below a heading with 姓名, whose columns say who came, who does not, and where one lives."""

import re
from dataclasses import dataclass, field

from activities.rules.pasted_marks import NO_MARK, MarkKind, PastedMark, read_mark
from activities.rules.pasted_text import CROSS, CROSSES, TICK, TICKS, plain
from members.ground.text import squeezed

NAME_HEADINGS = {"姓名", "名字", "党员姓名", "党员", "人员", "参会人员"}
CAME_HEADING = re.compile("签到|签名|出勤|到会|到场|出席|参加|状态|考勤")
REMARK_HEADING = re.compile("备注|说明|原因|情况|理由")
PLACE_HEADING = re.compile("楼|室|门牌|住址|地址")
YES = {TICK, "是", "对", "到", "有", "1", "y", "v", "yes", "来", "○", "●"}
NO = {CROSS, "x", "否", "未", "缺", "假", "无", "没", "没有", "0", "n", "no", "-", "—", "/"}


@dataclass(slots=True)
class PastedTable:
    """The columns of a table by their place: the name, homes, and those that say who came or who does not."""

    sign: str
    name: int
    places: list[int] = field(default_factory=list)
    came: dict[int, str] = field(default_factory=dict)
    absent: dict[int, str] = field(default_factory=dict)
    remarks: list[int] = field(default_factory=list)
    is_filled: bool = False  # whether anybody has something in a column of who came

    def cells(self, line: str) -> list[str] | None:
        """Return a row's cells; None for a line that is no row."""
        if self.sign == " ":
            cells = line.split()
            return cells if len(cells) > self.name and len(cells) <= self.width else None
        return [cell.strip() for cell in _cells(line, self.sign)] if self.sign in line else None

    @property
    def width(self) -> int:
        return 1 + max([self.name, *self.places, *self.came, *self.absent, *self.remarks])

    def person(self, cells: list[str]) -> str:
        """Return the name with the home, as a line would have them."""
        return " ".join(cells[at] for at in (self.name, *self.places) if at < len(cells))

    def mark(self, cells: list[str]) -> PastedMark:
        """Return what the row's cells say together."""
        marks = [_in_column(cells[at], heading) for at, heading in self.came.items() if at < len(cells)]
        self.is_filled = self.is_filled or any(mark.kind for mark in marks)
        marks += [_not_coming(cells[at], heading) for at, heading in self.absent.items() if at < len(cells)]
        marks += [read_mark(cells[at]) for at in self.remarks if at < len(cells) and len(cells[at]) > 1]
        said = [mark for mark in marks if mark.kind]
        kinds = {mark.kind for mark in said}
        if not kinds:
            return NO_MARK
        kind = kinds.pop() if len(kinds) == 1 else MarkKind.UNSURE
        return PastedMark(kind, " ".join(dict.fromkeys(mark.words for mark in said)))


def read_heading(line: str) -> PastedTable | None:
    """Return the table that begins with this heading row; None for any other line."""
    sign = next((sign for sign in "\t|,， " if sign in line.strip()), "")
    headings = [squeezed(cell) for cell in _cells(line, sign)] if sign else []
    at = next((at for at, heading in enumerate(headings) if heading in NAME_HEADINGS), None)
    if at is None:
        return None
    table = PastedTable(sign, at)
    for place, heading in enumerate(headings):
        kind = read_mark(heading).kind
        if place == at or not heading:
            continue
        if kind in (MarkKind.ABSENT, MarkKind.UNSURE) and not REMARK_HEADING.search(heading):
            table.absent[place] = heading
        elif CAME_HEADING.search(heading):
            table.came[place] = heading
        elif REMARK_HEADING.search(heading):
            table.remarks.append(place)
        elif PLACE_HEADING.search(heading):
            table.places.append(place)
    return table if table.came or table.absent or table.remarks else None


def has_come(cell: str) -> bool | None:
    """Return whether a cell of 出勤情况 says that somebody came, an empty one too; None where it says neither."""
    text = squeezed(cell).lower()
    if not text or text in YES or text in (*TICKS, "出勤"):
        return True
    if text in NO or text in CROSSES:
        return False
    kind = read_mark(plain(text)).kind
    return {MarkKind.CAME: True, MarkKind.ABSENT: False}.get(kind)


def _cells(line: str, sign: str) -> list[str]:
    if sign == " ":
        return line.split()
    return line.strip().strip("|").split("|") if sign == "|" and line.lstrip().startswith("|") else line.split(sign)


def _in_column(cell: str, heading: str) -> PastedMark:
    if not cell:
        return NO_MARK
    if cell.lower() in YES:
        return PastedMark(MarkKind.CAME, TICK)
    if cell.lower() in NO:
        return PastedMark(MarkKind.ABSENT, f"{heading}：{'×' if cell == CROSS else cell}")
    mark = read_mark(cell)
    return mark if mark.kind else PastedMark(MarkKind.CAME, cell)  # a signature


def _not_coming(cell: str, heading: str) -> PastedMark:
    if not cell or cell.lower() in NO:
        return NO_MARK
    return PastedMark(MarkKind.ABSENT, heading)
