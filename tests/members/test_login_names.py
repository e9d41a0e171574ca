"""What was typed into the name's field may be a password: it is kept only where it is somebody's name."""

import logging

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from axes.utils import reset
from django.test import Client

from members.ground import audit
from members.login.lockout import PLACE
from members.models import Area, AuditEntry, LoginAttempts, User
from tests import factories

LOGIN = "/admin/login/"
KEPT = (AuditEntry, LoginAttempts, AccessAttempt, AccessLog, AccessFailureLog)
TYPED = "Wo-De-Mima-2024"


def tried(name: str, password: str = "wrong-secret", client: Client | None = None, **query: str):
    asked = {"username": name, "password": password, "next": "/admin/members/member/?q=欧阳建国"} | query
    return (client or Client()).post(LOGIN + "?next=/admin/members/member/?q=欧阳建国", asked)


def everything_kept() -> str:
    kept = [str(list(model.objects.values())) for model in KEPT]
    return "".join(kept)


@pytest.mark.parametrize("typed", [TYPED, "password with words", "p\u200bw", "Ｗｉｄｅ-2024", "a" * 140, "1"])
def test_a_name_that_nobody_has_is_kept_nowhere(db: None, typed: str, caplog) -> None:
    with caplog.at_level(logging.DEBUG, logger="axes"):
        for _ in range(PLACE.most + 1):
            tried(typed)
    entry = AuditEntry.objects.filter(action="login_failed").first()
    assert entry
    assert (entry.changes, entry.row, entry.chain) == ({"username": audit.MASK}, "", "")
    assert AuditEntry.objects.filter(action="locked_out").exists()
    assert LoginAttempts.objects.exists()
    if len(typed) > 1:
        assert typed not in everything_kept() + caplog.text
    assert "欧阳建国" not in everything_kept() + caplog.text


def test_a_name_that_somebody_has_is_kept_in_their_street(secretary: User, community: Area) -> None:
    tried(secretary.username)
    entry = AuditEntry.objects.filter(action="login_failed").get()
    assert entry.changes == {"username": secretary.username}
    assert (entry.model, entry.row, entry.area_path) == ("members.User", str(secretary.pk), community.path)


def test_the_street_sees_who_was_locked_out(secretary: User, street_officer: User, far_officer: User) -> None:
    for _ in range(PLACE.most):
        tried(secretary.username)
    told = {"login_failed", "locked_out"}
    seen = AuditEntry.objects.for_user(street_officer).filter(action__in=told)
    assert set(seen.values_list("action", flat=True)) == told
    assert not AuditEntry.objects.for_user(far_officer).filter(action__in=told).exists()


def test_each_name_is_locked_by_itself(secretary: User) -> None:
    for _ in range(PLACE.most):
        tried(TYPED)
    assert tried(TYPED).status_code == 429
    assert tried("another name").status_code == 200
    assert tried(secretary.username, factories.PASSWORD).status_code == 302


def test_unlocking_frees_the_name(secretary: User) -> None:
    for _ in range(PLACE.most):
        tried(secretary.username)
    assert tried(secretary.username, factories.PASSWORD).status_code == 429
    assert reset(username=secretary.username) == 2, "what was counted by place, and by the name alone"
    assert tried(secretary.username, factories.PASSWORD).status_code == 302
    assert AuditEntry.objects.filter(action="login", row=str(secretary.pk)).exists()


def test_a_name_with_a_nul_is_nobodys(db: None) -> None:
    assert tried("a\0b").status_code == 200
