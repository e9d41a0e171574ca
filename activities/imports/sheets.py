"""A workbook of activities → rows of text: sheets of activities, and sheets of who came."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from activities.imports.cells import can_be
from activities.imports.headings import ACTIVITIES, BY_CONTENT, CAME, FOREIGN, HEADINGS, WANTED, WITHIN
from members.ground.export import unquoted
from members.ground.names import read_name
from members.ground.text import Cell, as_text
from members.roster.columns import ColumnTerms, Vocabulary
from members.roster.reading import settled
from members.roster.refusal import UnreadableFile
from members.roster.sheet import RosterSheet, read

MOST_ACTIVITIES, MOST_CAME = 500, 20_000
OF_CAME = {*CAME, "attended"}
TOO_MANY = "一次最多导入 {most:,} {what}，这份表里有 {found:,} {what}。请按季度分成几个文件，分几次导入。"


@dataclass(slots=True)
class ImportRow:
    """A row of the workbook: its sheet, its Excel row (1-based), and the trimmed text of its cells by field."""

    sheet: str
    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class ActivityBook:
    """A workbook's rows: activities, and who came.

    `headings` are a sheet's headings as written, by field, and `heading_rows` where they stand; `place` is the full
    name of the area that organises what a sheet without such a column names. `not_taken` are the headings that were not
    used, `hidden_sheets` and `unread_sheets` the sheets that were not read.
    """

    activities: list[ImportRow] = field(default_factory=list)
    came: list[ImportRow] = field(default_factory=list)
    headings: dict[str, dict[str, str]] = field(default_factory=dict)
    place: str = ""
    heading_rows: dict[str, int] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)
    hidden_sheets: list[str] = field(default_factory=list)
    unread_sheets: list[str] = field(default_factory=list)

    def organiser(self, row: ImportRow) -> str:
        """Return what the row says of its organiser ("" for an empty cell); `place` where the sheet has no column."""
        return row.cells.get("area", "") if self.tells_organisers(row) else self.place

    def tells_organisers(self, row: ImportRow) -> bool:
        return "area" in self.headings[row.sheet]

    def heading(self, sheet: str, name: str) -> str:
        """Return a field's heading as the sheet has it, or as the export writes it."""
        return self.headings.get(sheet, {}).get(name) or HEADINGS.get(name, ("",))[0]


def read_book(
    content: bytes, terms: ColumnTerms | None = None, *, places: Collection[str] = (), place: str = ""
) -> ActivityBook:
    """Read an uploaded file; a sheet with a column of names is of who came.

    `places` are full names of areas, by which a column may be recognised; rows without a column of their organiser have
    `place`. Raises UnreadableFile, and ColumnsUnsettled where the terms ask and the columns are not certain.
    """
    terms = terms or ColumnTerms()
    words = Vocabulary(
        HEADINGS, "title", WITHIN, FOREIGN, _can_be, BY_CONTENT, spoken=("attended",), known={"area": places}
    )
    found = read(content, words, terms=terms)
    book = ActivityBook(place=place)
    book.hidden_sheets = [sheet.tab for sheet in found if sheet.is_hidden]
    book.unread_sheets = [sheet.tab for sheet in found if sheet.is_unread]
    for sheet in settled(found, terms, _wanting):
        _take(book, sheet)
    _check_size(book.activities, MOST_ACTIVITIES, "次活动")
    _check_size(book.came, MOST_CAME, "行参加")
    return book


def _take(book: ActivityBook, sheet: RosterSheet) -> None:
    """Add a sheet's rows to the book."""
    is_of_came = "member" in sheet.columns
    fields = OF_CAME if is_of_came else ACTIVITIES.keys()
    book.headings[sheet.name] = {name: written for name, written in sheet.columns.items() if name in fields}
    book.heading_rows[sheet.name] = sheet.heading_row
    left = [written for name, written in sheet.columns.items() if name not in fields]
    book.not_taken += [heading for heading in [*sheet.not_taken, *left] if heading not in book.not_taken]
    rows = book.came if is_of_came else book.activities
    for row in sheet.rows:
        cells = {name: unquoted(as_text(cell).strip()) for name, cell in row.cells.items() if name in fields}
        rows.append(ImportRow(row.sheet, row.number, cells))


def _can_be(name: str, cell: Cell) -> bool:
    text = unquoted(as_text(cell).strip())
    if name == "member":
        try:
            read_name(text)
        except ValueError:
            return False
    return can_be(name, text)


def _wanting(sheet: RosterSheet) -> list[str]:
    return [name for name in WANTED if name not in sheet.columns]


def _check_size(rows: Sequence[object], most: int, what: str) -> None:
    if len(rows) > most:
        raise UnreadableFile(TOO_MANY.format(most=most, what=what, found=len(rows)))
