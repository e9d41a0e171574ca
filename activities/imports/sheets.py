"""A workbook of activities → rows of text, in the exports' own columns: one sheet of activities, one of who came."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import orjson
from tablib import Dataset

from members.ground.export import unquoted
from members.ground.sealing import decrypt, encrypt
from members.ground.text import as_text
from members.roster import workbook
from members.roster.columns import Headings, Vocabulary
from members.roster.refusal import UnreadableFile
from members.roster.sheet import RosterSheet, first_rows, name_cells
from members.roster.workbook import RawStream

MOST_ACTIVITIES, MOST_CAME = 500, 20_000
# Each column's heading in the export, and other headings for it.
ACTIVITIES: Headings = {
    "area": ("主办", "主办单位", "主办区域"),
    "title": ("活动名称", "活动", "名称"),
    "held_on": ("日期", "活动日期"),
    "begins_at": ("开始时间", "时间"),
    "place": ("地点", "活动地点"),
    "field": ("工作领域", "领域"),
    "regularity": ("经常性/阶段性",),
    "visibility": ("显性/隐性",),
    "support": ("物质/精神文化",),
    "co_organisers": ("协办", "协办单位"),
    "residents_reached": ("参加的群众人数", "群众人数"),
    "result": ("活动结果", "结果"),
    "status": ("状态",),
}
CAME: Headings = {
    "held_on": ("活动日期", "日期"),
    "title": ("活动名称", "活动", "名称"),
    "area": ("主办", "主办单位", "主办区域"),
    "member": ("姓名", "党员姓名"),
    "home": ("住址", "地址", "楼组室号"),
    "duty": ("六员",),
}
# Not in the export, where everybody came.
ATTENDED = (
    "出勤情况", "出勤", "出席情况", "到会情况", "签到", "签到情况", "参加情况", "是否参加", "是否到会", "考勤",
)  # fmt: skip
NO_HEADING = (
    "没有找到表头。“活动”表至少要有“活动名称”和“日期”两列，“参加”表至少要有“姓名”和“活动名称”两列；可以先下载空白模板。"
)
TOO_MANY = "一次最多导入 {most} {what}，这份表里有 {found} {what}。请按季度分成几个文件，分几次导入。"


@dataclass(slots=True)
class ImportTable:
    """The rows of one kind from all sheets: cells by field, and for each row its sheet and Excel row."""

    rows: list[dict[str, str]] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)

    def take(self, sheet: RosterSheet) -> None:
        for row in sheet.rows:
            self.rows.append({name: _text(as_text(cell)) for name, cell in row.cells.items()})
            self.places.append((row.sheet, row.number))

    def dataset(self, headings: Headings) -> Dataset:
        """Return the rows for the resources, under the export's headings."""
        rows = [[row.get(name, "") for name in headings] for row in self.rows]
        return Dataset(*rows, headers=titles(headings))


@dataclass(slots=True)
class ActivityBook:
    """A workbook's rows: activities, and who came; `not_taken` are the headings that name nothing known."""

    activities: ImportTable = field(default_factory=ImportTable)
    came: ImportTable = field(default_factory=ImportTable)
    not_taken: list[str] = field(default_factory=list)


def titles(headings: Headings) -> list[str]:
    """Return the headings that the export writes."""
    return [names[0] for names in headings.values()]


def read_book(content: bytes) -> ActivityBook:
    """Read an uploaded file behind the two walls (`members.roster.workbook`); headings decide what a sheet contains.

    Raises UnreadableFile.
    """
    book, found = ActivityBook(), 0
    with workbook.opened(content) as (_, raws):
        for raw in raws:
            found += _take(book, raw)
    if not found:
        raise UnreadableFile(NO_HEADING)
    _check_size(book.activities.rows, MOST_ACTIVITIES, "次活动")
    _check_size(book.came.rows, MOST_CAME, "行参加")
    return book


def _take(book: ActivityBook, raw: RawStream) -> bool:
    """Add a sheet to the book; return False for one of neither kind. Only the sheet of who came names people."""
    first = first_rows(raw.rows)
    who = {**CAME, "attended": ATTENDED}
    for table, headings, required in ((book.came, who, "member"), (book.activities, ACTIVITIES, "title")):
        rows = chain(first, raw.rows)
        words = Vocabulary(headings, required, spoken=("attended",))
        if sheets := name_cells(RawStream(raw.name, rows, raw.hidden), words):
            for sheet in sheets:
                table.take(sheet)
                book.not_taken += [heading for heading in sheet.not_taken if heading not in book.not_taken]
            return True
    return False


def seal(book: ActivityBook) -> str:
    """Return the book encrypted, to be kept between preview and writing: it names people."""
    return b64encode(encrypt(zlib.compress(orjson.dumps(book)))).decode()


def unseal(sealed: str) -> ActivityBook:
    packed = orjson.loads(zlib.decompress(decrypt(b64decode(sealed))))
    activities, came = (ImportTable(**packed[name]) for name in ("activities", "came"))
    return ActivityBook(activities, came, packed["not_taken"])


def _check_size(rows: Sequence[object], most: int, what: str) -> None:
    if len(rows) > most:
        raise UnreadableFile(TOO_MANY.format(most=most, what=what, found=len(rows)))


def _text(cell: str) -> str:
    """Return a cell's text without the quote that our exports put before a formula."""
    return unquoted(cell.strip())
