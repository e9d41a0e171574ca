"""A roster's writing: everything or nothing, with history, against a world that may have moved."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Employer, Member, Residence, RosterImport, User
from members.models.uploads import INTERRUPTED, SILENCE
from members.roster import steps
from members.roster.tree import import_tree, street_named
from tests import factories
from tests.members.uploads import bring_in, called, cells, everything, plan_of, preview, sheet, write

ROSTERS = Path(__file__).resolve().parent.parent / "rosters"
ID_NUMBER = factories.id_number("19780512", 431)
CODE = factories.credit_code("MA1ABCDE1")
IN_POST = {"在职/在册": "在职", "工作单位": "上海大众"}
Status = RosterImport.Status


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Let the writing fail when the members are in already."""

    def arrange(error: Exception) -> None:
        def fail(*_: Any) -> None:
            assert Member.objects.filter(name="新人甲").exists()
            raise error

        monkeypatch.setattr("members.roster.apply._write_residences", fail)

    return arrange


def test_new_members_come_in_with_their_homes(community: Area, group: Area, secretary: User) -> None:
    row = cells(
        "单新人",
        性别="女",
        身份证号=factories.id_number("19780512", 432),
        联系电话="19900000001",
        参加楼组党小组="是",
        **IN_POST,
    )
    done = bring_in(
        sheet(row | {"党员类别": "中共预备党员", "入党时间": "2025年7月", "职务层次": "科级", "特长": "书法；水电"}),
        community,
        secretary,
    )
    assert (done.status, done.counts["new"]) == (Status.APPLIED, 1)
    member = Member.objects.get()
    assert (member.name, member.pinyin, member.sex, member.phone) == ("单新人", "shanxinren", "female", "19900000001")
    assert (member.standing, member.rank, member.party_since) == ("probationary", "section", "2025-07")
    assert (member.birth_date, member.skills, str(member.employer)) == ("1978-05-12", "书法、水电", "上海大众")
    assert (member.street.name, str(member.home)) == ("新成路街道", "第一社区 迎晖苑 1号楼 101")
    assert member.home
    assert (member.home.since, member.home.joined_on) == (timezone.localdate(), timezone.localdate())
    member.full_clean()


def test_who_joined_earlier_lived_there_then(community: Area, group: Area) -> None:
    bring_in(sheet(cells("新人甲", 参加楼组党小组="2024-05-01")), community)
    home = Residence.objects.get()
    assert (home.since, home.joined_on) == (date(2024, 5, 1), date(2024, 5, 1))


def test_changes_are_written_and_nothing_else(community: Area, member: Member) -> None:
    before = Member.objects.filter(pk=member.pk).values().get()
    bring_in(sheet(cells("欧阳建国", 身份证号=ID_NUMBER, 室号="303", 特长="书法", **IN_POST)), community)
    after = Member.objects.filter(pk=member.pk).values().get()
    assert {name for name in before if before[name] != after[name]} == {"skills", "employer_id"}
    home = Residence.objects.get()
    assert (home.room, home.since, home.joined_on) == ("303", factories.EARLY, factories.EARLY)


def test_moving_house_ends_the_old_home(community: Area, station: Area, member: Member) -> None:
    second = factories.building("2号楼", station)
    bring_in(sheet(cells("欧阳建国", 身份证号=ID_NUMBER, 楼组="2号楼", 室号="5", **IN_POST)), community)
    old, new = member.residences.order_by("since")
    assert (old.until, new.since, new.until) == (timezone.localdate(), timezone.localdate(), None)
    assert (new.area, new.room) == (second, "5")


def test_who_left_comes_back_to_a_new_home(community: Area, moved_away: Member) -> None:
    moved_away.know_by(ID_NUMBER)
    moved_away.save()
    bring_in(sheet(cells("曾国强", 身份证号=ID_NUMBER)), community)
    assert moved_away.residences.count() == 2
    assert moved_away.home
    assert moved_away.home.until is None


def test_employers_and_groups_are_made_once(community: Area, group: Area, secretary: User) -> None:
    rows = (
        cells("新人甲", 楼组="12号楼", **IN_POST),
        cells("新人乙", 楼组="12幢", 室号="2", **IN_POST),
        cells("新人丙", 楼组="甲楼"),
    )
    done = bring_in(sheet(*rows), community, secretary, create_groups=True)
    assert Employer.objects.get().members.count() == 2
    made = Area.objects.filter(level=4).exclude(pk=group.pk)
    labels = ["第一社区 迎晖苑 12号楼", "第一社区 迎晖苑 甲楼"]
    assert [(area.label, area.stage, area.path[-4:]) for area in made] == [
        (labels[0], "none", "0002"),
        (labels[1], "none", "0003"),
    ]
    assert set(done.counts["made"]["groups"]) == {area.pk for area in made}


def test_a_known_employer_gets_its_code(community: Area, group: Area) -> None:
    known = factories.employer("上海大众")
    bring_in(sheet(cells("新人甲", **IN_POST, 统一社会信用代码=CODE)), community)
    known.refresh_from_db()
    assert (known.credit_code, Employer.objects.count()) == (CODE, 1)


