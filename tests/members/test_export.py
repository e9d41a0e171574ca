"""No cell that a spreadsheet would run leaves in an export, however its sign is written, and none is lost."""

import io

import pytest
from openpyxl import load_workbook

from members.ground.export import harmless, unquoted, workbook

FORMULAS = [
    *(f"{sign}1" for sign in "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−‐‑"),
    *(f"{blank}=1" for blank in "\t\r\n \u00a0\u3000\u200b\ufeff"),
    "　＝1",
]
PLAIN = ["", " ", "1=1", "迎园三村", "（＝1）", "—", "'=1", "100%", "１２号", "²", "#NAME", None, 7, -7, 1.5]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_quoted_and_comes_back_as_it_was(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert unquoted(harmless(text)) == text


@pytest.mark.parametrize("value", PLAIN)
def test_anything_else_stays_as_it_is(value: object) -> None:
    assert harmless(value) is value


def test_the_cells_and_headings_of_a_workbook_are_text() -> None:
    content = workbook("表", ["姓名", "＝标题"], [["＝1+1", -1], ["@SUM(A1)", 2]], formats={})
    page = load_workbook(io.BytesIO(content)).worksheets[0]
    assert [[cell.value for cell in row] for row in page] == [["姓名", "'＝标题"], ["'＝1+1", -1], ["'@SUM(A1)", 2]]
    assert {cell.data_type for row in page for cell in row} == {"s", "n"}
