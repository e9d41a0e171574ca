"""Lists that end after twenty on a phone, and what stands beside a form as soon as the place is chosen."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.browser.hand import fits, type_into_search

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
phone = pytest.mark.parametrize("size", ["phone"], indirect=True)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji4", PostKind.SECRETARY, community)


@phone
@pytest.mark.parametrize(("address", "row"), [("/activities/", "tbody tr"), ("/needs/", ".lz-shown article")])
def test_a_list_ends_after_twenty(
    enter: Callable[[User], Page], secretary: User, group: Area, address: str, row: str
) -> None:
    for number in range(23):
        factories.activity(group, title=f"第{number}次", held_on=timezone.localdate() - timedelta(days=number))
        factories.need(group, text=f"第{number}件")
    page = enter(secretary)
    page.goto(address)
    expect(page.locator(f"{row}:visible")).to_have_count(20)
    assert fits(page)
    page.get_by_text("更多", exact=True).last.click()
    expect(page.locator(f"{row}:visible")).to_have_count(23)


@office
def test_what_a_place_did_comes_when_it_is_chosen(enter: Callable[[User], Page], secretary: User, group: Area) -> None:
    year = timezone.localdate().year
    factories.activity(group, title="今年的", held_on=date(year, 1, 1))
    factories.activity(group, title="去年的", held_on=date(year - 1, 1, 1))
    page = enter(secretary)
    page.goto("/honours/add/")
    expect(page.get_by_text("选好楼组和年度，这里列出")).to_be_visible()
    type_into_search(page, "#id_area", "梅园2期 4号", "第四社区 梅园2期 4号楼")
    page.get_by_text("活动 1 次").click()
    expect(page.get_by_text("1月1日 今年的")).to_be_visible()
    page.get_by_label("年度").select_option(f"{year - 1} 年")
    expect(page.get_by_text(f"{year - 1} 年做了什么")).to_be_visible()
    page.get_by_text("活动 1 次").click()
    expect(page.get_by_text("1月1日 去年的")).to_be_visible()
