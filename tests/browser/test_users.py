"""The street gives somebody a login; the password shown once is the one that opens the door."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.browser.hand import log_in, type_into_search

pytestmark = pytest.mark.browser
PASSWORD = re.compile(r"初始密码是 (\S+?)（")


@pytest.mark.parametrize("size", ["office"], indirect=True)
def test_a_new_user_comes_in_with_the_password_shown_once(enter: Callable[[User], Page], street: Area) -> None:
    page = enter(factories.official("jiedao", PostKind.STREET, street))
    page.goto("/admin/members/user/add/")
    page.get_by_label("姓名").fill("李慧")
    page.get_by_label("登录名").fill("李书记")
    page.locator("[name=roles-0-kind]").select_option("社区书记")
    type_into_search(page, "#id_roles-0-area", "第四社区", "第四社区")
    page.get_by_role("button", name="保存", exact=True).click()
    told = page.get_by_text("初始密码是")
    expect(told).to_be_visible()
    password = PASSWORD.search(told.inner_text())[1]
    page.context.clear_cookies()
    log_in(page, "李书记", password)
    expect(page.get_by_role("heading", name="密码修改")).to_be_visible()
