"""A report is shown as one idea a screen: the keys walk through it, nothing is cut, and the page is as it was after."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, User
from tests import factories

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
IS_CUT = "(() => { const s = document.querySelector('.lz-stage'); return s.scrollWidth > s.clientWidth + 1 || s.scrollHeight > s.clientHeight + 1 })()"  # noqa: E501
CARDS = "[...document.querySelectorAll('.lz-card')].map((card) => card.outerHTML.replace(/ style=\"[^\"]*\"/g, ''))"


@pytest.fixture
def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


@pytest.fixture
def projected(enter: Callable[[User], Page], officer: User, group: Area) -> Page:
    factories.person("单秀英", group)
    page = enter(officer)
    page.goto("/coverage/")
    return page


def number(page: Page) -> str:
    return page.locator(".lz-projector output").inner_text()


@office
def test_keys_walk_through_the_slides(projected: Page) -> None:
    page = projected
    page.get_by_role("button", name="投影").click()
    expect(page.locator(".lz-projector h1")).to_contain_text("覆盖情况：新成路街道　截至 ")
    expect(page.locator(".lz-projector output")).to_have_text("1/5")
    for key, shown in {
        "ArrowRight": "2/5", "PageDown": "3/5", "Space": "4/5", "ArrowLeft": "3/5", "PageUp": "2/5", "End": "5/5",
        "ArrowDown": "5/5", "Home": "1/5", "ArrowUp": "1/5",
    }.items():  # fmt: skip
        page.keyboard.press(key)
        assert number(page) == shown, key
        assert not page.evaluate(IS_CUT), key
    page.get_by_role("button", name="下一张").click()
    page.get_by_role("button", name="下一张").click()
    expect(page.locator(".lz-stage tbody tr:visible")).to_have_count(4)  # the other four communities are on the next
    page.get_by_role("button", name="上一张").click()
    assert number(page) == "2/5"


@office
@pytest.mark.parametrize("way", ["key", "button"])
def test_the_page_is_as_it_was_afterwards(projected: Page, way: str) -> None:
    page = projected
    before = page.evaluate(CARDS)
    page.get_by_role("button", name="投影").click()
    expect(page.locator(".lz-projector output")).to_have_text("1/5")
    page.keyboard.press("End")
    if way == "key":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="退出").click()
    expect(page.locator(".lz-projector")).to_have_count(0)
    expect(page.locator(".lz-figures").first).to_be_visible()
    assert page.evaluate(CARDS) == before
    page.get_by_role("button", name="投影").click()
    expect(page.locator(".lz-projector output")).to_have_text("1/5")


@office
def test_every_report_fits_two_screens(projected: Page) -> None:
    page = projected
    names = ("rhythm", "thin", "participation", "months", "balance", "targets")
    for name in names:
        page.set_viewport_size({"width": 1366, "height": 768})
        page.goto(f"/{name}/")
        page.get_by_role("button", name="投影").click()
        expect(page.locator(".lz-projector output")).to_contain_text("1/")
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.wait_for_timeout(200)
        for _ in range(int(number(page).split("/")[1])):
            assert not page.evaluate(IS_CUT), (name, number(page))
            page.keyboard.press("ArrowRight")


@office
def test_places_are_sorted_by_a_click_and_the_whole_stays_below(projected: Page) -> None:
    page = projected
    page.locator("thead th").nth(1).get_by_role("button").click()
    expect(page.locator("tbody tr").first.locator("th")).to_have_text("第四社区")
    expect(page.locator("tfoot tr th")).to_have_text("合计")
