"""A job for `confine.py`: the number formats of some cells, which calamine does not give. Imports nothing of ours."""

import io
from typing import Any

import openpyxl
import orjson


def run(request: dict[str, list[list[int]]], content: bytes) -> bytes:
    """Take sheet name → [[Excel row, column], …]; return {"formats": [[sheet, row, column, format code]]}."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    found: list[list[Any]] = []
    for name, places in request.items():
        sheet = book[name]
        sheet.reset_dimensions()  # WPS writes A1, and a reader that believes it sees one cell
        wanted = {(row, column) for row, column in places}
        rows = sheet.iter_rows(min_row=min(wanted)[0], max_row=max(wanted)[0])
        cells = (cell for row in rows for cell in row if hasattr(cell, "row"))
        found += [[name, c.row, c.column, c.number_format] for c in cells if (c.row, c.column) in wanted]
    return orjson.dumps({"formats": found})
