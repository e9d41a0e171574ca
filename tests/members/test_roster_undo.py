"""Taking a roster back: what it made goes, what it changed returns, what was edited since stays."""

from datetime import date

import pytest

from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Duty, Employer, Member, Residence, RosterImport, User
from members.roster import steps
from tests import factories
from tests.members.uploads import bring_in, cells, everything, sheet

ID_NUMBER = factories.id_number("19780512", 431)
CODE = factories.credit_code("MA1ABCDE1")
IN_POST = {"在职/在册": "在职", "工作单位": "上海大众"}


@pytest.fixture
def newcomers(community: Area, group: Area, secretary: User) -> RosterImport:
    """An applied roster of two people, with a new employer and a new group."""
    rows = cells("新人甲", **IN_POST), cells("新人乙", 楼组="12号楼")
    return bring_in(sheet(*rows), community, secretary, create_groups=True)


def names() -> list[str]:
    return sorted(Member.objects.values_list("name", flat=True))


def test_what_was_created_goes(newcomers: RosterImport, group: Area) -> None:
    steps.undo_step(newcomers)
    assert newcomers.status == RosterImport.Status.UNDONE
    assert newcomers.kept == []
    assert not Member.objects.exists()
    assert not Residence.objects.exists()
    assert not Employer.objects.exists()
    assert list(Area.objects.filter(level=4)) == [group]


def test_what_went_is_in_the_history(newcomers: RosterImport) -> None:
    steps.undo_step(newcomers)
    for history in (Member.history, Residence.history):
        kinds = history.filter(roster_import=newcomers).order_by("history_id").values_list("history_type", flat=True)
        assert list(kinds) == ["+", "+", "-", "-"]


def test_what_was_changed_returns(community: Area, station: Area, member: Member, secretary: User) -> None:
    factories.building("2号楼", station)
    before = everything()
    row = cells(
        "欧阳建国", 身份证号=ID_NUMBER, 楼组="2号楼", 室号="5", 特长="书法", 联系电话="19911112222", 参加楼组党小组="是"
    )
    done = bring_in(
        sheet(row | {"在职/在册": "在职", "工作单位": "上海嘉定仪表厂", "党员类别": "预备党员"}), community, secretary
    )
    assert Member.objects.get().phone == "19911112222"
    steps.undo_step(done)
    assert everything() == before


def test_a_mended_home_returns(community: Area, member: Member) -> None:
    before = everything()
    done = bring_in(sheet(cells("欧阳建国", 身份证号=ID_NUMBER, 室号="303", **IN_POST)), community)
    steps.undo_step(done)
    assert everything() == before


def test_an_employers_added_code_goes_again(community: Area, group: Area) -> None:
    factories.employer("上海大众")
    before = everything()
    done = bring_in(sheet(cells("新人甲", **IN_POST, 统一社会信用代码=CODE)), community)
    steps.undo_step(done)
    assert everything() == before


def test_whoever_was_edited_since_stays_and_is_listed(newcomers: RosterImport, secretary: User) -> None:
    edited = Member.objects.get(name="新人甲")
    edited.skills = "水电"
    edited.save()
    steps.undo_step(newcomers)
    assert names() == ["新人甲"]
    assert edited.home
    assert newcomers.kept == RosterImport.objects.get(pk=newcomers.pk).kept == [edited.pk]
    assert Employer.objects.filter(name="上海大众").exists()


def test_whoever_moved_since_stays(newcomers: RosterImport, other_group: Area) -> None:
    moved = Member.objects.get(name="新人乙")
    moved.move(to=other_group)
    steps.undo_step(newcomers)
    assert names() == ["新人乙"]
    assert moved.residences.count() == 2
    assert Area.objects.filter(name="12号楼").exists()


def test_whoever_has_a_past_home_added_since_stays(newcomers: RosterImport, other_group: Area) -> None:
    remembered = Member.objects.get(name="新人甲")
    Residence(member=remembered, area=other_group, since=date(2010, 1, 1), until=date(2012, 1, 1)).save()
    steps.undo_step(newcomers)
    assert names() == ["新人甲"]


def test_whoever_took_up_a_duty_or_a_login_since_stays(newcomers: RosterImport) -> None:
    first, second = Member.objects.order_by("pk")
    Duty(member=first, kind=Duty.Kind.HELPER).save()
    factories.user("zuzhang9", member=second)
    steps.undo_step(newcomers)
    assert newcomers.kept == [first.pk, second.pk]


def test_a_change_made_since_is_not_overwritten(community: Area, member: Member) -> None:
    done = bring_in(sheet(cells("欧阳建国", 身份证号=ID_NUMBER, 室号="302", 特长="书法", **IN_POST)), community)
    edited = Member.objects.get()
    edited.remark = "热心"
    edited.save()
    steps.undo_step(done)
    edited.refresh_from_db()
    assert (edited.skills, edited.remark, done.kept) == ("书法", "热心", [edited.pk])


def test_a_later_import_counts_as_an_edit(newcomers: RosterImport, community: Area) -> None:
    later = bring_in(sheet(cells("新人甲", 特长="书法", **IN_POST)), community)
    first = Member.objects.get(name="新人甲")
    steps.undo_step(newcomers)
    assert newcomers.kept == [first.pk]
    steps.undo_step(later)
    first.refresh_from_db()
    assert first.skills == ""


def test_an_employer_that_others_use_stays(newcomers: RosterImport, other_group: Area) -> None:
    unit = Employer.objects.get()
    factories.person("别的人", other_group, affiliation="in_post", employer=unit)
    steps.undo_step(newcomers)
    assert Employer.objects.get() == unit


def test_a_group_with_a_leader_stays(newcomers: RosterImport, outsider: User) -> None:
    made = Area.objects.get(name="12号楼")
    factories.post(outsider, PostKind.LEADER, made)
    steps.undo_step(newcomers)
    assert Area.objects.filter(pk=made.pk).exists()


def test_others_are_left_alone(newcomers: RosterImport, member: Member, other_member: Member) -> None:
    before = Member.objects.filter(pk__in=[member.pk, other_member.pk]).values()
    kept = list(before)
    steps.undo_step(newcomers)
    assert list(before.all()) == kept


def test_the_trail_tells_of_it(newcomers: RosterImport, community: Area) -> None:
    steps.undo_step(newcomers)
    entry = AuditEntry.objects.get(action="undo")
    assert (entry.row, entry.area_path, entry.changes) == (str(newcomers.pk), community.path, {"kept": 0})


def test_one_takes_back_once(newcomers: RosterImport) -> None:
    twin = RosterImport.objects.get(pk=newcomers.pk)
    steps.undo_step(newcomers)
    with pytest.raises(Conflict, match="已撤销"):
        steps.undo_step(twin)


def test_only_what_was_written_is_taken_back(community: Area, group: Area) -> None:
    pending = RosterImport.objects.create(area=community, file_name="a.csv", status=RosterImport.Status.REVIEW)
    with pytest.raises(Conflict, match="待核对"):
        steps.undo_step(pending)
