"""A secretary's week by hand: an activity with a pasted list, ticks by keyboard, visits in three taps, a lost login."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.models import Activity, Attendance, Visit
from members.ground.access import PostKind
from members.models import Area, Household, Member, User
from tests import factories

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
phone = pytest.mark.parametrize("size", ["phone"], indirect=True)

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华"


class Hand:
    """Counts clicks, and what is typed or pasted in one go."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, act: Callable[..., object], *args: object, **options: object) -> None:
        act(*args, **options)
        self.count += 1


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@pytest.fixture
def thirty(group: Area) -> list[str]:
    """The names of a chat group's list: 28 of one person each, and two that are borne by two members."""
    other = Area.objects.get(label="第四社区 梅园2期 5号楼")
    names = [f"{surname}建国" for surname in SURNAMES]
    for number, name in enumerate(names):
        factories.person(name, group, room=f"{number // 4 + 1}0{number % 4 + 1}")
    for name in ("金秀英", "魏志强"):
        factories.person(name, group, room="901")
        factories.person(name, other, room="902")
    return [*names, "金秀英", "魏志强"]


def test_an_activity_with_thirty_pasted_names_takes_ten_steps(
    enter: Callable[[User], Page], secretary: User, thirty: list[str], hand: Hand
) -> None:
    page = enter(secretary)
    chain = "#接龙\n" + "\n".join(f"{number}. {name}同志" for number, name in enumerate(thirty, 1))
    hand(page.locator(".lz-act", has_text="登记活动").click)
    hand(page.get_by_label("活动名称").fill, "楼道大扫除")
    hand(page.get_by_text("居住环境", exact=True).click)
    hand(page.get_by_label("参加的人").fill, chain)
    hand(page.get_by_role("button", name="下一步：核对名单").click)
    expect(page.get_by_text("同名的 2")).to_be_visible()
    assert (Activity.objects.get().status, Attendance.objects.exists()) == (Activity.Status.PLANNED, False)
    expect(page.get_by_role("button", name="登记 28 人")).to_be_visible()
    for name in ("金秀英", "魏志强"):
        hand(page.get_by_role("group", name=name).get_by_text("4号楼").click)
    hand(page.get_by_role("button", name="登记 30 人").click)
    expect(page.get_by_text("新登记 30 人，共登记 30 人。")).to_be_visible()
    assert hand.count <= 10
    activity = Activity.objects.get()
    assert (activity.status, activity.attendances.count()) == (Activity.Status.HELD, 30)
    _paste_again(page, chain)
    assert activity.attendances.count() == 30


def _paste_again(page: Page, chain: str) -> None:
    page.get_by_role("link", name="粘贴名单").click()
    page.get_by_label("名单").fill(chain)
    page.get_by_role("button", name="下一步").click()
    for name in ("金秀英", "魏志强"):
        page.get_by_role("group", name=name).get_by_text("4号楼").click()
    page.get_by_role("button", name="登记 30 人").click()
    expect(page.get_by_text("没有新增，共登记 30 人。")).to_be_visible()


@office
def test_a_tick_list_is_worked_by_keyboard_alone(
    enter: Callable[[User], Page], secretary: User, thirty: list[str], group: Area
) -> None:
    activity = factories.activity(group.parent)
    page = enter(secretary)
    page.goto(f"/activities/{activity.pk}/tick/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    for number, typed in enumerate(("赵建国", "qianjian", "sjg", "lijianguo"), 1):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator("[data-ticked]")).to_have_text(str(number))
    page.keyboard.type("nobody")
    expect(page.get_by_text("没有这个名字")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("新登记 4 人，共登记 4 人。")).to_be_visible()
    assert sorted(activity.attendances.values_list("member__name", flat=True)) == sorted(
        ["赵建国", "钱建国", "孙建国", "李建国"]
    )


@phone
def test_a_leader_records_a_visit_in_one_tap(
    enter: Callable[[User], Page], group: Area, member: Member, hand: Hand
) -> None:
    household = factories.household(group, member.home.room)
    factories.pairing(household, factories.household(group, "601", name="王阿姨家"))
    page = enter(factories.official("zuzhang", PostKind.LEADER, group))
    hand(page.get_by_role("button", name="上门").first.click)
    expect(page.get_by_text("已记录")).to_be_visible()
    assert hand.count == 1
    visit = Visit.objects.get()
    assert (visit.visited_on, visit.kind) == (timezone.localdate(), Visit.Kind.DOOR)


def test_a_phone_signs_in_at_a_poster(page: Page, station: Area, member: Member) -> None:
    activity = factories.activity(station, is_held=False)
    activity.open_signing_in()
    page.goto(f"/s/{activity.sign_in_code}/")
    page.get_by_label("姓名").fill("欧阳建国")
    page.get_by_label("手机号后四位").fill("5678")
    page.get_by_role("button", name="签到").click()
    expect(page.get_by_text("已收到，如有疑问请联系书记。")).to_be_visible()
    assert Attendance.objects.get().member == member


def test_what_was_typed_survives_a_lost_login(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    page.goto("/activities/add/")
    page.get_by_label("活动名称").fill("邻里茶话会")
    page.get_by_text("邻里和睦", exact=True).click()
    page.get_by_label("参加的人").fill("1. 张三\n2. 李四")
    Session.objects.all().delete()
    page.get_by_role("button", name="下一步：核对名单").click()
    page.get_by_label("登录名").fill(secretary.username)
    page.get_by_label("密码").fill(factories.PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("您填写的内容已经恢复")).to_be_visible()
    expect(page.get_by_label("活动名称")).to_have_value("邻里茶话会")
    expect(page.get_by_label("邻里和睦")).to_be_checked()
    expect(page.get_by_label("参加的人")).to_have_value("1. 张三\n2. 李四")
    assert not Activity.objects.exists()
    page.get_by_role("button", name="下一步：核对名单").click()
    expect(page.get_by_role("heading", name="没有找到")).to_be_visible()
    assert Activity.objects.get().title == "邻里茶话会"


@office
def test_what_one_person_typed_is_not_shown_to_another(
    enter: Callable[[User], Page], secretary: User, station: Area
) -> None:
    other = factories.official("lianluo2", PostKind.LIAISON, station)
    page = enter(secretary)
    page.goto("/activities/add/")
    page.get_by_label("活动名称").fill("邻里茶话会")
    page.get_by_text("邻里和睦", exact=True).click()
    Session.objects.all().delete()
    page.get_by_role("button", name="登记活动").click()
    page.get_by_label("登录名").fill(other.username)
    page.get_by_label("密码").fill(factories.PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_label("活动名称")).to_have_value("")


@office
def test_a_day_too_far_away_is_refused_with_a_sentence(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    page.goto("/activities/add/")
    for day, sentence in (
        ("1902-01-01", "日期太早了"),
        (f"{timezone.localdate() + timedelta(days=800)}", "日期太远了"),
    ):
        page.get_by_label("活动名称").fill("楼道大扫除")
        page.get_by_text("居住环境", exact=True).click()
        page.get_by_label("日期").fill(day)
        page.get_by_role("button", name="登记活动").click()
        expect(page.get_by_text(sentence)).to_be_visible()
    assert not Activity.objects.exists()
    assert not Household.objects.exists()
