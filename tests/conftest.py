"""The named cast: two streets, two communities, whoever works there, and the members who live there."""

import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from louzu.documents import making
from members.ground.access import PostKind
from members.models import Area, Member, User, journal
from members.web import throttling
from tests import emptying, factories, guard, once

ON_BOTH, THIRD = "LOUZU_TESTED_ON_SQLITE", "LOUZU_THIRD"
# What walks through all pages, calls and writes, or builds an installation: what differs shows in any part of it.
MATRICES = (
    "test_matrix.py", "test_matrix_cards.py", "test_matrix_homes.py", "test_matrix_week.py", "test_what_pages_tell.py",
    "test_junk.py", "test_urls_closed.py", "members/api/test_matrix.py", "activities/test_side_doors.py",
    "feedback/test_schema_run.py", "parity/test_parity.py", "test_in_chinese.py", "test_district.py",
    "feedback/test_generated.py", "louzu/test_staff_schema.py", "louzu/test_setup.py", "louzu/test_demo_year.py",
    "louzu/test_demo_cards.py", "louzu/test_demo_slips.py", "feedback/test_client_slips.py",
    "feedback/test_examples.py",
)  # fmt: skip
# The longest first, from four minutes down to twenty seconds: one that begins last would be waited for.
LONGEST = (
    "parity/test_parity.py", "deploy/test_bundle.py", "browser/test_axe.py", "test_what_pages_tell.py",
    "test_in_chinese.py", "test_district.py",
    "feedback/test_client.py", "members/test_worker_process.py", "louzu/test_staff_schema.py",
    "feedback/test_client_slips.py", "feedback/test_schema_run.py", "test_matrix_week.py",
    "test_matrix.py", "activities/test_thin.py", "members/api/test_matrix.py", "members/test_pages.py",
    "test_matrix_cards.py", "louzu/test_servers.py", "members/roster/test_memory.py", "test_matrix_homes.py",
    "test_urls_closed.py", "louzu/test_setup.py", "test_settings.py", "louzu/test_demo_year.py",
    "upgrade/test_upgrade.py", "test_junk.py",
)  # fmt: skip
FUTURE = 2**40  # in seconds since 1970
BACKEND = "django.contrib.auth.backends.ModelBackend"
FAR_FROM_DOORS = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 100000)
    FROM pg_sequences WHERE coalesce(last_value, 0) < 100000
"""


def pytest_configure() -> None:
    """On PostgreSQL, after SQLite, the matrices run by thirds: another one each day, or the one that is asked for."""
    gc.set_threshold(20_000, 20, 20)  # a test leaves little behind
    if ON_BOTH in os.environ:
        os.environ.setdefault(THIRD, str(date.today().toordinal() % 3))  # the workers' too, past midnight


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: much of the suite waits for a browser, a server or a client that it started."""
    return (os.cpu_count() or 1) + 1


def pytest_report_header() -> str | None:
    return f"of the matrices: {THIRD}={os.environ[THIRD]} (0, 1 or 2)" if ON_BOTH in os.environ else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; what ran on SQLite just now runs on PostgreSQL only as far as that can differ."""
    items.sort(key=lambda item: LONGEST.index(_file(item)) if _file(item) in LONGEST else len(LONGEST))
    if ON_BOTH in os.environ:
        left_out = {item for item in items if not _touches_database(item)} | _other_thirds(items)
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def _other_thirds(items: list[pytest.Item]) -> set[pytest.Item]:
    """What waits for another day: of the matrices' tests two in three."""
    tests = [item for item in items if _file(item) in MATRICES]
    return {item for number, item in enumerate(tests) if number % 3 != int(os.environ[THIRD])}


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0].removeprefix("tests/")


def _touches_database(item: Any) -> bool:
    """Whether it asks for the database, or may while it runs."""
    asked = {"db", "transactional_db", "live_server", "django_db_setup"}.intersection(item.fixturenames)
    later = "request" in item._fixtureinfo.argnames
    return bool(asked) or later or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    once.begin(item)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef) -> None:
    once.once_a_worker(fixturedef)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Sockets reach this machine only."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _local_only(getattr(socket.socket, name)))
        yield


