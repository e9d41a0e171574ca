"""Somebody who works in two streets: each street knows its part of them, and has in its trail what they did there."""

from typing import Any

import pytest
from django.test import Client

from members.access import Kind
from members.models import Area, AuditEntry, Member, User
from tests import factories

REASON = {"format": "0", "reason": "核对三月名单"}
EXPORTS = [
    "/admin/members/member/export/",
    "/admin/feedback/recordcard/export/",
    "/pairings/export/",
    "/api/v1/members",
    "/api/v1/consents",
]


@pytest.fixture
def both(street_officer: User, other_street: Area, far_member: Member) -> User:
    """An officer of our street who is one of the other street too."""
    factories.post(street_officer, Kind.STREET, other_street)
    return street_officer


def paths(action: str) -> list[str]:
    return sorted(AuditEntry.objects.filter(action=action).values_list("area_path", flat=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("url", EXPORTS)
def test_what_is_taken_from_two_streets_is_in_both_trails(
    logged_in: Any, both: User, member: Member, street: Area, other_street: Area, url: str
) -> None:
    client: Client = logged_in(both)
    answer = client.get(url) if url.startswith("/api/") else client.post(url, REASON)
    assert answer.status_code == 200
    assert paths("export") == [street.path, other_street.path]


def test_a_refusal_is_in_the_trail_of_each_street(
    logged_in: Any, both: User, member: Member, street: Area, other_street: Area
) -> None:
    client: Client = logged_in(both)
    assert client.get(f"/admin/members/area/{street.pk}/delete/").status_code == 403
    assert paths("refuse") == [street.path, other_street.path]
    assert client.post("/api/v1/roster").status_code in (404, 405)
