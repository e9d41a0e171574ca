"""Raw cells → sheets of rows with named cells, once it is clear what the columns mean (`columns`)."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from sys import getsizeof

from members.ground.text import Cell, as_text, heading_key, is_nothing, narrow, squeezed
from members.roster import refusal, workbook
from members.roster.columns import (
    HEADING_WITHIN,
    ColumnGuess,
    ColumnTerms,
    SheetChoice,
    Vocabulary,
    by_heading,
    guesses,
    key_of,
    likely_heading,
    named_part,
    parts,
    row_keys,
)  # fmt: skip
from members.roster.refusal import UnreadableFile
from members.roster.workbook import Kind, RawRow, RawSheet, RawStream

MAX_ROWS = 20_000
MOST_TEXT = 24 * 1024 * 1024  # bytes of memory for the texts of named cells, each text counted once
SAMPLE_ROWS = 60

NO_HEADING = (
    "没有找到表头：前 {within} 行里没有一行同时写着“{required}”和另外一列（例如“{other}”）。{seen}"
    "请在名单上方写好一行表头，再重新上传。"
)
SEEN = "最像表头的是工作表“{sheet}”第 {row} 行：{words}。"
TWO_COLUMNS = (
    "工作表“{sheet}”里“{first}”和“{second}”两列填的是同一项内容，有的行两列写得不一样，不知道该用哪一列。"
    "请删去或改名其中一列，再重新上传。"
)
TOO_MANY_ROWS = "工作表“{sheet}”超过 {most:,} 行。请把它按社区分成几个文件，逐个上传。"

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
    """A sheet with a heading row, or one of the parts that stand side by side in it.

    `name` is unique in the file, `tab` the sheet's own. `columns` is field → heading as written, `positions` field
    → column (0-based). `not_taken` are the headings that are of no field. `affiliation` is that of all rows by the
    user's choice or by the sheet's name or title ("" where nothing says it). `key` is that of the heading row, by
    which a choice is remembered; `is_chosen` where there was one. An `is_unread` one has no heading row that is
    known, and no rows. `twins` are fields with a second column, by position; after reading only those are left
    whose cells differ.
    """

    name: str
    heading_row: int
    columns: dict[str, str] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)
    hidden_rows: int = 0
    affiliation: str = ""
    rows: list[RosterRow] = field(default_factory=list)
    tab: str = ""
    key: str = ""
    is_chosen: bool = False
    is_hidden: bool = False
    is_unread: bool = False
    guesses: list[ColumnGuess] = field(default_factory=list)
    twins: dict[str, int] = field(default_factory=dict)
    span: slice = field(default_factory=lambda: slice(0, None))

    @property
    def is_certain(self) -> bool:
        """Whether nothing about the columns needs to be asked."""
        return self.is_chosen or (not self.twins and all(guess.certain for guess in self.guesses))


def read(
    content: bytes, words: Vocabulary, *, date_fields: Collection[str] = (), terms: ColumnTerms | None = None
) -> list[RosterSheet]:
    """Read every sheet that has a heading row; hidden sheets come without their rows, unless the terms want them.

    A heading row must have the field that is required, and any other one. Of a sheet without one, the row that
    looks most like a heading is returned (`is_unread`), if any; only unread sheets are returned where the terms
    ask. A number 1985.1 in one of `date_fields` becomes the text "1985.10" where its cell shows two decimals; in a
    CSV, which does not tell numbers from text, the text 1985.1 becomes the number it may have been. Raises
    UnreadableFile.
    """
    terms = terms or ColumnTerms()
    likely: list[RosterSheet] = []
    with workbook.opened(content) as (kind, raws):
        texts = Texts()
        sheets = [sheet for raw in raws for sheet in name_cells(raw, words, terms=terms, texts=texts, likely=likely)]
    if not sheets and not (terms.asks and likely):
        raise UnreadableFile(_no_heading(words, likely))
    _settle_months(sheets, kind, content, date_fields)
    return [*sheets, *likely]


def name_cells(
    raw: RawSheet | RawStream,
    words: Vocabulary,
    *,
    terms: ColumnTerms | None = None,
    texts: Texts | None = None,
    likely: list[RosterSheet] | None = None,
) -> list[RosterSheet]:
    """Name the cells of one sheet, and return its parts; a sheet without a heading row goes to `likely`, if given.

    Raises UnreadableFile for two columns of one field that differ, unless the terms ask, and for too many rows.
    """
    terms = terms or ColumnTerms()
    rows = iter(raw.rows)
    first = first_rows(rows)
    index = _heading_index(first, words, terms)
    if index is None:
        if likely is not None and not raw.is_hidden and (at := likely_heading(first)) is not None:
            likely += [replace(_parts(raw, first, at, words, terms)[0], is_unread=True)]
        return []
    sheets = _parts(raw, first, index, words, terms)
    if sheets[0].is_chosen and words.required not in sheets[0].columns and not terms.always:
        if likely is not None and sheets[0].columns:
            likely.append(replace(sheets[0], is_unread=True))
        return []  # the user said that it is no such list, if nothing of it is used
    if raw.is_hidden and not terms.hidden_sheets:
        return sheets
    readers = [_RowReader(sheet, words, Texts() if texts is None else texts) for sheet in sheets]
    for number, row in chain(first[index + 1 :], rows):
        for reader in readers:
            reader.take(number, row)
    for sheet in sheets:
        sheet.hidden_rows = sum(row.number in raw.hidden for row in sheet.rows)
        sheet.is_hidden = False
        _settle_twins(sheet, asks=terms.asks)
    return sheets


def first_rows(rows: Iterator[RawRow]) -> list[RawRow]:
    """Return the first rows, which contain the heading if there is one, and enough below to tell what they are."""
    first = []
    for number, row in rows:
        first.append((number, row))
        if number > HEADING_WITHIN + SAMPLE_ROWS:
            break
    return first


def _heading_index(rows: list[RawRow], words: Vocabulary, terms: ColumnTerms) -> int | None:
    """Return the index of the row, among Excel's first thirty, that names most fields; None where none names two."""
    best, most = None, 1
    for index, (number, row) in enumerate(rows):
        if number > HEADING_WITHIN:
            break
        keys = row_keys(row)
        if key_of(keys) in terms.choices:
            return index
        found = {by_heading(key, words, terms.named)[0] for key in keys} - {""}
        if words.required in found and len(found) > most:
            best, most = index, len(found)
    return best


