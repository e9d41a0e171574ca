"""The rule of who came: repeat-safe, in scope, on record, and of two people at once both win."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from activities.models import Activity, Attendance
from activities.rules.attendance import change, enrol, note_duties, strike
from members.ground import access
from members.models import AuditEntry, Duty
from tests import factories

TICK = Attendance.Source.TICK


@pytest.fixture
def activity(station) -> Activity:
    return factories.activity(station)


def names(activity: Activity) -> list[str]:
    return sorted(activity.attendances.values_list("member__name", flat=True))


def test_members_are_recorded_once(activity, member, secretary) -> None:
    first = enrol(activity, [member.pk, member.pk], user=secretary, source=TICK)
    again = enrol(activity, [member.pk], user=secretary, source=Attendance.Source.PASTE)
    assert (first.added, first.already, first.total) == (1, 0, 1)
    assert (again.added, again.already, again.total) == (0, 1, 1)
    assert activity.attendances.get().source == TICK


def test_it_says_how_many(activity, member, secretary) -> None:
    assert str(enrol(activity, [member.pk], user=secretary, source=TICK)) == "新登记 1 人，共登记 1 人。"
    assert str(enrol(activity, [member.pk], user=secretary, source=TICK)) == "没有新增，共登记 1 人。"


def test_a_member_outside_the_scope_stops_it_all(activity, member, other_member, secretary) -> None:
    with pytest.raises(ValidationError, match="有 1 位不在"):
        enrol(activity, [member.pk, other_member.pk], user=secretary, source=TICK)
    assert names(activity) == []


def test_a_member_of_another_compound_in_the_scope_may_come(activity, community, secretary) -> None:
    elsewhere = factories.building("7号楼", factories.area("塔城新村", community))
    guest = factories.person("单远志", elsewhere)
    assert enrol(activity, [guest.pk], user=secretary, source=TICK).added == 1


def test_one_who_had_moved_away_did_not_come(activity, moved_away, secretary) -> None:
    with pytest.raises(ValidationError, match="没有登记任何人"):
        enrol(activity, [moved_away.pk], user=secretary, source=TICK)


def test_an_activity_outside_the_scope_is_not_there(other_group, other_member, secretary) -> None:
    with pytest.raises(ValidationError, match="没有这次活动"):
        enrol(factories.activity(other_group), [other_member.pk], user=secretary, source=TICK)


def test_nobody_comes_to_what_is_cancelled_or_still_ahead(station, member, secretary) -> None:
    cancelled = factories.activity(station, is_held=False)
    cancelled.cancel()
    ahead = factories.activity(station, is_held=False, held_on=timezone.localdate() + timedelta(days=1))
    for activity, sentence in ((cancelled, "已经取消"), (ahead, "日期还没到")):
        with pytest.raises(ValidationError, match=sentence):
            enrol(activity, [member.pk], user=secretary, source=TICK)


def test_recording_says_that_it_was_held(station, member, secretary) -> None:
    planned = factories.activity(station, is_held=False)
    enrol(planned, [member.pk], user=secretary, source=TICK)
    planned.refresh_from_db()
    assert planned.is_held


def test_while_one_may_sign_in_it_goes_on(station, member, secretary) -> None:
    planned = factories.activity(station, is_held=False)
    planned.open_signing_in()
    enrol(planned, [member.pk], user=secretary, source=TICK)
    planned.refresh_from_db()
    assert planned.is_planned


def test_a_mistake_is_taken_back_on_record(activity, member, secretary) -> None:
    enrol(activity, [member.pk], user=secretary, source=TICK)
    assert strike(activity, [member.pk], user=secretary) == 1
    assert strike(activity, [member.pk], user=secretary) == 0
    assert names(activity) == []
    changes = [entry.changes for entry in AuditEntry.objects.filter(model="activities.Activity").order_by("pk")]
    assert [change["attendances"] for change in changes if "attendances" in change] == [
        [[], [member.pk]],
        [[member.pk], []],
    ]


def test_a_duty_is_noted(activity, member, secretary) -> None:
    enrol(activity, [member.pk], user=secretary, source=TICK)
    assert note_duties(activity, {member.pk: Duty.Kind.HELPER}, user=secretary) == 1
    assert note_duties(activity, {member.pk: Duty.Kind.HELPER}, user=secretary) == 0
    assert activity.attendances.get().duty == Duty.Kind.HELPER
    with pytest.raises(ValidationError, match="六员"):
        note_duties(activity, {member.pk: "boss"}, user=secretary)


def test_a_tick_list_changes_only_what_was_changed_on_it(activity, member, group, secretary) -> None:
    """Another secretary recorded 丙 meanwhile; this list, opened before, must not take that back."""
    one, two, meanwhile = (factories.person(name, group) for name in ("甲一", "乙二", "丙三"))
    enrol(activity, [one.pk], user=secretary, source=TICK)
    enrol(activity, [meanwhile.pk], user=secretary, source=TICK)
    recorded, struck = change(activity, before=[one.pk], ticked=[two.pk], user=secretary)
    assert (recorded.added, struck) == (1, 1)
    assert names(activity) == ["丙三", "乙二"]


def test_sixty_are_recorded_in_eight_queries(activity, group, secretary, django_assert_max_num_queries) -> None:
    members = [factories.person(f"党员{chr(0x4E00 + i)}", group, room=str(100 + i)) for i in range(60)]
    access.posts_of(secretary)
    with django_assert_max_num_queries(8):
        assert enrol(activity, [m.pk for m in members], user=secretary, source=TICK).added == 60


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_record_everybody_once(station, member, group, secretary) -> None:
    activity = factories.activity(station)
    others = [factories.person(name, group) for name in ("甲一", "乙二", "丙三")]
    start = threading.Barrier(2)
    errors: list[Exception] = []

    def record(pks: list[int]) -> None:
        try:
            start.wait(10)
            enrol(activity, pks, user=secretary, source=TICK)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=record, args=([member.pk, others[0].pk, others[1].pk],)),
        threading.Thread(target=record, args=([others[1].pk, others[2].pk, member.pk],)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert names(activity) == sorted(["欧阳建国", "甲一", "乙二", "丙三"])
