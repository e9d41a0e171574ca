"""A browser at two sizes before the areas of a whole street; nothing may go wrong in it in silence."""

import os
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from members.models import Area, User
from members.roster.tree import import_tree, street_named
from tests.conftest import BACKEND
from tests.members.test_roster_files import ROSTERS

SIZES = {
    "office": {"viewport": {"width": 1366, "height": 768}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 30_000  # milliseconds: other tests run beside this one
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Each test's server has its own; the plug-in's fixture is written in a way that pytest warns of."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Debian's Chromium, whatever else Playwright may have at hand."""
    chromium = shutil.which("chromium")
    if chromium is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Chromium is not installed.")
    return browser_type_launch_args | {"executable_path": chromium, "args": QUIET}


@pytest.fixture(scope="session", autouse=True)
def rows_beside_playwright() -> Iterator[None]:
    """Playwright keeps a loop running in the tests' thread, where Django would refuse the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def wrong() -> list[str]:
    """What went wrong in the browser; a test that means it to takes it away."""
    return []


@pytest.fixture
def context(new_context: Callable, live_server, size: str, wrong: list[str]) -> Iterator[BrowserContext]:
    """A browser of this size; what fails on any of its pages, or is asked of another host, fails the test."""
    context = new_context(base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai", **SIZES[size])
    context.set_default_timeout(PATIENCE)
    _watch(context, wrong, urlsplit(live_server.url).netloc)
    yield context
    assert wrong == []


def _watch(context: BrowserContext, wrong: list[str], host: str) -> None:
    def asked(request) -> None:
        if request.url.startswith("http") and urlsplit(request.url).netloc != host:
            wrong.append(f"asked of another host: {request.url}")

    def failed(request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a download, or a page left before all of it had come
            wrong.append(f"failed: {request.url} {request.failure}")

    context.on("request", asked)
    context.on("requestfailed", failed)
    context.on("response", lambda answer: answer.status < 400 or wrong.append(f"{answer.status}: {answer.url}"))
    context.on("console", lambda line: line.type != "error" or wrong.append(f"{line.page.url}: {line.text}"))
    context.on("weberror", lambda error: wrong.append(f"{error.page.url}: {error.error}"))


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def enter(context: BrowserContext, page: Page, live_server) -> Callable[[User], Page]:
    """Let somebody in by the cookie of a session, past the login page; they arrive at the landing page."""

    def with_session(user: User) -> Page:
        client = Client()
        client.force_login(user, backend=BACKEND)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto("/")
        return page

    return with_session


@pytest.fixture
def street(transactional_db: None) -> Area:
    """The street of `tests/rosters/areas.xlsx`: 8 communities, 873 building groups, nobody in them yet."""
    import_tree((ROSTERS / "areas.xlsx").read_bytes(), street=street_named("新成路街道"), today=timezone.localdate())
    return Area.objects.get(level=Area.Level.STREET)


@pytest.fixture
def community(street: Area) -> Area:
    return Area.objects.get(label="第四社区")


@pytest.fixture
def station(community: Area) -> Area:
    return Area.objects.get(label="第四社区 梅园2期")


@pytest.fixture
def group(station: Area) -> Area:
    return Area.objects.get(label="第四社区 梅园2期 4号楼")
