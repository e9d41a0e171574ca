"""Two employers with a key each, and cards of the first in every state that a key can meet."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from feedback.models import EmployerKey, RecordCard
from feedback.rules import withdrawing
from members.models import Area, Employer, Member
from tests import cards, factories


@pytest.fixture
def other_employer(db: None) -> Employer:
    return factories.employer("上海嘉定电机厂")


@pytest.fixture
def key(member: Member, street: Area) -> tuple[EmployerKey, str]:
    """A key of the member's employer with all scopes, and its text."""
    assert member.employer
    return cards.key(member.employer, street)


@pytest.fixture
def with_key() -> Callable[[str], APIClient]:
    """Return a system that calls with this text as its key."""

    def system(text: str) -> APIClient:
        return APIClient(headers={"Authorization": f"Bearer {text}"})

    return system


@pytest.fixture
def system(key: tuple[EmployerKey, str], with_key: Any) -> APIClient:
    """The system of the member's employer."""
    return with_key(key[1])


@pytest.fixture
def other_system(other_employer: Employer, street: Area, with_key: Any) -> APIClient:
    return with_key(cards.key(other_employer, street)[1])


@pytest.fixture
def tried(member: Member, street: Area) -> tuple[EmployerKey, str]:
    """A test key of the member's employer with all scopes, and its text."""
    assert member.employer
    return cards.key_to_try(member.employer, street)


@pytest.fixture
def trying(tried: tuple[EmployerKey, str], with_key: Any) -> APIClient:
    """The system of the member's employer, with the test key."""
    return with_key(tried[1])


@pytest.fixture
def card(member: Member) -> RecordCard:
    """The member's card, on its employer's feed."""
    return cards.issued(member)


@pytest.fixture
def withdrawn(group: Area, member: Member) -> RecordCard:
    """A colleague's card that was taken back."""
    taken = cards.issued(cards.in_post("单国强", group, at=member.employer))
    withdrawing.withdraw(taken, RecordCard.Withdrawal.MISTAKE)
    return cards.fresh(taken)
