"""Logins: how long they last, what their cookies are like, and which passwords open them."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from louzu.views.home import ChangingPassword, LoggingIn
from members.ground.first_password import VALID_FOR
from members.login.middleware import BEGUN
from members.models import AuditEntry, LoginAttempts, User
from tests import factories

LOGIN, CHANGE = "/admin/login/", "/admin/password_change/"
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
LONG = "  Sehr Langes 密码 " + "x" * 70 + " "


def log_in(name: str, password: str, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    return client, client.post(LOGIN, {"username": name, "password": password})


def change(client: Client, old: str, new: str) -> Any:
    return client.post(CHANGE, {"old_password": old, "new_password1": new, "new_password2": new})


# How long ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("address", "status"), [("/roster/?a=1", 302), ("/api/v1/areas", 401)])
def test_a_login_ends_with_the_day_however_busy(
    secretary: User, logged_in: Callable[[User], Client], settings: Any, address: str, status: int
) -> None:
    client = logged_in(secretary)
    assert client.get("/").status_code == 200
    session, key = client.session, client.session.session_key
    session[BEGUN] -= settings.LONGEST_LOGIN.total_seconds() - 60
    session.save()
    assert client.get("/").status_code == 200
    session = client.session
    session[BEGUN] -= 120
    session.save()
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers.get("Location", f"{LOGIN}?next=/roster/%3Fa%3D1") == f"{LOGIN}?next=/roster/%3Fa%3D1"
    assert not Session.objects.filter(pk=key).exists()
    assert AuditEntry.objects.filter(user=secretary, action="logout").exists()
    assert log_in(secretary.username, factories.PASSWORD, client)[1].status_code == 302
    assert client.get("/").status_code == 200


def test_a_session_ends_at_its_idle_time(secretary: User, logged_in: Callable[[User], Client], settings: Any) -> None:
    client = logged_in(secretary)
    client.get("/")
    ends = Session.objects.get(pk=client.session.session_key).expire_date - timezone.now()
    assert timedelta(0) < ends <= timedelta(seconds=settings.SESSION_COOKIE_AGE) == timedelta(hours=2)
    Session.objects.update(expire_date=timezone.now())
    assert client.get("/")["Location"].startswith(LOGIN)


def test_logging_in_changes_the_session_and_logging_out_ends_it(secretary: User) -> None:
    """A session that somebody planted in the browser is not the one that is logged in; an old one opens nothing."""
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    log_in(secretary.username, factories.PASSWORD, client)
    key = client.cookies["sessionid"].value
    assert key != session.session_key
    assert re.fullmatch(r"[a-z0-9]{32}", key), "165 bits"
    assert not Session.objects.filter(pk=session.session_key).exists()
    assert client.get("/").status_code == 200
    client.post("/admin/logout/")
    again = Client()
    again.cookies["sessionid"] = key
    assert again.get("/")["Location"].startswith(LOGIN)


def test_no_cookie_is_read_by_others_or_sent_from_elsewhere(secretary: User, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get(LOGIN, secure=True)
    client.post(LOGIN, {"username": secretary.username, "password": factories.PASSWORD}, secure=True)
    client.get("/", secure=True)
    assert client.cookies.keys() == {"sessionid", "csrftoken", "louzu_who", "louzu_known"}
    for name, cookie in client.cookies.items():
        assert (cookie["secure"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
        assert bool(cookie["httponly"]) is (name != "louzu_who"), name


def test_one_address_tries_a_bounded_number_of_names(db: None) -> None:
    """Else a visitor could fill the trail with names of nobody, or try one password on everybody."""
    most = LoggingIn().num_requests
    assert {log_in(f"nobody-{at}", "wrong")[1].status_code for at in range(most)} == {200}
    before = (AuditEntry.objects.count(), LoginAttempts.objects.count())
    answer = log_in("nobody", "wrong")[1]
    assert (answer.status_code, "请过一分钟再试" in answer.content.decode()) == (429, True)
    assert (AuditEntry.objects.count(), LoginAttempts.objects.count()) == before
    assert Client().post(LOGIN, {"username": "x", "password": "y"}, REMOTE_ADDR="203.0.113.9").status_code == 200


# Passwords -----------------------------------------------------------------------------------------------------------
def test_a_password_is_taken_as_it_is_typed(rf: Any, secretary: User, logged_in: Callable[[User], Client]) -> None:
    """With blanks around it, in any letters, over 64 of them; nothing of it is cut or folded."""
    client = logged_in(secretary)
    assert change(client, factories.PASSWORD, LONG).status_code == 302
    assert log_in(secretary.username, LONG)[1].status_code == 302
    for other in (LONG.strip(), LONG.casefold(), LONG[:-2], LONG[:72]):
        assert log_in(secretary.username, other)[1].status_code == 200
    assert authenticate(rf.post("/"), username=secretary.username, password=LONG) == secretary


def test_a_change_needs_the_old_password(secretary: User, logged_in: Callable[[User], Client]) -> None:
    client = logged_in(secretary)
    for old in ("", "wrong"):
        assert change(client, old, LONG).status_code == 200
    assert log_in(secretary.username, factories.PASSWORD)[1].status_code == 302


def test_the_old_password_is_not_guessed_in_a_browser_left_open(
    secretary: User, liaison: User, logged_in: Callable[[User], Client]
) -> None:
    client = logged_in(secretary)
    for at in range(ChangingPassword().num_requests):
        assert change(client, f"guess-{at}", LONG).status_code == 200
    answer = change(client, factories.PASSWORD, LONG)
    assert (answer.status_code, "请过一个小时再改" in answer.content.decode()) == (429, True)
    assert client.get(CHANGE).status_code == 200
    assert change(logged_in(liaison), factories.PASSWORD, LONG).status_code == 302, "counted by user"


@pytest.mark.parametrize(
    "password",
    [
        "short-7",
        "password1",
        "iloveyou",
        "qwertyuiop",
        "Dangjian2026",
        "dangjian@1921",
        "楼组党建2026",
        "ＳＨＵＪＩ12345",
    ],
)
def test_what_is_guessed_first_is_refused(secretary: User, password: str) -> None:
    """Too short, among the twenty thousand most used, or an office's own words with digits around them."""
    with pytest.raises(ValidationError):
        validate_password(password, secretary)


