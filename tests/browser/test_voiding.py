"""By hand: an activity recorded by mistake, and one wrong person, each taken back where it stands."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from activities.models import Activity
from activities.rules.attendance import enrol
from members.ground.access import PostKind
from members.models import Area, Member, User
from tests import factories
from tests.browser.hand import fits
from tests.browser.test_thin import Hand

pytestmark = pytest.mark.browser


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@pytest.fixture
def activity(group: Area, member: Member, secretary: User) -> Activity:
    event = factories.activity(group)
    others = [factories.person(f"党员{name}", group, room=f"50{number}") for number, name in enumerate("甲乙丙")]
    enrol(event, [member.pk, *(one.pk for one in others)], user=secretary, source="tick")
    return event


def test_an_activity_is_voided_in_three_clicks_and_back_in_one(
    enter: Callable[[User], Page], secretary: User, activity: Activity
) -> None:
    page, hand = enter(secretary), Hand()
    page.goto("/activities/")
    hand.click(page.get_by_role("link", name=activity.title))
    hand.click(page.get_by_role("link", name="作废", exact=True))
    expect(page.get_by_text("4 人参加")).to_be_visible()
    assert fits(page)
    hand.click(page.get_by_role("button", name="作废这次活动"))
    expect(page.get_by_text("名单、数字里都没有它了")).to_be_visible()
    assert hand.clicks <= 3
    assert fits(page)
    hand.click(page.get_by_role("button", name="撤销作废"))
    expect(page.get_by_text("恢复了，和作废以前一样")).to_be_visible()
    expect(page.get_by_text("参加的党员 4 人")).to_be_visible()


def test_one_wrong_person_goes_and_comes_back_in_two_clicks(
    enter: Callable[[User], Page], secretary: User, activity: Activity, member: Member
) -> None:
    page, hand = enter(secretary), Hand()
    page.goto(f"/activities/{activity.pk}/")
    line = page.locator(f"#came-{member.pk}")
    hand.click(line.get_by_role("button", name=f"去掉{member}"))
    expect(page.get_by_text("参加的党员 3 人")).to_be_visible()
    expect(line).to_be_in_viewport()
    assert fits(page)
    hand.click(line.get_by_role("button", name="撤销"))
    expect(page.get_by_text("参加的党员 4 人")).to_be_visible()
    assert hand.clicks <= 2
    assert activity.attendances.filter(member=member).exists()
