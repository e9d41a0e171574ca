"""The rules judge the row as it is once they hold it, whatever their caller read before; a repeat adds nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.forms.visits import TapForm
from activities.models import Activity, Attendance, Need, SignIn, Visit
from activities.models.needs import EMPTIED
from activities.rules import honouring, needing, recording, sign_in, visiting
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Member, Pairing, User
from members.web.acts import done
from tests import factories
from tests.racing import raced

TODAY = timezone.localdate()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture
def planned(group: Area) -> Activity:
    return factories.activity(group, is_held=False)


@pytest.fixture
def pair(group: Area, member: Member) -> Pairing:
    return factories.pairing(factories.household(group, "302"), factories.household(group, "303"))


@pytest.fixture
def words(group: Area) -> dict[str, Any]:
    return {"area": group, "title": "读书会", "held_on": TODAY, "field": "culture"}


def closed(area: Area) -> None:
    Area.objects.filter(pk=area.pk).update(until=TODAY)


# Meanwhile -----------------------------------------------------------------------------------------------------------
def test_what_was_put_off_meanwhile_is_not_held(planned: Activity) -> None:
    Activity.objects.filter(pk=planned.pk).update(held_on=TOMORROW)
    with pytest.raises(ValidationError, match="日期还没到"):
        planned.hold()
    assert Activity.objects.get().is_planned


def test_what_was_held_meanwhile_is_not_put_off(planned: Activity) -> None:
    Activity.objects.get().hold()
    with pytest.raises(ValidationError, match="已举办的活动，日期不能晚于今天"):
        recording.correct(planned, held_on=TOMORROW)
    assert Activity.objects.get().held_on == TODAY


def test_what_was_cancelled_meanwhile_gets_no_code(planned: Activity) -> None:
    Activity.objects.get().cancel()
    with pytest.raises(ValidationError, match="只有还没办的活动"):
        planned.open_signing_in()
    assert Activity.objects.get().sign_in_code == ""


def test_a_code_that_somebody_made_meanwhile_stays(planned: Activity) -> None:
    """It may be on a poster already."""
    Activity.objects.get().open_signing_in()
    code = Activity.objects.get().sign_in_code
    planned.open_signing_in()
    assert (planned.sign_in_code, Activity.objects.get().sign_in_code) == (code, code)


def test_what_was_emptied_meanwhile_is_not_resumed(group: Area) -> None:
    need = factories.need(group)
    need.withdraw()
    Need.objects.update(text=EMPTIED)
    with pytest.raises(ValidationError, match="内容已按规定清空"):
        need.resume()


def test_what_was_done_meanwhile_is_not_mended(group: Area, member: Member) -> None:
    need = factories.need(group)
    stale = Need.objects.get()
    need.claim(members=[member])
    need.finish()
    with pytest.raises(Conflict, match="已经办结或撤回"):
        needing.mend(stale, text="别的事")


def test_nothing_is_written_of_an_area_closed_meanwhile(words: dict, group: Area, other_group: Area) -> None:
    need, activity, honour = factories.need(group), factories.activity(group), factories.honour(group)
    closed(other_group)
    for write in (
        lambda: recording.record(**words | {"area": other_group}),
        lambda: recording.correct(activity, area=other_group),
        lambda: needing.write_down(area=other_group, text="修灯"),
        lambda: needing.mend(need, area=other_group),
        lambda: honouring.give(area=other_group, year=2024, kind="commended", deeds="好。"),
        lambda: honouring.correct(honour, area=other_group),
    ):
        with pytest.raises(ValidationError, match=r"停用了|没有启用"):
            write()


def test_what_stands_in_a_closed_area_can_be_corrected(group: Area) -> None:
    activity = factories.activity(group)
    closed(group)
    assert recording.correct(activity, title="读书会").title == "读书会"


def test_a_pairing_that_ended_meanwhile_is_not_visited(pair: Pairing, leader: User) -> None:
    form = TapForm({"pairing": pair.pk, "kind": "door"}, user=leader)
    assert form.is_valid()
    Pairing.objects.update(until=TODAY)
    assert not done(form, lambda: visiting.record(**form.cleaned_data))
    assert form.non_field_errors() == [f"这一对已于 {TODAY} 结束，请核对日期。"]
    assert not Visit.objects.exists()


def test_what_is_gone_is_not_corrected(group: Area) -> None:
    honour = factories.honour(group)
    type(honour).objects.all().delete()
    with pytest.raises(ValidationError, match="已经没有了"):
        honouring.correct(honour, deeds="好。")


# Twice ---------------------------------------------------------------------------------------------------------------
def test_a_plan_sent_again_as_held_is_the_same_activity(words: dict) -> None:
    plan, _ = recording.record(is_plan=True, **words)
    again, is_new = recording.record(**words)
    assert (again.pk, is_new, again.is_held) == (plan.pk, False, True)


def test_of_several_of_a_name_the_same_one_is_found(words: dict) -> None:
    """One was given the other's name afterwards."""
    first, _ = recording.record(**words)
    second, _ = recording.record(**words | {"title": "读书", "result": "读完了"})
    recording.correct(second, title="读书会")
    assert recording.record(**words) == (first, False)
    with pytest.raises(recording.AlreadyThere, match="“读书会”已经登记过了"):
        recording.record(**words | {"result": "没读完"})


