"""By hand: a period's cards are made, shown, agreed to on the phone and on paper, issued, and their answer read."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from activities.models import Attendance
from feedback.ground.periods import CardPeriod
from feedback.models import IssueRun, RecordCard
from feedback.rules import agreeing, making, receiving
from feedback.rules.receiving import By
from members.ground.access import PostKind
from members.models import Area, Member, User
from tests import cards, factories
from tests.browser.conftest import PATIENCE, SIZES
from tests.browser.hand import downloaded, fits, go_by_menu

pytestmark = pytest.mark.browser
ENDED = CardPeriod.on(timezone.localdate(), months=6).previous


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@pytest.fixture
def residents(group: Area) -> list[Member]:
    """Three in-post members of the building who came to what was held there in the period that has ended."""
    event = factories.activity(group, held_on=ENDED.last - timedelta(days=5))
    people = [cards.in_post(name, group, room=name[1]) for name in ("安一明", "白二明", "曹三明")]
    Attendance.objects.bulk_create(Attendance(activity=event, member=member, source="tick") for member in people)
    return people


@pytest.fixture
def phone(context: BrowserContext, live_server) -> Iterator[Page]:
    """The member's own phone, where nobody is logged in."""
    assert context.browser
    own = context.browser.new_context(base_url=live_server.url, locale="zh-CN", **SIZES["phone"])
    own.set_default_timeout(PATIENCE)
    yield own.new_page()
    own.close()


def states() -> list[str]:
    return list(RecordCard.objects.order_by("member__pinyin", "pk").values_list("status", flat=True))


def made(community: Area) -> list[RecordCard]:
    """The drafts of the period that has ended, by name."""
    making.make(community, ENDED)
    return list(RecordCard.objects.order_by("member__pinyin"))


def test_a_period_from_the_record_to_the_answer(
    enter: Callable[[User], Page], secretary: User, residents: list[Member]
) -> None:
    page = enter(secretary)
    go_by_menu(page, "记录卡")
    page.get_by_role("link", name="去生成").click()
    page.get_by_role("button", name="生成").click()
    expect(page.get_by_text("新生成 3 张")).to_be_visible()
    assert fits(page)

    page.get_by_role("link", name="安一明").click()
    page.get_by_label("社区的一句话").fill("值守楼道，邻居都认得。")
    assert fits(page)
    page.get_by_role("button", name="保存，看下一张草稿").click()
    expect(page.get_by_text("已保存，这是下一张草稿。")).to_be_visible()
    page.get_by_role("link", name=re.compile("的记录卡$")).click()

    page.get_by_label("选中本页 3 张").check()
    expect(page.get_by_text("已选中 3 张")).to_be_visible()
    page.get_by_role("button", name="请本人确认").click()
    expect(page.get_by_text("已请本人确认 3 张。")).to_be_visible()
    assert fits(page)

    page.get_by_label("选中本页 3 张").check()
    with page.context.expect_page() as coming:
        page.get_by_role("button", name="打印确认单").click()
    sheets = coming.value
    expect(sheets.get_by_role("heading", name="确认单")).to_have_count(3)
    assert fits(sheets)
    sheets.close()
    page.get_by_role("button", name="登记书面同意").click()
    expect(page.get_by_text("已登记书面同意 3 张。")).to_be_visible()

    page.get_by_label("选中本页 3 张").check()
    page.get_by_role("button", name="发给单位").click()
    expect(page.get_by_text("将发给 1 家单位 3 张。")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="发出 3 张").click()
    expect(page.get_by_text("已发出 3 张。")).to_be_visible()
    assert fits(page)
    assert states() == ["issued"] * 3

    page.get_by_role("link", name="看已发出的，打印").click()
    page.get_by_label("选中本页 3 张").check()
    assert downloaded(page, page.get_by_role("button", name="下载打印")).startswith(b"%PDF")
    expect(page.get_by_role("button", name="下载打印（PDF）")).to_be_visible()

    card = RecordCard.objects.get(member=residents[0])
    with transaction.atomic():
        receiving.receive(card, digest=card.digest)
        receiving.answer(card, text="收到，支部会上读了。", thanks=True, by=By())
    page.goto(f"/cards/{card.pk}/")
    expect(page.get_by_text("收到，支部会上读了。")).to_be_visible()
    assert fits(page)


