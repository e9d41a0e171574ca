"""The secretary's own file with its errors marked, to be corrected and uploaded again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from members.ground.text import Cell, as_text, heading_key
from members.roster import refusal, workbook
from members.roster.child import Child
from members.roster.columns import NOTE_HEADING, part_named, parts, row_keys
from members.roster.refusal import UnreadableFile
from members.roster.workbook import RawSheet

Marked = tuple[str, int, str, str]


def mark(content: bytes, problems: Iterable[Marked], heading_rows: Mapping[str, int]) -> bytes:
    """Return an .xlsx of the file with a column 错误说明 and the cells in error coloured.

    A problem is (sheet, Excel row, column heading as written or "", sentence); `heading_rows` are those of the sheets
    that were read, by name. An .xlsx keeps its look; an .xls or CSV becomes a new workbook of the same cells. Marks of
    an earlier round are cleared. Raises UnreadableFile.
    """
    by_sheet: dict[str, list[Marked]] = defaultdict(list)
    for problem in problems:
        by_sheet[part_named(problem[0])[0]].append(problem)
    rows = {part_named(name)[0]: row for name, row in heading_rows.items()}
    book = workbook.read(content)
    is_new = book.kind != "xlsx"
    request = {
        "note_heading": NOTE_HEADING,
        "marks": [_marks(raw, rows[raw.name], by_sheet[raw.name]) for raw in book.sheets if raw.name in rows],
        "sheets": [{"name": raw.name, "rows": raw.rows} for raw in book.sheets] if is_new else None,
    }
    with Child("marker") as child:
        marked = child.answer(request, b"" if is_new else content)
    if not marked:
        raise UnreadableFile(refusal.DAMAGED)
    return marked


def _marks(raw: RawSheet, heading_row: int, problems: list[Marked]) -> dict[str, Any]:
    """Return the marks to write in one sheet; rows and columns count from 1 as in Excel."""
    heading = next(row for number, row in raw.rows if number == heading_row)
    places = _places(heading)
    notes: dict[int, list[str]] = defaultdict(list)
    for _, row, column, sentence in problems:
        notes[row].append(f"{column}：{sentence}" if column else sentence)
    cells = [(row, places.get((part_named(sheet)[1], column))) for sheet, row, column, _ in problems]
    return {
        "name": raw.name,
        "heading_row": heading_row,
        "last_row": raw.rows[-1][0],
        "note_column": _note_column(raw, heading_row),
        "notes": [[row, "；".join(dict.fromkeys(sentences))] for row, sentences in notes.items()],
        "cells": [[row, at] for row, at in cells if at],
    }


def _places(heading: list[Cell]) -> dict[tuple[int, str], int]:
    """Return the columns (from 1) by the number of their part, and their heading as written."""
    places: dict[tuple[int, str], int] = {}
    for count, part in enumerate(parts(row_keys(heading)), 1):
        for at in part:
            if at < len(heading):
                places.setdefault((count, as_text(heading[at]).strip()), at + 1)
    return places


def _note_column(raw: RawSheet, heading_row: int) -> int:
    """Return the column that has notes already, else the first one right of all cells from the heading row on."""
    heading = next(row for number, row in raw.rows if number == heading_row)
    for column, cell in enumerate(heading, 1):
        if heading_key(as_text(cell)) == NOTE_HEADING:
            return column
    return max(len(row) for number, row in raw.rows if number >= heading_row) + 1
