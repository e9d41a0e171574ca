"""A list whose headings nobody foresaw: the columns are settled once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from members.ground.access import PostKind
from members.models import Area, Member, User
from tests import factories
from tests.members.uploads import sheet

pytestmark = pytest.mark.browser
ODD = {"同志": "新人甲", "男女": "男", "楼门": "3号楼", "哪个小区": "迎晖苑1期", "号头": "101", "备用": "19900001234"}
MEANT = {"同志": "姓名", "楼门": "楼组", "号头": "室号", "备用": "联系电话"}


def upload(page: Page, path: Path) -> None:
    page.locator(".lz-act", has_text="导入花名册").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="上传并检查").click()


def test_columns_are_settled_once(enter: Callable[[User], Page], street: Area, tmp_path: Path) -> None:
    secretary = factories.official("shuji1", PostKind.SECRETARY, Area.objects.get(label="第一社区"))
    page = enter(secretary)
    (tmp_path / "名单.csv").write_bytes(sheet(ODD))
    upload(page, tmp_path / "名单.csv")
    expect(page.get_by_text("请看一遍每一列是什么")).to_be_visible()
    for heading, field in MEANT.items():
        page.get_by_label(heading, exact=True).select_option(label=field)
    page.get_by_label("这张表里的人").select_option(label="都是在册党员")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="确认写入 1 人").click()
    expect(page.get_by_text("已写入")).to_be_visible()
    assert Member.objects.get().phone == "19900001234"
    page.goto("/")
    (tmp_path / "名单.csv").write_bytes(sheet(ODD | {"同志": "新人乙", "备用": "19900001235"}))
    upload(page, tmp_path / "名单.csv")
    page.get_by_role("button", name="确认写入 1 人").click()
    expect(page.get_by_text("已写入")).to_be_visible()
