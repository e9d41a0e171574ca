"""A secretary pairs households on the grid: two clicks, the keyboard alone, the next building, many at once."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.ground.rooms import all_rooms
from members.models import Area, Household, Pairing, User
from members.rules import housing
from tests import factories
from tests.browser.hand import fits

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@pytest.fixture
def people(group: Area) -> None:
    factories.person("欧阳建国", group, room="302")
    factories.person("单秀英", group, room="502", sex="female")


@pytest.fixture
def doors(group: Area, people: None) -> None:
    housing.add_rooms(group, all_rooms(units=1, floors=6, doors=4))


def pairs() -> list[tuple[str, str]]:
    return sorted(Pairing.objects.current().values_list("household__room", "neighbour__room"))


def door(page: Page, room: str):
    return page.locator(".lz-door", has=page.locator(f"b:text-is('{room}')"))


def test_from_an_empty_building_to_a_pair_and_back(
    enter: Callable[[User], Page], secretary: User, group: Area, people: None
) -> None:
    page = enter(secretary)
    page.goto("/buildings/")
    page.locator("section", has_text="梅园2期").get_by_role("link", name="4号楼", exact=False).first.click()
    page.get_by_label("几层").fill("6")
    page.get_by_label("每层几户").fill("4")
    page.get_by_role("button", name="排出所有的门").click()
    expect(door(page, "302")).to_contain_text("欧阳建国")
    assert fits(page)
    door(page, "302").click()
    expect(page.get_by_role("status")).to_have_text("已选党员家庭 302 欧阳建国，再点一户邻居。")
    door(page, "401").click()
    expect(page.get_by_text("已结对：302 与 401")).to_be_visible()
    assert pairs() == [("302", "401")]
    expect(door(page, "401")).to_contain_text("与 302")
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("已撤销")).to_be_visible()
    assert pairs() == []


def test_a_choice_is_taken_back_by_a_second_click(
    enter: Callable[[User], Page], secretary: User, group: Area, doors: None
) -> None:
    page = enter(secretary)
    page.goto(f"/buildings/{group.pk}/")
    door(page, "401").click()
    expect(page.get_by_role("status")).to_have_text("已选邻居 401，再点一户党员家庭。")
    door(page, "401").click()
    expect(page.get_by_role("status")).to_have_text("点一户党员家庭，再点一户邻居，就结成一对。")
    door(page, "302").click()
    door(page, "502").click()
    expect(page.get_by_role("status")).to_contain_text("502 单秀英")
    assert pairs() == []


@office
def test_the_keyboard_alone_makes_a_pair(
    enter: Callable[[User], Page], secretary: User, group: Area, doors: None
) -> None:
    page = enter(secretary)
    page.goto(f"/buildings/{group.pk}/")
    door(page, "502").locator("input").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("status")).to_contain_text("302 欧阳建国")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert pairs() == []
    page.keyboard.press("Enter")
    expect(page.get_by_text("已结对：302 与")).to_be_visible()
    assert len(pairs()) == 1


def test_a_neighbour_of_the_next_building(
    enter: Callable[[User], Page], secretary: User, station: Area, group: Area, doors: None
) -> None:
    near = Area.objects.children_of(station).exclude(pk=group.pk).earliest("path")
    housing.add_rooms(near, ["101", "102"])
    page = enter(secretary)
    page.goto(f"/buildings/{group.pk}/")
    door(page, "302").click()
    page.get_by_role("link", name="看这一户").click()
    page.get_by_role("link", name=near.name, exact=True).click()
    expect(page.get_by_text("请在这栋楼里点一户邻居")).to_be_visible()
    door(page, "101").click()
    expect(page.get_by_text("已结对：302 与 101")).to_be_visible()
    assert Pairing.objects.get().neighbour.area == near


def test_many_pairs_in_one_go(enter: Callable[[User], Page], secretary: User, group: Area, doors: None) -> None:
    page = enter(secretary)
    page.goto(f"/buildings/{group.pk}/")
    page.get_by_role("link", name="成批结对").click()
    page.get_by_label("全选").check()
    page.get_by_label("全选").uncheck()
    page.get_by_label("401", exact=True).check()
    page.get_by_label("601", exact=True).check()
    page.get_by_label("401 和哪一户党员家庭结对").select_option(label="502 单秀英")
    assert fits(page)
    page.get_by_role("button", name="保存勾选的结对").click()
    expect(page.get_by_text("已结成 2 对。")).to_be_visible()
    assert pairs() == [("502", "401"), ("502", "601")]


def test_pairs_are_ended_from_the_list(
    enter: Callable[[User], Page], secretary: User, group: Area, doors: None
) -> None:
    home = Household.objects.get(area=group, room="302")
    for room in ("401", "402", "403"):
        factories.pairing(home, Household.objects.get(area=group, room=room))
    page = enter(secretary)
    page.goto("/pairings/")
    assert fits(page)
    page.get_by_label("选中", exact=False).nth(0).check()
    page.get_by_label("选中", exact=False).nth(2).check()
    page.get_by_role("button", name="结束勾选的结对").click()
    expect(page.get_by_label("结束日期")).to_have_value(timezone.localdate().isoformat())
    page.get_by_role("button", name="结束这 2 对").click()
    expect(page.get_by_text("已结束 2 对结对")).to_be_visible()
    assert pairs() == [("302", "402")]
