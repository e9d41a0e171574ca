"""A roster's preview: what each row would do, row for row, and nothing is written."""

from typing import Any

import pytest

from members.models import Area, Member, RosterImport, User
from members.roster import steps
from members.roster.planned import Status
from tests import factories
from tests.members.uploads import called, cells, errors, everything, only_row, plan_of, preview, sheet, statuses, write

ID_NUMBER = factories.id_number("19780512", 431)


@pytest.fixture
def many(group: Area) -> list[Member]:
    """Twenty members, enough to judge a second roster by."""
    return [factories.person(called(number), group, room=str(number)) for number in range(20)]


def test_a_refused_upload_says_why_and_is_not_kept(community: Area) -> None:
    refused = preview(b"\x89PNG\r\n\x1a\n" + bytes(100), community)
    assert refused.status == RosterImport.Status.REFUSED
    assert refused.message
    assert refused.content is None


def test_a_preview_writes_nothing(community: Area, group: Area, member: Member) -> None:
    before = everything()
    roster = preview(sheet(cells("新人甲"), cells("欧阳建国", 身份证号=ID_NUMBER, 特长="书法")), community)
    assert roster.status == RosterImport.Status.REVIEW
    assert everything() == before


def test_the_id_number_and_the_phone_are_not_kept_in_the_clear(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲", 身份证号=ID_NUMBER, 联系电话="19900000001")), community)
    for kept in (bytes(roster.content or b""), bytes(roster.plan or b"")):
        assert ID_NUMBER.encode() not in kept
        assert b"19900000001" not in kept
    row = only_row(roster)
    assert row.status == Status.NEW
    assert ID_NUMBER not in str(row)


def test_a_row_that_says_what_is_known_is_the_same(community: Area, member: Member) -> None:
    known = cells("欧阳建国", **{"在职/在册": "在职"}, 身份证号=ID_NUMBER, 工作单位="上海嘉定仪表厂", 室号="302")
    roster = preview(sheet(known | {"联系电话": "+86 199-0000-5678", "出生年月": "1978-05"}), community)
    assert statuses(roster) == [Status.SAME]


def test_changed_fields_show_old_and_new(community: Area, member: Member, group: Area) -> None:
    known = cells(
        "欧阳建国", **{"在职/在册": "在职"}, 身份证号=ID_NUMBER, 工作单位="上海大众", 室号="303", 特长="书法、水电"
    )
    row = only_row(
        preview(sheet(known | {"党员类别": "预备党员", "参加楼组党小组": "否", "联系电话": "19911112222"}), community)
    )
    assert (row.status, row.member, row.home) == (Status.CHANGED, member.pk, "mend")
    assert row.changes == {
        "phone": ["（原号码）", "199****2222"],
        "standing": ["正式党员", "预备党员"],
        "skills": ["", "书法、水电"],
        "employer": ["上海嘉定仪表厂", "上海大众"],
        "room": ["302", "303"],
        "joined": ["2020-03-01", "否"],
    }


def test_an_empty_cell_leaves_what_is_there(community: Area, member: Member) -> None:
    row = {
        "姓名": "欧阳建国",
        "身份证号": ID_NUMBER,
        "在职/在册": "在职",
        "工作单位": "上海嘉定仪表厂",
        "小区": "迎晖苑",
        "楼组": "1幢",
    }
    roster = preview(sheet(row | {"室号": "", "联系电话": "无", "特长": "—", "党员类别": "/"}), community)
    assert statuses(roster) == [Status.SAME]


@pytest.mark.parametrize(
    "known_by",
    [
        {"身份证号": ID_NUMBER, "室号": "999"},
        {"联系电话": "19900005678", "室号": "999"},
        {"室号": "302"},
    ],
)
def test_who_is_known_by_number_phone_or_room(community: Area, member: Member, known_by: dict[str, str]) -> None:
    row = only_row(preview(sheet(cells("欧阳建国", **known_by)), community))
    assert row.member == member.pk


def test_a_name_alone_is_never_enough(community: Area, station: Area, member: Member) -> None:
    factories.building("2号楼", station)
    elsewhere, here = plan_of(
        preview(sheet(cells("欧阳建国", 楼组="2号楼"), cells("欧阳建国", 室号="7")), community)
    ).rows
    assert (elsewhere.status, elsewhere.candidates) == (Status.NEW, [])
    assert (here.status, here.candidates) == (Status.DOUBT, [member.pk])


def test_another_id_number_is_another_person(community: Area, member: Member) -> None:
    other = factories.id_number("19780512", 433)
    row = only_row(preview(sheet(cells("欧阳建国", 室号="302", 身份证号=other)), community))
    assert (row.status, row.member) == (Status.NEW, None)


def test_a_new_name_under_a_known_id_number_is_a_change(community: Area, member: Member) -> None:
    row = only_row(preview(sheet(cells("欧阳建新", 室号="302", 身份证号=ID_NUMBER)), community))
    assert (row.member, row.changes["name"]) == (member.pk, ["欧阳建国", "欧阳建新"])


@pytest.mark.parametrize(
    ("choice", "status"), [("same", "changed"), ("new", "new"), ("skip", "skipped"), ("999999", "doubt")]
)
def test_doubts_are_settled_by_the_clerks_choice(community: Area, member: Member, choice: str, status: str) -> None:
    roster = preview(sheet(cells("欧阳建国", 室号="7")), community)
    key = only_row(roster).key
    steps.choose_step(roster, {key: str(member.pk) if choice == "same" else choice})
    row = only_row(RosterImport.objects.get(pk=roster.pk))
    assert (row.status, row.member) == (status, member.pk if choice == "same" else None)


def test_doubts_hold_up_the_writing(community: Area, member: Member) -> None:
    roster = preview(sheet(cells("欧阳建国", 室号="7")), community)
    with pytest.raises(steps.NotReady, match="1 行待确认"):
        steps.check_ready(roster, plan_of(roster), only_good=False, confirmed=True)


def test_errors_hold_up_the_writing(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲"), cells("新人乙", 楼组="77号楼")), community)
    with pytest.raises(steps.NotReady, match="还有 1 行有错误"):
        steps.check_ready(roster, plan_of(roster), only_good=False, confirmed=True)
    steps.check_ready(roster, plan_of(roster), only_good=True, confirmed=True)


def test_nothing_new_needs_no_writing(community: Area, member: Member) -> None:
    roster = preview(
        sheet(cells("欧阳建国", **{"在职/在册": "在职"}, 室号="302", 工作单位="上海嘉定仪表厂")), community
    )
    with pytest.raises(steps.NotReady, match="没有需要写入的内容"):
        steps.check_ready(roster, plan_of(roster), only_good=False, confirmed=True)


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({"身份证号": ID_NUMBER, "室号": "1"}, {"身份证号": ID_NUMBER, "室号": "2"}, "id_number"),
        ({"联系电话": "19900000001", "室号": "1"}, {"联系电话": "199 0000 0001", "室号": "2"}, "phone"),
        ({"楼组": "1号楼", "出生年月": "1980-01-02"}, {"楼组": "1幢", "出生年月": "1980-01-02"}, "name"),
    ],
)
def test_a_person_named_twice_is_an_error_of_the_second_row(
    community: Area, group: Area, first: dict, second: dict, field: str
) -> None:
    roster = preview(sheet(cells("新人甲", **first), cells("新人甲", **second)), community)
    ((row, where, message),) = errors(roster)
    assert (row, where) == (3, field)
    assert message.startswith("与第 2 行")
    assert "是同一个人" in message


