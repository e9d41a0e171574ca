"""Help from a page: its chapter, its pictures, a word searched for; at a desk and on a phone."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, User
from tests import factories

pytestmark = pytest.mark.browser
SCROLLS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = "image => image.decode().then(() => image.naturalWidth > 0)"


def test_help_opens_the_chapter_and_words_find_others(enter: Callable[[User], Page], community: Area) -> None:
    page = enter(factories.official("shuji4", PostKind.SECRETARY, community))
    page.goto("/activities/add/")
    page.get_by_role("link", name="帮助").click()
    expect(page).to_have_url(re.compile("/help/#."))
    assert unquote(page.url).endswith("#登记活动")
    chapter = page.get_by_role("heading", name=re.compile("^登记活动"))
    expect(chapter).to_be_in_viewport()
    picture = page.get_by_role("img", name="登记活动", exact=True)
    picture.scroll_into_view_if_needed()
    assert picture.evaluate(DRAWN)
    assert page.evaluate(SCROLLS) <= 0
    page.get_by_label("在手册里查找").fill("迁出")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("“迁出”：找到")
    expect(chapter).to_have_count(0)
    page.get_by_role("navigation", name="目录").get_by_role("link", name=re.compile("^党员")).click()
    expect(page.get_by_role("heading", name=re.compile("^党员"))).to_be_in_viewport()
