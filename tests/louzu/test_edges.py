"""What a request meets before and around its page: errors as problems, and a database that is away or held by one."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.db import DatabaseError, DataError, InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client
from rest_framework.test import APIClient

from feedback.api import problems as of_employers
from louzu import edges
from members.ground.outage import CommitUnknown, is_outage
from members.models import AuditEntry, StaffToken, User
from members.web import problems
from tests import factories
from tests.conftest import BACKEND

AREAS = "/api/v1/areas"
FORM = "multipart/form-data; boundary=x"
SHAPE = {"type", "title", "status", "detail", "request_id"}


def told(answer: Any) -> tuple[int, str]:
    """The status and the type, of what must be a whole problem."""
    assert answer["Content-Type"] == "application/problem+json", answer.content[:200]
    problem = answer.json()
    assert problem.keys() >= SHAPE
    assert (problem["status"], problem["request_id"]) == (answer.status_code, answer["X-Request-ID"])
    assert problem["detail"]
    return answer.status_code, problem["type"].removeprefix("/problems/")


# Problems ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/api", "/api/v2/areas", "/api/v1", "/api/x.html", "/api//"])
def test_any_address_under_api_that_is_none(path: str, secretary: User, logged_in: Callable[[User], Client]) -> None:
    answer = logged_in(secretary).get(path, follow=True)
    assert told(answer) == (404, "not-found")


@pytest.mark.django_db
@pytest.mark.parametrize("path", [AREAS, "/api/v1/docs", "/api/v2/x", "/api/v1/me"])
@pytest.mark.parametrize("is_https", [True, False])
def test_a_wrong_host(path: str, is_https: bool, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = is_https
    assert told(Client().get(path, headers={"Host": "elsewhere.example"})) == (400, "bad-request")


@pytest.mark.django_db
def test_what_fails_before_the_view(secretary: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(secretary, backend=BACKEND)
    assert told(client.post("/api/v1/docs")) == (403, "csrf-failed")
    assert told(client.post(AREAS, {})) == (403, "csrf-failed")
    monkeypatch.setattr("members.login.second_factor.is_required", lambda user: 1 / 0)
    assert told(client.get(AREAS)) == (500, "internal")


@pytest.mark.django_db
def test_a_method_that_is_not_offered(secretary: User, logged_in: Callable[[User], Client]) -> None:
    for path in ("/api/v1/docs", "/api/v1/schema", "/api/v1/employer/schema", AREAS):
        answer = logged_in(secretary).delete(path)
        assert told(answer) == (405, "method-not-allowed")
        assert "GET" in answer["Allow"]


@pytest.mark.django_db
def test_what_is_not_spoken_here(secretary: User) -> None:
    client = APIClient()
    client.force_authenticate(secretary)
    for path in (AREAS, "/api/v1/schema", "/api/v1/employer/schema"):
        assert told(client.get(path, headers={"Accept": "text/html"})) == (406, "not-acceptable")
    assert told(client.post(AREAS, "name=1", content_type="text/plain")) == (415, "unsupported-media-type")


@pytest.mark.django_db
def test_the_api_says_its_version(secretary: User, logged_in: Callable[[User], Client], settings: Any) -> None:
    client = logged_in(secretary)
    for path in ("/api/v1/keys", "/api/v1/docs", AREAS, "/api/v1/nothing", "/api/v2/x", "/api/v1/me"):
        assert client.get(path)["API-Version"] == settings.API_VERSION
    assert Client().get("/api/v1/keys", headers={"Host": "elsewhere.example"})["API-Version"] == settings.API_VERSION
    assert "API-Version" not in client.get("/")
    guide = (settings.BASE_DIR / "docs/employer/接口指南.md").read_text("utf-8")
    assert f"| {settings.API_VERSION}（" in guide


@pytest.mark.django_db
def test_a_page_s_error_stays_a_page(secretary: User, logged_in: Callable[[User], Client]) -> None:
    for path in ("/nothing/", "/apis/"):
        answer = logged_in(secretary).get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "没有找到" in answer.content.decode()


@pytest.mark.django_db
def test_one_condition_has_one_type_at_each_door(secretary: User, settings: Any) -> None:
    _, text = StaffToken.issue(secretary, label="报表程序")
    token, session = Client(headers={"Authorization": f"Bearer {text}"}), Client()
    session.force_login(secretary, backend=BACKEND)
    conditions: dict[str, Callable[[], None]] = {
        "new-password-first": lambda: User.objects.update(must_change_password=True),
        "not-found": lambda: User.objects.update(must_change_password=False),
    }
    for slug, begin in conditions.items():
        begin()
        said = [client.get(f"{AREAS}/999999").json() for client in (token, session)]
        assert [each["type"] for each in said] == [f"/problems/{slug}"] * 2
        assert said[0] | {"request_id": ""} == said[1] | {"request_id": ""}, "the same words as well"
    settings.SECOND_FACTOR = ["secretary"]
    assert told(session.get(AREAS)) == (403, "second-factor")


def test_the_types_are_these() -> None:
    """A type never changes: employers' programs and our own ask for it."""
    words = list(problems.KINDS.values()) + [(*each.kind, "") for each in all_of(problems.Problem)]
    by_slug: dict[str, set[str]] = {}
    for slug, title, _ in words:
        by_slug.setdefault(slug, set()).add(title)
    assert {slug: titles for slug, titles in by_slug.items() if len(titles) > 1} == {}, "one title a type"
    titles = [title for found in by_slug.values() for title in found]
    assert len(titles) == len(set(titles)), "one type a condition"
    assert sorted(by_slug) == sorted(TYPES)
    assert of_employers.KeyMissing in all_of(problems.Problem)