def _local_only(connect: Callable) -> Callable:
    def checked(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not _is_local(address[0]):
            raise OSError(f"A test tried to reach {address[0]}.")
        return connect(self, address)

    return checked


def _is_local(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Number rows from 100 000 on: PostgreSQL takes no number back, and some test's row would come to 302, like a door.

    Pages that may not tell of a door are read for its number.
    """
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(FAR_FROM_DOORS)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: looked through again and again, it costs a tenth of the suite's time


@pytest.fixture(autouse=True)
def journal_was_applied() -> None:
    """The first request of a process applies the journal: not in the middle of a test that counts queries.

    Each test has an empty one. Cards that are made once a worker bear the same numbers in every test.
    """
    settings.JOURNAL.unlink(missing_ok=True)
    journal._is_applied = True


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    """Throttles count anew in each test, and nothing is kept from the one before."""
    throttling.forget(before=FUTURE)
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def guarded() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        guard.install(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        once.install(patch)
        emptying.install(patch)
        yield


@pytest.fixture(autouse=True)
def only_sql_in_transactions(guarded: None) -> Iterator[None]:
    """The product writes within `atomic_write` alone, and does nothing but SQL in there."""
    with guard.watched() as faults:
        yield
    assert not faults, "\n".join(faults)


@pytest.fixture
def street(db: None) -> Area:
    return factories.area("新成路街道", division_code="310114001")


@pytest.fixture(scope="session", autouse=True)
def _typeset_once() -> Iterator[None]:
    """Lay out the same monthly report once a worker: hundreds of tests have one among their rows."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("workbook_of_month", "word_of", "pdf_of"):
            patch.setattr(making, name, _kept(getattr(making, name)))
        yield


def _kept(typeset: Callable[..., bytes]) -> Callable[..., bytes]:
    known: dict[str, bytes] = {}

    def once(*content: Any) -> bytes:
        key = repr(content)
        if key not in known:
            known[key] = typeset(*content)
        return known[key]

    return once


@pytest.fixture
def community(street: Area) -> Area:
    return factories.area("第一社区", street, residents=6_800)


@pytest.fixture
def other_community(community: Area, street: Area) -> Area:
    return factories.area("第二社区", street, residents=5_400)


@pytest.fixture
def station(community: Area) -> Area:
    return factories.area("迎晖苑", community, housing=Area.Housing.COMMERCIAL)


@pytest.fixture
def group(station: Area) -> Area:
    return factories.building("1号楼", station)


@pytest.fixture
def other_group(other_community: Area) -> Area:
    """A building group in the other community."""
    compound = factories.area("仓场公寓", other_community, housing=Area.Housing.FORMER_PUBLIC)
    return factories.building("2号楼", compound)


@pytest.fixture
def other_street(street: Area) -> Area:
    """Another street with one community, one compound and one building group."""
    elsewhere = factories.area("菊园新区", division_code="310114002")
    neighbours = factories.area("平城社区", elsewhere, residents=4_000)
    compound = factories.area("嘉富丽苑", neighbours, housing=Area.Housing.VILLA)
    factories.building("9号楼", compound)
    return elsewhere


@pytest.fixture
def far_community(other_street: Area) -> Area:
    return Area.objects.get(name="平城社区")


@pytest.fixture
def far_group(other_street: Area) -> Area:
    """A building group of the other street."""
    return Area.objects.get(name="9号楼", path__startswith=other_street.path)


@pytest.fixture
def far_officer(other_street: Area) -> User:
    return factories.official("juyuan", PostKind.STREET, other_street)


@pytest.fixture
def far_secretary(far_community: Area) -> User:
    return factories.official("pingcheng", PostKind.SECRETARY, far_community)


@pytest.fixture
def superuser(db: None) -> User:
    return factories.user("root", name="安装者", is_superuser=True)


@pytest.fixture
def street_officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


@pytest.fixture
def secretary(community: Area) -> User:
    return factories.official("shuji1", PostKind.SECRETARY, community)


@pytest.fixture
def other_secretary(other_community: Area) -> User:
    return factories.official("shuji2", PostKind.SECRETARY, other_community)


@pytest.fixture
def liaison(station: Area) -> User:
    return factories.official("lianluo", PostKind.LIAISON, station)


@pytest.fixture
def leader(group: Area) -> User:
    return factories.official("zuzhang", PostKind.LEADER, group)


@pytest.fixture
def instructor(community: Area) -> User:
    return factories.official("zhidao", PostKind.INSTRUCTOR, community)


@pytest.fixture
def auditor(street: Area) -> User:
    return factories.official("shenji", PostKind.AUDITOR, street)


@pytest.fixture
def outsider(db: None) -> User:
    """Somebody who logs in but holds no post."""
    return factories.user("luren", name="路人")


@pytest.fixture
def member(group: Area) -> Member:
    """An in-post member who lives in the group and joined its party group."""
    return factories.person(
        "欧阳建国",
        group,
        room="302",
        phone="19900005678",
        id_number=factories.id_number("19780512", 431),
        birth_date="1978-05-12",
        affiliation=Member.Affiliation.IN_POST,
    )


@pytest.fixture
def other_member(other_group: Area) -> Member:
    """A local member of the other community."""
    return factories.person("单秀英", other_group, room="501", phone="19900001234", sex="female")


@pytest.fixture
def far_member(far_group: Area) -> Member:
    """An in-post member of the other street, at the employer that `member` is at too."""
    return factories.person("闵行舟", far_group, room="101", affiliation=Member.Affiliation.IN_POST)


@pytest.fixture
def moved_away(group: Area) -> Member:
    """A member whose last home here was in the group."""
    gone = factories.person("曾国强", group, room="401")
    gone.leave(on=date(2024, 6, 1))
    return gone


@pytest.fixture
def logged_in() -> Callable[[User], Client]:
    """Return a browser in which the user has logged in."""

    def browser(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return browser


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """Return an API client in which the user has logged in."""

    def session(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user, backend=BACKEND)
        return client

    return session
