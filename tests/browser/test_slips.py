"""By hand: a member reports by the poster, the secretary accepts, the employer reads the receipt and the card."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from activities.models import Attendance
from feedback.models import RecordCard, Slip
from feedback.rules import agreeing, issuing, making
from feedback.rules.slips_coding import open_code
from members.models import Area, Member, User
from tests import cards, factories
from tests.browser.hand import fits, go_by_menu
from tests.browser.test_asking import Hand
from tests.browser.test_cards import ENDED, phone, secretary

pytestmark = pytest.mark.browser
__all__ = ["phone", "secretary"]


def test_a_member_reports_and_the_card_goes_back(
    enter: Callable[[User], Page], context: BrowserContext, phone: Page, secretary: User, street: Area,
    community: Area, group: Area,
) -> None:  # fmt: skip
    unit = factories.employer()
    contact = cards.contact("lianxiren", unit, street)
    report(phone, f"/r/{open_code(community, ends_on=ENDED.last + timedelta(days=400)).secret_code}/", unit.name)

    page, hand = enter(secretary), Hand()
    go_by_menu(page, "报到单")
    hand.count += 1
    assert fits(page)
    hand.on(page.get_by_role("button", name="接收安报到"))
    expect(page.get_by_text("已接收安报到")).to_be_visible()
    assert hand.count == 2
    member = Member.objects.get(name="安报到")
    assert (member.employer, member.home.area, member.home.room) == (unit, group, "302")
    page.goto(f"/slips/{Slip.objects.get().pk}/")
    expect(page.get_by_role("link", name="打印回执")).to_be_visible()
    assert fits(page)

    take_part(member, group)
    context.clear_cookies()
    page = enter(contact)
    page.goto("/inbox/slips/")
    expect(page.get_by_text("已接收").first).to_be_visible()
    page.get_by_role("link", name="安报到").click()
    expect(page.get_by_text("回执").first).to_be_visible()
    assert fits(page)
    page.goto("/inbox/")
    expect(page.get_by_role("link", name="安报到")).to_be_visible()


def report(phone: Page, address: str, unit: str) -> None:
    """Report as a member does, in six taps and the typing; the name has the cursor already."""
    hand = Hand()
    phone.goto(address)
    assert fits(phone)
    phone.keyboard.type("安报到")
    for label, typed in (("手机号", "19900007777"), ("住址", "梅园2期4号楼302室"), ("单位", unit)):
        hand.on(phone.get_by_label(label, exact=False).first)
        phone.keyboard.type(typed)
    hand.on(phone.get_by_label("接收本人信息"))
    hand.on(phone.get_by_label("告诉我的单位"))
    hand.on(phone.get_by_role("button", name="报到"))
    expect(phone.get_by_role("heading", name="已收到")).to_be_visible()
    assert hand.count <= 6
    assert Slip.objects.get().tells_employer


def take_part(member: Member, group: Area) -> None:
    """Let the member have come to an activity of the half year, whose card then leaves for the employer."""
    event = factories.activity(group, held_on=ENDED.last - timedelta(days=5))
    Attendance.objects.create(activity=event, member=member, source="tick")
    making.make(group.parent.parent, ENDED)
    card = RecordCard.objects.get(member=member)
    agreeing.show_all([card.pk])
    agreeing.agree(cards.fresh(card), how=RecordCard.How.PAPER)
    issuing.issue(cards.fresh(card))
