"""One reader at every door: the member form, the API, the poster and the migration read a name as the roster does."""

import io
from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client

from activities.forms.sign_in import SignInForm
from members.ground.days import Unreadable
from members.ground.names import read_name
from members.models import Area, AuditEntry, Household, Member, Residence, User
from members.roster import workbook
from members.roster.columns import Vocabulary
from members.roster.failed_cells import FailedCells
from members.roster.headings import DATE_FIELDS, HEADINGS
from members.roster.sheet import read
from members.roster.tree import import_tree
from members.rules import registering
from tests import factories
from tests.lists.conftest import CASES, Reporting

ADD = "/admin/members/member/add/"
PERSON = {"sex": "male", "affiliation": "local"}
INLINES = {f"{name}-{end}": "0" for name in ("residences", "duties") for end in ("TOTAL_FORMS", "INITIAL_FORMS")}


def by_hand() -> list[str]:
    return (CASES / "14-names-by-hand.txt").read_text("utf-8").splitlines()


def as_read(written: str) -> tuple[str, str]:
    """Return (the name, "") or ("", the sentence)."""
    try:
        return read_name(written), ""
    except Unreadable as problem:
        return "", f"{problem}。"


def test_14_by_hand() -> None:
    assert [as_read(line)[0] for line in by_hand()] == ["王小明", "张三", "", "", "测试丙", "", ""]


@pytest.mark.parametrize("written", by_hand())
def test_14_the_member_form(written: str, client: Client, secretary: User, group: Area) -> None:
    name, sentence = as_read(written)
    client.force_login(secretary)
    told = {"name": written, "home": group.pk, "room": "808", "birth_date": "１９８５年10月12日"}
    answer = client.post(ADD, PERSON | INLINES | told)
    assert answer.status_code == (302 if name else 200)
    assert set(Member.objects.values_list("birth_date", flat=True)) <= {"1985-10-12"}
    assert list(Member.objects.values_list("name", flat=True)) == ([name] if name else [])
    assert name or answer.context["adminform"].form.errors["name"] == [sentence]


@pytest.mark.parametrize("written", by_hand())
def test_14_the_api(written: str, api: Callable[[User], Any], secretary: User, group: Area) -> None:
    name, sentence = as_read(written)
    told = PERSON | {"name": written, "home": {"area": group.pk}}
    answer = api(secretary).post("/api/v1/members", told, format="json")
    assert answer.status_code == (201 if name else 400), answer.data
    assert name or answer.data["errors"] == {"name": [sentence]}
    assert list(Member.objects.values_list("name", flat=True)) == ([name] if name else [])


def test_14_a_name_is_corrected_by_the_same_reader(api: Callable[[User], Any], secretary: User, group: Area) -> None:
    person = factories.person("测试丙", group)
    path = f"/api/v1/members/{person.pk}"
    assert api(secretary).patch(path, {"name": "测试丙（女）"}, format="json").status_code == 400
    told = {"name": "测 试•丙", "birth_date": "1985年7月", "remark": "楼\u200b长"}
    assert api(secretary).patch(path, told, format="json").status_code == 200
    person.refresh_from_db()
    assert (person.name, person.birth_date, person.remark) == ("测试·丙", "1985-07", "楼长")
    refused = api(secretary).patch(path, {"skills": "书\ufffd"}, format="json")
    assert "丢失" in str(refused.data["errors"]["skills"])


@pytest.mark.parametrize("room", ["3\ufffd2", "3\ue1232"])
def test_a_room_without_a_character_is_refused_at_every_door(
    room: str, logged_in: Any, api: Callable[[User], Any], secretary: User, group: Area
) -> None:
    person, browser = factories.person("测试丙", group), logged_in(secretary)
    day = {"on": date.today().isoformat()}
    answers = [
        browser.post(ADD, PERSON | INLINES | {"name": "王芳", "home": group.pk, "room": room}),
        browser.post(f"/members/{person.pk}/move/", day | {"to": group.pk, "room": room}),
        browser.post(f"/members/{person.pk}/move/", day | {"address": f"迎晖苑1号楼{room}"}),
        browser.post(f"/buildings/{group.pk}/doors/add/", {"room": room}),
    ]
    assert ["有一个字丢失了（" in answer.content.decode() for answer in answers] == [True] * 4
    told = api(secretary).post(f"/api/v1/members/{person.pk}/move", {"area": group.pk, "room": room}, format="json")
    assert set(told.data["errors"]) == {"room"}
    told = api(secretary).post("/api/v1/households", {"area": group.pk, "room": room}, format="json")
    assert set(told.data["errors"]) == {"room"}
    assert (Member.objects.count(), person.residences.get().room, Household.objects.count()) == (1, "101", 0)


def test_a_rule_reads_the_name_whoever_calls_it(group: Area) -> None:
    with pytest.raises(ValidationError, match="几个人"):
        registering.register(home=group, name="测试丁夫妇", **PERSON)
    with pytest.raises(ValidationError, match="18 周岁"):
        registering.register(home=group, name="测试丁", birth_date="1985-07-03", party_since="2003-07-02", **PERSON)
    assert registering.register(home=group, name="测 试 丁", **PERSON).name == "测试丁"


