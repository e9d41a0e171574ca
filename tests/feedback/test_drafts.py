"""Drafts follow when an activity is voided or somebody struck; cards past a draft stand in the way, or are told of."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Attendance, StruckAttendance
from activities.rules.attendance import enrol, put_back, strike
from activities.rules.voiding import unvoid, void
from feedback.ground.periods import CardPeriod
from feedback.models import FeedEvent, RecordCard
from feedback.rules import agreeing, issuing, making, withdrawing
from louzu.rules import figures
from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, Consent, Member, User
from tests import factories
from tests.cards import fresh, in_post
from tests.racing import raced

TODAY = timezone.localdate()
PERIOD = CardPeriod.on(TODAY, months=6)
Status = RecordCard.Status


@pytest.fixture
def people(group: Area) -> list[Member]:
    return [in_post(f"党员{name}", group, room=f"10{index}") for index, name in enumerate("甲乙丙丁")]


@pytest.fixture
def activities(station: Area, people: list[Member], secretary: User) -> list[Activity]:
    """Three of one day; each member came to all of them, one in a role."""
    return [held(station, title, people, secretary) for title in ("扫楼道", "读书会", "包粽子")]


def held(place: Area, title: str, people: list[Member], user: User) -> Activity:
    event = factories.activity(place, title=title, held_on=max(PERIOD.first, TODAY - timedelta(days=1)))
    enrol(event, [one.pk for one in people], user=user, source="tick", duties={people[0].pk: "helper"})
    return event


def made(street: Area) -> list[RecordCard]:
    making.make(street, PERIOD)
    return list(RecordCard.objects.select_related("member", "employer", "area").order_by("pk"))


def rows() -> list[Any]:
    models = (Activity, Attendance, StruckAttendance, RecordCard, FeedEvent, Consent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def titles(card: RecordCard) -> list[str]:
    return [line["title"] for line in fresh(card).lines]


def moved(card: RecordCard, to: str) -> None:
    """Bring a draft as far as this status."""
    if to == Status.DRAFT:
        return
    agreeing.show(card)
    if to == Status.OBJECTED:
        agreeing.object_to(fresh(card), reason="没去过")
    if to in (Status.AGREED, Status.ISSUED, Status.WITHDRAWN):
        agreeing.agree(fresh(card), how=RecordCard.How.PAPER)
    if to in (Status.ISSUED, Status.WITHDRAWN):
        issuing.issue(fresh(card))
    if to == Status.WITHDRAWN:
        withdrawing.withdraw(fresh(card), RecordCard.Withdrawal.MISTAKE)


def test_drafts_lose_the_line_and_regain_it(
    activities: list[Activity], street: Area, secretary: User, logged_in: Any
) -> None:
    cards, page = made(street), f"/activities/{activities[1].pk}/"
    cards[0].write(sentence="热心。", left_out=[cards[0].lines[1]["key"]])
    before, browser = rows(), logged_in(secretary)
    html = browser.get(f"{page}void/").content.decode()
    assert "4 人参加" in html
    assert "4 张记录卡草稿会去掉这一条，撤销时补回来。" in html
    browser.post(f"{page}void/", {"seen": "999999999"})
    assert [titles(card) for card in cards] == [["扫楼道", "包粽子"]] * 4
    assert making.make(street, PERIOD).refreshed == 0
    browser.post(f"{page}unvoid/")
    assert rows() == before
    assert making.make(street, PERIOD).refreshed == 0


@pytest.mark.parametrize("status", ["shown", "agreed", "objected", "issued"])
def test_a_card_past_a_draft_comes_first(
    activities: list[Activity], street: Area, secretary: User, leader: User, logged_in: Any, status: str
) -> None:
    card, page = made(street)[0], f"/activities/{activities[0].pk}/void/"
    moved(card, status)
    before, browser = rows(), logged_in(secretary)
    html = browser.get(page).content.decode()
    assert f'<a href="/cards/{card.pk}/">{card}（{fresh(card).get_status_display()}）</a>' in html
    assert "作废这次活动" not in html
    assert "没有作废：有记录卡写着它" in browser.post(page, follow=True).content.decode()
    assert rows() == before
    if status == "issued":
        withdrawing.withdraw(fresh(card), RecordCard.Withdrawal.MISTAKE)
    else:
        agreeing.correct(fresh(card))
    browser.post(page)
    assert Activity.objects.get(pk=activities[0].pk).is_voided
    assert (
        making.remake(fresh(card)).lines[0]["title"] == "读书会" if status == "issued" else titles(card)[0] == "读书会"
    )


def test_a_line_that_was_left_out_does_not_stand_in_the_way(
    activities: list[Activity], street: Area, secretary: User
) -> None:
    card = made(street)[0]
    card.write(sentence="", left_out=[card.lines[0]["key"]])
    moved(card, Status.ISSUED)
    void(activities[0], user=secretary)
    assert titles(card) == ["扫楼道", "读书会", "包粽子"]


def test_a_leader_is_told_whom_to_ask_and_of_no_cards(
    group: Area, street: Area, people: list[Member], secretary: User, leader: User, logged_in: Any
) -> None:
    """Leaders see no cards (docs/design/privacy.md): not how many there are, nor whose."""
    event, browser = held(group, "楼里的事", people[:1], secretary), logged_in(leader)
    card, page = made(street)[0], f"/activities/{event.pk}/void/"
    html = browser.get(page).content.decode()
    assert ("作废这次活动" in html, "记录卡" in html.partition("<main")[2]) == (True, False)
    moved(card, Status.SHOWN)
    main = browser.get(page).content.decode().partition("<main")[2]
    assert "现在不能作废：有记录卡用到了这次活动。请找社区书记" in main
    assert ("作废这次活动" in main, "张记录卡" in main, "/cards/" in main) == (False, False, False)
    told = browser.post(page, follow=True).content.decode()
    assert ("要由社区书记先处理记录卡" in told, "张记录卡" in told) == (True, False)
    assert not Activity.objects.get(pk=event.pk).is_voided


def test_a_card_of_another_community_is_not_counted(
    group: Area, other_community: Area, street: Area, people: list[Member], secretary: User, logged_in: Any
) -> None:
    """A member who moved on has their card elsewhere in the street."""
    event, browser = held(group, "楼里的事", people[:2], secretary), logged_in(secretary)
    here, elsewhere = made(street)
    moved(here, Status.SHOWN)
    moved(elsewhere, Status.SHOWN)
    RecordCard.objects.filter(pk=elsewhere.pk).update(area=other_community)
    main = browser.get(f"/activities/{event.pk}/void/").content.decode().partition("<main")[2]
    assert ("1 张记录卡写着它" in main, "别的社区也有记录卡" in main) == (True, True)
    assert (f"/cards/{here.pk}/" in main, f"/cards/{elsewhere.pk}/" in main) == (True, False)


def test_one_who_is_struck_is_out_of_the_draft_too(
    activities: list[Activity], street: Area, people: list[Member], secretary: User, logged_in: Any
) -> None:
    cards = made(street)
    cards[0].write(sentence="", left_out=[cards[0].lines[0]["key"]])
    moved(cards[1], Status.AGREED)
    before, browser, page = rows(), logged_in(secretary), f"/activities/{activities[0].pk}/"
    browser.post(f"{page}strike/", {"member": people[0].pk})
    assert [len(titles(card)) for card in cards] == [2, 3, 3, 3]
    browser.post(f"{page}put-back/", {"member": people[0].pk})
    assert rows() == before
    html = browser.post(f"{page}strike/", {"member": people[1].pk}, follow=True).content.decode()
    assert "1 张记录卡写着它，已经请本人确认或者发出" in html
    assert f'<a href="/cards/{cards[1].pk}/">' in html
    browser.post(f"{page}put-back/", {"member": people[1].pk})
    assert rows() == before


def test_what_a_member_objects_to_is_out_once_the_card_is_a_draft_again(
    activities: list[Activity], street: Area, people: list[Member], secretary: User
) -> None:
    card = made(street)[0]
    moved(card, Status.OBJECTED)
    strike(activities[0], [people[0].pk], user=secretary)
    assert len(titles(card)) == 3
    agreeing.correct(fresh(card))
    assert titles(card) == ["读书会", "包粽子"]
    put_back(activities[0], [people[0].pk], user=secretary)
    assert titles(card) == ["扫楼道", "读书会", "包粽子"]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statuses=st.lists(st.sampled_from([Status.DRAFT, Status.ISSUED, Status.WITHDRAWN]), min_size=4, max_size=4),
    left_out=st.lists(st.booleans(), min_size=4, max_size=4),
    struck=st.sets(st.integers(0, 3)),
    chosen=st.integers(0, 2),
)
def test_voiding_and_putting_back_leaves_everything_as_it_was(
    activities: list[Activity], street: Area, people: list[Member], secretary: User, statuses: list[str],
    left_out: list[bool], struck: set[int], chosen: int,
) -> None:  # fmt: skip
    """Rows, figures, drafts and feed; an issued card leaves the line out, for else it stands in the way."""
    with transaction.atomic():
        event, day = activities[chosen], activities[chosen].held_on
        strike(event, [people[index].pk for index in struck], user=secretary)
        for card, status, is_out in zip(made(street), statuses, left_out, strict=True):
            keys = [line["key"] for line in card.lines if line["title"] == event.title]
            card.write(sentence="", left_out=keys if is_out or status != Status.DRAFT else [])
            moved(fresh(card), status)
        before, counted = rows(), figures.count_days(street, day, TODAY)
        void(event, user=secretary)
        assert figures.count_days(street, day, TODAY) != counted
        drafts = RecordCard.objects.filter(status=Status.DRAFT)
        assert not [line for card in drafts for line in card.lines if line["title"] == event.title]
        unvoid(Activity.objects.get(pk=event.pk))
        assert (rows(), figures.count_days(street, day, TODAY)) == (before, counted)
        transaction.set_rollback(True)


def test_another_street_keeps_its_cards(
    far_group: Area, other_street: Area, street: Area, group: Area, secretary: User, far_officer: User
) -> None:
    """Two streets have an activity of the same name; a member moved from one to the other."""
    mover, stayer = in_post("搬家人", group, room="501"), in_post("留下人", far_group, room="502")
    here = held(group, "读书会", [mover], secretary)
    there = held(far_group, "读书会", [stayer], far_officer)
    cards = [*made(street), *made(other_street)]
    before = [titles(card) for card in cards if card.street_id == other_street.pk]
    void(here, user=secretary)
    assert [titles(card) for card in cards if card.street_id == other_street.pk] == before == [["读书会"]]
    assert Attendance.objects.for_user(far_officer).get().activity == there


def test_five_thousand_take_few_queries(
    street: Area, group: Area, street_officer: User, django_assert_max_num_queries: Any
) -> None:
    """Of 5 000 who came, each has a draft with the line: voiding takes 0.8 s, most of it for the drafts."""
    event = factories.activity(street, held_on=TODAY)
    unit = factories.employer()
    some = factories.person("众人", group, employer=unit, affiliation="in_post")
    names = [field.attname for field in Member._meta.concrete_fields if not field.primary_key and not field.unique]
    values = {name: getattr(some, name) for name in names}
    people = Member.objects.bulk_create([Member(**values) for _ in range(5_000)], batch_size=500)
    Attendance.objects.bulk_create([Attendance(activity=event, member=one, source="tick") for one in people])
    lines = dict(making.attendance_lines(Attendance.objects.filter(activity=event)))
    RecordCard.objects.bulk_create(
        [
            RecordCard(
                member=one, employer=unit, street=street, area=group.parent.parent, first_day=PERIOD.first,
                last_day=PERIOD.last, lines=[lines[one.pk], lines[one.pk] | {"key": "n1"}],
            )
            for one in people
        ]
    )  # fmt: skip
    kept = dict(RecordCard.objects.values_list("pk", "lines"))
    with django_assert_max_num_queries(90):
        void(event, user=street_officer)
    assert {tuple(line["key"] for line in lines) for lines in RecordCard.objects.values_list("lines", flat=True)} == {
        ("n1",)
    }
    with django_assert_max_num_queries(90):
        unvoid(Activity.objects.get(pk=event.pk))
    assert dict(RecordCard.objects.values_list("pk", "lines")) == kept


# Two at the same moment ----------------------------------------------------------------------------------------------
@pytest.fixture
def shared(transactional_db: None) -> Area:
    """A building that several connections see."""
    street = factories.area("新成路街道", division_code="310114001")
    return factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))


@pytest.fixture
def office(shared: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, Area.objects.streets().get())


def test_it_is_voided_once(shared: Area, office: User) -> None:
    event = held(shared, "扫楼道", [in_post("党员甲", shared)], office)
    ends = raced(*[lambda: void(Activity.objects.get(pk=event.pk), user=office)] * 4)
    assert sorted(type(end).__name__ for end in ends) == ["Conflict"] * 3 + ["NoneType"]
    ends = raced(*[lambda: unvoid(Activity.objects.get(pk=event.pk))] * 4)
    assert sorted(type(end).__name__ for end in ends) == ["Conflict"] * 3 + ["NoneType"]
    assert Activity.objects.get(pk=event.pk).is_held


@pytest.mark.parametrize("step", ["show", "issue", "make", "strike", "enrol"])
def test_voiding_against_what_cards_tell(shared: Area, office: User, step: str) -> None:
    """No card is asked about or sent with a line of a voided activity, whoever was first."""
    one, two = in_post("党员甲", shared, room="101"), in_post("党员乙", shared, room="102")
    event = held(shared, "扫楼道", [one], office)
    street = Area.objects.streets().get()
    card = None if step == "make" else made(street)[0]
    if card and step == "issue":
        moved(card, Status.AGREED)

    def other() -> Any:
        if step == "make":
            return making.make(street, PERIOD)
        if step == "strike":
            return strike(event, [one.pk], user=office)
        if step == "enrol":
            return enrol(event, [two.pk], user=office, source="tick")
        return agreeing.show_all([card.pk]) if step == "show" else issuing.issue_all([card.pk])

    ends = raced(lambda: void(Activity.objects.get(pk=event.pk), user=office), other)
    assert not isinstance(ends[1], Conflict)
    is_voided = Activity.objects.get(pk=event.pk).is_voided
    assert is_voided == (not isinstance(ends[0], Conflict))
    told = [line for each in RecordCard.objects.all() for line in each.lines]
    assert is_voided == (told == []) or step in ("strike", "enrol")
    assert step != "issue" or not is_voided
