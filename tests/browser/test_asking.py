"""By hand: a building's members are asked by one code, and each answers on their own phone; clicks and taps counted."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from activities.models import Attendance
from feedback.models import CardCode, RecordCard
from feedback.rules import making
from members.models import Area, Member, User
from tests import cards, factories
from tests.browser.conftest import PATIENCE, SIZES
from tests.browser.hand import downloaded, fits
from tests.browser.test_cards import ENDED, secretary

pytestmark = pytest.mark.browser
__all__ = ["secretary"]
MANY = 30


@pytest.fixture
def residents(group: Area) -> list[Member]:
    """Thirty in-post members of the building, who came to what was held there; their phones end in 1000 to 1029."""
    event = factories.activity(group, held_on=ENDED.last - timedelta(days=5))
    people = [
        cards.in_post(f"安{'甲乙丙丁戊己庚辛壬癸'[number % 10]}{'一二三'[number // 10]}", group, room=str(number + 1),
                      phone=f"1990000{1000 + number}")
        for number in range(MANY)
    ]  # fmt: skip
    Attendance.objects.bulk_create(Attendance(activity=event, member=member, source="tick") for member in people)
    return people


@pytest.fixture
def phones(context: BrowserContext, live_server) -> Iterator[Callable[[], Page]]:
    """Phones of members, where nobody is logged in."""
    made = []

    def phone() -> Page:
        assert context.browser
        own = context.browser.new_context(base_url=live_server.url, locale="zh-CN", **SIZES["phone"])
        own.set_default_timeout(PATIENCE)
        made.append(own)
        return own.new_page()

    yield phone
    for own in made:
        own.close()


class Hand:
    """Clicks or taps, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, target: Locator) -> None:
        self.count += 1
        target.click()


def test_thirty_members_are_asked_in_three_clicks_and_answer_in_three_taps(
    enter: Callable[[User], Page], phones: Callable[[], Page], secretary: User, community: Area, group: Area,
    residents: list[Member],
) -> None:  # fmt: skip
    making.make(community, ENDED)
    page, hand = enter(secretary), Hand()
    page.goto("/cards/")
    hand.on(page.get_by_role("link", name="扫码请本人确认"))
    make = page.get_by_role("button", name=f"生成{group.label}的码")
    expect(make).to_be_visible()
    assert fits(page)
    hand.on(make)
    expect(page.get_by_text("新请本人确认 30 张")).to_be_visible()
    assert fits(page)
    hand.count += 1
    assert downloaded(page, page.get_by_role("link", name="打印海报")).startswith(b"%PDF")
    assert hand.count <= 3
    assert set(RecordCard.objects.values_list("status", flat=True)) == {"shown"}
    address = f"/ask/{CardCode.objects.get().secret_code}/"

    for member, answer, told in (
        (residents[0], "同意发给单位", "您已经同意"), (residents[1], "不同意发", "这张卡没有发出"),
    ):  # fmt: skip
        phone, hand = phones(), Hand()
        phone.goto(address)
        expect(phone.get_by_text(community.name).first).to_be_visible()
        assert fits(phone)
        phone.get_by_label("姓名").fill(member.name)
        phone.get_by_label("手机号后四位").fill(member.phone[-4:])
        hand.on(phone.get_by_role("button", name="看我的卡"))
        expect(phone.get_by_text("楼道大扫除")).to_be_visible()
        assert fits(phone)
        hand.on(phone.get_by_role("button", name=answer, exact=True))
        expect(phone.get_by_text(told)).to_be_visible()
        assert hand.count <= 3
        assert RecordCard.objects.get(member=member).status in ("agreed", "objected")
    hand.on(phone.get_by_role("button", name="收回"))
    expect(phone.get_by_role("button", name="同意发给单位")).to_be_visible()
    assert RecordCard.objects.get(member=residents[1]).status == "shown"
