"""Who is who in a list: nobody is taken for somebody else, and nobody is told to delete a person."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from members.ground.access import subtree
from members.models import Area, Member, RosterImport, User
from members.roster import steps
from members.roster.basis import Basis, Terms
from members.roster.compare import contradictions
from members.roster.known import COLUMNS
from members.roster.plan import make_plan
from members.roster.planned import PlannedRow, Status
from members.roster.reading import Reading, RosterEntry, SheetNote
from tests import factories
from tests.lists.conftest import Reporting
from tests.members.uploads import bring_in, cells, errors, only_row, plan_of, preview, sheet, statuses, write

BORN = {"出生年月": "1985-07-03", "性别": "女"}
ID_NUMBER = factories.id_number("19850703", 422)
OTHER_NUMBER = factories.id_number("19580201", 422)


@pytest.fixture
def wang(group: Area) -> Member:
    """A woman born in July 1985, at 1号楼 2901, whose phone is known."""
    known: dict[str, Any] = {"sex": "female", "birth_date": "1985-07-03", "phone": "19900002901"}
    return factories.person("测试王", group, room="2901", **known)


def one(community: Area, *more: dict[str, str], **given: str) -> PlannedRow:
    return only_row(preview(sheet(cells("测试王", **given), *more), community))


# Against the register ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"室号": "2901", "性别": "女"}, Status.SAME),
        ({"室号": "2901", **BORN}, Status.SAME),
        ({"室号": "2901", "性别": "女", "出生年月": "1985年7月"}, Status.SAME),
        ({"室号": "2901", "性别": "女", "出生年月": "1958-02-01"}, Status.DOUBT),
        ({"室号": "2901", "性别": "女", "出生年月": "1985年3月"}, Status.DOUBT),
        ({"室号": "2901", "性别": "男", "出生年月": "1985-07-03"}, Status.DOUBT),
        ({"室号": "2901", "性别": "男", "出生年月": "1958-02-01"}, Status.NEW),
        ({"室号": "7", "联系电话": "19900002901", "性别": "女"}, Status.CHANGED),
        ({"室号": "7", "联系电话": "19900002901", "性别": "男"}, Status.DOUBT),
        ({"室号": "7", "联系电话": "19900002901", "性别": "男", "出生年月": "1958-02-01"}, Status.NEW),
        ({"室号": "2901", "身份证号": ID_NUMBER, "性别": "女"}, Status.CHANGED),
        ({"室号": "2901", "身份证号": OTHER_NUMBER, "性别": "女"}, Status.DOUBT),
    ],
)
def test_what_contradicts_is_no_match(community: Area, wang: Member, given: dict[str, str], status: str) -> None:
    row = one(community, **given)
    assert (row.status, not {"sex", "birth_date", "name"} & row.writes.keys() or row.member is None) == (status, True)


def test_the_doubt_says_what_contradicts(logged_in: Any, secretary: User, community: Area, wang: Member) -> None:
    upload = preview(sheet(cells("测试王", 室号="2901", 性别="女", 出生年月="1958-02-01")), community, secretary)
    assert only_row(upload).likely == [(wang.pk, "出生年月")]
    page = logged_in(secretary).get(f"/roster/{upload.pk}/?show=doubt").content.decode()
    assert "出生年月与表里写的不同" in page


def test_the_clerks_choice_overwrites_neither_sex_nor_birth_date(community: Area, wang: Member) -> None:
    upload = preview(sheet(cells("测试王", 室号="2901", 性别="女", 出生年月="1958-02-01", 特长="书法")), community)
    steps.choose_step(upload, {only_row(upload).key: str(wang.pk)})
    write(RosterImport.objects.get(pk=upload.pk))
    wang.refresh_from_db()
    assert (wang.birth_date, wang.skills) == ("1985-07-03", "书法")


def test_a_day_known_better_and_an_id_number_are_taken(community: Area, wang: Member) -> None:
    Member.objects.filter(pk=wang.pk).update(birth_date="1985-07")
    assert one(community, 室号="2901", **BORN).writes == {"birth_date": "1985-07-03"}
    wang.know_by(ID_NUMBER)
    wang.sex = "male"
    wang.save()
    assert one(community, 室号="2901", 身份证号=ID_NUMBER, 性别="女").writes["sex"] == "female"


def test_another_person_behind_the_door_is_registered_beside_them(community: Area, wang: Member) -> None:
    rows = cells("测试王", 室号="2901", **BORN), cells("测试王", 室号="2901", 性别="女", 出生年月="1958-02-01")
    upload = preview(sheet(*rows), community)
    assert statuses(upload) == [Status.SAME, Status.DOUBT]
    steps.choose_step(upload, {plan_of(upload).rows[1].key: "new"})
    write(RosterImport.objects.get(pk=upload.pk))
    assert statuses(preview(sheet(*rows), community)) == [Status.SAME] * 2


def test_a_phone_of_the_one_and_a_door_of_the_other_are_asked_about(community: Area, group: Area, wang: Member) -> None:
    other = factories.person("测试王", group, room="7", sex="female", birth_date="")
    row = one(community, 室号="7", 联系电话="19900002901", 性别="女")
    assert (row.status, row.candidates) == (Status.DOUBT, sorted([wang.pk, other.pk]))


def test_who_moved_within_the_street_is_asked_about(community: Area, station: Area, wang: Member) -> None:
    factories.building("2号楼", station)
    row = one(community, 楼组="2号楼", 室号="5", **BORN)
    assert (row.status, row.candidates) == (Status.DOUBT, [wang.pk])


# Coming back ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, Status.DOUBT),
        (BORN, Status.DOUBT),
        ({"出生年月": "1958-02-01"}, Status.NEW),
        ({"联系电话": "19911110000"}, Status.NEW),
        ({"联系电话": "19911110000", **BORN}, Status.DOUBT),
        ({"联系电话": "19900002901"}, Status.CHANGED),
    ],
)
def test_who_comes_back_is_offered(community: Area, wang: Member, given: dict[str, str], status: str) -> None:
    wang.leave()
    row = one(community, **{"性别": "女", "室号": "5"} | given)
    assert row.status == status
    assert row.candidates == ([wang.pk] if status == Status.DOUBT else [])


def test_a_choice_brings_them_back(community: Area, wang: Member) -> None:
    wang.leave()
    upload = preview(sheet(cells("测试王", 性别="女", 室号="5")), community)
    steps.choose_step(upload, {only_row(upload).key: str(wang.pk)})
    write(RosterImport.objects.get(pk=upload.pk))
    assert Member.objects.filter(name="测试王").count() == 1
    assert wang.home
    assert (wang.home.room, wang.home.until) == ("5", None)


def test_whoever_left_another_community_is_not_shown(
    logged_in: Any, secretary: User, community: Area, group: Area, other_group: Area
) -> None:
    factories.person("王外面", other_group, sex="female", birth_date="1949-10-01", phone="19900004910").leave()
    upload = preview(sheet(cells("王外面", 性别="女")), community, secretary)
    page = logged_in(secretary).get(f"/roster/{upload.pk}/?show=doubt").content.decode()
    assert "本街道别处登记过的同名党员" in page
    assert "1949" not in page
    assert "4910" not in page


# Rows of one file ----------------------------------------------------------------------------------------------------
def test_four_people_of_two_names_behind_two_doors(reported: Reporting) -> None:
    report = reported("12-same-name-one-door.xlsx", check=False)
    assert report["counts"] == {"new": 4, "changed": 0, "same": 0, "error": 0, "doubt": 0}
    assert sorted(Member.objects.values_list("name", "birth_date")) == [
        ("测试刘军", "1960-05-05"),
        ("测试刘军", "1962-05-05"),
        ("测试王", "1958-02-01"),
        ("测试王", "1985-07-03"),
    ]
    assert reported("12-same-name-one-door.xlsx")["counts"]["same"] == 4


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({}, {}, Status.DOUBT),
        ({}, {"性别": "女"}, Status.DOUBT),
        ({"联系电话": "19900000001"}, {"联系电话": "19900000002"}, Status.DOUBT),
        ({"联系电话": "19900000001", "室号": ""}, {"联系电话": "19900000002", "室号": ""}, Status.NEW),
        ({"联系电话": "19900000001"}, {"联系电话": "19900000001", "室号": "7"}, Status.ERROR),
        ({"联系电话": "19900000001"}, {"联系电话": "19900000001", "性别": "女"}, Status.DOUBT),
        (BORN, BORN, Status.ERROR),
        (BORN, BORN | {"室号": "7"}, Status.DOUBT),
        (BORN, {"出生年月": "1958-02-01", "性别": "女"}, Status.NEW),
        ({"身份证号": ID_NUMBER, "性别": ""}, {"身份证号": OTHER_NUMBER, "性别": ""}, Status.NEW),
    ],
)
def test_two_rows_of_one_name(community: Area, group: Area, first: dict, second: dict, status: str) -> None:
    upload = preview(sheet(cells("测试王", **first), cells("测试王", **second)), community)
    assert statuses(upload) == [Status.NEW, status]


def test_of_two_rows_in_doubt_both_may_be_registered(community: Area, group: Area) -> None:
    upload = preview(sheet(cells("测试王"), cells("测试王")), community)
    row = plan_of(upload).rows[1]
    assert (row.asked, row.options) == ("与第 2 行姓名、住址相同", ["new", "skip"])
    steps.choose_step(upload, {row.key: "new"})
    write(RosterImport.objects.get(pk=upload.pk))
    assert Member.objects.filter(name="测试王").count() == 2


def test_a_door_of_two_rows_leads_to_nobody_for_sure(community: Area, wang: Member) -> None:
    Member.objects.filter(pk=wang.pk).update(birth_date="")
    upload = preview(sheet(cells("测试王", 室号="2901", 性别="女"), cells("测试王", 室号="2901", **BORN)), community)
    assert statuses(upload) == [Status.DOUBT] * 2


def test_nine_ways_to_write_the_dot_with_one_phone_are_one_person(community: Area, group: Area) -> None:
    rows = [cells("测试都·合曼", 联系电话="19900002200", 室号=str(200 + number)) for number in range(9)]
    upload = preview(sheet(*rows), community)
    assert statuses(upload) == [Status.NEW, *[Status.ERROR] * 8]
    assert {message.partition("，")[0] for _, _, message in errors(upload)} == {"与第 2 行姓名、电话相同"}


def test_many_rows_of_one_name_and_door_take_no_more_time_each(community: Area, group: Area) -> None:
    upload = preview(sheet(*[cells("测试王", 联系电话=f"199{number:08}") for number in range(3_000)]), community)
    assert statuses(upload).count(Status.NEW) == 1


def test_bringing_in_a_twin_twice_asks_again(community: Area, group: Area) -> None:
    bring_in(sheet(cells("测试王")), community)
    assert statuses(preview(sheet(cells("测试王"), cells("测试王")), community)) == [Status.DOUBT] * 2


# Whatever the register and the roster -------------------------------------------------------------------------------
GROUPS = ("0001000100010001", "0001000100010002")
AREAS = [("0001", 1, "街道", "街道"), ("00010001", 2, "社区", "社区"), ("000100010001", 3, "小区", "小区")]
AREAS += [(path, 4, f"{path[-1]}号楼", f"{path[-1]}号楼") for path in GROUPS]
DAYS = st.sampled_from(["", "1985", "1985-07", "1985-07-03", "1985-07-04", "1958-02-01"])
FACTS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["王芳", "刘军"]),
        "sex": st.sampled_from(["male", "female"]),
        "birth_date": DAYS,
        "id_digest": st.sampled_from(["", "", "a", "b"]),
        "phone_digest": st.sampled_from(["", "1", "2"]),
    }
)
KNOWN = st.lists(st.tuples(FACTS, st.sampled_from(["", *GROUPS]), st.sampled_from(["", "101", "102"])), max_size=5)
ROWS = st.lists(st.tuples(FACTS, st.sampled_from(["1号楼", "2号楼"]), st.sampled_from(["", "101"])), max_size=5)


def _basis(known: Any) -> Basis:
    people = [(pk, *(facts.get(name, "") or None for name in COLUMNS)) for pk, (facts, _, _) in enumerate(known)]
    people = [tuple("" if value is None else value for value in person) for person in people]
    homes = [(pk, pk, path, path, room, None) for pk, (_, path, room) in enumerate(known) if path]
    return Basis(people=people, homes=homes, areas=AREAS, names=[], employers=[], aliases=[], shared=set())


def _reading(rows: Any) -> Reading:
    entries = []
    for number, (facts, group, room) in enumerate(rows):
        values = {name: text for name, text in {**facts, "group": group, "room": room}.items() if text}
        values |= {"phone": facts["phone_digest"]} if facts["phone_digest"] else {}
        entries.append(RosterEntry("表", number, values | {"affiliation": "local"}, []))
    return Reading([SheetNote("表", 1, {"name": "姓名", "group": "楼组"}, [], 0)], entries)


@settings(max_examples=300, deadline=None)
@given(known=KNOWN, rows=ROWS)
def test_no_row_changes_whom_it_contradicts(known: Any, rows: Any) -> None:
    """Nor does it overwrite name, sex or birth date without the ID number; nor do two rows change one member."""
    terms = Terms(Area(path="000100010001", level=3, name="小区"), date(2026, 1, 1), [subtree("0001")])
    reading, changed = _reading(rows), []
    for row, entry in zip(make_plan(reading, terms, _basis(known)).rows, reading.entries, strict=True):
        if row.member is None or row.status not in (Status.CHANGED, Status.SAME):
            continue
        facts = known[row.member][0]
        against = contradictions(facts, entry.values)
        changed.append(row.member)
        assert "id_digest" not in against
        assert not {"sex", "birth_date"} <= set(against)
        if facts["id_digest"] != entry.values.get("id_digest", "?"):
            assert not against
            assert facts["name"] == entry.values["name"]
    assert len(changed) == len(set(changed))
