"""axe finds nothing serious on any page that a post sees, at two widths; what is built alike opens once."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from members.models import Area, Member, RosterImport, StaffToken, User
from tests import cards, factories
from tests.conftest import BACKEND
from tests.half_year import sent
from tests.routes import filled, routes
from tests.week import lived

pytestmark = pytest.mark.browser
VOID = {"br", "hr", "img", "input", "link", "meta"}
SIZES = ((1366, 768), (390, 844))
WALKS = (["secretary"], ["street_officer"], ["superuser", "leader", "instructor", "auditor", "unit", "visitor"])
ZOOMED = {"width": 683, "height": 384}  # 1366 at 200 %
# What the browser need not open: no pages of ours, or no pages at all.
NO_PAGES = ("api/", "admin/jsi18n/", "admin/logout/", "admin/autocomplete/", "admin/search/", "/progress/")
# Once the page has settled in its width; the menu is looked at on a user's first page.
RUN = """async (isFirst) => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const where = { include: [["html"]], exclude: isFirst ? [] : [["#nav-sidebar"]] };
  const found = await axe.run(where, { resultTypes: ["violations"], iframes: false, preload: false });
  return found.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target.join(" ")} ${node.html.slice(0, 160)}`));
}"""
IS_WIDER = "document.documentElement.scrollWidth > window.innerWidth + 1"


@pytest.fixture
def street(transactional_db: None) -> Area:
    return factories.area("新成路街道", division_code="310114001")


@pytest.fixture
def community(street: Area) -> Area:
    return factories.area("第一社区", street, residents=6_800)


@pytest.fixture
def station(community: Area) -> Area:
    return factories.area("迎晖苑", community, housing=Area.Housing.COMMERCIAL)


@pytest.fixture
def group(station: Area) -> Area:
    return factories.building("1号楼", station)


class Shape(HTMLParser):
    """What a page is built of: its elements by kind and name, and the kind of what they stand in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str | None, ...]] = set()
        self.around: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        kind = f"{tag} {named.get('class')}"
        self.found.add((kind, re.sub(r"\d+", "0", named.get("name") or ""), self.around[-1] if self.around else None))
        if tag not in VOID:
            self.around.append(kind)

    def handle_endtag(self, tag: str) -> None:
        while self.around and not self.around.pop().startswith(f"{tag} "):
            pass


def pages(client: Client, known: set) -> Iterator[str]:
    """Yield what opens to this user and is built of something that no page before was built of."""
    for route in sorted(set(routes())):
        if any(sign in f"/{route}" for sign in NO_PAGES):
            continue
        answer = client.get(filled(route))
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            shape = Shape(answer.content.decode()).found
            if shape - known:
                known |= shape
                yield filled(route)


@pytest.fixture
def users(
    request: pytest.FixtureRequest, member: Member, other_member: Member, other_street: Area, secretary: User
) -> list[User | None]:
    """Those users, among rows of every kind; None is a visitor."""
    lived(member, other_member, by=secretary)
    sent(by=secretary)
    StaffToken.issue(secretary, label="报表程序")
    community = Area.objects.get(name="第一社区")
    RosterImport.objects.create(area=community, user=secretary, file_name="春季花名册.xlsx", status="discarded")
    unit = cards.contact("lianxiren", member.employer, Area.objects.get(name="新成路街道"))
    known = {"unit": unit, "visitor": None}
    return [known[who] if who in known else request.getfixturevalue(who) for who in request.param]


@pytest.fixture(scope="module")
def opened() -> list[int]:
    """How many pages each of the walks so far opened."""
    return []


@pytest.fixture(scope="module")
def known() -> set:
    """What the pages opened so far are built of."""
    return set()


@pytest.mark.parametrize("size", ["office"], indirect=True)
@pytest.mark.parametrize(
    "users",
    WALKS,
    indirect=True,
    ids=["secretary", "street_officer", "others"],
)
def test_nothing_serious_on_any_page(
    context: BrowserContext, page: Page, live_server: Any, users: list[User | None], known: set, opened: list[int]
) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text()
    found: dict[str, list[str]] = {}
    opened.append(0)
    for user in users:
        client = come_in(context, live_server.url, user)
        for number, url in enumerate(pages(client, known)):
            opened[-1] += 1
            page.goto(url)
            page.evaluate(axe)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                for each in page.evaluate(RUN, number == 0):
                    found.setdefault(each, []).append(f"{user} {url} {width}")
            page.set_viewport_size(ZOOMED)
            if page.locator("main").count() != 1:
                found.setdefault("not one <main>", []).append(f"{user} {url}")
            if page.evaluate(IS_WIDER):
                found.setdefault("wider than the window", []).append(f"{user} {url}")
    assert not found, "\n".join(f"{each}\n    {', '.join(where)}" for each, where in found.items())
    assert opened[-1] > 10


def test_the_walks_opened_over_a_hundred_pages(opened: list[int]) -> None:
    if len(opened) < len(WALKS):
        pytest.skip("Not every walk was made.")
    assert sum(opened) > 100


def come_in(context: BrowserContext, address: str, user: User | None) -> Client:
    """Log the user in, in the browser and in the client that is returned; nobody else stays."""
    client = Client()
    context.clear_cookies()
    if user:
        client.force_login(user, backend=BACKEND)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
    return client
