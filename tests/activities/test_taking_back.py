"""One click by which many were recorded or struck is taken back from 我今天做的, unless somebody touched them since."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Attendance
from activities.rules.attendance import change, enrol, note_duties, strike
from activities.rules.taking_back import take_back
from activities.rules.voiding import void
from louzu.rules import figures
from members.ground.audit import acting
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Member, User
from members.rules.own_writes import acts_of
from tests import factories

TICK, TODAY = Attendance.Source.TICK, timezone.localdate()


@pytest.fixture
def people(group: Area) -> list[Member]:
    return [factories.person(f"党员{name}", group) for name in "甲乙丙丁"]


@pytest.fixture
def activity(group: Area) -> Activity:
    return factories.activity(group)


def rows() -> list[Any]:
    """Return what is on record; what was struck stays for a week, as history."""
    return [list(model.objects.order_by("pk").values()) for model in (Activity, Attendance)]


def wrote(user: User, act: Callable[[], Any]) -> int:
    """Let the user act; return the last entry about attendances."""
    with acting(user):
        act()
    return AuditEntry.objects.filter(model="activities.Activity", changes__has_key="attendances").latest("pk").pk


def test_two_clicks_take_a_list_back(
    activity: Activity, people: list[Member], secretary: User, logged_in: Callable[[User], Client]
) -> None:
    before, pks = rows(), [one.pk for one in people]
    wrote(secretary, lambda: enrol(activity, pks, user=secretary, source=TICK))
    browser, acts = logged_in(secretary), acts_of(secretary)[0]
    address = acts[0].writes[0].way.url
    assert f'action="{address}"' in browser.get("/mine/").content.decode()
    page = browser.post(address, {"back": "/mine/"}, follow=True)
    assert page.redirect_chain == [("/mine/", 302)]
    assert "已撤销“楼道大扫除”的登记：去掉 4 人。" in page.content.decode()
    assert rows() == before
    twice = browser.post(address, {"back": "/mine/"}, follow=True).content.decode()
    assert "后来又有改动，没有撤销：" in twice
    again = acts_of(secretary)[0][0].writes[0].way.url
    assert "放回 4 人" in browser.post(again, follow=True).content.decode()
    assert activity.attendances.count() == 4


def test_who_was_struck_comes_back_in_the_same_role(activity: Activity, people: list[Member], secretary: User) -> None:
    first, second, third, _ = (one.pk for one in people)
    enrol(activity, [first, second], user=secretary, source=TICK, duties={first: "helper"})
    before = rows()
    wrote(secretary, lambda: change(activity, before=[first, second], ticked=[third], user=secretary))
    struck, added = AuditEntry.objects.filter(changes__has_key="attendances").order_by("pk")[1:]
    assert take_back(activity, added.pk, user=secretary) == (1, 0)
    assert take_back(activity, struck.pk, user=secretary) == (0, 2)
    assert rows() == before


def test_a_plan_that_became_held_by_its_names_is_a_plan_again(
    group: Area, people: list[Member], secretary: User, logged_in: Callable[[User], Client]
) -> None:
    plan, browser = factories.activity(group, title="包粽子", is_held=False), logged_in(secretary)
    before = rows()
    browser.post(f"/activities/{plan.pk}/tick/", {"was": "", "member": [one.pk for one in people]})
    assert Activity.objects.get(pk=plan.pk).is_held
    (entry,) = AuditEntry.objects.filter(changes__has_key="attendances")
    browser.post(f"/activities/{plan.pk}/take-back/{entry.pk}/")
    assert rows() == before
    back = AuditEntry.objects.filter(changes__has_key="attendances").latest("pk")
    browser.post(f"/activities/{plan.pk}/take-back/{back.pk}/")
    assert (Activity.objects.get(pk=plan.pk).is_held, plan.attendances.count()) == (True, 4)


@pytest.mark.parametrize("touch", ["strike", "duty", "void"])
def test_what_somebody_touched_since_stays(
    activity: Activity, people: list[Member], secretary: User, liaison: User, touch: str
) -> None:
    """It says who did what, and changes nothing; what concerns others does not stand in the way."""
    first, *others = (one.pk for one in people)
    entry = wrote(secretary, lambda: enrol(activity, [first], user=secretary, source=TICK))
    with acting(liaison):
        enrol(activity, others, user=liaison, source=TICK)
        if touch == "strike":
            strike(activity, [first, others[0]], user=liaison)
        elif touch == "duty":
            note_duties(activity, {first: "helper"}, user=liaison)
        else:
            void(activity, user=liaison)
    before = rows()
    sentence = {"strike": f"{liaison} .*去掉了 2 人", "duty": f"{liaison} .*改了六员", "void": "已经作废"}[touch]
    with pytest.raises((Conflict, ValidationError), match=sentence):
        take_back(activity, entry, user=secretary)
    assert rows() == before


def test_only_one_s_own_writes_of_a_week(
    activity: Activity, people: list[Member], secretary: User, liaison: User, other_community: Area
) -> None:
    entry = wrote(secretary, lambda: enrol(activity, [people[0].pk], user=secretary, source=TICK))
    for user, number in ((liaison, entry), (secretary, 0), (secretary, AuditEntry.objects.earliest("pk").pk)):
        with pytest.raises(ValidationError, match="没有可以撤销的"):
            take_back(activity, number, user=user)
    factories.activity(people[1].home.area, title="别的活动")  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="没有可以撤销的"):
        take_back(Activity.objects.get(title="别的活动"), entry, user=secretary)
    AuditEntry.objects.filter(pk=entry).update(at=timezone.now() - timedelta(days=7, seconds=1))
    with pytest.raises(ValidationError, match="没有可以撤销的"):
        take_back(activity, entry, user=secretary)
    assert activity.attendances.count() == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    was=st.sets(st.integers(0, 3)), ticked=st.sets(st.integers(0, 3)), duty=st.sampled_from(["", "helper", "watcher"])
)
def test_a_tick_list_and_its_undo_leave_everything_as_it_was(
    activity: Activity, people: list[Member], secretary: User, was: set[int], ticked: set[int], duty: str
) -> None:
    with transaction.atomic(), acting(secretary):
        old, new = ([people[at].pk for at in some] for some in (was, ticked))
        enrol(activity, old, user=secretary, source=Attendance.Source.PASTE, duties=dict.fromkeys(old[:1], duty))
        last = AuditEntry.objects.latest("pk").pk
        before, counted = rows(), figures.count_days(activity.area, activity.held_on, TODAY)
        change(activity, before=old, ticked=new, user=secretary)
        written = AuditEntry.objects.filter(pk__gt=last, changes__has_key="attendances").order_by("-pk")
        assert written.count() == bool(set(old) - set(new)) + bool(set(new) - set(old))
        for entry in list(written):
            take_back(activity, entry.pk, user=secretary)
        assert (rows(), figures.count_days(activity.area, activity.held_on, TODAY)) == (before, counted)
        transaction.set_rollback(True)
