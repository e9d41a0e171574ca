"""A unit without a system reads its cards, answers, sends one back and offers a room; the secretary uses it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from activities.models import Need
from feedback.models import Answer, Contact, Offer, RecordCard
from members.ground.access import PostKind
from members.models import Area, User
from tests import cards, factories
from tests.browser.hand import fits, go_by_menu, log_in

pytestmark = pytest.mark.browser
NEW = "jiading-2010-yibiaochang"


@pytest.fixture
def holder(street: Area) -> User:
    """A contact who has not logged in yet."""
    return cards.contact("lianxiren", factories.employer(), street)


@pytest.fixture
def sent(group: Area) -> list[RecordCard]:
    """Three cards that are with the unit."""
    names = ("安一明", "白二明", "曹三明")
    return [cards.issued(cards.in_post(name, group, room=name[1]), sentence="谢谢支持。") for name in names]


def states() -> list[str]:
    return list(RecordCard.objects.order_by("pk").values_list("status", flat=True))


def test_a_contact_reads_answers_and_sends_back(page: Page, holder: User, sent: list[RecordCard]) -> None:
    first = holder.set_first_password()
    holder.save()
    log_in(page, "lianxiren", first)
    page.locator("[name=old_password]").fill(first)
    page.locator("[name=new_password1]").fill(NEW)
    page.locator("[name=new_password2]").fill(NEW)
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_text("有 3 张新的记录卡")).to_be_visible()

    page.get_by_role("link", name="安一明").click()
    expect(page.get_by_text("楼道大扫除")).to_be_visible()
    page.get_by_role("button", name="签收").click()
    page.get_by_label("反馈").fill("已阅，谢谢社区。")
    page.get_by_label("向社区和本人表示感谢").check()
    page.get_by_role("button", name="送出，看下一张").click()
    expect(page.get_by_text("反馈已送到社区")).to_be_visible()
    answer = Answer.objects.get()
    assert (answer.text, answer.thanks, answer.user, answer.card) == ("已阅，谢谢社区。", True, holder, sent[0])

    expect(page.get_by_text("曹三明")).to_be_visible()
    page.get_by_role("link", name="有问题，退回").click()
    page.get_by_label("已离开本单位").check()
    page.get_by_label("说明").fill("去年调走了")
    page.get_by_role("button", name="退回").click()
    expect(page.get_by_text("已退回：已离开本单位（去年调走了）")).to_be_visible()

    page.get_by_role("link", name="收件箱").first.click()
    page.get_by_label("选中白二明的卡").check()
    page.get_by_role("button", name="签收选中的").click()
    expect(page.get_by_text("已签收 1 张")).to_be_visible()
    assert states() == ["answered", "received", "returned"]
    page.get_by_role("link", name="已退回 1").click()
    expect(page.locator("tbody th")).to_have_text(["曹三明"])


def test_all_cards_of_the_page_are_ticked_by_one(
    enter: Callable[[User], Page], holder: User, sent: list[RecordCard]
) -> None:
    page = enter(holder)
    page.get_by_label("选中本页要办的 3 张").check()
    expect(page.get_by_text("已选中 3 张")).to_be_visible()
    page.get_by_role("button", name="签收选中的").click()
    expect(page.get_by_text("已签收 3 张")).to_be_visible()
    assert states() == ["received"] * 3


def test_seventy_cards_are_answered_by_three_clicks(enter: Callable[[User], Page], holder: User, group: Area) -> None:
    for number in range(70):
        cards.issued(cards.in_post(f"工{number:02}", group, room=str(number)))
    page = enter(holder)
    page.get_by_label("选中全部要办的 70 张").check()
    page.get_by_label("给选中的写同一句反馈").click()
    page.keyboard.type("已阅，谢谢社区。")
    assert fits(page)
    page.get_by_role("button", name="反馈选中的").click()
    expect(page.get_by_text("已反馈 70 张")).to_be_visible()
    assert states() == ["answered"] * 70
    assert Answer.objects.filter(text="已阅，谢谢社区。", user=holder).count() == 70


def test_what_a_unit_offers_is_used_for_a_need(
    enter: Callable[[User], Page], context: BrowserContext, holder: User, community: Area, group: Area
) -> None:
    factories.need(group, text="找地方排练合唱")
    page = enter(holder)
    page.get_by_role("link", name="给社区提供资源").click()
    page.get_by_role("link", name="提供一项资源").click()
    page.get_by_label("提供给").select_option("第四社区")
    page.get_by_label("类别").select_option("场地")
    page.get_by_label("提供什么").fill("会议室")
    page.get_by_label("说明").fill("周末可用，能坐 60 人。")
    page.get_by_role("button", name="提供", exact=True).click()
    expect(page.get_by_text("已提供给社区")).to_be_visible()

    context.clear_cookies()
    page = enter(factories.official("shuji", PostKind.SECRETARY, community))
    page.goto("/offers/")
    page.get_by_role("link", name="会议室").click()
    page.get_by_label(re.compile("找地方排练合唱")).check()
    page.get_by_role("button", name="用在这条需求上").click()
    expect(page.get_by_text("已用在“找地方排练合唱”上")).to_be_visible()
    need = Need.objects.get()
    assert (need.status, need.employer, Offer.objects.get().needs.get()) == (
        "claimed",
        holder.contacts.get().employer,
        need,
    )


@pytest.mark.parametrize("size", ["office"], indirect=True)
def test_the_street_lets_a_contact_in(enter: Callable[[User], Page], street: Area) -> None:
    unit = factories.employer()
    page = enter(factories.official("jiedao", PostKind.STREET, street))
    go_by_menu(page, "单位接入")
    page.get_by_role("link", name="单位联系人").click()
    page.goto("/admin/feedback/contact/add/")
    page.locator("#id_employer + .select2 .select2-selection").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("仪表厂")
    expect(page.locator(".select2-results__option--highlighted")).to_have_text(unit.name)
    page.keyboard.press("Enter")
    page.get_by_label("姓名").fill("钱联系")
    page.get_by_label("登录名").fill("qianlx")
    page.get_by_role("button", name="保存", exact=True).click()
    told = page.get_by_text("初始密码是")
    expect(told).to_be_visible()
    password = re.search(r"初始密码是 (\S+?)（", told.inner_text())[1]
    assert Contact.objects.get().employer == unit
    page.context.clear_cookies()
    log_in(page, "qianlx", password)
    expect(page.get_by_role("heading", name="密码修改")).to_be_visible()