def test_two_rows_that_meet_one_member_are_an_error(community: Area, member: Member) -> None:
    rows = cells("欧阳建国", 身份证号=ID_NUMBER, 室号="302"), cells("欧阳建国", 联系电话="19900005678", 室号="302")
    assert errors(preview(sheet(*rows), community)) == [(3, "name", "与第 2 行对上了同一位党员，请核对这两行")]


def test_one_id_number_for_two_names_is_noted(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲", 身份证号=ID_NUMBER), cells("新人乙", 身份证号=ID_NUMBER)), community)
    assert statuses(roster) == [Status.NEW, Status.NEW]
    assert plan_of(roster).notes == ["第 2 行新人甲、第 3 行新人乙的身份证号相同，将按不同的人登记，请核对证件。"]


def test_moving_house_is_shown(community: Area, station: Area, member: Member) -> None:
    factories.building("2号楼", station)
    roster = preview(sheet(cells("欧阳建国", 身份证号=ID_NUMBER, 楼组="2号楼", 室号="5")), community)
    row = only_row(roster)
    assert (row.status, row.home, row.changes["home"]) == (
        Status.CHANGED,
        "move",
        ["第一社区 迎晖苑 1号楼 302", "第一社区 迎晖苑 2号楼 5"],
    )
    assert roster.counts["moving"] == 1


def test_whoever_lives_out_of_scope_is_refused(
    secretary: User, community: Area, group: Area, other_group: Area
) -> None:
    factories.person("王外面", other_group, id_number=ID_NUMBER)
    roster = preview(sheet(cells("王外面", 身份证号=ID_NUMBER)), community, secretary)
    ((row, field, message),) = errors(roster)
    assert (row, field) == (2, "id_number")
    assert "登记在本街道别的地方" in message


def test_the_street_may_move_anyone(street_officer: User, street: Area, group: Area, other_group: Area) -> None:
    factories.person("王外面", other_group, id_number=ID_NUMBER)
    roster = preview(sheet(cells("王外面", 社区="第一社区", 身份证号=ID_NUMBER)), street, street_officer)
    assert only_row(roster).home == "move"


def test_who_left_the_street_comes_back(community: Area, moved_away: Member) -> None:
    moved_away.know_by(ID_NUMBER)
    moved_away.save()
    row = only_row(preview(sheet(cells("曾国强", 身份证号=ID_NUMBER)), community))
    assert (row.status, row.member, row.home) == (Status.CHANGED, moved_away.pk, "in")


def test_the_other_streets_members_are_unknown(community: Area, group: Area, other_street: Area) -> None:
    factories.person("王外面", Area.objects.inside(other_street).get(level=4), id_number=ID_NUMBER)
    assert statuses(preview(sheet(cells("王外面", 身份证号=ID_NUMBER)), community)) == [Status.NEW]


def test_who_is_not_on_the_list_is_named(
    community: Area, member: Member, other_member: Member, moved_away: Member
) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    assert plan_of(roster).absent == [member.pk]
    assert roster.counts["absent"] == 1


def test_who_stands_in_an_unclear_row_is_not_called_absent(community: Area, member: Member) -> None:
    roster = preview(sheet(cells("欧阳建国", 楼组="77号楼")), community)
    assert plan_of(roster).absent == []


def test_many_changes_call_for_a_second_look(community: Area, many: list[Member]) -> None:
    rows = [cells(person.name, 室号=str(number), 特长="书法") for number, person in enumerate(many[:7])]
    roster = preview(sheet(*rows), community)
    (warning,) = plan_of(roster).warnings
    assert "现有 20 名党员中有 7 名的资料将被修改" in warning
    with pytest.raises(steps.NotReady, match="勾选“我已核对”"):
        steps.check_ready(roster, plan_of(roster), only_good=False, confirmed=False)
    steps.check_ready(roster, plan_of(roster), only_good=False, confirmed=True)


def test_a_few_changes_do_not(community: Area, many: list[Member]) -> None:
    rows = [
        cells(person.name, 室号=str(number), 特长="书法" if number < 6 else "") for number, person in enumerate(many)
    ]
    assert plan_of(preview(sheet(*rows), community)).warnings == []


def test_a_strange_roster_calls_for_a_second_look(community: Area, many: list[Member]) -> None:
    rows = [cells(called(number + 20), 室号=str(number)) for number in range(10)]
    plan = plan_of(preview(sheet(*rows, cells(many[0].name, 室号="0", 党员类别="预备党员")), community))
    (warning,) = plan.warnings
    assert "只有 1 行能与现有党员对上" in warning


def test_a_list_of_newcomers_is_no_warning(community: Area, many: list[Member]) -> None:
    rows = [cells(called(number + 20), 室号=str(number)) for number in range(10)]
    plan = plan_of(preview(sheet(*rows), community))
    assert plan.warnings == []
    assert "如果这是新来党员的名单，可以直接写入" in plan.notes[0]


def test_a_first_roster_warns_of_nothing(community: Area, group: Area) -> None:
    rows = [cells(called(number + 20), 室号=str(number)) for number in range(12)]
    assert plan_of(preview(sheet(*rows), community)).warnings == []


def test_planning_takes_as_many_queries_for_many_rows_as_for_few(
    community: Area, many: list[Member], django_assert_max_num_queries: Any
) -> None:
    rows = [cells(called(number + 20), 室号=str(number)) for number in range(60)]
    with django_assert_max_num_queries(25):
        preview(sheet(*rows), community)


def test_a_second_look_after_writing_finds_all_the_same(community: Area, group: Area) -> None:
    content = sheet(
        cells(
            "新人甲", 身份证号=ID_NUMBER, 参加楼组党小组="是", 联系电话="19900000001", 特长="书法", 出生年月="1978年5月"
        ),
        cells("新人乙", **{"在职/在册": "在职"}, 工作单位="上海大众", 室号="2", 参加楼组党小组="2024-05-01"),
        cells("新人丙", 楼组="12号楼", 室号="3", 入党时间="1998"),
    )
    assert write(preview(content, community, create_groups=True)).counts["new"] == 3
    assert statuses(preview(content, community, create_groups=True)) == [Status.SAME] * 3
