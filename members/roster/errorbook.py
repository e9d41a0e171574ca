"""The secretary's own file with its errors marked, to be corrected and uploaded again."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from members.ground.text import as_text, heading_key
from members.roster import refusal, sheet, workbook
from members.roster.cells import HEADINGS
from members.roster.child import Child
from members.roster.refusal import UnreadableFile
from members.roster.sheet import NOTE_HEADING, Headings, RosterSheet
from members.roster.workbook import RawSheet

Marked = tuple[str, int, str, str]


def mark(content: bytes, problems: Iterable[Marked], *, headings: Headings = HEADINGS, required: str = "name") -> bytes:
    """Return an .xlsx of the file with a column 错误说明 and the cells in error coloured.

    A problem is (sheet, Excel row, column heading as written or "", sentence). An .xlsx keeps its look; an .xls or CSV
    becomes a new workbook of the same cells. Marks of an earlier round are cleared. Raises UnreadableFile.
    """
    by_sheet: dict[str, list[Marked]] = defaultdict(list)
    for problem in problems:
        by_sheet[problem[0]].append(problem)
    book = workbook.read(content)
    is_new = book.kind != "xlsx"
    request = {
        "note_heading": NOTE_HEADING,
        "marks": [
            _marks(raw, found, by_sheet[raw.name])
            for raw in book.sheets
            if (found := sheet.name_cells(raw, headings, required=required))
        ],
        "sheets": [{"name": raw.name, "rows": raw.rows} for raw in book.sheets] if is_new else None,
    }
    with Child("marker") as child:
        marked = child.answer(request, b"" if is_new else content)
    if not marked:
        raise UnreadableFile(refusal.DAMAGED)
    return marked


def _marks(raw: RawSheet, found: RosterSheet, problems: list[Marked]) -> dict[str, Any]:
    """Return the marks to write in one sheet; rows and columns count from 1 as in Excel."""
    places = {written: found.positions[name] + 1 for name, written in found.columns.items()}
    notes: dict[int, list[str]] = defaultdict(list)
    for _, row, column, sentence in problems:
        notes[row].append(f"{column}：{sentence}" if column else sentence)
    return {
        "name": raw.name,
        "heading_row": found.heading_row,
        "last_row": raw.rows[-1][0],
        "note_column": _note_column(raw, found.heading_row),
        "notes": [[row, "；".join(dict.fromkeys(sentences))] for row, sentences in notes.items()],
        "cells": [[row, places[column]] for _, row, column, _ in problems if column in places],
    }


def _note_column(raw: RawSheet, heading_row: int) -> int:
    """Return the column that has notes already, else the first one right of all cells from the heading row on."""
    heading = next(row for number, row in raw.rows if number == heading_row)
    for column, cell in enumerate(heading, 1):
        if heading_key(as_text(cell)) == NOTE_HEADING:
            return column
    return max(len(row) for number, row in raw.rows if number >= heading_row) + 1