def _parts(
    raw: RawSheet | RawStream, first: list[RawRow], index: int, words: Vocabulary, terms: ColumnTerms
) -> list[RosterSheet]:
    """Return the sheet's parts, still without rows, by the heading row at this index."""
    number, heading = first[index]
    below = [row for _, row in first[index + 1 :]]
    keys = row_keys(heading)
    titles = "".join(as_text(cell) for _, row in first[:index] for cell in row)
    choice = terms.choices.get(key_of(keys))
    found = []
    for count, part in enumerate(parts(keys), 1):
        end = part.stop if count < len(parts(keys)) else None
        cut = slice(part.start, end)
        sheet = RosterSheet(named_part(raw.name, count), number, tab=raw.name, span=cut)
        sheet.key, sheet.is_chosen, sheet.is_hidden = key_of(keys), choice is not None, raw.is_hidden
        sheet.guesses = guesses(heading[cut], [row[cut] for row in below], words, terms)
        sheet.affiliation = (choice and choice.affiliation) or _affiliation(raw.name, titles)
        _take_columns(sheet, choice)
        found.append(sheet)
    return found


def _take_columns(sheet: RosterSheet, choice: SheetChoice | None) -> None:
    """Give the sheet its fields by the guesses, or by the user's choice."""
    for guess in sheet.guesses:
        if choice:
            guess.field = choice.columns.get(guess.position, "")
        taken = guess.field if choice or guess.certain else ""
        position = sheet.span.start + guess.position
        if taken and taken not in sheet.columns:
            sheet.columns[taken], sheet.positions[taken] = guess.heading, position
        elif taken and taken not in sheet.twins:
            sheet.twins[taken] = position
        elif guess.heading:
            sheet.not_taken.append(guess.heading)


def _settle_twins(sheet: RosterSheet, *, asks: bool) -> None:
    """Take two columns of one field as one where no row says two things; else the user has to choose."""
    for name, position in list(sheet.twins.items()):
        twin = next(guess for guess in sheet.guesses if sheet.span.start + guess.position == position)
        pairs = [(row.cells, row.cells.pop(f"{name}+")) for row in sheet.rows if f"{name}+" in row.cells]
        if all(_text(cells.setdefault(name, other)) == _text(other) for cells, other in pairs):
            twin.field, twin.reason = "", f"和“{sheet.columns[name]}”一样"
            del sheet.twins[name]
        elif not asks:
            first = sheet.columns[name]
            raise UnreadableFile(TWO_COLUMNS.format(sheet=sheet.tab, first=first, second=twin.heading))


