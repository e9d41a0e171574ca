"""Reading and cleaning a roster, before anything is looked up in the database."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from members.ground.days import Unreadable
from members.ground.sealing import digest
from members.ground.text import Cell
from members.roster.cells import READERS, CellProblem, Repeated, clean
from members.roster.columns import ColumnGuess, ColumnTerms, Vocabulary
from members.roster.headings import BY_CONTENT, DATE_FIELDS, FOREIGN, HEADINGS, WITHIN
from members.roster.sheet import RosterSheet, read

HOMES = ("address", "group", "room")


@dataclass(slots=True)
class RosterEntry:
    """One person of the file. `values` are those given, the ID number only as a digest."""

    sheet: str
    row: int
    values: dict[str, str]
    problems: list[CellProblem]


@dataclass(slots=True)
class SheetNote:
    """A sheet as the report describes it: its heading row, the columns that were taken and those that were not."""

    name: str
    heading_row: int
    columns: dict[str, str]
    not_taken: list[str]
    hidden_rows: int


@dataclass(slots=True)
class Reading:
    """What a file says.

    `hidden_sheets` are rosters in sheets that are hidden, `unread_sheets` are sheets without a known heading row: both
    were not read.
    """

    sheets: list[SheetNote] = field(default_factory=list)
    entries: list[RosterEntry] = field(default_factory=list)
    hidden_sheets: list[str] = field(default_factory=list)
    unread_sheets: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SheetHead:
    """A heading row as the columns page shows it: the sheets that have it, its columns, and the fields still wanted."""

    key: str
    sheets: list[str]
    heading_row: int
    columns: list[ColumnGuess]
    wanting: list[str]
    is_certain: bool


class ColumnsUnsettled(Exception):
    """The user has to say what some columns mean."""

    def __init__(self, heads: list[SheetHead], hidden_sheets: list[str]):
        super().__init__(f"{len(heads)} heading rows")
        self.heads, self.hidden_sheets = heads, hidden_sheets


def read_roster(
    content: bytes,
    *,
    today: date,
    terms: ColumnTerms | None = None,
    known: Mapping[str, Collection[str]] | None = None,
) -> Reading:
    """Read a roster file. `known` are names of places and employers, by which a column may be recognised.

    Raises UnreadableFile with one sentence where it is no roster; ColumnsUnsettled where the terms ask and it is not
    certain what the columns mean.
    """
    terms, reading = terms or ColumnTerms(), Reading()
    found = read(content, _vocabulary(today, known or {}), date_fields=DATE_FIELDS, terms=terms)
    reading.hidden_sheets = [sheet.tab for sheet in found if sheet.is_hidden]
    reading.unread_sheets = [sheet.tab for sheet in found if sheet.is_unread]
    for sheet in settled(found, terms, _wanting):
        reading.sheets.append(
            SheetNote(sheet.name, sheet.heading_row, sheet.columns, sheet.not_taken, sheet.hidden_rows)
        )
        reading.entries += _entries(sheet, today)
    return reading


def settled(
    found: list[RosterSheet], terms: ColumnTerms, wanting: Callable[[RosterSheet], list[str]]
) -> list[RosterSheet]:
    """Return the sheets to read, of any kind of workbook; `wanting` says which fields a sheet still lacks.

    ColumnsUnsettled where the terms ask and it is not certain what the columns mean.
    """

    def asks(sheet: RosterSheet) -> bool:
        return not sheet.is_certain or (bool(wanting(sheet)) and not sheet.is_chosen)

    shown = [sheet for sheet in found if not sheet.is_hidden]
    sheets = [sheet for sheet in shown if not sheet.is_unread]
    if terms.asks and (terms.always or not sheets or any(map(asks, sheets))):
        heads: dict[str, SheetHead] = {}  # each heading row once, however many sheets and parts have it
        for sheet in shown:
            new = SheetHead(sheet.key, [], sheet.heading_row, sheet.guesses, wanting(sheet), not asks(sheet))
            heads.setdefault(sheet.key, new).sheets.append(sheet.name)
        raise ColumnsUnsettled(list(heads.values()), [sheet.tab for sheet in found if sheet.is_hidden])
    return sheets


def _vocabulary(today: date, known: Mapping[str, Collection[str]]) -> Vocabulary:
    by_name = {name: known.get(name, ()) for name in ("station", "community", "employer")}
    reads = partial(_can_be, today)
    return Vocabulary(HEADINGS, "name", WITHIN, FOREIGN, reads, by_content=BY_CONTENT, known=by_name)


def _can_be(today: date, name: str, cell: Cell) -> bool:
    try:
        READERS[name](cell, today)
    except Unreadable:
        return False
    return True


def _wanting(sheet: RosterSheet) -> list[str]:
    """Return the fields without which no row of the sheet can be taken."""
    wanting = [] if "name" in sheet.columns else ["name"]
    if not any(name in sheet.columns for name in HOMES):
        wanting.append("address")
    return wanting if sheet.affiliation or "affiliation" in sheet.columns else [*wanting, "affiliation"]


def _entries(sheet: RosterSheet, today: date) -> list[RosterEntry]:
    """Clean the sheet's rows, and free the memory of each: there may be many."""
    entries, repeated = [], Repeated()
    rows, sheet.rows = sheet.rows[::-1], []
    while rows:
        row = rows.pop()
        values, problems = clean(
            row, affiliation=sheet.affiliation, today=today, columns=sheet.columns, repeated=repeated
        )
        if id_number := values.pop("id_number", ""):
            values["id_digest"] = digest(id_number, purpose="id")
        if phone := values.get("phone"):
            values["phone_digest"] = digest(phone, purpose="phone")
        entries.append(RosterEntry(row.sheet, row.number, values, problems))
    return entries
