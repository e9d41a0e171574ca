"""Lists whose texts need reading: signs that show nothing, dots, remarks, errors of Excel's, years as days, ages."""

from datetime import date

from members.models import Member
from members.roster.reading import read_roster
from tests.lists.conftest import CASES, Reporting


def problems(report: dict) -> dict[int, dict[str, str]]:
    """Return row → field → sentence."""
    return {row["row"]: {e["field"]: e["message"] for e in row["errors"]} for row in report["rows"] if row["errors"]}


def test_01_what_shows_nothing_is_taken_out(reported: Reporting) -> None:
    report = reported("01-invisible.xlsx", check=False)
    assert (report["counts"]["new"], problems(report)) == (4, {})
    people = {member.name: member.phone for member in Member.objects.all()}
    assert people == {
        "测试甲": "19900001235", "测试乙": "19900001236", "测试丙": "19900001237", "测试丁": "19900001238",
    }  # fmt: skip


def test_02_every_dot_is_one_dot(reported: Reporting) -> None:
    report = reported("02-middots.xlsx", check=False)
    assert (report["counts"]["new"], problems(report)) == (9, {})
    assert set(Member.objects.values_list("name", flat=True)) == {"测试都·合曼"}


def test_07_a_year_in_a_cell_of_days(reported: Reporting) -> None:
    report = reported("07-year-in-date-cell.xlsx")
    found = problems(report)
    assert {row: set(fields) for row, fields in found.items()} == {
        2: {"birth_date"}, 3: {"birth_date"}, 4: {"party_since"},
    }  # fmt: skip
    assert "Excel 把年份 1985 当成了 1905 年的一天" in found[2]["birth_date"]
    assert "Excel 把年份 2010 当成了 1905 年的一天" in found[4]["party_since"]


def test_08_a_member_is_eighteen(reported: Reporting) -> None:
    report = reported("08-ages.xlsx")
    assert {row: set(fields) for row, fields in problems(report).items()} == {
        2: {"birth_date"}, 3: {"party_since"}, 4: {"party_since"},
    }  # fmt: skip
    assert report["counts"]["new"] == 1


def test_10_a_failed_cell_is_named(reported: Reporting) -> None:
    found = problems(reported("10-error-cells.xlsx"))
    assert {row: set(fields) for row, fields in found.items()} == {
        2: {"id_number", "phone", "party_since"}, 3: {"phone", "party_since"}, 4: {"room"},
    }  # fmt: skip
    assert "这一格是公式错误 #N/A" in found[2]["phone"]
    assert "这一格的公式没有算出结果，请用 Excel 打开保存一次" in found[3]["party_since"]
    assert "#REF!" in found[4]["room"]


def test_11_remarks_are_no_names(reported: Reporting) -> None:
    report = reported("11-notes-in-name.xlsx")
    found = {row: fields["name"] for row, fields in problems(report).items()}
    leaving = "姓名里有说明；已故、迁出的请从名单中删去或办理迁出"
    assert (found[2], found[4]) == (leaving, leaving)
    assert "性别" in found[3]
    assert "样例" in found[5]
    assert "样例" in found[6]
    assert "几个人" in found[7]
    assert "孙□文" in found[8]
    assert (set(found), report["counts"]["new"]) == ({2, 3, 4, 5, 6, 7, 8}, 1)


def test_22_a_strict_workbook_has_hidden_rows(reported: Reporting) -> None:
    report = reported("22-strict-hidden.xlsx")
    assert report["counts"]["new"] == 2
    reading = read_roster((CASES / "22-strict-hidden.xlsx").read_bytes(), today=date(2026, 11, 23))
    assert [sheet.hidden_rows for sheet in reading.sheets] == [1]
