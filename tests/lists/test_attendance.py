"""A workbook of who came, with a column of who did not: only who came is recorded, the others are told."""

import pytest
from django.test import Client

from activities.imports.report import Report
from activities.imports.sheets import ActivityBook, ImportRow, read_book
from activities.models import ActivityImport, Attendance
from members.models import Area, User
from tests import factories
from tests.activities.books import brought, looked_at
from tests.lists.conftest import CASES

CAME = ("到会", "出席", "参加", "迟到", "早退", "√", "✓", "是", "", "已到", "出勤", "Y")
ABSENT = ("请假", "缺席", "未到", "×", "✗", "否", "病假", "没来", "N", "不参加", "缺勤")


@pytest.fixture
def reading_club(community: Area) -> Area:
    """The compound of the case, with its three members and their activity."""
    compound = factories.area("迎晖苑1期", community)
    building = factories.building("1号楼", compound)
    for name in ("测试甲", "测试乙", "测试丙"):
        factories.person(name, building)
    factories.activity(compound, title="读书会", held_on="2026-03-01")
    return compound


def book(*words: str) -> ActivityBook:
    cells = {"held_on": "2026-03-01", "title": "读书会", "area": "第一社区 迎晖苑1期"}
    rows = [cells | {"member": f"测试{sign}", "attended": word} for sign, word in zip("甲乙丙", words, strict=False)]
    came = [ImportRow("参加", number, row) for number, row in enumerate(rows, start=2)]
    return ActivityBook(came=came, headings={"参加": {"area": "主办"}})


def looked(user: User, *words: str) -> Report:
    return looked_at(book(*words), user)


def test_only_who_came_is_recorded(reading_club: Area, secretary: User) -> None:
    read = read_book((CASES / "05-attendance.xlsx").read_bytes())
    report = looked_at(read, secretary)
    assert [(row.name, row.words) for row in report.absent] == [("测试乙", "请假"), ("测试丙", "缺席")]
    assert report.not_taken == ["备注"]
    assert report.problems == []
    brought(read, secretary)
    assert [row.member.name for row in Attendance.objects.select_related("member")] == ["测试甲"]


def test_the_preview_names_who_did_not_come_and_the_columns_not_used(
    reading_club: Area, secretary: User, logged_in: object
) -> None:
    browser: Client = logged_in(secretary)  # type: ignore[operator]
    with (CASES / "05-attendance.xlsx").open("rb") as file:
        fields = {"area": reading_club.parent.pk, "file": file}
        html = browser.post("/activities/import/", fields, follow=True).content.decode()
    for words in ("没有用到的列：备注", "表里有 2 人次请假", "测试乙", "测试丙", "缺席"):
        assert words in html
    address = f"/activities/import/{ActivityImport.objects.get().pk}/apply/"
    assert "请假、缺席，没有登记（人次）</dt><dd>2<" in browser.post(address, follow=True).content.decode()
    assert Attendance.objects.count() == 1


@pytest.mark.parametrize("word", CAME)
def test_each_word_for_who_came(reading_club: Area, secretary: User, word: str) -> None:
    assert looked(secretary, word).came.new == 1


@pytest.mark.parametrize("word", ABSENT)
def test_each_word_for_who_did_not(reading_club: Area, secretary: User, word: str) -> None:
    report = looked(secretary, word)
    assert (report.came.new, len(report.absent), report.problems) == (0, 1, [])


@pytest.mark.parametrize("word", ["取消请假", "待定", "张三", "可能来"])
def test_a_word_that_says_neither_is_an_error(reading_club: Area, secretary: User, word: str) -> None:
    (problem,) = looked(secretary, word).problems
    assert (problem.row, problem.column, problem.value) == (2, "出勤情况", word)
    assert brought(book(word), secretary).came.new == 0


def test_a_blank_beside_marks_is_asked_about(reading_club: Area, secretary: User) -> None:
    report = looked(secretary, "√", "", "请假")
    assert (report.came.new, len(report.absent)) == (1, 1)
    assert [(problem.row, problem.message[:6]) for problem in report.problems] == [(3, "没有写来没来")]


def test_a_blank_beside_who_is_absent_says_that_one_came(reading_club: Area, secretary: User) -> None:
    report = looked(secretary, "", "请假", "")
    assert (report.came.new, len(report.absent), report.problems) == (2, 1, [])


def test_the_own_name_is_a_signature(reading_club: Area, secretary: User) -> None:
    assert looked(secretary, "测试甲").came.new == 1
