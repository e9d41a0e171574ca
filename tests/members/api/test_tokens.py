"""A staff token opens what its user's posts open, and what is done with it is the user's doing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from members.ground.audit import actor
from members.models import AuditEntry, Member, StaffToken, User

URL = "/api/v1/members"


@pytest.fixture
def issued(secretary: User) -> tuple[StaffToken, str]:
    return StaffToken.issue(secretary, label="报表程序")


@pytest.fixture
def bearer(issued: tuple[StaffToken, str]) -> APIClient:
    return with_token(issued[1])


def with_token(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def test_it_opens_the_users_scope(bearer: APIClient, member: Member, other_member: Member) -> None:
    assert [row["id"] for row in bearer.get(URL).data["results"]] == [member.pk]


def test_writes_are_the_users_doing(bearer: APIClient, member: Member, secretary: User) -> None:
    bearer.patch(f"{URL}/{member.pk}", {"skills": "书法"}, headers={"X-Request-ID": "weekly-report-7"})
    entry = AuditEntry.objects.filter(model="members.Member", action="change").latest("pk")
    assert entry.user == secretary
    assert entry.request_id == "weekly-report-7"
    assert entry.address == "127.0.0.1"
    assert member.history.latest().history_user == secretary
    assert actor() is None, "the next request on this thread starts with nobody"


@pytest.mark.parametrize(
    "spoil", ["", "x", "lz_", "lz_0123456789_" + "a" * 43, "lz_字_" + "a" * 43, "lz_12345_\0" + "a" * 30]
)
def test_another_text_is_refused(spoil: str, member: Member) -> None:
    response = with_token(spoil.encode("utf-8").decode("latin-1")).get(URL)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.data["type"] in ("/problems/token-refused", "/problems/not-authenticated")


def test_another_secret_is_refused(issued: tuple[StaffToken, str]) -> None:
    changed = issued[1][:-1] + ("a" if issued[1][-1] != "a" else "b")
    response = with_token(changed).get(URL)
    assert response.status_code == 401
    assert response.data["detail"] == "密钥不对、已到期或已停用。"


def test_another_scheme_is_left_alone(issued: tuple[StaffToken, str]) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Basic cm9vdDpyb290")
    assert client.get(URL).data["type"] == "/problems/not-authenticated"


def test_expired_revoked_and_of_a_user_who_left(issued: tuple[StaffToken, str], secretary: User) -> None:
    token, text = issued
    StaffToken.objects.update(expires_at=timezone.now())
    assert with_token(text).get(URL).status_code == 401
    StaffToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert with_token(text).get(URL).status_code == 200
    User.objects.filter(pk=secretary.pk).update(is_active=False)
    assert with_token(text).get(URL).status_code == 401
    User.objects.filter(pk=secretary.pk).update(is_active=True)
    token.revoke()
    assert with_token(text).get(URL).status_code == 401


def test_a_user_with_a_password_of_somebody_elses_making_is_refused(bearer: APIClient, secretary: User) -> None:
    User.objects.filter(pk=secretary.pk).update(must_change_password=True)
    response = bearer.get(URL)
    assert response.status_code == 403
    assert response.data["type"] == "/problems/new-password-first"


def test_use_is_noted_to_the_minute(bearer: APIClient, issued: tuple[StaffToken, str]) -> None:
    token, _ = issued
    bearer.get("/api/v1/areas")
    token.refresh_from_db()
    first = token.last_used_at
    assert first
    bearer.get("/api/v1/areas")
    token.refresh_from_db()
    assert token.last_used_at == first
    StaffToken.objects.update(last_used_at=first - timedelta(minutes=2))
    bearer.get("/api/v1/areas")
    token.refresh_from_db()
    assert token.last_used_at
    assert token.last_used_at >= first


def test_a_token_needs_no_csrf_but_a_session_does(
    bearer: APIClient, logged_in: Any, member: Member, secretary: User
) -> None:
    strict = APIClient(enforce_csrf_checks=True, headers={"Authorization": bearer._credentials["HTTP_AUTHORIZATION"]})
    assert strict.patch(f"{URL}/{member.pk}", {"skills": "书法"}).status_code == 200
    strict = APIClient(enforce_csrf_checks=True)
    strict.force_login(secretary, backend="django.contrib.auth.backends.ModelBackend")
    response = strict.patch(f"{URL}/{member.pk}", {"skills": "书法"})
    assert response.status_code == 403
    assert response.data["type"] == "/problems/csrf-failed"


def test_the_tokens_user_goes_before_the_sessions(bearer: APIClient, outsider: User, member: Member) -> None:
    bearer.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    bearer.patch(f"{URL}/{member.pk}", {"skills": "书法"})
    assert AuditEntry.objects.filter(action="change").latest("pk").user.username == "shuji1"
