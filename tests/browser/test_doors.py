"""Coming in: the first password, the wrong one, and where each post lands."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.browser.hand import go_by_menu, log_in

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
phone = pytest.mark.parametrize("size", ["phone"], indirect=True)
NEW_PASSWORD = "meiyuan-2026-hao"


def test_a_first_password_is_changed_before_anything_else(page: Page, secretary: User) -> None:
    initial = secretary.set_first_password()
    secretary.save()
    log_in(page, secretary.username, initial)
    expect(page.get_by_role("heading", name="密码修改")).to_be_visible()
    page.goto("/roster/")
    page.locator("[name=old_password]").fill(initial)
    page.locator("[name=new_password1]").fill(NEW_PASSWORD)
    page.locator("[name=new_password2]").fill(NEW_PASSWORD)
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_text("密码已修改")).to_be_visible()
    page.goto("/")
    expect(page.locator(".lz-act", has_text="导入花名册")).to_be_visible()


@office
def test_six_wrong_passwords_lock_the_door(page: Page, secretary: User, wrong: list[str]) -> None:
    for _ in range(6):
        log_in(page, secretary.username, "not-the-password")
    expect(page.get_by_role("heading", name="暂时不能登录")).to_be_visible()
    expect(page.get_by_text("请等 15 分钟再试")).to_be_visible()
    log_in(page, secretary.username, factories.PASSWORD)
    expect(page.get_by_role("heading", name="暂时不能登录")).to_be_visible()
    assert all("429" in line for line in wrong)
    wrong.clear()


@phone
@pytest.mark.parametrize(
    ("kind", "place", "task", "heading"),
    [
        (PostKind.INSTRUCTOR, "第四社区", "覆盖情况", "覆盖情况：第四社区"),
        (PostKind.AUDITOR, "新成路街道", "操作记录", "操作记录"),
        (PostKind.LIAISON, "第四社区 梅园2期", "走访", "记走访"),
    ],
)
def test_a_post_lands_on_what_it_works_with(
    enter: Callable[[User], Page], street: Area, kind: PostKind, place: str, task: str, heading: str
) -> None:
    page = enter(factories.official("luodi", kind, Area.objects.get(label=place)))
    go_by_menu(page, task)
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


@office
def test_whoever_lost_the_last_post_is_told_whom_to_ask(enter: Callable[[User], Page], outsider: User) -> None:
    page = enter(outsider)
    expect(page.get_by_text("您现在没有岗位")).to_be_visible()
    expect(page.get_by_text("请联系社区书记或街道")).to_be_visible()
    expect(page.locator(".lz-act")).to_have_count(0)


@phone
def test_somebody_without_a_post_comes_in_by_the_login_page(page: Page, transactional_db: None, outsider: User) -> None:
    log_in(page, outsider.username, factories.PASSWORD)
    expect(page.get_by_text("您现在没有岗位")).to_be_visible()
