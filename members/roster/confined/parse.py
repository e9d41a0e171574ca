"""A job for `confine.py`: workbook → its cells, a line of JSON a row. Imports nothing of ours."""

import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import orjson
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MAX_ROWS = 60_000  # rows with anything in them, all sheets together
MAX_ANSWER = 60 * 1024 * 1024  # bytes


def run(request: dict[str, Any], content: bytes) -> Iterator[bytes]:
    """Yield for each sheet {"sheet": name, "hidden": bool} and its rows [Excel row, [cell, …]], at last {"end": true}.

    A file that is refused ends with {"refused": cause}.

    Rows without content are left out, and so are empty cells at a row's end. A cell is a text, a number or {"date": ISO
    day}. A value merged over several rows of one column is in each of those rows. The request is
    empty.
    """
    try:
        yield from _lines(CalamineWorkbook.from_filelike(io.BytesIO(content)))
    except PasswordError:
        yield _line({"refused": "encrypted"})
    except CalamineError:
        yield _line({"refused": "damaged"})


def _lines(book: CalamineWorkbook) -> Iterator[bytes]:
    rows = size = 0
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        yield _line({"sheet": about.name, "hidden": about.visible != SheetVisibleEnum.Visible})
        for row in _rows(book.get_sheet_by_name(about.name)):
            line = _line(row)
            rows, size = rows + 1, size + len(line)
            if rows > MAX_ROWS or size > MAX_ANSWER:
                yield _line({"refused": "rows" if rows > MAX_ROWS else "large"})
                return
            yield line
    yield _line({"end": True})


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows that are not empty, with values merged downwards repeated (a community beside its twelve rows)."""
    merged = _merged(sheet)
    repeated: dict[int, tuple[int, Any]] = {}  # by column: the last row, and the value
    for number, row in _numbered(sheet):
        while row and row[-1] == "":
            row.pop()
        if not row:
            continue
        for column, (bottom, value) in repeated.items():
            if number <= bottom:
                row.extend([""] * (column + 1 - len(row)))
                row[column] = value
        for column, bottom in merged.get(number, ()):
            if column < len(row):
                repeated[column] = bottom, row[column]
        yield number, row


def _merged(sheet: CalamineSheet) -> dict[int, list[tuple[int, int]]]:
    """Return {first Excel row: [(column, last row)]} of cells merged over several rows of one column."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and bottom > top:
            found[top + 1].append((left, bottom + 1))
    return found


def _numbered(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Return rows from Excel's row 1 and column A on; calamine leaves out the empty columns at the left."""
    left = [""] * (sheet.start or (0, 0))[1]
    return ((number, left + row) for number, row in enumerate(sheet.iter_rows(), 1))


def _line(value: object) -> bytes:
    return orjson.dumps(value, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE)


def _tagged(value: object) -> object:
    if isinstance(value, datetime):
        return {"date": value.date().isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return str(value)