def all_of(kind: type) -> set[type]:
    return {each for sub in kind.__subclasses__() for each in (sub, *all_of(sub))}


TYPES = [
    "address-refused",
    "answer-closed",
    "bad-cursor",
    "bad-request",
    "conflict",
    "csrf-failed",
    "cursor-reset",
    "emptied",
    "forbidden",
    "https-required",
    "idempotency-key-missing",
    "idempotency-key-reused",
    "internal",
    "key-replaced",
    "length-required",
    "malformed",
    "method-not-allowed",
    "new-password-first",
    "no-webhook",
    "not-acceptable",
    "not-authenticated",
    "not-found",
    "receipt-closed",
    "scope-missing",
    "second-factor",
    "throttled",
    "token-refused",
    "too-large",
    "unavailable",
    "unknown-parameter",
    "unsupported-media-type",
    "uri-too-long",
    "validation",
    "withdrawn",
    "written-outside",
    "wrong-digest",
    "wrong-state",
]


# Bodies of unknown length --------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_chunked_body_is_refused_and_not_taken_for_empty(method: str) -> None:
    answer = getattr(Client(), method)(AREAS, headers={"Transfer-Encoding": "chunked"})
    assert told(answer) == (411, "length-required")
    page = getattr(Client(), method)("/admin/login/", headers={"Transfer-Encoding": "chunked"})
    assert (page.status_code, page["Content-Type"]) == (411, "text/html; charset=utf-8")
    assert "没有写明长度" in page.content.decode()


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_refused_unread() -> None:
    """Also a visitor's: the form that checks for a login comes after the whole file."""
    sizes = {edges.MOST_BYTES: 403, edges.MOST_BYTES + 1: 413, 10**20: 413}
    for size, status in sizes.items():
        client = Client(enforce_csrf_checks=True)
        answer = client.generic("POST", "/admin/login/", b"", FORM, CONTENT_LENGTH=str(size))
        assert answer.status_code == status
    assert "最大 10 MB" in answer.content.decode()
    assert told(Client().generic("POST", AREAS, b"", CONTENT_LENGTH=str(10**9))) == (413, "too-large")


# Encrypted or not ----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_call_is_not_sent_on_to_https(settings: Any) -> None:
    """A page is: its reader sees the address change, where a program would send its key in clear ever after."""
    settings.SECURE_SSL_REDIRECT = True
    call = Client().get(AREAS, headers={"Authorization": "Bearer lz_0123_0123456789abcdef"})
    assert told(call) == (403, "https-required")
    assert "Location" not in call
    assert Client().get("/admin/login/")["Location"].startswith("https://")
    assert told(Client().get(AREAS, secure=True)) == (401, "not-authenticated")


