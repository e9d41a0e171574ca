"""The file that goes back: its errors beside the rows, everything else as it was."""

import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from members.roster import errorbook, sheet
from members.roster.cells import clean
from members.roster.columns import Vocabulary
from members.roster.confined.marker import LIGHT_RED
from members.roster.errorbook import Marked
from members.roster.headings import DATE_FIELDS, HEADINGS

ROSTERS = Path(__file__).parents[2] / "rosters"


def problems(content: bytes) -> list[Marked]:
    pages = sheet.read(content, Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)
    return [
        (row.sheet, row.number, problem.column, problem.message)
        for page in pages
        for row in page.rows
        for problem in clean(row, affiliation=page.affiliation, today=date(2026, 11, 23), columns=page.columns)[1]
    ]


def mark(content: bytes, problems: list[Marked]) -> bytes:
    pages = sheet.read(content, Vocabulary(HEADINGS, "name"))
    return errorbook.mark(content, problems, {page.name: page.heading_row for page in pages})


def first_sheet(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def red(page: Worksheet) -> set[str]:
    return {cell.coordinate for row in page.iter_rows() for cell in row if cell.fill.fgColor.rgb == LIGHT_RED}


def test_errors_are_written_and_coloured():
    content = (ROSTERS / "dirty.xlsx").read_bytes()
    page = first_sheet(mark(content, problems(content)))
    assert page["S1"].value == "错误说明"
    assert page["S14"].value.startswith("身份证号：身份证号最后一位校验不对")
    assert page["S2"].value is None
    assert {"E14", "H17", "B32"} <= red(page)
    assert page["D2"].value == datetime(1978, 9, 6)
    assert page["H18"].number_format == "0.00"


def test_a_second_round_clears_the_first():
    content = (ROSTERS / "dirty.xlsx").read_bytes()
    once = mark(content, problems(content))
    assert problems(once) == problems(content)
    page = first_sheet(mark(once, [("花名册", 14, "身份证号", "请核对"), ("花名册", 14, "", "重复")]))
    assert (page.max_column, page["S14"].value, page["S15"].value) == (19, "身份证号：请核对；重复", None)
    assert red(page) == {"E14"}


@pytest.mark.parametrize("name", ["old.xls", "gb18030.csv", "titled.xlsx"])
def test_the_marked_file_reads_as_the_original_did(name):
    content = (ROSTERS / name).read_bytes()
    before = sheet.read(content, Vocabulary(HEADINGS, "name"))
    after = sheet.read(mark(content, [(before[0].name, 5, "姓名", "请核对")]), Vocabulary(HEADINGS, "name"))
    assert [row.cells for page in after for row in page.rows] == [row.cells for page in before for row in page.rows]
    assert [row.number for page in after for row in page.rows] == [row.number for page in before for row in page.rows]


def test_text_stays_text_in_a_new_workbook():
    content = "姓名,身份证号,电话,备注\n王芳,990000198510030020,019900000000,=1+1\n李强,,,@SUM(A1)\n".encode()
    page = first_sheet(mark(content, [("csv", 2, "备注", "=不对")]))
    assert [cell.value for cell in page[2]] == ["王芳", "990000198510030020", "019900000000", "=1+1", "备注：=不对"]
    assert {cell.data_type for cell in page[2]} == {"s"}
    assert page["D2"].quotePrefix
    assert page["D3"].quotePrefix
    assert page["B2"].number_format == "@"


def test_the_look_of_the_original_stays():
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in (["名单"], ["姓名", "性别"], ["王芳", "'=x"], ["李强", "男"]):
        page.append(row)
    page["B3"].value, page["B3"].data_type = "=文字", "s"
    page["A4"].fill = PatternFill("solid", fgColor="FFFFC7CE")
    page.freeze_panes = "B3"
    page.merge_cells("A1:E1")
    page.row_dimensions[4].hidden = True
    stream = io.BytesIO()
    book.save(stream)
    marked = first_sheet(mark(stream.getvalue(), [("Sheet", 3, "性别", "请改正"), ("Sheet", 99, "民族", "x")]))
    assert (marked.freeze_panes, marked.row_dimensions[4].hidden) == ("B3", True)
    assert (marked["B3"].value, marked["B3"].data_type, red(marked)) == ("=文字", "s", {"B3"})
    assert marked["A4"].fill.fgColor.rgb == "FFFFC7CE"
    assert marked["C2"].value == "错误说明"
