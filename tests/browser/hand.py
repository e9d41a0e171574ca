"""What a hand does on a page in more than one step."""

import io
import re
from pathlib import Path

from openpyxl import Workbook, load_workbook
from playwright.sync_api import Locator, Page, expect

DROP = """(zone, [name, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name));
  for (const type of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
FITS = """() => document.body && document.readyState === "complete"
  && [document.documentElement.scrollWidth <= document.documentElement.clientWidth]"""


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/")
    page.get_by_label("登录名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def go_by_menu(page: Page, title: str) -> None:
    """Click an entry of the side bar, which a phone shows after a tap on its sign; a leader's may be under 更多."""
    bar = page.locator("#nav-sidebar")
    entry, more = bar.locator("a", has_text=re.compile(rf"{title}\s*$")), bar.get_by_text("更多")
    expect(page.locator("h1")).to_be_visible()
    if not bar.is_visible():
        page.get_by_role("button", name="菜单", exact=True).click()
        expect(bar).to_be_visible()
    if more.is_visible() and not entry.is_visible():
        more.click()
    entry.click()


def type_into_search(page: Page, select: str, words: str, option: str) -> None:
    """Find an option of a searching select box by the keyboard alone."""
    page.locator(f"{select} + .select2 .select2-selection").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".select2-search__field")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator(".select2-results__option--highlighted")).to_have_text(option)
    page.keyboard.press("Enter")


def fits(page: Page) -> bool:
    """Whether nothing is wider than the page; what comes after a click is waited for."""
    return page.wait_for_function(FITS).json_value()[0]


def drop(zone: Locator, file: Path) -> None:
    zone.evaluate(DROP, [file.name, list(file.read_bytes())])


def downloaded(page: Page, link: Locator) -> bytes:
    """Click, and return the file that comes."""
    with page.expect_download() as coming:
        link.click()
    return coming.value.path().read_bytes()


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))
