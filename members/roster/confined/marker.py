"""A job for `confine.py`: write notes and colours into a workbook. Imports nothing of ours."""

import io
from copy import copy
from datetime import date
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

LIGHT_RED = "FFFFD2CC"  # no colour of Excel's palette, so that our marks differ from the office's own
FILL = PatternFill("solid", fgColor=LIGHT_RED)
NOTE_WIDTH = 48


def run(request: dict[str, Any], content: bytes) -> bytes:
    """Mark `content`, or where request["sheets"] is given a new workbook of those cells; see `errorbook.mark`."""
    book = load_workbook(io.BytesIO(content)) if request["sheets"] is None else _new(request["sheets"])
    for marks in request["marks"]:
        sheet = book[marks["name"]]
        _clear(sheet, marks)
        _mark(sheet, marks, request["note_heading"])
    answer = io.BytesIO()
    book.save(answer)
    return answer.getvalue()


def _clear(sheet: Worksheet, marks: dict[str, Any]) -> None:
    """Remove the marks of an earlier round from the filled part of the sheet."""
    is_ours: dict[int, bool] = {}  # by style: few styles, many cells
    column = marks["note_column"]
    for row in sheet.iter_rows(min_row=marks["heading_row"], max_row=marks["last_row"], max_col=column):
        for cell in row:
            if cell.style_id not in is_ours:
                is_ours[cell.style_id] = cell.fill.fgColor.rgb == LIGHT_RED
            if is_ours[cell.style_id]:
                cell.fill = PatternFill()
        if isinstance(row[-1], Cell):
            row[-1].value = None


def _mark(sheet: Worksheet, marks: dict[str, Any], heading: str) -> None:
    column = marks["note_column"]
    head = sheet.cell(marks["heading_row"], column)
    _write(head, heading)
    head.font = Font(bold=True)
    sheet.column_dimensions[get_column_letter(column)].width = NOTE_WIDTH
    for number, note in marks["notes"]:
        cell = sheet.cell(number, column)
        _write(cell, note)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, at in marks["cells"]:
        sheet.cell(number, at).fill = copy(FILL)


def _new(sheets: list[dict[str, Any]]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for raw in sheets:
        sheet = book.create_sheet(raw["name"])
        for number, row in raw["rows"]:
            for column, value in enumerate(row, 1):
                if value != "":
                    _write(sheet.cell(number, column), value)
    return book


def _write(cell: Cell | MergedCell, value: Any) -> None:
    """Write a value as what it is: text stays text (ID numbers, phones, =1+1), a day is a day."""
    if isinstance(cell, MergedCell):
        return
    if isinstance(value, dict):
        cell.value = date.fromisoformat(value["date"])
        cell.number_format = "yyyy-mm-dd"
        return
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = True  # nor does it become a formula when somebody edits the cell
