"""Heading rows, what is a row, and what the sheet says of all its rows."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles.numbers import FORMAT_NUMBER_00

from members.roster import sheet
from members.roster.columns import Vocabulary
from members.roster.headings import DATE_FIELDS, HEADINGS
from members.roster.refusal import UnreadableFile
from members.roster.sheet import RosterSheet

ROSTERS = Path(__file__).parents[2] / "rosters"
AREA_HEADINGS = {
    "community": ("社区",),
    "residents": ("社区常住人口",),
    "station": ("小区",),
    "housing": ("住宅类型",),
    "group": ("楼组",),
    "opened": ("建组日期",),
    "stage": ("楼组党小组状态",),
}


def read(*rows: list, name: str = "Sheet1", change=None) -> list[RosterSheet]:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = name
    for row in rows:
        page.append(row)
    if change:
        change(page)
    stream = io.BytesIO()
    book.save(stream)
    return sheet.read(stream.getvalue(), Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)


def sample(name: str) -> list[RosterSheet]:
    return sheet.read((ROSTERS / name).read_bytes(), Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)


def numbers(page: RosterSheet) -> list[int]:
    return [row.number for row in page.rows]


@pytest.mark.parametrize("name", ["dirty.xlsx", "titled.xlsx", "old.xls", "gb18030.csv", "utf8_bom.csv"])
def test_rows_of_the_samples(name):
    expected = json.loads((ROSTERS / name).with_suffix(".expected.json").read_text())
    assert {f"{row.sheet}!{row.number}" for page in sample(name) for row in page.rows} == set(expected["rows"])


def test_titled_sheets():
    in_post, local = sample("titled.xlsx")
    assert (in_post.name, in_post.heading_row, in_post.affiliation, in_post.hidden_rows) == (
        "在职党员",
        3,
        "in_post",
        2,
    )
    assert local.affiliation == "local"
    assert in_post.columns["id_number"] == "公民身份\n号码"
    assert in_post.columns["party_since"] == "入党日期（年.月）"
    assert in_post.not_taken == ["序号"]


def test_the_area_list_is_read_with_the_same_manners():
    [page] = sheet.read((ROSTERS / "areas.xlsx").read_bytes(), Vocabulary(AREA_HEADINGS, "community"))
    assert len(page.rows) == 873
    assert page.rows[0].cells["residents"] == 6838


def test_no_heading_row():
    with pytest.raises(UnreadableFile, match="没有找到表头"):
        sample("noheader.xlsx")


def test_two_columns_of_one_field_are_both_named():
    with pytest.raises(UnreadableFile, match="“姓名”和“姓名”"):
        sample("twoheads.xlsx")
    with pytest.raises(UnreadableFile, match="“工作单位”和“单位（全称）”"):
        read(["姓名", "工作单位", "单位（全称）"], ["王芳", "a", "b"])


def test_the_best_heading_row_wins_and_the_thirty_first_is_too_late():
    [page] = read(["姓名", "性别"], ["党员姓名", "性 别*", "手机\n（必填）"], ["王芳", "女", 1])
    assert (page.heading_row, numbers(page)) == (2, [3])
    with pytest.raises(UnreadableFile):
        read(*[["标题"]] * 30, ["姓名", "性别"], ["王芳", "女"])


def test_a_heading_two_rows_high():
    [page] = read(
        ["姓名", "住址", None],
        [None, "小区", "楼号"],
        ["王芳", "梅园", "3号楼"],
        change=lambda p: p.merge_cells("A1:A2"),
    )
    assert page.positions == {"name": 0, "station": 1, "group": 2}


def test_what_is_not_a_row():
    [page] = read(
        ["序号", "姓名", "性别", "备注"],
        [1, "王芳", "女"],
        [2, None, None],
        [None, "／", "无", "—"],
        ["序号", "姓名", "性别", "备注"],
        [3, None, "男"],
        ["合计", None, None, "2人"],
        ["填表人：", None, "男"],
        ["注：一式两份"],
        [None, None, None, "另行说明"],
        [4, "李强", "男", "在合计下面"],
        ["新成路街道（盖章）", None, None],
    )
    assert numbers(page) == [2, 6, 11]
    assert page.rows[0].cells == {"name": "王芳", "sex": "女"}


@pytest.mark.parametrize(
    ("name", "title", "affiliation"),
    [
        ("在职党员", "", "in_post"),
        ("在册", "", "local"),
        ("Sheet1", "第三社区在册党员花名册", "local"),
        ("在职党员", "在册党员花名册", ""),
        ("Sheet1", "在职党员和在册党员", ""),
        ("Sheet1", "非在职党员", ""),
        ("Sheet1", "党员花名册", ""),
    ],
)
def test_the_word_of_the_sheet(name, title, affiliation):
    [page] = read([title], ["姓名", "性别"], ["王芳", "女"], name=name)
    assert page.affiliation == affiliation


def test_january_or_october_is_told_by_the_number_format():
    def two_decimals(page):
        page["B3"].number_format = FORMAT_NUMBER_00
        page["B4"].number_format = "0.000"

    [page] = read(["姓名", "入党时间"], *[["王芳", 1985.1]] * 3, change=two_decimals)
    assert [row.cells["party_since"] for row in page.rows] == [1985.1, "1985.10", 1985.1]


def test_a_csv_does_not_tell_numbers_from_text():
    content = "姓名,入党时间\n王芳,1985.1\n李强,1985.10\n".encode()
    [page] = sheet.read(content, Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)
    assert page.name == "csv"
    assert [row.cells["party_since"] for row in page.rows] == [1985.1, "1985.10"]


def test_our_own_column_of_errors_is_not_data():
    [page] = read(["姓名", "性别", "民族", "错误说明"], ["王芳", "女", "汉", "x"])
    assert page.not_taken == ["民族"]