def test_14_a_list_then_finds_the_member(reported: Reporting, tmp_path: Any) -> None:
    group = Area.objects.get(label="第一社区 迎晖苑1期 3号楼")
    person = factories.person("王小明", group, room="901", phone="19900001234")
    roster = tmp_path / "名单.csv"
    roster.write_text(
        "姓名,性别,手机,在职/在册,社区,小区,楼组,室号\n"
        "王 小 明,男,１９９００００１２３４,在册,第一社区,迎晖苑1期,3号楼,901\n",
        "utf-8",
    )
    report = reported(roster)
    assert (report["counts"]["new"], report["counts"]["same"] + report["counts"]["changed"]) == (0, 1), report
    assert Member.objects.get() == person


def test_02_a_member_stored_with_another_dot_is_found(reported: Reporting) -> None:
    group = Area.objects.get(label="第一社区 迎晖苑1期 3号楼")
    factories.person("测试都•合曼", group, room="200", phone="19900002200")
    counts = reported("02-middots.xlsx")["counts"]
    assert (counts["new"], counts["doubt"], counts["same"] + counts["changed"]) == (0, 8, 1)


def test_16_wide_digits_at_the_poster() -> None:
    form = SignInForm({"name": "测试甲", "phone_end": "１２３４"})
    assert form.is_valid()
    assert form.cleaned_data["phone_end"] == "1234"


def test_names_and_rooms_that_are_stored_are_folded(group: Area, secretary: User) -> None:
    bent = {
        "测试都·合曼": "测试都•合曼",
        "王小明": "王\u200b小明",
        "张三": "张三",
    }
    people = {name: factories.person(name, group, room="301") for name in bent}
    same = factories.person("李四", group, room="302", id_number=factories.id_number("19780512", 431))
    twin = factories.person("李四甲", group, room="302", id_number=factories.id_number("19780512", 431))
    for name, stored in bent.items():
        Member.objects.filter(pk=people[name].pk).update(name=stored, pinyin="x")
    Member.objects.filter(pk=twin.pk).update(name="李\u200b四")
    Residence.objects.filter(member=people["张三"]).update(room="3\u200b01号楼")
    door = Household(area=group, room="车库")
    door.save()
    Household.objects.filter(pk=door.pk).update(room="车\u200b库")
    before = AuditEntry.objects.count()
    migration = import_module("members.migrations.0019_fold_names")
    migration.fold(apps, None)
    assert {person.name for person in Member.objects.filter(pk__in=[p.pk for p in people.values()])} == set(bent)
    assert Member.objects.get(pk=people["王小明"].pk).initials == "wxm"
    assert people["王小明"].history.first().name == "王小明"
    assert (people["王小明"].history.count(), people["张三"].history.count()) == (2, 1)
    assert Member.objects.get(pk=twin.pk).name == "李\u200b四" != same.name  # which of the two goes is for people
    assert Residence.objects.get(member=people["张三"]).room == "301号楼"
    assert Household.objects.get(pk=door.pk).room == "车库"
    entry = AuditEntry.objects.first()
    assert AuditEntry.objects.count() == before + 1
    assert entry
    assert entry.changes == {"folded": {"Member": 2, "Residence": 1, "Household": 1}}
    assert AuditEntry.objects.first_broken() is None
    migration.fold(apps, None)
    assert AuditEntry.objects.count() == before + 1


def book(*rows: list[Any]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def test_a_row_of_formulas_without_results_is_a_row() -> None:
    content = book(["姓名", "手机", "别的"], ["=A9", "=B9", ""], [], ["王芳", "", "=1/0"], ["=A1", None, None])
    (sheet,) = workbook.read(content).sheets
    assert [number for number, _ in sheet.rows] == [1, 2, 4, 5]
    assert sheet.rows[1][1] == ["#公式", "#公式"]
    assert sheet.rows[3][1] == ["#公式"]
    (named,) = read(content, Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)
    assert [row.cells.get("name") for row in named.rows] == ["#公式", "王芳", "#公式"]


def test_a_formula_whose_result_is_empty_text_is_empty() -> None:
    parts = [
        b'<row r="1"><c r="A1" t="str"><f>IF(B1,"",1)</f><v></v></c><c r="B1"><f>1+1</f><v>2</v></c>'
        b'<c r=\'C1\' t=\'e\'><f>1/0</f><v>#DIV/0!</v></c><x:c r="AA1"><x:f t="shared" si="0"/></x:c></row>'
    ]
    cells = FailedCells()
    for part in parts:
        for start in range(0, len(part), 7):
            cells.feed(part[start : start + 7])
    assert cells.cells == {1: {3: "#DIV/0!", 27: "#公式"}}
    assert cells.count == 2


def test_failed_cells_of_the_trees_workbook(db: None) -> None:
    content = book(["社区", "小区", "楼组"], ["第一社区", "#N/A", "1号楼"], ["第一社区", "迎晖苑", "=A9"])
    report = import_tree(content, street=Area(name="新成路街道", level=1), today=date(2026, 11, 23), check=True)
    assert [(error["row"], error["column"]) for error in report.errors] == [(2, "小区"), (3, "楼组")]
    assert "公式错误 #N/A" in report.errors[0]["message"]


def test_whole_numbers_of_a_csv_have_no_decimals() -> None:
    content = "姓名,手机,室号,出生年月\n王芳,19900001234.0,201.0,1985.07\n".encode()
    (sheet,) = workbook.read(content).sheets
    assert sheet.rows[1][1] == ["王芳", "19900001234", "201", "1985.07"]


def test_a_day_of_1905_is_no_day_whatever_the_program(tmp_path: Any) -> None:
    content = book(["姓名", "性别", "出生年月"], ["王芳", "女", date(1905, 6, 7)])
    (named,) = read(content, Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)
    assert named.rows[0].cells["birth_date"] == date(1905, 6, 7)
