"""A disk that is full: what is written is refused in words, nothing half-written stays, and reading goes on."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.utils import timezone

from activities.models import Activity
from members.ground.outage import is_full
from members.models import Area, AuditEntry, Member, StaffToken, User
from members.web import throttling
from tests import factories
from tests.conftest import BACKEND
from tests.louzu.test_edges import postgres, sqlites, told

CALL, PAGE = "/api/v1/areas", "/admin/members/member/"
NOT_SAVED = "磁盘满了"


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (sqlites(sqlite3.SQLITE_FULL), True),
        (sqlites(sqlite3.SQLITE_BUSY), False),
        (sqlites(sqlite3.SQLITE_IOERR), False),
        (postgres("53100"), True),
        (postgres("53300"), False),
        (postgres(None), False),
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EACCES, "closed"), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_what_is_a_full_disk(error: Any, is_one: bool) -> None:
    assert is_full(error) is is_one


def full(*_: Any, **__: Any) -> None:
    raise sqlites(sqlite3.SQLITE_FULL)


@pytest.fixture
def client(secretary: User, logged_in: Callable[[User], Client]) -> Client:
    made = logged_in(secretary)
    made.raise_request_exception = False
    return made


# Refused --------------------------------------------------------------------------------------------------------------
def test_a_write_is_refused_in_words(client: Client, group: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("members.models.audit.AuditEntryQuerySet.extend", full)
    page = client.post("/activities/add/", recorded(group))
    assert (page.status_code, page["Retry-After"]) == (503, "10")
    assert all(word in page.content.decode() for word in ("没有保存", NOT_SAVED, "查看不受影响"))
    call = client.post("/api/v1/activities", {"area": group.pk}, content_type="application/json")
    assert call.status_code == 400, "what is wrong by itself is told first"
    call = client.post("/api/v1/activities", recorded(group), content_type="application/json")
    assert told(call) == (503, "unavailable")
    assert NOT_SAVED in call.json()["detail"]
    assert not Activity.objects.exists()


def test_what_fails_before_an_api_s_view_says_so_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("members.login.second_factor.is_required", full)
    answer = client.get(CALL)
    assert told(answer) == (503, "unavailable")
    assert NOT_SAVED in answer.json()["detail"]


def test_a_file_that_finds_no_room_is_refused_alike(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("members.ground.access.posts_of", no_room)
    assert NOT_SAVED in client.get("/").content.decode()


def recorded(group: Area) -> dict[str, Any]:
    return {
        "title": "读书会", "held_on": f"{timezone.localdate()}", "area": group.pk, "field": "culture",
        "regularity": "regular", "visibility": "open", "support": "cultural",
    }  # fmt: skip


# Read on --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def sessions_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionStore, "save", full)


def asleep(client: Client) -> None:
    """So long since the last page that the next one notes it in the session."""
    session = client.session
    session["seen"] = 0
    session.save()


def test_a_page_is_read_though_its_session_cannot_be_saved(
    client: Client, member: Member, request: pytest.FixtureRequest
) -> None:
    asleep(client)
    request.getfixturevalue("sessions_full")
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert member.name in answer.content.decode()


def test_a_login_that_cannot_be_kept_is_refused(outsider: User, sessions_full: None) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post("/admin/login/", {"username": "luren", "password": factories.PASSWORD})
    assert answer.status_code == 503
    assert NOT_SAVED in answer.content.decode()
    assert configured.SESSION_COOKIE_NAME not in answer.cookies


def test_another_error_of_a_session_is_not_passed_over(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise postgres("57P01")

    asleep(client)
    monkeypatch.setattr(SessionStore, "save", away)
    assert client.get(PAGE).status_code == 503


def test_a_call_is_answered_though_it_cannot_be_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "_run", full)
    assert client.get(CALL).status_code == 200

    def away(*_: Any) -> None:
        raise postgres("57P01")

    monkeypatch.setattr(throttling, "_run", away)
    assert client.get(CALL).status_code == 503


def test_a_program_reads_though_its_key_s_use_cannot_be_noted(
    secretary: User, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, text = StaffToken.issue(secretary, label="报表程序")
    monkeypatch.setattr("django.db.models.query.QuerySet.update", full)
    answer = Client().get(CALL, headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200
    key.refresh_from_db()
    assert key.last_used_at is None


# SQLite's own ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def no_page_left(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Return what lets the database grow no further, and fills the pages that are free."""

    def fill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages}")

    yield fill
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")


@pytest.mark.skipif(not configured.EMBEDDED, reason="SQLite's own")
def test_a_database_without_a_page_left(no_page_left: Callable[[], None], group: Area, secretary: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(secretary, backend=BACKEND)
    client.get(PAGE)
    no_page_left()
    answers = []
    while 503 not in answers and len(answers) < 60:
        answers.append(
            client.post("/activities/add/", recorded(group) | {"title": f"第 {len(answers)} 场"}).status_code
        )
    assert answers[-1] == 503, "the last page is full"
    assert set(answers[:-1]) <= {302}
    assert Activity.objects.count() == len(answers) - 1
    made = AuditEntry.objects.filter(model="activities.Activity", action="create")
    assert made.count() == len(answers) - 1
    for address in (PAGE, "/", "/activities/", CALL, f"/coverage/{group.pk}/"):
        assert client.get(address).status_code == 200, address