def test_an_import_finds_what_somebody_recorded_meanwhile(words: dict) -> None:
    recording.record(**words)
    with pytest.raises(recording.AlreadyThere):
        recording.add_all([Activity(**words)], is_import=True)
    recording.add_all([Activity(**words, status="cancelled", cancelled_at=timezone.now())], is_import=True)
    assert Activity.objects.count() == 2


def test_a_tap_on_a_visit_with_a_word_is_that_visit(pair: Pairing) -> None:
    visit = factories.visit(pair, on=TODAY, note="送米")
    assert visiting.record(pair, kind="door") == (visit, False)
    with pytest.raises(ValidationError, match="已经登记过了"):
        visiting.record(pair, kind="door", note="送油")


def test_a_sign_in_is_answered_once(planned: Activity, member: Member, group: Area, secretary: User) -> None:
    other = factories.person("文来客", group)
    row = SignIn.objects.create(activity=planned, name="欧阳", phone_end="5678")
    assert str(sign_in.answer(planned, {row.pk: member.pk}, user=secretary)) == "新登记 1 人，共登记 1 人。"
    assert sign_in.answer(planned, {row.pk: other.pk}, user=secretary) is None
    assert [each.member for each in Attendance.objects.all()] == [member]


def test_a_sign_in_is_no_answer_for_whoever_may_not_record(planned: Activity, member: Member, instructor: User) -> None:
    row = SignIn.objects.create(activity=planned, name="欧阳", phone_end="5678")
    assert sign_in.answer(planned, {row.pk: member.pk}, user=instructor) is None
    assert SignIn.objects.exists()


def test_what_came_of_it_is_one_entry_with_the_state(planned: Activity) -> None:
    planned.hold(residents_reached=20, result="干净了")
    (entry,) = AuditEntry.objects.filter(model="activities.Activity", action="change")
    assert entry.changes.keys() >= {"status", "recorded_at", "residents_reached", "result"}
    with pytest.raises(ValidationError, match="最多填 99999"):
        factories.activity(planned.area, title="读书会", is_held=False).hold(residents_reached=100_000)


# At once -------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_recorded_at_once_it_is_one(words: dict) -> None:
    ends = raced(*[lambda: recording.record(**words)] * 3)
    assert sorted(is_new for _, is_new in ends) == [False, False, True]
    assert Activity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_moves_and_is_recorded_at_once_does_not_lock_up(words: dict, group: Area, other_group: Area) -> None:
    """Each takes the area first, then the activity."""
    one, _ = recording.record(**words)
    two, _ = recording.record(**words | {"area": other_group, "title": "合唱"})
    raced(
        lambda: recording.correct(one, area=other_group),
        lambda: recording.correct(two, area=group),
        lambda: recording.record(**words | {"title": "合唱", "area": other_group}),
    )
    assert Activity.objects.count() in (2, 3)


@pytest.mark.django_db(transaction=True)
def test_held_and_put_off_at_once(planned: Activity) -> None:
    one, other = Activity.objects.get(), Activity.objects.get()
    raced(one.hold, lambda: recording.correct(other, held_on=TOMORROW))
    stored = Activity.objects.get()
    assert (stored.is_held, stored.held_on) in ((True, TODAY), (False, TOMORROW))


@pytest.mark.django_db(transaction=True)
def test_done_and_mended_at_once(group: Area, member: Member) -> None:
    need = factories.need(group)
    need.claim(members=[member])
    stale = Need.objects.get()
    raced(need.finish, lambda: needing.mend(stale, text="换灯泡"))
    stored = Need.objects.get()
    assert (stored.status, list(stored.members.all())) == ("done", [member])
