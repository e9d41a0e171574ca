"""Search from any page: by keyboard alone at a desk, by the icon on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, Member, User
from tests import factories

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
phone = pytest.mark.parametrize("size", ["phone"], indirect=True)
STORED = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji4", PostKind.SECRETARY, community)


@pytest.fixture
def member(group: Area) -> Member:
    return factories.person("欧阳建国", group, room="302", phone="19900005678")


@office
@pytest.mark.parametrize("address", ["/", "/admin/members/member/", "/activities/add/", "/coverage/"])
def test_a_member_is_opened_by_keyboard_alone(
    enter: Callable[[User], Page], secretary: User, member: Member, address: str
) -> None:
    page = enter(secretary)
    page.goto(address)
    expect(page.get_by_text("找人、地方、活动、单位（Ctrl+K）")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_label("找人、地方、活动、单位", exact=True)).to_be_focused()
    page.keyboard.type("oy")
    expect(page.locator(".lz-palette li")).to_contain_text("第四社区 梅园2期 4号楼")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".lz-palette li.active")).to_contain_text("欧阳建国")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/members/{member.pk}/$"))
    assert not re.search("欧阳|oy", page.evaluate(STORED))


@office
def test_enter_without_a_choice_opens_the_page_and_escape_closes(
    enter: Callable[[User], Page], secretary: User, member: Member
) -> None:
    page = enter(secretary)
    page.get_by_text("找人、地方、活动、单位（Ctrl+K）").click()
    page.keyboard.type("啊啊啊")
    expect(page.locator(".lz-palette")).to_contain_text("没有找到")
    page.keyboard.press("Escape")
    expect(page.locator(".lz-palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.get_by_label("找人、地方、活动、单位", exact=True)).to_have_value("")
    expect(page.locator("#command-results")).to_be_empty()
    page.keyboard.type("4号楼")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q="))
    expect(page.get_by_role("link", name="第四社区 梅园2期 4号楼")).to_be_visible()


@phone
def test_on_a_phone_the_icon_opens_the_page(enter: Callable[[User], Page], secretary: User, member: Member) -> None:
    page = enter(secretary)
    page.get_by_title("查找").click()
    expect(page).to_have_url(re.compile("/search/$"))
    page.locator("#content").get_by_label("找人、地方、活动、单位", exact=True).fill("oy")
    page.locator("#content").get_by_role("button", name="查找").click()
    page.get_by_role("link", name="欧阳建国").click()
    expect(page).to_have_url(re.compile(f"/members/{member.pk}/$"))