@pytest.mark.django_db
def test_an_error_of_a_call_bears_what_protects_a_page(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    names = ("X-Content-Type-Options", "Strict-Transport-Security", "Content-Security-Policy", "Referrer-Policy")
    for path in ("/api/v2/x", AREAS, "/nothing/"):
        answer = Client().get(path, secure=True)
        assert [name for name in names if name not in answer] == []
    assert "no-store" in Client().get("/api/v2/x")["Cache-Control"]


# No database ---------------------------------------------------------------------------------------------------------
def postgres(code: str | None, kind: type[DatabaseError] = OperationalError) -> DatabaseError:
    cause = Exception()
    cause.pgcode = code  # type: ignore[attr-defined]
    return caused(kind(), cause)


def sqlites(code: int) -> OperationalError:
    cause = sqlite3.OperationalError()
    cause.sqlite_errorcode = code
    return caused(OperationalError(), cause)


def caused(error: Any, cause: Exception) -> Any:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (postgres(None), True),
        (postgres("57P01"), True),
        (postgres("57014"), False),
        (postgres("53300"), True),
        (postgres("40P01"), True),
        (postgres("42P01"), False),
        (sqlites(sqlite3.SQLITE_BUSY), True),
        (sqlites(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (sqlites(sqlite3.SQLITE_FULL), True),
        (sqlites(sqlite3.SQLITE_ERROR), False),
        (InterfaceError(), True),
        (postgres(None, DatabaseError), True),
        (postgres("22000", DatabaseError), False),
        (postgres(None, ProgrammingError), False),
        (DatabaseError("Save with update_fields did not affect any rows."), False),
        (DataError(), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_what_is_an_outage(error: Any, is_one: bool) -> None:
    assert is_outage(error) is is_one


@pytest.mark.django_db
def test_a_fault_of_ours_is_none() -> None:
    with pytest.raises(Exception, match="no_such_column") as wrong, connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column")
    assert is_outage(wrong.value) is False


@pytest.mark.django_db
def test_a_database_that_goes_away_amid_a_request(
    secretary: User, logged_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise postgres("57P01")

    client = logged_in(secretary)
    client.raise_request_exception = False
    monkeypatch.setattr("members.ground.access.posts_of", gone)
    api, page = client.get(AREAS), client.get("/")
    assert told(api) == (503, "unavailable")
    assert page.status_code == 503
    assert "请稍后再试" in page.content.decode()
    assert api["Retry-After"] == page["Retry-After"] == "10"


@pytest.mark.django_db
def test_a_commit_without_an_answer_does_not_say_that_nothing_was_saved(
    secretary: User, logged_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: Any, **kwargs: Any) -> None:
        raise CommitUnknown

    client = logged_in(secretary)
    client.raise_request_exception = False
    monkeypatch.setattr("members.ground.access.posts_of", unknown)
    api, page = client.get(AREAS), client.get("/")
    assert told(api) == (503, "unavailable")
    assert "可能已经办成" in api.json()["detail"]
    assert page.status_code == 503
    assert "可能已经保存" in page.content.decode()
    assert "没有保存" not in page.content.decode()


# One write that lasts ------------------------------------------------------------------------------------------------
@pytest.fixture
def held() -> Iterator[None]:
    """Somebody else writes for longer than anybody waits."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=100")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=20000")


@pytest.fixture
def one_who_knows(transactional_db: None) -> User:
    user = factories.user("shuji9", name="等着")
    user.set_password("a-long-secret-1")
    user.save()
    return user


@pytest.mark.skipif(not configured.EMBEDDED, reason="SQLite's own")
@pytest.mark.parametrize("password", ["a-long-secret-1", "wrong"])
def test_a_login_while_another_writes(one_who_knows: User, held: None, password: str) -> None:
    client = Client(raise_request_exception=False)
    before = written()
    answer = client.post("/admin/login/", {"username": "shuji9", "password": password})
    assert answer.status_code == 503
    assert "请稍后再试" in answer.content.decode()
    assert configured.SESSION_COOKIE_NAME not in answer.cookies
    assert written() == before


@pytest.mark.skipif(not configured.EMBEDDED, reason="SQLite's own")
def test_a_page_and_a_call_while_another_writes(one_who_knows: User, request: Any) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(one_who_knows, backend=BACKEND)
    _, text = StaffToken.issue(one_who_knows, label="报表程序")
    request.getfixturevalue("held")
    before = written()
    call = Client(raise_request_exception=False).get(AREAS, headers={"Authorization": f"Bearer {text}"})
    assert told(call) == (503, "unavailable"), "the key's use cannot be noted"
    assert client.post("/admin/logout/").status_code == 503
    assert written() == before


def written() -> list[Any]:
    """All that a login writes."""
    rows = [list(model.objects.order_by("pk").values()) for model in (Session, AccessAttempt, AuditEntry)]
    return [*rows, list(User.objects.values("last_login"))]
