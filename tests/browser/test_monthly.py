"""The street office hands the month upward: three clicks from the landing page to the PDF."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from louzu.models import MonthlyReport
from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.browser.hand import downloaded
from tests.week import LAST_MONTH

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("size", ["office"], indirect=True)]


@pytest.fixture
def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


def test_from_the_landing_page_to_the_pdf(enter: Callable[[User], Page], officer: User, street: Area) -> None:
    page, clicks = enter(officer), []

    def click(what: Locator) -> None:
        clicks.append(what)
        what.click()

    click(page.locator("#nav-sidebar").get_by_role("link", name="月报"))
    click(page.get_by_role("button", name=f"生成{LAST_MONTH.month}月月报"))
    pdf = page.get_by_role("link", name="下载 PDF")
    expect(pdf).to_be_visible()
    clicks.append(pdf)
    assert downloaded(page, pdf).startswith(b"%PDF")
    assert len(clicks) <= 3


def test_closed_after_a_question(enter: Callable[[User], Page], officer: User, street: Area) -> None:
    page = enter(officer)
    page.goto("/monthly/")
    page.get_by_role("button", name=f"生成{LAST_MONTH.month}月月报").click()
    page.get_by_label("情况说明").fill("本月的重点是垃圾分类。")
    page.get_by_role("button", name="保存情况说明").click()
    page.get_by_role("link", name="定稿").click()
    page.get_by_role("button", name="月报定稿").click()
    expect(page.get_by_text("以后每次下载的文件都一模一样")).to_be_visible()
    expect(page.get_by_role("button", name="重新生成")).to_have_count(0)
    assert MonthlyReport.objects.get().paragraph == "本月的重点是垃圾分类。"