@pytest.mark.parametrize(
    "password", ["zhaohua-xishi", "桂花开了要去看看", "correcthorse", "dangjian-guihua", "!!!!!!!a", "UPPERONLYWORDS"]
)
def test_no_kind_of_sign_is_asked_for(secretary: User, password: str) -> None:
    validate_password(password, secretary)


def test_a_first_password_that_nobody_used_ends(street_officer: User, secretary: User) -> None:
    text = secretary.set_first_password()
    secretary.save()
    User.objects.update(first_password_until=timezone.now() + timedelta(minutes=1))
    assert log_in(secretary.username, text)[1].status_code == 302
    User.objects.update(first_password_until=timezone.now())
    answer = log_in(secretary.username, text)[1]
    assert (answer.status_code, "初始密码过了期限" in answer.content.decode()) == (200, True)
    again = secretary.set_first_password()
    secretary.save()
    assert secretary.first_password_until - timezone.now() > VALID_FOR - timedelta(minutes=1)  # type: ignore[operator]
    client, _ = log_in(secretary.username, again)
    assert change(client, again, LONG).status_code == 302
    assert User.objects.get(pk=secretary.pk).first_password_until is None


def test_a_password_field_hides_what_is_typed_and_takes_what_is_pasted(
    secretary: User, logged_in: Callable[[User], Client]
) -> None:
    for page in (Client().get(LOGIN), logged_in(secretary).get(CHANGE)):
        fields = re.findall(r'<input[^>]*name="[^"]*password[^"]*"[^>]*>', page.content.decode())
        assert fields
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(current|new)-password"', field)
            assert "onpaste" not in field
    scripts = [path.read_text("utf-8") for path in TEMPLATES.parent.glob("*/static/**/*.js")]
    assert len(scripts) > 10
    assert not [text for text in scripts if re.search(r"""["']paste["'].*preventDefault""", text)]


def test_nobody_is_asked_what_only_they_know_or_to_change_a_password_by_the_calendar() -> None:
    """No column for a secret question, none for when a password of one's own choice ends."""
    columns = {field.name for field in User._meta.get_fields()}
    assert not {name for name in columns if "question" in name or "hint" in name or "expire" in name}
    user = User(username="x")
    user.set_password(LONG)
    assert (user.must_change_password, user.first_password_until) == (False, None)
