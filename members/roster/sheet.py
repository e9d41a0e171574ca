"""Raw cells → sheets of rows with named cells, by a table of headings and their usual variants."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from sys import getsizeof

from members.ground.text import Cell, as_text, heading_key, is_nothing, narrow, squeezed
from members.roster import refusal, workbook
from members.roster.refusal import UnreadableFile
from members.roster.workbook import Kind, RawRow, RawSheet, RawStream

Headings = Mapping[str, tuple[str, ...]]

HEADING_WITHIN = 10
MOST_TEXT = 24 * 1024 * 1024  # bytes of memory for the texts of named cells, each text counted once
NOTE_HEADING = "错误说明"  # the column that `errorbook` adds; never data

NO_HEADING = "没有找到表头。请在名单上方写好一行表头（至少要有“{required}”和另外一列，例如“{other}”），再重新上传。"
TWO_COLUMNS = (
    "工作表“{sheet}”里“{first}”和“{second}”两列填的是同一项内容，不知道该用哪一列。请删去或改名其中一列，再重新上传。"
)

FOOTER = re.compile(
    r"(?:合计|总计|小计|共计)(?:[:(\d].*)?"
    r"|(?:填表|填报|制表|审核|审批|负责|联系)(?:人|日期|时间|单位)?(?:[(].*)?[:].*|(?:填表|填报|制表|审核)人"
    r"|(?:注|备注|说明|填表说明|注意|注意事项)(?:\d*[:.、].*)?"
    r"|.*[(]盖章[)].{0,10}"
)
IN_POST_WORD = re.compile(r"(?<![非不])在职党员")
LOCAL_WORD = re.compile(r"(?<![非不])在册党员")
# January or October? Excel shows both as 1985.1 unless the cell's format keeps two decimals.
AMBIGUOUS = re.compile(r"\d{4}\.1")
TWO_DECIMALS = re.compile(r"[^;0]*0\.00(?![0#?%])")


class Texts(dict[str, str]):
    """The texts of named cells, each kept once however often a file has it.

    Raises UnreadableFile beyond `MOST_TEXT`.
    """

    weight = 0

    def __missing__(self, text: str) -> str:
        self.weight += getsizeof(text)
        if self.weight > MOST_TEXT:
            raise UnreadableFile(refusal.UNPACKS_TOO_LARGE)
        self[text] = text
        return text


@dataclass(slots=True)
class RosterRow:
    """A row of data: its Excel row number (1-based), and the cells that are not empty, by field."""

    sheet: str
    number: int
    cells: dict[str, Cell]


@dataclass(slots=True)
class RosterSheet:
    """A sheet with a heading row.

    `columns` is field → heading as written, `positions` field → column (0-based). `not_taken` are the headings that
    name no known field. `affiliation` is that of all rows by the sheet's name or title ("" where neither says it).
    """

    name: str
    heading_row: int
    columns: dict[str, str]
    positions: dict[str, int]
    not_taken: list[str]
    hidden_rows: int = 0
    affiliation: str = ""
    rows: list[RosterRow] = field(default_factory=list)


def read(content: bytes, headings: Headings, *, required: str, date_fields: Collection[str] = ()) -> list[RosterSheet]:
    """Read every sheet that has a heading row.

    `headings` is field → its possible headings; a heading row must have the field `required` and any other one.
    A number 1985.1 in one of `date_fields` becomes the text "1985.10" where its cell shows two decimals; in a CSV,
    which does not tell numbers from text, the text 1985.1 becomes the number it may have been. Raises UnreadableFile.
    """
    with workbook.opened(content) as (kind, raws):
        texts = Texts()
        sheets = [sheet for raw in raws if (sheet := name_cells(raw, headings, required=required, texts=texts))]
    if not sheets:
        other = next(words[0] for name, words in headings.items() if name != required)
        raise UnreadableFile(NO_HEADING.format(required=headings[required][0], other=other))
    _settle_months(sheets, kind, content, date_fields)
    return sheets


def name_cells(
    raw: RawSheet | RawStream, headings: Headings, *, required: str, texts: Texts | None = None
) -> RosterSheet | None:
    """Name the cells of one sheet; None where it has no heading row.

    Raises UnreadableFile for two columns of one field.
    """
    fields = {heading_key(word): name for name, words in headings.items() for word in words}
    rows = iter(raw.rows)
    first = first_rows(rows)
    index = _heading_index(first, fields, required)
    if index is None:
        return None
    number, heading = first[index]
    sheet = _headed(raw.name, number, heading, fields)
    titles = "".join(as_text(cell) for _, row in first[:index] for cell in row)
    sheet.affiliation = _affiliation(raw.name, titles)
    own_words = {word for word, name in fields.items() if name == required}
    sheet.rows = list(
        _rows(chain(first[index + 1 :], rows), sheet, required, own_words, Texts() if texts is None else texts)
    )
    sheet.hidden_rows = sum(row.number in raw.hidden for row in sheet.rows)
    return sheet


def first_rows(rows: Iterator[RawRow]) -> list[RawRow]:
    """Return the first rows, which contain the heading if there is one, and one more."""
    first = []
    for number, row in rows:
        first.append((number, row))
        if number > HEADING_WITHIN:
            break
    return first


def _heading_index(rows: list[RawRow], fields: Mapping[str, str], required: str) -> int | None:
    """Return the index of the row, among Excel's first ten, that names most fields; None where none names two."""
    best, most = None, 1
    for index, (number, row) in enumerate(rows):
        if number > HEADING_WITHIN:
            break
        found = {fields.get(heading_key(as_text(cell))) for cell in row} - {None}
        if required in found and len(found) > most:
            best, most = index, len(found)
    return best


