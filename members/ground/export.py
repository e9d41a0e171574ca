"""Workbooks of all exports: typed cells, and no cell that a spreadsheet would run as a formula."""

import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A cell may run as a formula if it begins with one of these; spreadsheets fold wide, small and raised forms
# (＝ ﹢ ⁻) to them.
SIGNS = {"=", "+", "-", "@", "\N{MINUS SIGN}", "\N{HYPHEN}"}
UNSEEN = " \N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"


def harmless(value: Any) -> Any:
    """Put a quote before text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and is_risky(value) else value


def unquoted(text: str) -> str:
    """Return text from one of our exports without that quote."""
    return text[1:] if text.startswith("'") and is_risky(text[1:]) else text


def is_risky(text: str) -> bool:
    """Whether a spreadsheet may run the text as a formula; leading blanks do not prevent it."""
    if text.startswith(("\t", "\r", "\n")):
        return True
    head = text.lstrip(UNSEEN)[:1]
    return head in SIGNS or (not head.isascii() and unicodedata.normalize("NFKC", head) in SIGNS)


class ExportSheet(NamedTuple):
    """A sheet of a workbook; `above` are lines of a title.

    `formats` and `widths` give number formats and widths by column, counted from 0.
    """

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    formats: dict[int, str]
    above: Sequence[str] = ()
    widths: Mapping[int, int] = MappingProxyType({})


def formulas_sheet(formulas: Iterable[tuple[str, str]]) -> ExportSheet:
    """Return the sheet that says how each number of a report is counted, in the words of its page."""
    rows = list(formulas)
    longest = max(len(name) for name, _ in rows)
    return ExportSheet("公式", ("数字", "怎么算"), rows, {}, widths={0: min(50, 2 * longest + 2), 1: 110})


def workbook(title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], *, formats: dict[int, str]) -> bytes:
    """Return an .xlsx with one sheet."""
    return workbook_of([ExportSheet(title, headings, rows, formats)])


def workbook_of(sheets: Iterable[ExportSheet]) -> bytes:
    """Return an .xlsx with these sheets."""
    book = Workbook(write_only=True)
    for each in sheets:
        sheet = book.create_sheet(each.title[:31])
        sheet.freeze_panes = f"A{len(each.above) + 2}"
        for column, heading in enumerate(each.headings):
            width = each.widths.get(column, max(10, 2 * len(heading) + 4))
            sheet.column_dimensions[get_column_letter(column + 1)].width = width
        for line in each.above:
            sheet.append([_cell(sheet, line, bold=line == each.above[0])])
        sheet.append([_cell(sheet, heading, bold=True) for heading in each.headings])
        for row in each.rows:
            cells = enumerate(row)
            sheet.append([_cell(sheet, value, number_format=each.formats.get(index)) for index, value in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: Any, *, bold: bool = False, number_format: str | None = None) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, harmless(value))
    if bold:
        cell.font = Font(bold=True)
    if number_format:
        cell.number_format = number_format
    return cell