def _text(cell: Cell) -> str:
    return squeezed(as_text(cell))


def _no_heading(words: Vocabulary, likely: list[RosterSheet]) -> str:
    other = next(names[0] for name, names in words.headings.items() if name != words.required)
    seen = ""
    if likely:
        sheet = likely[0]
        written = "、".join(guess.heading for guess in sheet.guesses if guess.heading)[:60]
        seen = SEEN.format(sheet=sheet.tab, row=sheet.heading_row, words=written)
    required = words.headings[words.required][0]
    return NO_HEADING.format(within=HEADING_WITHIN, required=required, other=other, seen=seen)


def _affiliation(name: str, titles: str) -> str:
    """Return the affiliation of all rows by the sheet's name and titles; "" where they name both or neither."""
    text = f"{name}\n{titles}"
    in_post = IN_POST_WORD.search(text) or name.strip() == "在职"
    local = LOCAL_WORD.search(text) or name.strip() == "在册"
    if bool(in_post) == bool(local):
        return ""
    return "in_post" if in_post else "local"


class _RowReader:
    """Takes a sheet's rows of data: no repeated headings, no empty rows or totals, below a total only complete rows."""

    def __init__(self, sheet: RosterSheet, words: Vocabulary, texts: Texts):
        self.sheet, self.required, self.texts = sheet, words.required, texts
        written = sheet.columns.get(words.required, "")
        self.own_words = {*map(heading_key, words.headings[words.required]), heading_key(written)} - {""}
        self.places = sheet.positions | {f"{name}+": at for name, at in sheet.twins.items()}
        self.spoken = {name: at for name, at in sheet.positions.items() if name in words.spoken}
        self.ended = False

    def take(self, number: int, raw: list[Cell]) -> None:
        first = next((_text(cell) for cell in raw[self.sheet.span] if cell != ""), "")
        cells = {name: raw[at] for name, at in self.places.items() if at < len(raw) and not is_nothing(raw[at])}
        cells |= {name: raw[at] for name, at in self.spoken.items() if at < len(raw) and raw[at] != ""}
        key = _text(cells.get(self.required, ""))
        if FOOTER.fullmatch(first) or FOOTER.fullmatch(key):
            self.ended = True
        elif heading_key(key) in self.own_words:
            return
        elif cells and not (self.ended and (not key or len(cells) < 3)):
            if len(self.sheet.rows) >= MAX_ROWS:
                raise UnreadableFile(TOO_MANY_ROWS.format(sheet=self.sheet.tab, most=MAX_ROWS))
            kept = {name: self.texts[cell] if type(cell) is str else cell for name, cell in cells.items()}
            self.sheet.rows.append(RosterRow(self.sheet.name, number, kept))


def _settle_months(sheets: list[RosterSheet], kind: Kind, content: bytes, date_fields: Collection[str]) -> None:
    if kind == "csv":
        for row in (row for sheet in sheets for row in sheet.rows):
            texts = {name: narrow(as_text(row.cells[name])) for name in date_fields if name in row.cells}
            row.cells.update({name: float(text) for name, text in texts.items() if AMBIGUOUS.fullmatch(text)})
    tabs = {sheet.name: sheet.tab for sheet in sheets}
    if kind == "xlsx" and (places := list(_ambiguous(sheets, date_fields))):
        wanted: dict[str, list[tuple[int, int]]] = {}
        for row, _, column in places:
            wanted.setdefault(tabs[row.sheet], []).append((row.number, column))
        formats = workbook.number_formats(content, wanted)
        for row, name, column in places:
            if TWO_DECIMALS.match(formats.get((tabs[row.sheet], row.number, column), "")):
                row.cells[name] = f"{row.cells[name]:.2f}"


def _ambiguous(sheets: list[RosterSheet], date_fields: Collection[str]) -> Iterator[tuple[RosterRow, str, int]]:
    """Yield the cells with a number like 1985.1, as row, field and Excel column (1-based)."""
    for sheet in sheets:
        for name in sheet.positions.keys() & set(date_fields):
            for row in sheet.rows:
                cell = row.cells.get(name)
                if isinstance(cell, float) and AMBIGUOUS.fullmatch(as_text(cell)):
                    yield row, name, sheet.positions[name] + 1
