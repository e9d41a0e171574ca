"""A table of past activities whose headings nobody foresaw: its columns are settled, it is written, and taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from activities.models import Activity, Attendance
from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.activities.books import DAY

pytestmark = pytest.mark.browser
COMPOUND = "迎晖苑1期"
ACTIVITIES = [["搞了什么", "哪天", "哪个小区", "领域"], ["大扫除", DAY, COMPOUND, "居住环境"]]
CAME = [["姓名", "活动主题", "日期", "主办", "签到"]]
CAME += [[name, "大扫除", DAY, COMPOUND, word] for name, word in (("新人甲", "√"), ("新人乙", "请假"))]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The workbook: activities under odd headings, and who came under known ones."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in {"汇总": ACTIVITIES, "签到": CAME}.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "活动.xlsx")
    return tmp_path / "活动.xlsx"


def test_a_table_comes_in_and_is_taken_back(enter: Callable[[User], Page], street: Area, table: Path) -> None:
    building = Area.objects.get(label=f"第一社区 {COMPOUND} 1号楼")
    for name in ("新人甲", "新人乙"):
        factories.person(name, building)
    page = enter(factories.official("shuji1", PostKind.SECRETARY, Area.objects.get(label="第一社区")))
    page.goto("/activities/import/")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_text("没有读取的工作表：汇总")).to_be_visible()
    page.get_by_role("button", name="列认错了，改一改").click()
    page.get_by_label("搞了什么", exact=True).select_option(label="活动名称")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="确认写入 1 次活动 1 人次参加").click()
    expect(page.get_by_text("已写入")).to_be_visible()
    made = Activity.objects.get()
    assert (made.title, made.held_on, made.area.label) == ("大扫除", DAY, f"第一社区 {COMPOUND}")
    assert [row.member.name for row in Attendance.objects.select_related("member")] == ["新人甲"]
    page.get_by_role("link", name="撤销这次导入").click()
    page.get_by_role("button", name="撤销导入").click()
    expect(page.get_by_text("已撤销")).to_be_visible()
    assert not Activity.objects.exists()
