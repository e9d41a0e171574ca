"""A list nobody foresaw, homes in one cell: how many clicks it takes until everybody stands at their door."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from members.ground.access import PostKind
from members.models import Area, AreaName, Member, RosterImport, User
from tests import factories
from tests.members.uploads import sheet

pytestmark = pytest.mark.browser
FIRST = {
    "新人甲": ("男", "迎园路218弄5号302室", "迎晖苑1期 5号楼", "302"),
    "新人乙": ("女", "上海市嘉定区迎园路218弄12号楼1101", "迎晖苑1期 12号楼", "1101"),
    "新人丙": ("女", "仓场路66弄5号302室", "嘉乐花园1期 5号楼", "302"),
    "新人丁": ("男", "仓场路66弄1号101室", "嘉乐花园1期 1号楼", "101"),
    "新人戊": ("男", "迎园路218弄1号101室", "迎晖苑1期 1号楼", "101"),
}
SECOND = {
    "新人己": ("女", "迎园路218弄2号201室", "迎晖苑1期 2号楼", "201"),
    "新人庚": ("男", "仓场路66弄2号201室", "嘉乐花园1期 2号楼", "201"),
}
COMPOUNDS = {"迎园路218弄": "第一社区 迎晖苑1期", "仓场路66弄": "第一社区 嘉乐花园1期"}
MEANT = {"人员": "姓名", "居所": "家庭住址（一格写全）"}
People = dict[str, tuple[str, str, str, str]]


class Hand:
    """A hand that counts: each click, each choice from a select, each file chosen is one."""

    def __init__(self, page: Page):
        self.page, self.clicks = page, 0

    def click(self, thing: Locator) -> None:
        self.clicks += 1
        thing.click()

    def choose(self, select: Locator, label: str) -> None:
        self.clicks += 1
        select.select_option(label=label)

    def bring(self, path: Path) -> None:
        """Choose a file on the upload page, and send it."""
        self.clicks += 1
        self.page.locator("input[type=file]").set_input_files(path)
        self.press("上传并检查")

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name))

    def write(self, people: People) -> None:
        self.press(f"确认写入 {len(people)} 人")
        expect(self.page.get_by_text("已写入")).to_be_visible()


@pytest.fixture
def hand(enter: Callable[[User], Page], street: Area) -> Hand:
    """The hand of a community secretary who stands on the upload page."""
    page = enter(factories.official("shuji1", PostKind.SECRETARY, Area.objects.get(label="第一社区")))
    page.goto("/roster/")
    return Hand(page)


def listed(folder: Path, people: People) -> Path:
    """A file of these people under headings that say nothing; their phones follow their names."""
    rows: list[dict[str, Any]] = [
        {"人员": name, "男女": sex, "居所": home, "联络号": phone_of(name)} for name, (sex, home, *_) in people.items()
    ]
    path = folder / f"名单{len(people)}.csv"
    path.write_bytes(sheet(*rows))
    return path


def phone_of(name: str) -> str:
    return f"1990000{ord(name[-1]) % 10_000:04d}"


def doors() -> dict[str, tuple[str, str, str, str]]:
    """Where everybody lives by the register, with their sex and phone."""
    return {
        member.name: (member.get_sex_display(), member.home_label, member.home_room, member.phone)
        for member in Member.objects.all().with_home()
    }


def meant(people: People) -> dict[str, tuple[str, str, str, str]]:
    return {name: (sex, f"第一社区 {group}", room, phone_of(name)) for name, (sex, _, group, room) in people.items()}


def settle(hand: Hand) -> None:
    """Say once what the columns are, and which compounds the addresses mean."""
    expect(hand.page.get_by_text("请看一遍每一列是什么")).to_be_visible()
    for heading, field in MEANT.items():
        hand.choose(hand.page.get_by_label(heading, exact=True), field)
    hand.choose(hand.page.get_by_label("这张表里的人"), "都是在册党员")
    hand.press("下一步：核对")
    hand.click(hand.page.get_by_role("link", name="有 2 个地址不认识"))
    for name, compound in COMPOUNDS.items():
        asked = hand.page.get_by_role("group", name=f"“{name}”")
        hand.choose(asked.get_by_role("combobox"), compound)
    hand.press("保存选择")


def test_a_list_nobody_foresaw_takes_twelve_clicks_and_the_next_one_three(hand: Hand, tmp_path: Path) -> None:
    hand.bring(listed(tmp_path, FIRST))
    settle(hand)
    hand.write(FIRST)
    assert hand.clicks <= 12
    assert doors() == meant(FIRST)
    assert {name.text: name.area.label for name in AreaName.objects.select_related("area")} == COMPOUNDS

    hand.page.goto("/roster/")
    hand.clicks = 0
    hand.bring(listed(tmp_path, SECOND))
    hand.write(SECOND)
    assert hand.clicks <= 3
    assert doors() == meant(FIRST | SECOND)
    assert set(RosterImport.objects.values_list("status", flat=True)) == {RosterImport.Status.APPLIED}
