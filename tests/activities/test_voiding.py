"""An activity recorded by mistake is voided and put back; one wrong person is struck and put back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Attendance, StruckAttendance
from activities.rules import latest, recording
from activities.rules.attendance import change, enrol, note_duties, put_back, strike
from activities.rules.voiding import unvoid, void
from louzu.models import FiguresOfDay
from louzu.rules import figures
from members.ground.audit import acting
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Member, User
from tests import factories

TODAY = timezone.localdate()
TICK = Attendance.Source.TICK


@pytest.fixture
def activity(station: Area, member: Member, secretary: User) -> Activity:
    """Held yesterday, with one who came in a role."""
    event = factories.activity(station, held_on=TODAY - timedelta(days=1), residents_reached=9)
    enrol(event, [member.pk], user=secretary, source=TICK, duties={member.pk: "helper"})
    return Activity.objects.get(pk=event.pk)


def fresh(activity: Activity) -> Activity:
    return Activity.objects.select_related("area").get(pk=activity.pk)


def rows() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Activity, Attendance, StruckAttendance)]


def test_it_is_out_of_lists_and_figures_and_back_as_it_was(
    activity: Activity, street: Area, secretary: User, logged_in: Any, api: Any
) -> None:
    browser, session = logged_in(secretary), api(secretary)
    before, day = rows(), activity.held_on
    counted = figures.count_days(street, day, day)

    def told() -> list[bool]:
        pages = (
            "activities/",
            f"activities/calendar/?month={day:%Y-%m}",
            "search/?q=大扫除",
            "admin/activities/activity/",
        )
        listed = [activity.title in browser.get(f"/{page}").content.decode() for page in pages]
        called = [bool(session.get(f"/api/v1/{call}").json()["results"]) for call in ("activities", "attendances")]
        return [*listed, *called, session.get(f"/api/v1/activities/{activity.pk}").status_code == 200]

    assert told() == [True] * 7
    void(activity, user=secretary)
    assert told() == [False] * 7
    assert figures.count_days(street, day, day) != counted
    assert (fresh(activity).voided_by, fresh(activity).is_voided) == (secretary, True)
    unvoid(fresh(activity))
    assert told() == [True] * 7
    assert (rows(), figures.count_days(street, day, day)) == (before, counted)
    trail = AuditEntry.objects.filter(model="activities.Activity", changes__has_key="status").order_by("pk")
    assert [entry.changes["status"] for entry in trail][-2:] == [["held", "voided"], ["voided", "held"]]


@pytest.mark.parametrize("status", ["planned", "held", "cancelled"])
def test_it_comes_back_in_its_own_status(station: Area, secretary: User, status: str) -> None:
    event = factories.activity(station, is_held=status == "held")
    if status == "cancelled":
        event.cancel()
    if status == "planned":
        event.open_signing_in()
    before = rows()
    void(event, user=secretary)
    assert not Activity.objects.with_signing_in(event.sign_in_code, TODAY).exists()
    unvoid(fresh(event))
    assert rows() == before


def test_what_the_lists_leave_out_is_found_where_it_is_put_back(
    activity: Activity, secretary: User, leader: User, instructor: User, logged_in: Any
) -> None:
    void(activity, user=secretary)
    browser, page = logged_in(secretary), f"/activities/{activity.pk}/"
    assert activity.title in browser.get("/activities/voided/").content.decode()
    assert "撤销作废" in browser.get(page).content.decode()
    assert "撤销作废" not in logged_in(instructor).get(page).content.decode()
    assert activity.title not in logged_in(leader).get("/activities/voided/").content.decode()
    for step in ("edit", "tick", "paste", "came", "poster", "hold"):
        assert browser.get(f"{page}{step}/").status_code == 404
    with pytest.raises(ValidationError, match="已经作废，不能改参加的人"):
        enrol(activity, [], user=secretary, source=TICK)
    with pytest.raises(Conflict, match="已经作废，不能再修改"):
        recording.correct(activity, title="别的")
    Activity.objects.update(voided_at=timezone.now() - timedelta(days=7, seconds=1))
    assert activity.title not in browser.get("/activities/voided/").content.decode()
    answer = browser.post(f"{page}unvoid/", follow=True).content.decode()
    assert "作废已经超过 7 天，不能撤销了" in answer
    assert fresh(activity).is_voided


def test_twice_or_after_somebody_else_says_who(activity: Activity, secretary: User, street_officer: User) -> None:
    with pytest.raises(Conflict, match="没有作废，或者已经撤销了作废"):
        unvoid(activity)
    seen = latest.newest(activity)
    with acting(street_officer):
        strike(activity, [activity.attendances.get().member_id], user=street_officer)
    with pytest.raises(Conflict, match=rf"没有作废：{street_officer} \d+月\d+日 \d\d:\d\d 去掉了 1 人"):
        void(activity, user=secretary, seen=seen)
    with acting(secretary):
        void(activity, user=secretary, seen=latest.newest(activity))
    with pytest.raises(Conflict, match=f"已经作废过了（{secretary}"):
        void(activity, user=street_officer)
    with acting(street_officer):
        unvoid(activity)
    with pytest.raises(Conflict, match=f"已经撤销了作废（{street_officer} .*撤销了作废"):
        unvoid(activity)


def test_one_that_was_recorded_anew_stays_voided(activity: Activity, secretary: User) -> None:
    void(activity, user=secretary)
    fields = {name: getattr(activity, name) for name in recording.FIELDS}
    again, is_new = recording.record(**fields)
    assert is_new
    with pytest.raises(ValidationError, match=r"后来重新登记过.*两次只能留一次"):
        unvoid(fresh(activity))
    void(again, user=secretary)
    unvoid(fresh(activity))
    assert fresh(activity).is_held


def test_days_that_are_kept_are_counted_anew(activity: Activity, street: Area, secretary: User) -> None:
    figures.keep_days(street, activity.held_on, activity.held_on)
    kept = list(FiguresOfDay.objects.order_by("pk").values())
    void(activity, user=secretary)
    assert not figures.differences(street, activity.held_on, activity.held_on)
    assert list(FiguresOfDay.objects.order_by("pk").values()) != kept
    unvoid(fresh(activity))
    assert list(FiguresOfDay.objects.order_by("pk").values()) == kept


def test_one_wrong_person_is_struck_and_put_back(
    activity: Activity, member: Member, secretary: User, leader: User, logged_in: Any
) -> None:
    browser, page, named = logged_in(secretary), f"/activities/{activity.pk}/", {"member": member.pk}
    before = rows()
    answer = browser.post(f"{page}strike/", named)
    assert answer.headers["Location"] == f"{page}#came-{member.pk}"
    assert not activity.attendances.exists()
    assert f"放回{member}" in browser.get(page).content.decode()
    browser.post(f"{page}put-back/", named)
    assert rows() == before
    twice = browser.post(f"{page}put-back/", named, follow=True).content.decode()
    assert "没有可以放回的人" in twice
    assert rows() == before
    html = browser.get(page).content.decode()
    assert (f"去掉{member}" in html, "lz-undo" in html) == (True, False)
    change(activity, before=[member.pk], ticked=[], user=secretary)
    enrol(activity, [member.pk], user=secretary, source=TICK)
    assert "lz-undo" not in browser.get(page).content.decode()
    with pytest.raises(ValidationError, match=r"后来又登记过了，不用放回（.*登记了 1 人）"):
        put_back(activity, [member.pk], user=secretary)
    with pytest.raises(ValidationError, match="没有这次活动"):
        put_back(activity, [member.pk], user=leader)


def test_after_a_week_nobody_is_put_back(activity: Activity, member: Member, secretary: User) -> None:
    strike(activity, [member.pk], user=secretary)
    StruckAttendance.objects.update(struck_at=timezone.now() - timedelta(days=7, seconds=1))
    with pytest.raises(ValidationError, match="去掉已经超过 7 天"):
        put_back(activity, [member.pk], user=secretary)
    assert StruckAttendance.objects.expired(timezone.now()).count() == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.sampled_from(["tick", "duty", "strike"]), max_size=4), who=st.sets(st.integers(0, 2), min_size=1)
)
def test_striking_and_putting_back_leaves_everything_as_it_was(
    activity: Activity, group: Area, secretary: User, steps: list[str], who: set[int]
) -> None:
    """Whatever was recorded before: rows and figures are as they were."""
    with transaction.atomic():
        people = [factories.person(f"党员{name}", group) for name in "甲乙丙"]
        enrol(activity, [one.pk for one in people], user=secretary, source=Attendance.Source.PASTE)
        for step, one in zip(steps, people * 2, strict=False):
            if step == "duty":
                note_duties(activity, {one.pk: "watcher"}, user=secretary)
            elif step == "strike":
                strike(activity, [one.pk], user=secretary)
                enrol(activity, [one.pk], user=secretary, source=TICK)
        chosen = [people[index].pk for index in who]
        StruckAttendance.objects.all().delete()
        before, counted = rows(), figures.count_days(activity.area, activity.held_on, TODAY)
        assert strike(activity, chosen, user=secretary) == len(chosen)
        assert rows() != before
        assert put_back(activity, chosen, user=secretary) == len(chosen)
        assert (rows(), figures.count_days(activity.area, activity.held_on, TODAY)) == (before, counted)
        transaction.set_rollback(True)
