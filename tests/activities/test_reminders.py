"""Reminders: who may send them, when they are refused, how they close by themselves, and two clicks at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from activities.models import Reminder
from activities.rules.due import latest
from activities.rules.reminding import ALL_REMINDED, open_reminders, remind, remind_all
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.racing import raced

TODAY = timezone.localdate()
DAY = timedelta(days=1)
STATION, GROUP = Area.Level.STATION, Area.Level.BUILDING_GROUP


def sent(area: Area, by: User, *, days_ago: int = 0, period: Any = None) -> Reminder:
    """A reminder sent so many days ago, of the running period or another."""
    period = period or latest(area.level, TODAY, 1)[0]
    at = timezone.now() - days_ago * DAY
    return Reminder.objects.create(area=area, first=period.first, last=period.last, sent_by=by, sent_at=at)


def sentences(user: User, today: date = TODAY) -> list[str]:
    return [each.sentence for each in open_reminders(user, today)]


def reminded(area: Area, by: User) -> Reminder:
    return remind(area, by=by, today=TODAY)


# Who may, and when ---------------------------------------------------------------------------------------------------
def test_the_street_reminds_the_secretary(street_officer: User, secretary: User, station: Area) -> None:
    reminder = reminded(station, street_officer)
    week = latest(STATION, TODAY, 1)[0]
    assert (reminder.first, reminder.last, reminder.sent_by) == (week.first, week.last, street_officer)
    [line] = open_reminders(secretary, TODAY)
    assert line.sentence == "街道提醒：迎晖苑本周还没有活动"
    assert line.url == f"/activities/add/?area={station.pk}&on={TODAY}"
    assert line.sent_on == TODAY
    entry = AuditEntry.objects.get(model="activities.Reminder")
    assert (entry.action, entry.area_path) == ("create", station.path)


def test_each_tier_has_its_words(
    street_officer: User, secretary: User, community: Area, station: Area, group: Area
) -> None:
    for area in (group, community):
        reminded(area, street_officer)
    assert sentences(secretary) == [
        "街道提醒：第一社区本月还没有活动",
        "街道提醒：迎晖苑 1号楼本季还没有活动或走访",
    ]


@pytest.mark.parametrize("who", ["secretary", "liaison", "leader", "instructor", "auditor", "outsider", "far_officer"])
def test_nobody_but_the_street_reminds(request: Any, group: Area, who: str) -> None:
    user = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        reminded(group, user)
    with pytest.raises(PermissionDenied):
        remind_all(group, level=GROUP, by=user, today=TODAY)
    assert not Reminder.objects.exists()


def refused(area: Area, by: User) -> str:
    with pytest.raises(ValidationError) as refusal:
        reminded(area, by)
    return refusal.value.messages[0]


def test_what_is_not_missing_is_not_reminded_of(street_officer: User, street: Area, station: Area) -> None:
    factories.activity(station)
    unready = factories.building("5号楼", station, stage="none", established_on=None)
    for area in (street, station, unready):
        assert refused(area, street_officer) == f"“{area.name}”现在没有缺的，不用提醒。"


def test_a_place_is_reminded_of_once_a_week(street_officer: User, community: Area) -> None:
    sent(community, street_officer, days_ago=6)
    day = TODAY - 6 * DAY
    assert refused(community, street_officer) == (
        f"“第一社区”{day.month}月{day.day}日已经提醒过了，满 7 天才能再提醒。"
    )
    Reminder.objects.update(sent_at=timezone.now() - 7 * DAY)
    reminded(community, street_officer)
    assert Reminder.objects.count() == 2


def test_a_closed_place_is_not_reminded_of(street_officer: User, station: Area) -> None:
    station.close(on=TODAY)
    assert refused(station, street_officer) == "“迎晖苑”已经停用，不用提醒。"


# All at once ---------------------------------------------------------------------------------------------------------
def test_all_of_a_community_are_reminded_of_in_one_go(
    street_officer: User, secretary: User, other_secretary: User, community: Area, station: Area, other_group: Area
) -> None:
    groups = [factories.building(f"{number}号楼", station) for number in range(1, 31)]
    factories.activity(groups[0])
    sent(groups[1], street_officer, days_ago=2)
    made = remind_all(community, level=GROUP, by=street_officer, today=TODAY)
    assert {each.area_id for each in made} == {each.pk for each in groups[2:]}
    assert len(sentences(secretary)) == 29
    assert sentences(other_secretary) == []
    entry = AuditEntry.objects.get(model="activities.Reminder", changes__areas=28)
    assert (entry.area_path, entry.action, entry.changes["level"]) == (community.path, "create", GROUP)
    for level, sentence in ((GROUP, ALL_REMINDED), (1, "“第一社区”现在没有缺的，不用提醒。"), (9, "没有缺的")):
        with pytest.raises(ValidationError, match=sentence):
            remind_all(community, level=level, by=street_officer, today=TODAY)


def test_all_take_as_many_queries_as_two(
    street_officer: User, station: Area, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 60):
        factories.building(f"{number}号楼", station)
    with django_assert_max_num_queries(16):
        remind_all(station, level=GROUP, by=street_officer, today=TODAY)
    assert Reminder.objects.count() == 59


# Closing by itself ---------------------------------------------------------------------------------------------------
def test_it_closes_when_an_activity_is_recorded(street_officer: User, secretary: User, station: Area) -> None:
    reminded(station, street_officer)
    plan = factories.activity(station, is_held=False)
    factories.activity(station, title="别的一期", held_on=TODAY - 7 * DAY)
    assert len(sentences(secretary)) == 1
    plan.hold()
    assert sentences(secretary) == []
    plan.reopen()
    assert len(sentences(secretary)) == 1


def test_a_visit_closes_that_of_a_group_alone(
    street_officer: User, secretary: User, station: Area, group: Area, member: Member
) -> None:
    for area in (station, group):
        reminded(area, street_officer)
    pair = factories.pairing(factories.household(group, "302"), factories.household(group, "401"))
    factories.visit(pair, on=TODAY)
    assert sentences(secretary) == ["街道提醒：迎晖苑本周还没有活动"]


def test_it_closes_with_its_place(street_officer: User, secretary: User, station: Area, group: Area) -> None:
    reminded(group, street_officer)
    group.close(on=TODAY)
    assert sentences(secretary) == []


def test_it_stays_for_a_week_after_its_period(street_officer: User, secretary: User, station: Area) -> None:
    sent(station, street_officer)
    week = latest(STATION, TODAY, 1)[0]
    assert sentences(secretary, week.last) == ["街道提醒：迎晖苑本周还没有活动"]
    for day in (week.last + DAY, week.last + 7 * DAY):
        [line] = open_reminders(secretary, day)
        assert line.sentence == "街道提醒：迎晖苑上周没有活动，办过的请补登记"
        assert line.url.endswith(f"&on={week.last}")
    assert sentences(secretary, week.last + 8 * DAY) == []
    factories.activity(station, held_on=week.first)
    assert sentences(secretary, week.last + DAY) == []


def test_two_reminders_of_a_month_are_one_line(street_officer: User, secretary: User, community: Area) -> None:
    sent(community, street_officer, days_ago=7)
    sent(community, street_officer)
    assert [each.sent_on for each in open_reminders(secretary, TODAY)] == [TODAY]


def test_only_the_secretary_of_the_community_is_told(
    street_officer: User, secretary: User, other_secretary: User, liaison: User, leader: User, far_secretary: User,
    superuser: User, outsider: User, group: Area,
) -> None:  # fmt: skip
    reminded(group, street_officer)
    told = [user.username for user in User.objects.order_by("pk") if open_reminders(user, TODAY)]
    assert told == [secretary.username]


def test_a_secretary_who_left_is_not_told(street_officer: User, secretary: User, group: Area) -> None:
    reminded(group, street_officer)
    secretary.roles.update(until=TODAY)
    assert sentences(User.objects.get(pk=secretary.pk)) == []


def test_what_is_open_takes_two_queries(
    street_officer: User, secretary: User, station: Area, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 40):
        factories.building(f"{number}号楼", station)
    remind_all(station, level=GROUP, by=street_officer, today=TODAY)
    reader = User.objects.get(pk=secretary.pk)
    with django_assert_max_num_queries(2):
        assert len(open_reminders(reader, TODAY)) == 39


# Pages ---------------------------------------------------------------------------------------------------------------
def test_the_page_has_a_button_until_it_is_pressed(
    logged_in: Any, street_officer: User, secretary: User, community: Area, station: Area, group: Area
) -> None:
    client: Client = logged_in(street_officer)
    thin, remind_it = f"/thin/{community.pk}/", f'formaction="/thin/{station.pk}/remind/"'
    assert remind_it in client.get(thin).content.decode()
    answer = client.post(f"/thin/{station.pk}/remind/", {"back": f"{thin}#missing-3"}, follow=True)
    assert answer.redirect_chain == [(f"{thin}#missing-3", 302)]
    page = answer.content.decode()
    assert remind_it not in page
    assert f"已提醒（{TODAY.month}月{TODAY.day}日）" in page
    assert "已提醒：迎晖苑。登记以后，提醒会自动消失。" in page
    assert "街道提醒（" in logged_in(secretary).get(thin).content.decode()


def test_a_secretary_has_no_button(logged_in: Any, secretary: User, community: Area, group: Area) -> None:
    client: Client = logged_in(secretary)
    assert "formaction" not in client.get(f"/thin/{community.pk}/").content.decode()
    assert client.post(f"/thin/{group.pk}/remind/").status_code == 403
    assert client.post(f"/thin/{community.pk}/remind-all/", {"level": 4}).status_code == 403


def test_all_of_a_community_by_one_button(
    logged_in: Any, street_officer: User, community: Area, station: Area, group: Area, other_group: Area
) -> None:
    client: Client = logged_in(street_officer)
    factories.building("3号楼", station)
    street, door = f"/thin/{Area.objects.get(level=1).pk}/", f"/thin/{community.pk}/remind-all/"
    assert f'formaction="{door}">提醒全部 2 处</button>' in client.get(street).content.decode()
    answer = client.post(door, {"level": 4, "back": street}, follow=True)
    assert "已提醒“第一社区”里缺的地方" in answer.content.decode()
    assert "这个社区还没有书记的登录账号" in answer.content.decode()
    assert set(Reminder.objects.values_list("area__name", flat=True)) == {"1号楼", "3号楼"}
    for level, sentence in (("4", ALL_REMINDED), ("", "没有缺的"), ("9" * 30, "没有缺的"), ("四", "没有缺的")):
        assert sentence in client.post(door, {"level": level}, follow=True).content.decode()


def test_the_list_of_the_api(api: Any, street_officer: User, secretary: User, group: Area, other_group: Area) -> None:
    client = api(street_officer)
    for area in (group, other_group):
        assert client.post("/api/v1/reminders", {"area": area.pk}, format="json").status_code == 201
    again = client.post("/api/v1/reminders", {"area": group.pk}, format="json")
    assert again.status_code == 400
    assert "已经提醒过了" in str(again.json()["errors"])
    factories.activity(other_group)
    rows = client.get("/api/v1/reminders").json()["results"]
    assert {row["label"]: row["is_done"] for row in rows} == {
        "第二社区 仓场公寓 2号楼": True,
        "第一社区 迎晖苑 1号楼": False,
    }
    inside = api(secretary).get("/api/v1/reminders").json()["results"]
    assert [row["area"] for row in inside] == [group.pk]
    assert client.get(f"/api/v1/reminders?inside={other_group.pk}").json()["results"][0]["area"] == other_group.pk


def test_the_lists_ask_a_constant_number_of_queries(
    api: Any, logged_in: Any, street_officer: User, station: Area, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 30):
        factories.building(f"{number}号楼", station)
    remind_all(station, level=GROUP, by=street_officer, today=TODAY)
    calls, client = api(street_officer), logged_in(street_officer)
    with django_assert_max_num_queries(8):
        assert len(calls.get("/api/v1/reminders").json()["results"]) == 29
    client.get("/admin/activities/reminder/")
    with django_assert_max_num_queries(12):
        assert "29号楼" in client.get("/admin/activities/reminder/").content.decode()


# Races ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def place(transactional_db: None) -> tuple[Area, User]:
    """A group that several connections see, and the street's officer."""
    street = factories.area("新成路街道", division_code="310114001")
    compound = factories.area("迎晖苑", factories.area("第一社区", street))
    return factories.building("1号楼", compound), factories.official("jiedao", PostKind.STREET, street)


def test_two_clicks_at_once_make_one(place: tuple[Area, User]) -> None:
    group, officer = place
    whole = Area.objects.get(name="第一社区")
    officer.roles.all()  # each thread reads the posts for itself
    acts = [lambda: reminded(group, officer), lambda: remind_all(whole, level=GROUP, by=officer, today=TODAY)]
    ends = raced(*(acts * 3))
    assert sum(not isinstance(end, Exception) for end in ends) == 1
    assert {type(end) for end in ends if isinstance(end, Exception)} == {ValidationError}
    assert Reminder.objects.count() == 1


def test_a_reminder_against_the_activity(place: tuple[Area, User]) -> None:
    """Either it was sent before, and is done at once, or it was refused."""
    group, officer = place
    end, _ = raced(lambda: reminded(group, officer), lambda: factories.activity(group))
    assert isinstance(end, ValidationError) == (not Reminder.objects.exists())
    assert Reminder.objects.waiting().count() == 0
    assert connection.vendor in {"sqlite", "postgresql"}
