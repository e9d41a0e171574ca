"""What was typed stays until it is saved: two tabs, a lost login, "back" and a refresh; and for nobody else."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, Page, expect

from activities.models import Activity
from members.ground.access import PostKind
from members.models import Area, Member, User
from tests import factories

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)

ADD = "/activities/add/"
NAMES = "1. 张三\n2. 李四"
STORED = "JSON.stringify(sessionStorage)"
RESTORED = "您填写的内容已经恢复"


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@pytest.fixture
def other(station: Area) -> User:
    return factories.official("lianluo2", PostKind.LIAISON, station)


def write_activity(page: Page) -> None:
    page.goto(ADD)
    page.get_by_label("活动名称").fill("邻里茶话会")
    page.get_by_text("邻里和睦", exact=True).click()
    page.get_by_label("参加的人").fill(NAMES)


def save(page: Page) -> None:
    page.locator("[data-next]").click()


def log_in_as(page: Page, user: User) -> None:
    page.get_by_label("登录名").fill(user.username)
    page.get_by_label("密码").fill(factories.PASSWORD)
    page.get_by_role("button", name="登录").click()


def log_in_beside(context: BrowserContext, user: User) -> None:
    """Another tab: the session is over, and somebody logs in there."""
    Session.objects.all().delete()
    beside = context.new_page()
    beside.goto("/")
    log_in_as(beside, user)
    expect(beside.get_by_role("navigation", name="常做的")).to_be_visible()
    beside.close()


def is_there(page: Page) -> None:
    expect(page.get_by_text(RESTORED)).to_be_visible()
    expect(page.get_by_label("活动名称")).to_have_value("邻里茶话会")
    expect(page.get_by_label("邻里和睦")).to_be_checked()
    expect(page.get_by_label("参加的人")).to_have_value(NAMES)


def is_empty(page: Page) -> None:
    expect(page.get_by_label("活动名称")).to_have_value("")
    expect(page.get_by_label("参加的人")).to_have_value("")
    expect(page.get_by_text(RESTORED)).to_have_count(0)
    assert "邻里茶话会" not in page.evaluate(STORED)


def expire_beside(page: Page, context: BrowserContext, user: User, wrong: list[str]) -> None:
    """Case 17, up to the page that says what to do."""
    write_activity(page)
    log_in_beside(context, user)
    save(page)
    expect(page.get_by_role("heading", name="页面已过期")).to_be_visible()
    assert [each[:3] for each in wrong if each.startswith("403")] == ["403"]
    wrong.clear()


def test_back_and_refresh_bring_it_again(
    enter: Callable[[User], Page], context: BrowserContext, secretary: User, wrong: list[str]
) -> None:
    page = enter(secretary)
    expire_beside(page, context, secretary, wrong)
    page.go_back()
    is_there(page)
    for _ in range(2):
        page.reload()
        is_there(page)
    page.get_by_label("活动名称").fill("邻里茶话会二")
    page.reload()
    expect(page.get_by_label("活动名称")).to_have_value("邻里茶话会二")
    save(page)
    expect(page.get_by_role("heading", name="没有找到")).to_be_visible()
    assert Activity.objects.get().title == "邻里茶话会二"
    page.goto(ADD)
    is_empty(page)


@office
def test_the_button_leads_back_to_it(
    enter: Callable[[User], Page], context: BrowserContext, secretary: User, wrong: list[str]
) -> None:
    page = enter(secretary)
    expire_beside(page, context, secretary, wrong)
    page.get_by_role("link", name="回到刚才的页面").click()
    is_there(page)
    page.get_by_role("button", name="不要这些内容").click()
    is_empty(page)


@office
def test_a_refresh_before_saving_loses_nothing(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    write_activity(page)
    page.reload()
    is_there(page)
    Session.objects.all().delete()
    page.reload()
    log_in_as(page, secretary)
    is_there(page)
    page.goto("/")
    page.goto(ADD)
    is_there(page)


@office
def test_a_form_left_on_purpose_opens_empty(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    write_activity(page)
    page.goto("/")
    page.goto(ADD)
    is_empty(page)


@office
def test_an_answer_with_errors_is_kept_as_a_whole(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    write_activity(page)
    page.get_by_label("日期").fill("1902-01-01")
    save(page)
    expect(page.get_by_text("日期太早了")).to_be_visible()
    page.get_by_label("日期").fill("2026-03-01")
    Session.objects.all().delete()
    save(page)
    log_in_as(page, secretary)
    is_there(page)
    expect(page.get_by_label("日期")).to_have_value("2026-03-01")


@office
@pytest.mark.parametrize("beside", [True, False])
def test_another_user_sees_nothing_of_it(
    beside: bool, enter: Callable[[User], Page], context: BrowserContext, secretary: User, other: User, wrong: list[str]
) -> None:
    page = enter(secretary)
    if beside:
        expire_beside(page, context, other, wrong)
        page.goto(ADD)
    else:
        write_activity(page)
        Session.objects.all().delete()
        save(page)
        log_in_as(page, other)
    is_empty(page)


@office
def test_logging_out_takes_it_away_in_every_tab(
    enter: Callable[[User], Page], context: BrowserContext, secretary: User
) -> None:
    page = enter(secretary)
    write_activity(page)
    page.wait_for_function(f"{STORED}.includes('邻里茶话会')")
    beside = context.new_page()
    beside.goto("/")
    beside.evaluate("document.getElementById('logout-form').requestSubmit()")
    expect(beside.get_by_label("登录名")).to_be_visible()
    page.wait_for_function(f"!{STORED}.includes('邻里茶话会')")


@office
def test_a_day_is_the_longest(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    write_activity(page)
    page.wait_for_function(f"{STORED}.includes('邻里茶话会')")
    page.evaluate("Date.now = ((now) => () => now() - 86_500_000)(Date.now)")
    page.get_by_label("活动名称").press("End")
    page.get_by_label("活动名称").type("一")
    page.reload()
    expect(page.get_by_label("活动名称")).to_have_value("")
    assert "邻里茶话会" not in page.evaluate(STORED)


@office
def test_numbers_of_a_person_are_never_kept(enter: Callable[[User], Page], secretary: User, group: Area) -> None:
    member: Member = factories.person("欧阳建国", group, room="302")
    page = enter(secretary)
    page.goto(f"/admin/members/member/{member.pk}/change/")
    page.locator("[name=remark]").fill("腿脚不便")
    page.locator("[name=phone_number]").fill("19900006666")
    page.locator("[name=id_number]").fill("310114196001011234")
    page.wait_for_function(f"{STORED}.includes('腿脚不便')")
    stored = page.evaluate(STORED)
    assert "19900006666" not in stored
    assert "310114196001011234" not in stored
    page.reload()
    expect(page.locator("[name=remark]")).to_have_value("腿脚不便")
    expect(page.locator("[name=id_number]")).to_have_value("")
    expect(page.get_by_text("身份证号、电话和选好的文件没有留下")).to_be_visible()


@office
def test_what_somebody_else_changed_meanwhile_stays(
    enter: Callable[[User], Page], secretary: User, group: Area
) -> None:
    """Only what was typed comes back, not what the page showed beside it."""
    member: Member = factories.person("欧阳建国", group, room="302")
    page = enter(secretary)
    page.goto(f"/admin/members/member/{member.pk}/change/")
    page.locator("[name=remark]").fill("腿脚不便")
    page.wait_for_function(f"{STORED}.includes('腿脚不便')")
    Member.objects.filter(pk=member.pk).update(skills="书法")
    page.reload()
    expect(page.locator("[name=remark]")).to_have_value("腿脚不便")
    expect(page.locator("[name=skills]")).to_have_value("书法")
