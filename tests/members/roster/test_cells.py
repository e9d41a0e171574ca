"""What each field takes, what it says when it does not, and the samples row for row."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.ground.id_number import check_character
from members.ground.text import building_key, place_key
from members.roster import sheet
from members.roster.cells import CellProblem, clean
from members.roster.columns import Vocabulary
from members.roster.headings import DATE_FIELDS, HEADINGS
from members.roster.sheet import RosterRow

ROSTERS = Path(__file__).parents[2] / "rosters"
TODAY = date(2026, 11, 23)
DECIDED_BY_THE_PLAN = {
    ("dirty.xlsx", "花名册!42"),  # unknown community
    ("dirty.xlsx", "花名册!43"),  # unknown station
    ("dirty.xlsx", "花名册!44"),  # empty group
    ("dirty.xlsx", "花名册!55"),  # the same person twice
}
WOMAN = "990000198510030020"
WOMAN = WOMAN[:17] + check_character(WOMAN)
GOOD = {"name": "王芳", "sex": "女", "affiliation": "在册"}


def cleaned(word: str = "", /, **cells: object) -> tuple[dict[str, str], list[CellProblem]]:
    filled = {name: cell for name, cell in (GOOD | cells).items() if cell is not None}
    return clean(RosterRow("名单", 2, filled), affiliation=word, today=TODAY)  # type: ignore[arg-type]


def value(name: str, cell: object) -> str:
    values, problems = cleaned(**{name: cell})
    assert problems == []
    return values[name]


def message(field: str, /, **cells: object) -> str:
    values, problems = cleaned(**cells)
    assert [problem.field for problem in problems] == [field]
    assert field not in values
    return problems[0].message


@pytest.mark.parametrize("name", ["dirty.xlsx", "titled.xlsx", "old.xls", "gb18030.csv", "utf8_bom.csv"])
def test_the_samples_row_for_row(name):
    expected = json.loads((ROSTERS / name).with_suffix(".expected.json").read_text())["rows"]
    pages = sheet.read((ROSTERS / name).read_bytes(), Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)
    for page in pages:
        for row in page.rows:
            _, problems = clean(row, affiliation=page.affiliation, today=TODAY, columns=page.columns)
            place = f"{row.sheet}!{row.number}"
            fields = [] if (name, place) in DECIDED_BY_THE_PLAN else expected[place]["fields"]
            assert [problem.field for problem in problems] == fields, place


def test_every_error_of_a_row_at_once_in_the_order_of_the_table():
    row = RosterRow("名单", 2, {"phone": 123.0, "rank": "局级", "party_since": "去年"})
    values, problems = clean(row, affiliation="", today=TODAY, columns={"phone": "手机*", "name": "姓名"})
    assert [problem.field for problem in problems] == ["name", "sex", "phone", "party_since", "affiliation", "rank"]
    assert (problems[0].column, problems[0].value) == ("姓名", "")
    assert (problems[2].column, problems[2].value) == ("手机*", "123")
    assert values == {}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("吕  国", "吕国"),
        ("袁　杰", "袁杰"),
        ("吕\n国强", "吕国强"),
        ("买买提·吐尔逊", "买买提·吐尔逊"),
        ("㛃文", "㛃文"),
        ("𠮷田", "𠮷田"),
        ("Anna  Li", "Anna Li"),
        ("Ａｎｎａ", "Anna"),
    ],
)
def test_names(written, name):
    assert value("name", written) == name


@pytest.mark.parametrize("written", ["王", "王芳2", "王芳、李强", "王芳，李强", "王芳\n李强", "王*", 12.0, "王" * 31])
def test_what_is_no_name(written):
    assert message("name", name=written)


def test_the_id_number_tells_sex_and_birth():
    values, problems = cleaned(sex=None, id_number=WOMAN.replace("X", "x"))
    assert problems == []
    assert (values["sex"], values["birth_date"], values["id_number"]) == ("female", "1985-10-03", WOMAN)


def test_the_id_number_is_contradicted():
    assert "第 17 位" in message("sex", id_number=WOMAN, sex="男")
    assert message("birth_date", id_number=WOMAN, birth_date="1985-10-04")
    assert message("birth_date", id_number=WOMAN, birth_date="1985-11")
    assert cleaned(id_number=WOMAN, birth_date="1985年10月")[0]["birth_date"] == "1985-10"
    # Excel made a day of a typed month.
    assert cleaned(id_number=WOMAN, birth_date=date(1985, 10, 1))[0]["birth_date"] == "1985-10-03"


@pytest.mark.parametrize(
    ("written", "part"),
    [
        (9.90000198510030e17, "丢失"),
        ("9.9E+17", "丢失"),
        (990000198510030021, "丢失"),
        (WOMAN[:17], "17 位"),
        ("990000851003002", "15 位"),
        (WOMAN[:17] + "Y", "X"),
        (WOMAN[:6] + "19851332" + WOMAN[14:], "出生年月日不存在"),
        (WOMAN[:17] + ("0" if WOMAN[17] != "0" else "1"), "校验"),
        ("²" * 18, "数字"),
    ],
)
def test_id_numbers_in_error(written, part):
    assert part in message("id_number", id_number=written)
    assert part in message("id_number", id_number=written, sex=None)


def test_sex_is_never_assumed():
    assert "没有填性别" in message("sex", sex=None)


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("19900000000", "19900000000"),
        (19900000000.0, "19900000000"),
        (19900000000, "19900000000"),
        ("+86 199-0000-0000", "19900000000"),
        ("８６１９９００００００００", "19900000000"),
        ("'+8619900000000", "19900000000"),
        ("021-59990000", "021-59990000"),
        ("(021) 5999 0000", "021-59990000"),
        ("+86 021 59990000", "021-59990000"),
        ("051259990000", "0512-59990000"),
        ("05125999000", "0512-5999000"),
    ],
)
def test_phones(written, phone):
    assert value("phone", written) == phone


@pytest.mark.parametrize(
    "written", ["1990000", "59990000", "12345678901", "19900000000/19900000001", 2159990000.0, "x"]
)
def test_phones_in_error(written):
    assert message("phone", phone=written)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1998-07-01", "1998-07-01"),
        ("1998/7/1", "1998-07-01"),
        ("1998.7.1", "1998-07-01"),
        ("１９９８年７月１日", "1998-07-01"),
        ("1998-07-01 00:00:00", "1998-07-01"),
        ("19980701", "1998-07-01"),
        (19980701.0, "1998-07-01"),
        (date(1998, 7, 1), "1998-07-01"),
        ("1998.7", "1998-07"),
        ("1998-07", "1998-07"),
        ("1998年7月", "1998-07"),
        (199807.0, "1998-07"),
        (1998.07, "1998-07"),
        (1985.11, "1985-11"),
        (1985.7, "1985-07"),
        ("1985.10", "1985-10"),
        ("1985.1", "1985-01"),
        (1998.0, "1998"),
        ("1998年", "1998"),
    ],
)
def test_dates(written, day):
    assert value("party_since", written) == day


@pytest.mark.parametrize(
    ("written", "part"),
    [
        (1985.1, "1985年1月 或 1985年10月"),
        ("去年", "看不懂"),
        ("98.7", "看不懂"),
        (35977.0, "看不懂"),
        (1985.123, "看不懂"),
        (float("nan"), "看不懂"),
        ("1998-02-30", "没有这一天"),
        ("199813", "没有这一天"),
        ("1899-12-31", "1900"),
        (date(1899, 12, 31), "1900"),
        ("2036-01-01", "今天之后"),
        ("2026-12", "今天之后"),
        ("2027", "今天之后"),
    ],
)
def test_dates_in_error(written, part):
    assert part in message("party_since", party_since=written)


def test_a_birth_date_needs_its_month_and_comes_before_the_party():
    assert "月份" in message("birth_date", birth_date="1985")
    assert "早于出生" in message("party_since", birth_date="1985-10", party_since="1985-09-30")
    assert cleaned(birth_date="1985-10", party_since="1985")[1] == []


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("standing", "中共党员", "full"),
        ("standing", "中共预备党员", "probationary"),
        ("affiliation", "在册党员", "local"),
        ("rank", "正处级", "division"),
        ("rank", "副科", "section"),
        ("credit_code", "11310114mb0000001t", "11310114MB0000001T"),
        ("community", "第 四社区", "第四社区"),
        ("group", " ４ 号楼", "4号楼"),
        ("group", 4.0, "4"),
        ("room", 304.0, "304"),
        ("joined", "是", "yes"),
        ("joined", "否", "no"),
        ("joined", date(2024, 7, 1), "2024-07-01"),
        ("skills", "法律咨询、书法；摄影,书法 / 太极拳", "法律咨询、书法、摄影、太极拳"),
        ("remark", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("remark", "'=1+1", "=1+1"),
    ],
)
def test_other_fields(name, written, expected):
    assert value(name, written) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sex", "未知"),
        ("standing", "共青团员"),
        ("affiliation", "外聘"),
        ("rank", "局级"),
        ("credit_code", "11310114MB00000019"),
        ("room", date(2026, 3, 1)),
        ("joined", "2024-07"),
        ("joined", "也许"),
        ("remark", "长" * 201),
    ],
)
def test_other_fields_in_error(name, written):
    assert message(name, **{name: written})


def test_affiliation_is_the_cells_word_then_the_sheets_and_never_a_guess():
    assert message("affiliation", affiliation=None)
    values, problems = clean(RosterRow("名单", 2, {"name": "王芳", "sex": "女"}), affiliation="local", today=TODAY)
    assert (values["affiliation"], problems) == ("local", [])
    assert cleaned("in_post")[0]["affiliation"] == "local"


def test_an_in_post_member_has_an_employer():
    assert message("employer", affiliation="在职", credit_code="11310114MB0000001T")
    assert cleaned(affiliation="在职", employer="区图书馆")[1] == []


@pytest.mark.parametrize(
    "written", ["12号楼", "12号", "12幢", "12栋", "12座", "12#", "１２号楼", " 12 号楼", "012", "12", "12楼组", "12#楼"]
)
def test_one_building_by_many_names(written):
    assert building_key(written) == "12"


def test_other_buildings_stay_apart():
    assert building_key("3号楼2单元") == building_key("3幢２单元") not in ("3", "32")
    assert building_key("a座") == building_key("Ａ 座") == "A"
    assert building_key("甲楼") != building_key("乙楼")
    assert building_key("东12号") == "东12号"
    assert place_key(" 梅园　２期") == "梅园2期"


CELL = st.one_of(
    st.text(max_size=40),
    st.text("0123456789X年月日-/.+ E(（、王芳\n'", max_size=24),
    st.floats(),
    st.integers(),
    st.dates(),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(HEADINGS)), CELL), st.sampled_from(["", "local", "in_post"]))
def test_clean_never_raises(cells, affiliation):
    values, problems = clean(RosterRow("名单", 2, cells), affiliation=affiliation, today=TODAY)
    assert all(values.values())
    assert not values.keys() & {problem.field for problem in problems}
    assert all(problem.message and "�" not in problem.message for problem in problems)
