"""A bare machine to the first roster by the manual alone: three commands, then a street office's clicks, counted."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from members.ground.first_password import first_password
from members.models import Member, User
from members.rules.appointing import open_street
from tests.browser.hand import log_in
from tests.members.test_roster_files import ROSTERS
from tests.members.test_second_factor import digits
from tests.members.uploads import called, cells, sheet

pytestmark = pytest.mark.browser
MANUAL = Path(__file__).parents[2] / "docs" / "使用手册.md"
LOGINS = "姓名\t岗位\t地方\n李慧\t社区书记\t第四社区\n王强\t联络员\t第四社区 梅园2期"
HOME = {"社区": "第四社区", "小区": "梅园2期", "楼组": "4号楼"}


class Hand:
    """Does what a hand does, and counts; a file chosen is two clicks, of which only the button is ours."""

    def __init__(self, page: Page):
        self.page, self.clicks = page, 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def choose(self, file: Path) -> None:
        self.clicks += 2
        self.page.locator("input[type=file]").set_input_files(file)

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name).first)

    def button(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.get_by_role("button", name=name))


def test_the_manual_sets_up_in_three_commands() -> None:
    chapter = MANUAL.read_text(encoding="utf-8").partition("\n## 安装")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```\n(.*?)```", chapter, re.DOTALL)
    commands = block.strip().splitlines()
    assert len(commands) <= 3
    assert any(command.endswith("manage.py setup") for command in commands)


@pytest.mark.parametrize("size", ["office"], indirect=True)
def test_the_first_roster_is_in_after_25_clicks(
    transactional_db: None, page: Page, settings: Any, tmp_path: Path
) -> None:
    settings.SECOND_FACTOR = ["street"]
    made = first_password()
    open_street("新成路街道", made, name="王敏", username="wangmin")
    (tmp_path / "名单.csv").write_bytes(sheet(*(cells(called(n), **HOME) for n in range(30))))
    hand = Hand(page)

    log_in(page, "wangmin", made.text)
    hand.clicks += 1
    page.get_by_label("手机上的六位数字").fill(digits(User.objects.get()))
    hand.button("验证")
    hand.link("收好了，继续")
    page.locator("[name=old_password]").fill(made.text)
    for name in ("new_password1", "new_password2"):
        page.locator(f"[name={name}]").fill("xincheng-lu-2026")
    hand.button(re.compile("密码"))

    hand.link("导入组织架构表")
    hand.choose(ROSTERS / "areas.xlsx")
    hand.button("上传")
    expect(page.get_by_text("新增 873")).to_be_visible()
    hand.link("首页")

    hand.link("开通书记")
    page.get_by_label("粘贴的表").fill(LOGINS)
    hand.button("核对")
    hand.button("开通 2 位")
    expect(page.get_by_text("楼组党建　登录交接单")).to_have_count(2)
    hand.link("返回名单")
    hand.link("首页")

    hand.link("导入花名册")
    hand.clicks += 1
    page.get_by_label("第一步").select_option(label="第四社区")
    hand.choose(tmp_path / "名单.csv")
    hand.button("上传并检查")
    hand.button("确认写入 30 人")
    expect(page.get_by_text("已写入")).to_be_visible()
    assert Member.objects.count() == 30
    assert hand.clicks <= 25
