"""Whatever hands out a file builds it while others may write, and hands out none without its entry in the trail."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.cards import in_post, shown

REASON = {"reason": "核对三月花名册", "format": "0", "resource": ""}


@pytest.fixture
def client(street_officer: User, logged_in: Any) -> Client:
    return logged_in(street_officer)


@pytest.fixture
def doors(community: Area, group: Area, member: Member) -> dict[str, dict[str, str] | None]:
    """Every address that hands out a file, with what is posted to it."""
    factories.activity(group)
    factories.honour(group)
    card = shown(in_post("工甲", group, room="1"))
    period = card.period.code
    return {
        "/admin/members/member/export/": REASON,
        "/admin/members/employer/export/": REASON,
        "/admin/activities/activity/export/": REASON,
        "/pairings/export/": REASON,
        f"/rhythm/{community.pk}/rhythm.xlsx": None,
        f"/thin/{community.pk}/thin.xlsx": None,