def test_bulk_writes_leave_history_with_user_and_import(community: Area, member: Member, secretary: User) -> None:
    rows = cells("欧阳建国", 身份证号=ID_NUMBER, 室号="303", **IN_POST), cells("新人甲")
    done = bring_in(sheet(*rows), community, secretary)
    for history, pks in ((Member.history, "id"), (Residence.history, "member_id")):
        kept = (
            history.filter(roster_import=done).order_by("history_type").values_list("history_type", "history_user", pks)
        )
        newcomer = Member.objects.get(name="新人甲").pk
        assert list(kept) == [("+", secretary.pk, newcomer), ("~", secretary.pk, member.pk)]
    newest = Residence.history.filter(member_id=member.pk).latest("history_id")
    assert newest.room == "303"


def test_the_trail_tells_of_the_import(community: Area, group: Area, secretary: User) -> None:
    done = bring_in(sheet(cells("新人甲")), community, secretary)
    entry = AuditEntry.objects.get(action="import")
    assert (entry.user, entry.row, entry.area_path) == (secretary, str(done.pk), community.path)
    assert entry.changes["counts"]["new"] == 1


def test_what_was_uploaded_goes_once_written(community: Area, group: Area) -> None:
    done = bring_in(sheet(cells("新人甲")), community)
    assert (done.content, done.plan) == (None, None)


def test_only_the_good_rows_on_request(community: Area, group: Area) -> None:
    done = write(preview(sheet(cells("新人甲"), cells("新人乙", 楼组="77号楼")), community), only_good=True)
    assert (done.status, [member.name for member in Member.objects.all()]) == (Status.APPLIED, ["新人甲"])
    assert done.content


def test_a_record_edited_since_the_preview_goes_back_to_review(
    community: Area, member: Member, secretary: User
) -> None:
    rows = cells("新人甲"), cells("欧阳建国", 身份证号=ID_NUMBER, 室号="302", 特长="书法", **IN_POST)
    roster = preview(sheet(*rows), community, secretary)
    edited = Member.objects.get(pk=member.pk)
    edited.skills = "水电"
    edited.save()
    before = everything()
    back = write(roster)
    assert (back.status, back.message[:11]) == (Status.REVIEW, "预览之后有 1 行对应")
    assert everything() == before
    assert plan_of(back).rows[1].changes["skills"] == ["水电", "书法"]
    assert write(back).status == Status.APPLIED
    assert Member.objects.get(pk=member.pk).skills == "书法"