def test_issuing_is_stopped(
    enter: Callable[[User], Page], secretary: User, community: Area, residents: list[Member], settings
) -> None:
    settings.ISSUE_DELAY = timedelta(minutes=10)
    pks = [row.pk for row in made(community)]
    agreeing.show_all(pks)
    agreeing.agree_all(pks, how=RecordCard.How.PAPER)
    page = enter(secretary)
    page.goto("/cards/?show=agreed")
    page.get_by_label("选中本页 3 张").check()
    page.get_by_role("button", name="发给单位").click()
    page.get_by_role("button", name="发出 3 张").click()
    expect(page.get_by_text("发给单位。")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="返回记录卡").click()
    expect(page.get_by_text("本人已同意的都在等着发出")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="停止发出").click()
    expect(page.get_by_text("已停止发出 3 张")).to_be_visible()
    assert states() == ["agreed"] * 3


def test_issuing_shows_its_progress(
    enter: Callable[[User], Page], secretary: User, community: Area, residents: list[Member]
) -> None:
    page = enter(secretary)
    rows = made(community)
    run = IssueRun.objects.create(area=community, user=secretary, cards=[row.pk for row in rows], issued=1)
    page.goto(f"/cards/runs/{run.pk}/")
    expect(page.get_by_text("共 3 张，已发出 1 张")).to_be_visible()
    IssueRun.objects.update(issued=2)
    expect(page.get_by_text("共 3 张，已发出 2 张")).to_be_visible()
    IssueRun.objects.update(issued=3, status=IssueRun.Status.DONE)
    expect(page.get_by_role("link", name="看已发出的，打印")).to_be_visible()


def test_one_agrees_on_the_phone_another_objects_and_is_shown_the_card_anew(
    enter: Callable[[User], Page], phone: Page, secretary: User, community: Area, residents: list[Member]
) -> None:
    first, second, _ = made(community)
    agreeing.show_all([first.pk, second.pk])
    page = enter(secretary)
    page.goto(f"/cards/{first.pk}/")
    phone.goto(page.get_by_label("本人的链接").input_value())
    phone.get_by_label("您的手机号后四位").fill("5678")
    phone.get_by_role("button", name="看我的卡").tap()
    expect(phone.get_by_text("楼道大扫除")).to_be_visible()
    assert fits(phone)
    phone.get_by_role("button", name="同意发给单位").tap()
    expect(phone.get_by_text("您已经同意")).to_be_visible()
    assert states()[0] == "agreed"

    page.goto(f"/cards/{second.pk}/")
    phone.goto(page.get_by_label("本人的链接").input_value())
    phone.get_by_label("您的手机号后四位").fill("５６７８")
    phone.get_by_role("button", name="看我的卡").tap()
    phone.get_by_text("内容不对，告诉社区").tap()
    phone.get_by_label("哪里不对").fill("那天我没去")
    phone.get_by_role("button", name="告诉社区").tap()
    expect(phone.get_by_text("那天我没去")).to_be_visible()
    assert fits(phone)

    page.goto("/")
    page.get_by_role("link", name="去处理").click()
    expect(page.get_by_text("本人的意见：那天我没去")).to_be_visible()
    page.get_by_role("button", name="去改正").click()
    page.get_by_label("楼道大扫除").uncheck()
    page.get_by_label("社区的一句话").fill("参加楼组议事。")
    page.get_by_role("button", name="保存，请本人确认").click()
    expect(page.get_by_text("已请本人确认。")).to_be_visible()
    assert fits(page)
    assert (states()[1], RecordCard.objects.get(pk=second.pk).kept_lines) == ("shown", [])
