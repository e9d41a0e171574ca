"""Members on the page: looked at on a phone, registered, moved, gone and back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, Pairing, User
from tests import factories
from tests.browser.hand import fits, go_by_menu, type_into_search

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
phone = pytest.mark.parametrize("size", ["phone"], indirect=True)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji4", PostKind.SECRETARY, community)


@pytest.fixture
def member(group: Area) -> Member:
    return factories.person("欧阳建国", group, room="302", phone="19900005678")


def look_up(page: Page, member: Member) -> None:
    """Find the member in the list and open the page."""
    go_by_menu(page, "党员")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.get_by_text("199****5678")).to_be_visible()
    page.get_by_role("link", name=member.name).click()
    expect(page).to_have_url(re.compile(rf"/members/{member.pk}/"))
    assert fits(page)


@phone
def test_a_group_leader_sees_members_but_no_phone(enter: Callable[[User], Page], group: Area, member: Member) -> None:
    page = enter(factories.official("zuzhang", PostKind.LEADER, group))
    look_up(page, member)
    expect(page.get_by_text("199****5678")).to_be_visible()
    expect(page.get_by_text("查看完整电话")).to_have_count(0)
    expect(page.get_by_role("link", name="修改", exact=True)).to_have_count(0)


@phone
def test_a_liaison_reveals_a_phone_on_record(enter: Callable[[User], Page], station: Area, member: Member) -> None:
    page = enter(factories.official("lianluo", PostKind.LIAISON, station))
    look_up(page, member)
    page.get_by_role("link", name="查看完整电话").click()
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("19900005678")).to_be_visible()
    assert AuditEntry.objects.filter(action="reveal", row=str(member.pk)).count() == 1
    page.get_by_role("link", name="看好了，返回").click()
    expect(page.get_by_text("199****5678")).to_be_visible()


def test_a_member_moves_house(enter: Callable[[User], Page], secretary: User, member: Member) -> None:
    page = enter(secretary)
    look_up(page, member)
    page.get_by_role("link", name="办理迁居").click()
    type_into_search(page, "#id_to", "梅园2期 15号", "第四社区 梅园2期 15号楼")
    page.get_by_label("室号").fill("601")
    page.get_by_role("button", name="办理迁居").click()
    expect(page.get_by_text("欧阳建国已迁到第四社区 梅园2期 15号楼")).to_be_visible()
    assert str(member.home) == "第四社区 梅园2期 15号楼 601"


@office
def test_the_form_is_behind_a_button_and_leads_back(
    enter: Callable[[User], Page], secretary: User, member: Member
) -> None:
    page = enter(secretary)
    look_up(page, member)
    page.get_by_role("link", name="修改", exact=True).click()
    page.get_by_label("特长").fill("书法")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page).to_have_url(re.compile(f"/members/{member.pk}/$"))
    expect(page.get_by_text("书法", exact=True)).to_be_visible()


@office
def test_a_member_moves_away_and_comes_back(enter: Callable[[User], Page], secretary: User, member: Member) -> None:
    page = enter(secretary)
    look_up(page, member)
    page.get_by_role("link", name="办理迁出").click()
    page.get_by_role("button", name="办理迁出").click()
    expect(page.get_by_text("欧阳建国已办理迁出，记录保留")).to_be_visible()
    page.get_by_role("link", name="办理迁居").click()
    expect(page.get_by_text("从 第四社区 梅园2期 4号楼 302 迁出")).to_be_visible()
    type_into_search(page, "#id_to", "梅园2期 4号", "第四社区 梅园2期 4号楼")
    page.get_by_role("button", name="办理迁居").click()
    expect(page.get_by_text("欧阳建国已迁到第四社区 梅园2期 4号楼")).to_be_visible()
    assert member.residences.count() == 2


@office
def test_a_move_is_undone_by_one_click_or_two(
    enter: Callable[[User], Page], secretary: User, member: Member, group: Area
) -> None:
    """One where the message of the move stands; two from anywhere, by the list of one's own writes."""
    factories.pairing(factories.household(group, "302"), factories.household(group, "303"))
    page = enter(secretary)
    for clicks in (1, 2):
        page.goto(f"/members/{member.pk}/leave/")
        expect(page.get_by_label("1 对结对：第四社区 梅园2期 4号楼 302 — 303")).to_be_checked()
        page.get_by_role("button", name="办理迁出").click()
        expect(page.get_by_text("已办理迁出，记录保留。一起结束了1 对结对。")).to_be_visible()
        if clicks == 1:
            page.get_by_role("button", name="撤销迁出").click()
        else:
            go_by_menu(page, "我今天做的")
            page.get_by_role("button", name="撤销").first.click()
        expect(page.get_by_text("已撤销欧阳建国的迁出，和办理以前一样。")).to_be_visible()
        assert member.residences.filter(until=None).exists()
        assert Pairing.objects.get().until is None


@office
def test_the_day_of_a_move_is_picked_from_a_calendar(
    enter: Callable[[User], Page], secretary: User, member: Member
) -> None:
    page = enter(secretary)
    page.goto(f"/members/{member.pk}/leave/")
    page.get_by_label("日期").fill("")
    page.locator(".date-icon, .datetimeshortcuts a").last.click()
    page.locator(".calendarbox td a", has_text="1").first.click()
    expect(page.get_by_label("日期")).not_to_have_value("")


def test_a_new_member_is_registered(enter: Callable[[User], Page], secretary: User) -> None:
    page = enter(secretary)
    page.locator(".lz-act", has_text="登记一名党员").click()
    page.get_by_label("姓名").fill("上官婉清")
    page.get_by_label("性别").select_option("女")
    page.get_by_label("身份证号").fill(factories.id_number("19880207", 432))
    page.get_by_label("联系电话").fill("199 0000 1234")
    page.get_by_label("在职/在册").select_option("在册")
    type_into_search(page, "#id_home", "迎晖苑3期 2号", "第四社区 迎晖苑3期 2号楼")
    page.get_by_label("室号").fill("502")
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state()
    print(page.url, page.eval_on_selector_all("input[type=text]", "e => e.map(x => x.name + x.value)"))
    expect(page.get_by_text("上官婉清").first).to_be_visible()
    member = Member.objects.get()
    assert (member.phone, member.birth_date, member.home.room) == ("19900001234", "1988-02-07", "502")