def test_a_person_registered_since_the_preview_goes_back_to_review(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲", 身份证号=ID_NUMBER)), community)
    factories.person("新人甲", group, id_number=ID_NUMBER)
    before = everything()
    assert write(roster).status == Status.REVIEW
    assert everything() == before


@pytest.mark.parametrize(("name", "ends"), [("新人甲", Status.REVIEW), ("新人乙", Status.APPLIED)])
def test_who_is_registered_between_planning_and_writing_is_seen(
    community: Area, group: Area, monkeypatch: pytest.MonkeyPatch, name: str, ends: str
) -> None:
    """Behind the street's lock the plan no longer holds: it is made anew, and the clerk asked where it differs."""
    roster = preview(sheet(cells("新人甲", 身份证号=ID_NUMBER)), community)
    prepare, planned = steps._current_plan, []

    def overtaken(*arguments: Any) -> Any:
        prepared = prepare(*arguments)
        planned.append(prepared)
        if len(planned) == 1:
            factories.person(name, group, id_number=ID_NUMBER if name == "新人甲" else "")
        return prepared

    monkeypatch.setattr(steps, "_current_plan", overtaken)
    assert write(roster).status == ends
    assert Member.objects.filter(name="新人甲").count() == 1
    assert len(planned) == (2 if ends == Status.APPLIED else 1)


def test_a_street_that_never_holds_still_is_planned_behind_the_lock(
    community: Area, group: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    monkeypatch.setattr(steps, "is_current", lambda *_: False)
    assert write(roster).status == Status.APPLIED
    assert Member.objects.count() == 1


def test_a_group_closed_since_the_preview_goes_back_to_review(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    group.close()
    assert write(roster).status == Status.REVIEW
    assert not Member.objects.exists()


def test_a_record_that_was_not_touched_does_not_hold_it_up(community: Area, member: Member, group: Area) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    member.skills = "水电"
    member.save()
    assert write(roster).status == Status.APPLIED


@pytest.mark.parametrize("error", [DatabaseError("gone"), IntegrityError("twice")])
def test_a_failing_database_writes_nothing(community: Area, group: Area, breaking: Callable, error: Exception) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    before = everything()
    breaking(error)
    back = write(roster)
    assert everything() == before
    assert (back.status, bool(back.message)) == (Status.REVIEW, True)
    assert not Member.history.exists()
    assert not AuditEntry.objects.filter(action="import").exists()


def test_an_accident_in_the_middle_writes_nothing_and_says_so(community: Area, group: Area, breaking: Callable) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    before = everything()
    breaking(RuntimeError("accident"))
    roster.advance(Status.APPLYING)
    with suppress(RuntimeError):  # whether the worker hears of it too is not ours to say
        steps.apply_step(roster, only_good=False)
    back = RosterImport.objects.get(pk=roster.pk)
    assert everything() == before
    assert back.status in (Status.REVIEW, Status.FAILED)
    assert back.message


def test_a_post_lost_since_the_preview_closes_the_door(community: Area, group: Area, secretary: User) -> None:
    roster = preview(sheet(cells("新人甲")), community, secretary)
    secretary.roles.update(until=timezone.localdate() - timedelta(days=1))
    roster.advance(Status.APPLYING)
    steps.apply_step(RosterImport.objects.get(pk=roster.pk), only_good=False)
    back = RosterImport.objects.get(pk=roster.pk)
    assert (back.status, back.message) == (Status.FAILED, steps.LOCKED_OUT)
    assert not Member.objects.exists()


def test_the_second_of_two_moves_gets_a_conflict(community: Area, group: Area) -> None:
    first = preview(sheet(cells("新人甲")), community)
    second = RosterImport.objects.get(pk=first.pk)
    first.advance(Status.APPLYING)
    with pytest.raises(Conflict, match="正在写入"):
        second.advance(Status.APPLYING)
    with pytest.raises(Conflict):
        second.advance(Status.DISCARDED)
    assert second.status == Status.APPLYING


@pytest.mark.parametrize("status", [Status.UNDONE, Status.DISCARDED, Status.FAILED, Status.REFUSED])
def test_an_end_is_an_end(community: Area, status: str) -> None:
    moment = timezone.now() if status == Status.UNDONE else None
    ended = RosterImport.objects.create(
        area=community, file_name="a.csv", status=status, applied_at=moment, undone_at=moment
    )
    for target in Status:
        with pytest.raises(Conflict):
            ended.advance(target)


def test_a_status_and_its_moment_go_together(community: Area) -> None:
    with pytest.raises(IntegrityError, match="roster_applied_has_moment"):
        RosterImport.objects.create(area=community, file_name="a.csv", status=Status.APPLIED)


def test_a_write_that_lost_its_state_writes_nothing(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    RosterImport.objects.filter(pk=roster.pk).update(status=Status.DISCARDED)
    steps.apply_step(roster, only_good=False)
    assert not Member.objects.exists()
    assert RosterImport.objects.get(pk=roster.pk).status == Status.DISCARDED


def test_a_silent_worker_is_given_up(community: Area, group: Area) -> None:
    silent, busy = (preview(sheet(cells("新人甲")), community) for _ in range(2))
    for roster in (silent, busy):
        roster.advance(Status.APPLYING)
    RosterImport.objects.filter(pk=silent.pk).update(beat_at=timezone.now() - SILENCE - timedelta(seconds=1))
    assert RosterImport.objects.bury_the_silent() == 1
    silent.refresh_from_db()
    busy.refresh_from_db()
    assert (silent.status, silent.message, silent.content) == (Status.FAILED, INTERRUPTED.format("花名册"), None)
    assert busy.status == Status.APPLYING


def test_uploads_are_not_kept_for_ever(community: Area, group: Area) -> None:
    roster = preview(sheet(cells("新人甲")), community)
    assert not RosterImport.objects.expired().exists()
    RosterImport.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert list(RosterImport.objects.expired()) == [roster]


def test_writing_takes_as_many_queries_for_many_rows_as_for_few(community: Area, group: Area) -> None:
    bring_in(sheet(cells(called(99), 室号="99", **IN_POST)), community)  # the unit is known to both
    counts = []
    for start, size in ((0, 3), (20, 40)):
        roster = preview(
            sheet(*(cells(called(start + n), 室号=str(start + n), **IN_POST) for n in range(size))), community
        )
        with CaptureQueriesContext(connection) as queries:
            assert write(roster).status == Status.APPLIED
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 3


def test_the_whole_street_comes_in_and_is_the_same_again(db: None) -> None:
    import_tree((ROSTERS / "areas.xlsx").read_bytes(), street=street_named("新成路街道"), today=timezone.localdate())
    street, content = Area.objects.get(level=1), (ROSTERS / "street.xlsx").read_bytes()
    done = bring_in(content, street)
    assert (done.status, done.counts["new"], done.counts["employers"]) == (Status.APPLIED, 5_200, 12)
    people = Member.objects.for_user(factories.official("jiedao", PostKind.STREET, street))
    assert (people.count(), people.filter(affiliation="local").count()) == (5_200, 1_300)
    assert Residence.objects.filter(joined_on__isnull=False).count() == 5_100
    assert Residence.objects.values("area").distinct().count() == 873
    assert Member.history.filter(roster_import=done).count() == 5_200
    again = preview(content, street)
    assert (again.counts["same"], again.counts["new"], again.counts["changed"]) == (5_200, 0, 0)
    steps.undo_step(done)
    assert not Member.objects.exists()
    assert not Employer.objects.exists()
