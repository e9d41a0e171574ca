"""Reading and cleaning a roster, before anything is looked up in the database."""

from dataclasses import dataclass, field
from datetime import date

from members.ground.sealing import digest
from members.roster.cells import DATE_FIELDS, HEADINGS, CellProblem, clean
from members.roster.sheet import RosterSheet, read


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
    sheets: list[SheetNote] = field(default_factory=list)
    entries: list[RosterEntry] = field(default_factory=list)


def read_roster(content: bytes, *, today: date) -> Reading:
    """Read a roster file; raises UnreadableFile with one sentence where it is no roster."""
    reading = Reading()
    for sheet in read(content, HEADINGS, required="name", date_fields=DATE_FIELDS):
        reading.sheets.append(
            SheetNote(sheet.name, sheet.heading_row, sheet.columns, sheet.not_taken, sheet.hidden_rows)
        )
        reading.entries += _entries(sheet, today)
    return reading


def _entries(sheet: RosterSheet, today: date) -> list[RosterEntry]:
    """Clean the sheet's rows, and free the memory of each: there may be many."""
    entries = []
    rows, sheet.rows = sheet.rows[::-1], []
    while rows:
        row = rows.pop()
        values, problems = clean(row, affiliation=sheet.affiliation, today=today, columns=sheet.columns)
        if id_number := values.pop("id_number", ""):
            values["id_digest"] = digest(id_number, purpose="id")
        if phone := values.get("phone"):
            values["phone_digest"] = digest(phone, purpose="phone")
        entries.append(RosterEntry(row.sheet, row.number, values, problems))
    return entries
