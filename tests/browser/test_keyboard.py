"""Whoever uses no mouse gets everywhere; a phone's lists end; no page throws away what is half typed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, User
from tests import factories

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
phone = pytest.mark.parametrize("size", ["phone"], indirect=True)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@office
def test_menu_filters_and_links_by_keyboard(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    menu = page.get_by_role("button", name="菜单", exact=True)
    expect(menu).to_have_attribute("aria-expanded", "true")
    menu.press("Enter")
    expect(menu).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    menu.press("Enter")
    own = page.get_by_role("button", name=secretary.name)
    own.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()

    page.goto("/admin/members/member/")
    filters = page.get_by_role("button", name="筛选", exact=True)
    filters.press("Enter")
    expect(page.locator("#changelist-filter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#changelist-filter")).to_be_hidden()


@office
def test_a_form_has_no_link_that_throws_it_away(enter: Callable[[User], Page], secretary: User, group: Area) -> None:
    page = enter(secretary)
    page.goto("/admin/members/member/add/")
    within = page.get_by_role("main")
    expect(within.get_by_text(re.compile(r"^(add|more_vert|more_horiz)$"))).to_have_count(0)
    expect(page.locator(".addlink, .add-related")).to_have_count(0)
    expect(within.get_by_role("combobox", name="单位")).to_be_visible()


@phone
def test_a_long_list_ends_after_twenty(enter: Callable[[User], Page], secretary: User, group: Area) -> None:
    for number in range(45):
        factories.person(f"党员{number}", group, room=f"{number}")
    page = enter(secretary)
    page.goto("/admin/members/member/")
    rows = page.locator("#result_list > tbody:visible")
    expect(rows).to_have_count(20)
    page.get_by_role("button", name="更多（还有 25 条）").click()
    expect(rows).to_have_count(40)
    page.get_by_role("button", name="更多（还有 5 条）").click()
    expect(rows).to_have_count(45)
    expect(page.get_by_role("button", name=re.compile("更多（"))).to_have_count(0)
