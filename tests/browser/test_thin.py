"""The street looks at what is thin, reminds a secretary, and the reminder closes itself; clicks are counted."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.models import Activity
from activities.rules.reminding import open_reminders
from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.browser.hand import fits

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)


@pytest.fixture
def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji4", PostKind.SECRETARY, community)


class Hand:
    """Clicks, and counts them."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: object) -> None:
        self.clicks += 1
        what.click()  # type: ignore[attr-defined]


@office
def test_which_groups_are_missing_is_two_clicks_from_the_landing_page(
    enter: Callable[[User], Page], officer: User, community: Area, station: Area
) -> None:
    groups = Area.objects.children_of(station)
    for group in groups[1:]:
        factories.activity(group)
    page, hand = enter(officer), Hand()
    hand.click(page.locator("nav, aside").get_by_role("link", name="薄弱点").first)
    section = page.locator("#missing-4")
    hand.click(section.locator("summary", has_text=community.name))
    expect(section.get_by_role("heading", name=station.name, exact=True)).to_be_visible()
    mine = section.locator("details[open]")
    expect(mine.locator(f"h4:has-text('{station.name}') + ul li")).to_have_count(1)
    expect(mine.locator(f"h4:has-text('{station.name}') + ul a")).to_have_text(groups[0].name)
    assert hand.clicks == 2
    expect(page.locator(".lz-tile .lz-heat")).to_have_count(873)
    expect(page.locator(".lz-tile .lz-heat-held-1")).to_have_count(len(groups) - 1)
    assert fits(page)


@office
def test_a_reminder_closes_itself_when_the_activity_is_recorded(
    enter: Callable[[User], Page], officer: User, secretary: User, station: Area
) -> None:
    today = timezone.localdate()
    page = enter(officer)
    page.goto("/thin/")
    section = page.locator("#missing-3")
    section.get_by_role("button", name=f"提醒社区书记：{station.label}").click()
    expect(page.get_by_text("登记以后，提醒会自动消失")).to_be_visible()
    row = section.locator("li", has_text=station.name)
    expect(row).to_be_visible()
    expect(row).to_contain_text(f"已提醒（{today.month}月{today.day}日）")
    expect(row.get_by_role("button")).to_have_count(0)
    [line] = open_reminders(secretary, today)
    assert line.sentence == f"街道提醒：{station.name}本周还没有活动"
    page.goto(line.url)
    page.get_by_label("活动名称").fill("大扫除")
    page.get_by_text("居住环境", exact=True).click()
    page.get_by_role("button", name="登记活动").click()
    expect(page.get_by_text("已登记")).to_be_visible()
    assert Activity.objects.get().area == station
    assert open_reminders(secretary, today) == []
    page.goto("/thin/")
    expect(section.locator("li", has_text=station.name)).to_have_count(0)


def test_a_cell_records_what_is_missing(enter: Callable[[User], Page], secretary: User, station: Area) -> None:
    page = enter(secretary)
    page.goto(f"/thin/{station.pk}/")
    page.locator(".lz-heat-table .lz-heat-waiting").click()
    expect(page).to_have_url(f"/activities/add/?area={station.pk}&on={timezone.localdate()}")
    page.go_back()
    page.get_by_role("link", name="打印").click()
    expect(page.locator("h1")).to_have_text(f"{station}薄弱点")
    page.get_by_role("link", name="返回").click()
    assert fits(page)


@office
def test_which_compounds_are_missing_is_one_click_from_the_landing_page(
    enter: Callable[[User], Page], officer: User, station: Area
) -> None:
    page, hand = enter(officer), Hand()
    hand.click(page.locator(".lz-desk-line", has_text="本周还没有活动的小区").get_by_role("link", name="看全部"))
    for compound in Area.objects.filter(level=Area.Level.STATION):
        expect(page.locator("#missing-3").get_by_role("link", name=compound.name, exact=True)).to_be_visible()
    assert hand.clicks == 1
