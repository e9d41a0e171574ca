"""By hand: a visit by a tap, mended and taken back; a need written down and claimed by a tick."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.models import Need, Visit
from members.ground.access import PostKind
from members.models import Area, Pairing, User
from tests import factories
from tests.browser.hand import fits

pytestmark = pytest.mark.browser


@pytest.fixture
def leader(group: Area) -> User:
    return factories.official("zuzhang", PostKind.LEADER, group)


@pytest.fixture
def pairs(group: Area) -> list[Pairing]:
    """Ten pairings of the leader's building, as many as one has."""
    rooms = range(101, 111)
    for room in rooms:
        factories.person(f"党员{'甲乙丙丁戊己庚辛壬癸'[room - 101]}", group, room=str(room), skills="水电维修")
    doors = [(factories.household(group, str(room)), factories.household(group, f"5{room}")) for room in rooms]
    return [factories.pairing(*sides) for sides in doors]


def test_a_tap_is_answered_where_the_finger_is(
    enter: Callable[[User], Page], leader: User, pairs: list[Pairing]
) -> None:
    page = enter(leader)
    page.goto("/visits/")
    card = page.locator(f"#pairing-{pairs[6].pk}")
    card.get_by_role("button", name="上门").click()
    expect(page.get_by_role("status")).to_contain_text("已记录")
    expect(page.get_by_role("status")).to_be_in_viewport()
    expect(card.get_by_role("link", name="✓ 上门")).to_be_in_viewport()
    assert fits(page)
    assert Visit.objects.get().pairing == pairs[6]


def test_a_word_another_day_and_taking_back(enter: Callable[[User], Page], leader: User, pairs: list[Pairing]) -> None:
    page, yesterday = enter(leader), timezone.localdate() - timedelta(days=1)
    page.goto("/visits/overdue/")
    page.locator(f"#pairing-{pairs[0].pk}").get_by_role("button", name="电话").click()
    page.get_by_role("link", name="改日期、加说明").click()
    expect(page.get_by_text("请勿填写思想、信仰、健康、收入、家庭情况等内容。")).to_be_visible()
    page.get_by_label("日期").fill(yesterday.isoformat())
    page.get_by_label("说明").fill("问了平安")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("问了平安")).to_be_visible()
    assert fits(page)
    assert Visit.objects.values_list("visited_on", "note").get() == (yesterday, "问了平安")
    page.get_by_role("link", name="修改").click()
    page.get_by_role("button", name="撤销这次走访").click()
    expect(page.get_by_text("还没有走访过。")).to_be_visible()
    assert not Visit.objects.exists()


def test_a_need_is_written_down_and_claimed(enter: Callable[[User], Page], leader: User, pairs: list[Pairing]) -> None:
    page = enter(leader)
    page.goto("/needs/")
    page.get_by_role("link", name="登记一条需求").click()
    page.get_by_label("需求 *").fill("想请人修水龙头")
    page.get_by_label("室号").fill("5101")
    page.get_by_label("需要的特长").fill("水电维修")
    page.get_by_role("button", name="登记").click()
    page.get_by_role("checkbox", name="党员丙").check()
    page.get_by_label("按姓名查找党员").fill("dangyuan")
    expect(page.get_by_text("上面推荐的名单里有：")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="登记认领").click()
    expect(page.get_by_text("已登记认领")).to_be_visible()
    page.get_by_role("button", name="已办结").click()
    expect(page.get_by_text("已办结。")).to_be_visible()
    need = Need.objects.get()
    assert (need.status, need.household.room, need.members.get().name) == ("done", "5101", "党员丙")
