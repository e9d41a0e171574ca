"""A workbook of slips: the template that a unit fills in, and its rows read back."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core import signing
from django.utils import timezone

from feedback.rules.slips_reading import read_fields
from feedback.rules.slips_sending import MOST, SlipRow
from members.ground.days import Unreadable, read_day
from members.ground.export import unquoted, workbook
from members.ground.text import Cell, as_text
from members.models import Consent
from members.roster.columns import ColumnTerms, Headings, Vocabulary
from members.roster.reading import settled
from members.roster.refusal import UnreadableFile
from members.roster.sheet import read

HEADINGS: Headings = {
    "name": ("姓名", "党员姓名"),
    "phone": ("电话", "手机", "手机号", "手机号码", "联系电话", "联系方式"),
    "home": ("住址", "居住地址", "家庭住址", "现住址", "地址"),
    "employer_number": ("单位内编号", "工号", "人员编号", "编号"),
    "skills": ("特长", "专长", "技能"),
    "wishes": ("愿意做的", "意愿", "服务意愿"),
    "agreed_how": ("同意的方式", "本人同意的方式", "怎样同意的"),
    "agreed_on": ("同意的日期", "本人同意的日期", "哪天同意的"),
}
WITHIN = (("姓名", "name"), ("手机", "phone"), ("电话", "phone"), ("地址", "home"), ("住址", "home"))
FOREIGN = ("单位地址", "单位电话", "联系人", "身份证")
SHOWN = "（示例"
EXAMPLE = (
    f"{SHOWN}，可以不删）张三", "13900000000", "迎晖苑1期 12号楼302室", "A-0107", "水电维修", "周末帮忙", "书面签字",
    "2026-11-20",
)  # fmt: skip
MEANS = {str(label): value for value, label in Consent.Means.choices}
TOO_MANY = f"一次最多发 {MOST} 张，这份表里有 {{}} 行。请分成几个文件，分几次发。"
NO_ROWS = "表里没有要发的人。请在表头下面一行写一个人，再上传。"
NO_DAY = "请写到哪一天，如 2026-11-20"
NO_MEANS = f"同意的方式请写：{'、'.join(map(str, Consent.Means.labels))}。"
DAY = SlipRow._fields.index("agreed_on")
SALT = "feedback.slip-book"
KEPT = 24 * 3600  # seconds that a preview can be sent


@dataclass(slots=True)
class SlipBookRow:
    """A row of the workbook: its sheet, its Excel row, what it says, and by field what is wrong."""

    sheet: str
    number: int
    row: SlipRow
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sentences(self) -> list[str]:
        return [sentence for sentences in self.errors.values() for sentence in sentences]


def template() -> bytes:
    """Return the workbook to fill in."""
    return workbook(
        "报到单", [names[0] for names in HEADINGS.values()], [EXAMPLE], formats=dict.fromkeys(range(8), "@")
    )


def read_slips(content: bytes) -> list[SlipBookRow]:
    """Read an uploaded workbook. Raises UnreadableFile, also without rows or with too many."""
    terms = ColumnTerms()
    found = read(content, Vocabulary(HEADINGS, "name", WITHIN, FOREIGN), terms=terms)
    rows = [row for sheet in settled(found, terms, lambda sheet: []) for row in sheet.rows]
    people = [row for row in rows if not as_text(row.cells.get("name", "")).startswith(SHOWN)]
    read_rows = [_read(row.sheet, row.number, row.cells) for row in people]
    if not read_rows:
        raise UnreadableFile(NO_ROWS)
    if len(read_rows) > MOST:
        raise UnreadableFile(TOO_MANY.format(len(read_rows)))
    return read_rows


def sealed(rows: list[SlipBookRow], *, unit: int) -> str:
    """Return the good rows as a text that only this contact (id) can send within a day."""
    said = [(*each.row[:DAY], _iso(each.row.agreed_on), *each.row[DAY + 1 :]) for each in rows if not each.errors]
    return signing.dumps(said, salt=f"{SALT}.{unit}", compress=True)


def unsealed(text: str, *, unit: int) -> list[SlipRow]:
    """Return the rows of such a text. Raises signing.BadSignature."""
    rows = [SlipRow(*values) for values in signing.loads(text, salt=f"{SALT}.{unit}", max_age=KEPT)]
    return [row._replace(agreed_on=date.fromisoformat(str(row.agreed_on)) if row.agreed_on else None) for row in rows]


def _read(sheet: str, number: int, cells: dict[str, Cell]) -> SlipBookRow:
    texts: dict[str, Any] = {name: unquoted(as_text(cell).strip()) for name, cell in cells.items() if name in HEADINGS}
    errors: dict[str, list[str]] = {}
    if means := texts.get("agreed_how", ""):
        texts["agreed_how"] = MEANS.get(means, "")
        errors |= {} if texts["agreed_how"] else {"agreed_how": [NO_MEANS]}
    try:
        day = _whole_day(cells.get("agreed_on", ""))
    except Unreadable as problem:
        day, errors["agreed_on"] = None, [f"同意的日期：{str(problem).removesuffix('。')}。"]
    row = SlipRow(**{"name": "", "phone": "", "home": ""} | texts | {"agreed_on": day})
    return SlipBookRow(sheet, number, row, read_fields(row, needs_employer=False)[1] | errors)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _whole_day(cell: Cell) -> date | None:
    """Return the day in a cell, None for an empty one. Raises Unreadable, also for a month without a day."""
    if cell == "":
        return None
    text = read_day(cell, today=timezone.localdate())
    if len(text) < len("2026-11-20"):
        raise Unreadable(NO_DAY)
    return date.fromisoformat(text)
