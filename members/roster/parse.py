"""A job for `confine.py`: workbook → JSON of its cells. Stands alone, imports nothing of ours."""

import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import orjson
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

MAX_ROWS = 20_000  # rows with anything in them, all sheets together
MAX_ANSWER = 60 * 1024 * 1024  # bytes

Rows = list[tuple[int, list[Any]]]


def run(request: dict[str, Any], content: bytes) -> bytes:
    """Return {"sheets": [{"name", "rows": [[Excel row, [cell, …]]]}]} or {"refused": cause}.

    Rows without content are left out, and so are empty cells at a row's end. A cell is a text, a number or {"date": ISO
    day}. A value merged over several rows of one column stands in each of those rows. Nothing is asked in the request.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            {"name": sheet.name, "rows": _rows(book.get_sheet_by_name(sheet.name))}
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]
    except PasswordError:
        return b'{"refused": "encrypted"}'
    except CalamineError:
        return b'{"refused": "damaged"}'
    if sum(len(sheet["rows"]) for sheet in sheets) > MAX_ROWS:
        return b'{"refused": "rows"}'
    answer = orjson.dumps({"sheets": sheets}, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return answer if len(answer) <= MAX_ANSWER else b'{"refused": "large"}'


def _rows(sheet: CalamineSheet) -> Rows:
    rows = []
    for number, row in _numbered(sheet):
        while row and row[-1] == "":
            row.pop()
        if row:
            rows.append((number, row))
        if len(rows) > MAX_ROWS:
            break
    if merged := sheet.merged_cell_ranges:
        _fill(dict(rows), merged)
    return rows


def _numbered(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Rows from Excel's row 1 on and from column A on; calamine leaves out the empty columns at the left."""
    left = [""] * (sheet.start or (0, 0))[1]
    return ((number, left + row) for number, row in enumerate(sheet.iter_rows(), 1))


def _fill(rows: dict[int, list[Any]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Repeat what is merged downwards (a community beside its twelve rows, a heading two rows high)."""
    for (top, left), (bottom, right) in merged:
        first = rows.get(top + 1, [])
        if left != right or left >= len(first):
            continue
        for number in range(top + 2, min(bottom + 1, max(rows)) + 1):
            row = rows.get(number)
            if row is not None:
                row.extend([""] * (left + 1 - len(row)))
                row[left] = first[left]


def _tagged(value: object) -> object:
    if isinstance(value, datetime):
        return {"date": value.date().isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return str(value)
