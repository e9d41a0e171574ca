"""The street looks at what is covered, down to the members and back, on any day, on paper and in Excel."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.browser.hand import downloaded, go_by_menu, opened

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)


@pytest.fixture
def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


@pytest.fixture
def residents(group: Area) -> list[Member]:
    """One who lives in the group since 2020, and one who came yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    return [
        factories.person("欧阳建国", group, affiliation=Member.Affiliation.IN_POST, phone="19900005678"),
        factories.person("单秀英", group, on=yesterday, joined_on=None, sex="female"),
    ]


def follow(page: Page, name: str) -> None:
    page.locator(".lz-trail, .lz-table").get_by_role("link", name=name, exact=True).click()
    expect(page.locator(".lz-trail b")).to_have_text(name)


def members_of(page: Page) -> str:
    return page.locator(".lz-figures dd b").first.inner_text()


def test_the_street_drills_down_to_the_members_and_back(
    enter: Callable[[User], Page], officer: User, residents: list[Member]
) -> None:
    page = enter(officer)
    go_by_menu(page, "覆盖情况")
    for name in ("第四社区", "梅园2期", "4号楼"):
        assert members_of(page) == "2"
        follow(page, name)
    page.get_by_role("link", name="查看这个楼组的党员名单").click()
    for member in residents:
        expect(page.get_by_role("link", name=member.name)).to_be_visible()
    page.go_back()
    for name in ("梅园2期", "第四社区", "新成路街道"):
        follow(page, name)
    expect(page.locator("tbody tr")).to_have_count(8)


@office
def test_who_has_not_joined_is_one_click_from_the_figure(
    enter: Callable[[User], Page], officer: User, residents: list[Member]
) -> None:
    page = enter(officer)
    page.goto("/coverage/")
    page.locator("tfoot").get_by_role("link", name="没有参加的").click()
    expect(page.get_by_role("link", name="单秀英")).to_be_visible()
    expect(page.get_by_role("link", name="欧阳建国")).to_have_count(0)


def test_a_past_day_is_shown_exported_and_printed(
    enter: Callable[[User], Page], officer: User, residents: list[Member]
) -> None:
    page = enter(officer)
    page.goto("/coverage/")
    page.get_by_label("截至").fill("2021-01-01")
    page.get_by_role("button", name="查看").click()
    expect(page.locator(".lz-figures dd b").first).to_have_text("1")
    sheet = opened(downloaded(page, page.get_by_role("link", name="导出 Excel"))).active
    street = {heading.value: cell for heading, cell in zip(sheet[3], sheet[4], strict=True)}
    assert [street[name].value for name in ("区域", "党员", "在职", "楼组", "覆盖率")] == ["新成路街道", 1, 1, 873, 1]
    assert [street[name].value for name in ("党员家庭", "已结对的党员家庭", "结对占比")] == [1, 0, 0]
    assert {street[name].number_format for name in ("覆盖率", "结对占比")} == {"0.0%"}
    page.get_by_role("link", name="打印").click()
    expect(page.get_by_text("截至 2021年1月1日")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(8)
    page.get_by_role("link", name="返回").click()
    expect(page.get_by_label("截至")).to_have_value("2021-01-01")


@office
def test_the_member_list_leaves_with_a_reason(
    enter: Callable[[User], Page], officer: User, residents: list[Member]
) -> None:
    page = enter(officer)
    page.goto("/admin/members/member/")
    page.get_by_role("link", name="导出").click()
    page.get_by_label("格式").select_option(label="xlsx")
    page.get_by_label("导出事由").fill("核对三月花名册")
    rows = list(opened(downloaded(page, page.get_by_role("button", name="导出 2 人"))).active.values)
    born = rows[0].index("参加楼组党小组")
    assert {(row[0], row[born]) for row in rows[1:]} == {("欧阳建国", datetime(2020, 3, 1)), ("单秀英", "否")}
    assert AuditEntry.objects.get(action="export").reason == "核对三月花名册"
