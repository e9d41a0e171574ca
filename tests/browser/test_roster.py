"""A secretary brings a roster in, mends what is wrong with it, and takes it back."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, Member, User
from tests import factories
from tests.browser.hand import downloaded, drop, opened
from tests.members.test_roster_files import ROSTERS
from tests.members.uploads import called

pytestmark = pytest.mark.browser
office = pytest.mark.parametrize("size", ["office"], indirect=True)
MENDED = {
    "性别": "女", "身份证号": None, "联系电话": None, "工作单位": None, "统一社会信用代码": None,
    "党员类别": "正式党员", "入党时间": "2020年7月", "在职/在册": "在册", "社区": "第四社区",
    "小区": "梅园2期", "楼组": "4号楼",
}  # fmt: skip


@pytest.fixture
def third_secretary(street: Area) -> User:
    return factories.official("shuji3", PostKind.SECRETARY, Area.objects.get(label="第三社区"))


@pytest.fixture
def worker_thread(settings) -> Iterator[None]:
    """The queue and the thread of the field; the thread is over before the tables are emptied."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    settings.WORKER_THREAD = True
    yield
    for thread in threading.enumerate():
        if thread.name == "louzu-worker":
            thread.join()


def choose(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)


def drag(page: Page, file: Path) -> None:
    drop(page.locator("[data-drop]"), file)


@pytest.mark.parametrize(
    ("size", "bring"), [("office", choose), ("office", drag), ("phone", choose)], indirect=["size"]
)
def test_a_roster_comes_in_and_is_taken_back(
    enter: Callable[[User], Page], third_secretary: User, bring: Callable
) -> None:
    page = enter(third_secretary)
    page.locator(".lz-act", has_text="导入花名册").click()
    bring(page, ROSTERS / "titled.xlsx")
    expect(page.get_by_text("已选择：titled.xlsx")).to_be_visible()
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_text("检查结果：titled.xlsx → 第三社区")).to_be_visible()
    assert not Member.objects.exists()
    page.get_by_role("button", name="确认写入 240 人").click()
    expect(page.get_by_text("已写入")).to_be_visible()
    assert Member.objects.count() == 240
    page.get_by_role("link", name="撤销这次导入").click()
    page.get_by_role("button", name="撤销导入").click()
    expect(page.get_by_text("已撤销")).to_be_visible()
    assert not Member.objects.exists()


@office
def test_what_was_wrong_is_mended_in_the_workbook_that_says_so(
    enter: Callable[[User], Page], street: Area, tmp_path: Path
) -> None:
    page = enter(factories.official("shuji4", PostKind.SECRETARY, Area.objects.get(label="第四社区")))
    upload(page, ROSTERS / "dirty.xlsx")
    expect(figure(page, "有错误")).to_have_text("23")
    book = opened(downloaded(page, page.get_by_role("link", name="下载错误说明表")))
    assert mend(book) == 23
    book.save(tmp_path / "改好的名单.xlsx")
    page.get_by_role("button", name="放弃，重新上传").click()
    upload(page, tmp_path / "改好的名单.xlsx")
    expect(figure(page, "有错误")).to_have_text("0")
    page.get_by_role("button", name="确认写入 54 人").click()
    expect(page.get_by_text("已写入")).to_be_visible()
    assert Member.objects.count() == 54


def mend(book: Workbook) -> int:
    """Put right every row that the last column speaks of, and say how many there were."""
    sheet = book["花名册"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    wrong = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, columns["错误说明"]).value]
    for row in wrong:
        for heading, value in MENDED.items():
            sheet.cell(row, columns[heading]).value = value
        sheet.cell(row, columns["姓名"]).value = called(row)
    return len(wrong)


@office
def test_a_file_that_is_no_roster_is_refused_in_one_sentence(
    enter: Callable[[User], Page], third_secretary: User
) -> None:
    page = enter(third_secretary)
    upload(page, ROSTERS / "picture.xlsx")
    expect(page.get_by_text("图片")).to_be_visible()
    page.get_by_role("link", name="重新上传").click()
    expect(page.get_by_role("button", name="上传并检查")).to_be_visible()


@office
def test_a_roster_is_read_and_written_beside_the_server(
    enter: Callable[[User], Page], third_secretary: User, worker_thread: None
) -> None:
    page = enter(third_secretary)
    upload(page, ROSTERS / "titled.xlsx")
    page.get_by_role("button", name="确认写入 240 人").click()
    expect(page.get_by_text("已写入")).to_be_visible()
    assert Member.objects.count() == 240


def upload(page: Page, file: Path) -> None:
    page.goto("/roster/")
    choose(page, file)
    page.get_by_role("button", name="上传并检查").click()


def figure(page: Page, name: str):
    return page.locator(".lz-figures > div", has=page.locator("dt", has_text=name)).locator("dd")
