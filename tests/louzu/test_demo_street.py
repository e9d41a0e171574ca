"""The demonstration street has the paper's figures, and every row of it is one that the roster's reader takes."""

import io
from collections import Counter
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from stdnum.cn import uscc

from louzu.demo.people import RARE_SURNAMES
from louzu.demo.street import COMMUNITIES, areas_workbook, roster_workbook

AREA_HEADINGS = ["社区", "社区常住人口", "小区", "住宅类型", "楼组", "建组日期", "楼组党小组状态"]
ROSTER_HEADINGS = [
    *("序号", "姓名", "性别", "出生年月", "身份证号", "联系电话", "党员类别", "入党时间", "在职/在册"),
    *("工作单位", "统一社会信用代码", "职务层次", "社区", "小区", "楼组", "室号", "特长", "备注", "参加楼组党小组"),
]
Row = dict[str, Any]
Rows = list[Row]


def read(content: bytes, sheet: str, headings: list[str]) -> Rows:
    first, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python()
    assert first == headings
    return [dict(zip(headings, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def areas() -> Rows:
    return read(areas_workbook(), "组织架构", AREA_HEADINGS)


@pytest.fixture(scope="module")
def roster() -> Rows:
    return read(roster_workbook(), "花名册", ROSTER_HEADINGS)


def texts(rows: Rows, heading: str) -> list[str]:
    values = [row[heading] for row in rows]
    assert all(isinstance(value, str) for value in values)
    return [str(value) for value in values]


def days(rows: Rows, heading: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts(rows, heading)]


def place(row: Row) -> tuple[object, ...]:
    return row["社区"], row["小区"], row["楼组"]


def test_the_tree_has_the_papers_figures(areas: Rows) -> None:
    residents = {row["社区"]: row["社区常住人口"] for row in areas}
    assert list(residents) == [f"第{number}社区" for number in "一二三四五六七八"]
    assert sum(residents.values()) == 54_700
    assert len({(row["社区"], row["社区常住人口"]) for row in areas}) == 8
    assert len({place(row) for row in areas}) == len(areas) == 873
    assert {row["楼组党小组状态"] for row in areas} == {"已建立"}


def test_each_community_has_five_compounds_of_several_kinds(areas: Rows) -> None:
    compounds = {(row["社区"], row["小区"], row["住宅类型"]) for row in areas}
    assert set(Counter(community for community, _, _ in compounds).values()) == {5}
    assert len({name for _, name, _ in compounds}) == 40
    assert len({frozenset(kind for one, _, kind in compounds if one == community) for community in COMMUNITIES}) > 4
    assert {kind for *_, kind in compounds} == {"商品房", "售后公房", "老旧小区", "动迁安置房", "别墅"}


def test_groups_were_founded_from_october_2003(areas: Rows) -> None:
    founded = days(areas, "建组日期")
    assert min(founded) == date(2003, 10, 15)
    assert max(founded) < date(2010, 1, 1)


def test_the_roster_has_the_papers_figures(roster: Rows) -> None:
    assert [row["序号"] for row in roster] == list(range(1, 5_201))
    assert Counter(texts(roster, "在职/在册")) == {"在册": 1_300, "在职": 3_900}
    assert Counter(texts(roster, "参加楼组党小组")) == {"是": 5_100, "否": 100}


def test_every_group_has_a_member_who_takes_part(areas: Rows, roster: Rows) -> None:
    assert {place(row) for row in roster} == {place(row) for row in areas}
    assert {place(row) for row in roster if row["参加楼组党小组"] == "是"} == {place(row) for row in areas}


def test_every_community_has_some_who_do_not_take_part(roster: Rows) -> None:
    assert {row["社区"] for row in roster if row["参加楼组党小组"] == "否"} == set(COMMUNITIES)


def test_id_numbers_are_right_and_nobodys(roster: Rows) -> None:
    numbers = texts(roster, "身份证号")
    assert len(set(numbers)) == 5_200
    assert all(len(number) == 18 and number.startswith("990000") for number in numbers)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    for number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
        assert number[17] == "10X98765432"[total % 11]


def test_id_numbers_agree_with_sex_and_birth_date(roster: Rows) -> None:
    for number, sex, born_on in zip(
        texts(roster, "身份证号"), texts(roster, "性别"), days(roster, "出生年月"), strict=True
    ):
        assert number[6:14] == f"{born_on:%Y%m%d}"
        assert sex == "女男"[int(number[16]) % 2]


def test_phones_are_text_and_unique(roster: Rows) -> None:
    assert texts(roster, "联系电话") == [str(19_900_000_000 + i) for i in range(5_200)]


def test_members_were_of_age_when_they_joined(roster: Rows) -> None:
    born, since = days(roster, "出生年月"), days(roster, "入党时间")
    assert min(born).year == 1940
    assert max(born).year == 2004
    eighteenth = [(day.year + 18, day.month, day.day) for day in born]
    assert all(one <= (day.year, day.month, day.day) for one, day in zip(eighteenth, since, strict=True))
    assert max(since) <= date(2026, 6, 30)
    assert {row["党员类别"] for row in roster if str(row["入党时间"]) > "2025-06-30"} == {"预备党员"}
    assert {row["党员类别"] for row in roster if str(row["入党时间"]) <= "2025-06-30"} == {"正式党员"}


def test_names_are_varied_and_never_in_doubt(roster: Rows) -> None:
    names = texts(roster, "姓名")
    assert len(set(names)) > 4_500
    assert len({(name, place(row)) for name, row in zip(names, roster, strict=True)}) == 5_200
    assert all(2 <= len(name) <= 4 for name in names)
    assert all(any(name.startswith(surname) for name in names) for surname in RARE_SURNAMES)


def test_employers_are_forty_with_valid_credit_codes(roster: Rows) -> None:
    employers = Counter((row["工作单位"], row["统一社会信用代码"]) for row in roster if row["在职/在册"] == "在职")
    assert len(employers) == len({name for name, _ in employers}) == len({code for _, code in employers}) == 40
    for _, code in employers:
        assert uscc.validate(code) == code
        assert code[2:8] == "990000"
    assert not any(row["工作单位"] or row["职务层次"] for row in roster if row["在职/在册"] == "在册")


def test_some_employers_are_shared_between_communities_and_some_are_not(roster: Rows) -> None:
    communities: dict[object, set[object]] = {}
    for row in roster:
        communities.setdefault(row["工作单位"] or "在册", set()).add(row["社区"])
    widths = Counter(len(near) for near in communities.values())
    assert widths[8] >= 20
    assert widths[1] >= 3


def test_a_share_of_in_post_members_has_a_rank(roster: Rows) -> None:
    ranks = Counter(row["职务层次"] for row in roster if row["在职/在册"] == "在职")
    assert set(ranks) == {"处级", "科级", ""}
    assert 0 < ranks["处级"] < ranks["科级"] < ranks[""]


def test_the_same_cells_every_time(areas: Rows, roster: Rows) -> None:
    assert read(areas_workbook(), "组织架构", AREA_HEADINGS) == areas
    assert read(roster_workbook(), "花名册", ROSTER_HEADINGS) == roster


def test_openpyxl_reads_what_was_written_with_the_text_format() -> None:
    for content, numbers in ((areas_workbook(), {1}), (roster_workbook(), {0})):
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        for row in sheet.iter_rows(min_row=2, max_row=20):
            filled = [(i, cell) for i, cell in enumerate(row) if cell.value is not None]
            assert all((cell.number_format == "@") == (i not in numbers) for i, cell in filled)
