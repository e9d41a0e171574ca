"""axe finds nothing serious on any page that a post sees, at three widths; each page opens once."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.resources import files

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
SIZES = ((1366, 768), (1920, 1080), (390, 844))
SERIOUS = {"serious", "critical"}
# What the browser need not open: no pages of ours, or no pages at all.
NO_PAGES = ("api/", "admin/jsi18n/", "admin/logout/", "admin/autocomplete/", "admin/search/", "/progress/")
RUN = """() => axe.run(document, { resultTypes: ["violations"], iframes: false }).then((found) => found.violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target.join(" ")} ${node.html.slice(0, 160)}`)))"""


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


@pytest.mark.parametrize("size", ["office"], indirect=True)
def test_nothing_serious_on_any_page(
    context: BrowserContext, page: Page, live_server, request: pytest.FixtureRequest, member: Member,
    other_member: Member, other_street: Area, secretary: User,
) -> None:  # fmt: skip
    axe = (files("axe_playwright_python") / "axe.min.js").read_text()
    lived(member, other_member, by=secretary)
    sent(by=secretary)
    StaffToken.issue(secretary, label="报表程序")
    RosterImport.objects.create(area=member.home.area.parent, user=secretary, file_name="春季花名册.xlsx", status="discarded")
    unit = cards.contact("danweilianxi", member.employer, Area.objects.get(name="新成路街道"))
    known: set = set()
    found: dict[str, list[str]] = {}
    import time, collections
    times = collections.Counter(); t=time.monotonic()
    def lap(n):
        nonlocal t
        now=time.monotonic(); times[n]+=now-t; t=now
    for who in ("secretary", "street_officer", "superuser", "leader", "instructor", unit, None):
        user = request.getfixturevalue(who) if isinstance(who, str) else who
        client = Client()
        context.clear_cookies()
        if user:
            client.force_login(user, backend=BACKEND)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        lap("setup")
        for url in pages(client, known):
            lap("client"); times["n"] += 1; times[f"n {who}"] += 1
            page.goto(url)
            lap("goto")
            page.evaluate(axe)
            lap("inject")
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                for each in page.evaluate(RUN):
                    found.setdefault(each, []).append(f"{who} {url} {width}")
                lap(f"axe{width}")
    import pathlib; pathlib.Path("/tmp/axe/found.json").write_text(json.dumps({"t":dict(times),"f":found}, ensure_ascii=False, indent=1))
    assert found == {}
