"""By hand: the office makes a member's file by a link, the member reads it and says what is wrong, it is settled."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from members.ground.access import PostKind
from members.models import Area, CorrectionRequest, Member, User
from tests import cards, factories
from tests.browser.conftest import PATIENCE, SIZES
from tests.browser.hand import downloaded, fits

pytestmark = pytest.mark.browser


@pytest.fixture
def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji", PostKind.SECRETARY, community)


@pytest.fixture
def member(group: Area) -> Member:
    return cards.in_post("安一明", group, room="302")


@pytest.fixture
def phone(context: BrowserContext, live_server) -> Iterator[Page]:
    """The member's own phone, where nobody is logged in."""
    assert context.browser
    own = context.browser.new_context(base_url=live_server.url, locale="zh-CN", **SIZES["phone"])
    own.set_default_timeout(PATIENCE)
    yield own.new_page()
    own.close()


def test_a_member_reads_what_is_held_and_has_it_put_right(
    enter: Callable[[User], Page], phone: Page, officer: User, secretary: User, member: Member
) -> None:
    page = enter(officer)
    page.goto(f"/members/{member.pk}/")
    page.get_by_role("link", name="给本人看").click()
    page.get_by_label("事由").fill("本人来电话要看自己的资料")
    page.get_by_role("button", name="发链接").click()
    expect(page.get_by_text("链接做好了，请发给本人。")).to_be_visible()
    assert fits(page)

    phone.goto(page.get_by_label("本人的链接").input_value())
    phone.get_by_label("您的手机号后四位").fill("5678")
    phone.get_by_role("button", name="打开").tap()
    expect(phone.get_by_role("heading", name="您的资料")).to_be_visible()
    assert downloaded(phone, phone.get_by_role("link", name="下载 PDF")).startswith(b"%PDF")
    phone.get_by_text("哪里不对，告诉社区").tap()
    phone.get_by_label("哪一方面").select_option("住址、党小组、六员")
    phone.get_by_label("哪里不对").fill("我住在303室，不是302室。")
    assert fits(phone)
    phone.get_by_role("button", name="告诉社区").tap()
    expect(phone.get_by_text("已经告诉社区书记")).to_be_visible()
    assert fits(phone)

    enter(secretary)
    page.get_by_role("link", name="去办").first.click()
    expect(page.get_by_text("我住在303室")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="办理安一明的更正请求").click()
    page.get_by_label("答复").fill("已改成303室")
    assert fits(page)
    page.get_by_role("button", name="已改好").click()
    expect(page.get_by_text("这一条办结了。")).to_be_visible()
    assert CorrectionRequest.objects.get().status == "righted"

    page.goto(f"/members/{member.pk}/")
    assert fits(page)
    enter(officer)
    page.goto(f"/members/{member.pk}/looked/")
    expect(page.get_by_text("本人资料").first).to_be_visible()
    assert fits(page)