def _headed(name: str, number: int, heading: list[Cell], fields: Mapping[str, str]) -> RosterSheet:
    sheet = RosterSheet(name, number, {}, {}, [])
    for position, cell in enumerate(heading):
        written = as_text(cell).strip()
        found = fields.get(heading_key(written))
        if found is None:
            if written and heading_key(written) != NOTE_HEADING:
                sheet.not_taken.append(written)
        elif found in sheet.columns:
            raise UnreadableFile(TWO_COLUMNS.format(sheet=name, first=sheet.columns[found], second=written))
        else:
            sheet.columns[found] = written
            sheet.positions[found] = position
    return sheet


def _affiliation(name: str, titles: str) -> str:
    """Return the affiliation of all rows by the sheet's name and titles; "" where they name both or neither."""
    text = f"{name}\n{titles}"
    in_post = IN_POST_WORD.search(text) or name.strip() == "在职"
    local = LOCAL_WORD.search(text) or name.strip() == "在册"
    if bool(in_post) == bool(local):
        return ""
    return "in_post" if in_post else "local"


def _rows(
    rows: Iterable[RawRow], sheet: RosterSheet, required: str, own_words: set[str], texts: Texts
) -> Iterator[RosterRow]:
    """Yield the rows of data: no repeated headings, empty rows or totals, and below a total only complete rows."""
    ended = False
    for number, raw in rows:
        first = next((squeezed(as_text(cell)) for cell in raw if cell != ""), "")
        cells = {name: raw[at] for name, at in sheet.positions.items() if at < len(raw) and not is_nothing(raw[at])}
        key = squeezed(as_text(cells.get(required, "")))
        if FOOTER.fullmatch(first) or FOOTER.fullmatch(key):
            ended = True
        elif heading_key(key) in own_words:
            continue
        elif cells and not (ended and (not key or len(cells) < 3)):
            kept = {name: texts[cell] if type(cell) is str else cell for name, cell in cells.items()}
            yield RosterRow(sheet.name, number, kept)


def _settle_months(sheets: list[RosterSheet], kind: Kind, content: bytes, date_fields: Collection[str]) -> None:
    if kind == "csv":
        for row in (row for sheet in sheets for row in sheet.rows):
            texts = {name: narrow(as_text(row.cells[name])) for name in date_fields if name in row.cells}
            row.cells.update({name: float(text) for name, text in texts.items() if AMBIGUOUS.fullmatch(text)})
    elif kind == "xlsx" and (places := list(_ambiguous(sheets, date_fields))):
        wanted: dict[str, list[tuple[int, int]]] = {}
        for row, _, column in places:
            wanted.setdefault(row.sheet, []).append((row.number, column))
        formats = workbook.number_formats(content, wanted)
        for row, name, column in places:
            if TWO_DECIMALS.match(formats.get((row.sheet, row.number, column), "")):
                row.cells[name] = f"{row.cells[name]:.2f}"


def _ambiguous(sheets: list[RosterSheet], date_fields: Collection[str]) -> Iterator[tuple[RosterRow, str, int]]:
    """Yield the cells with a number like 1985.1, as row, field and Excel column (1-based)."""
    for sheet in sheets:
        for name in sheet.positions.keys() & set(date_fields):
            for row in sheet.rows:
                cell = row.cells.get(name)
                if isinstance(cell, float) and AMBIGUOUS.fullmatch(as_text(cell)):
                    yield row, name, sheet.positions[name] + 1
