"""Merging two employers: what moves, what stays, who may."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from feedback.feed import feed
from feedback.models import FeedEvent
from feedback.models.counterparts import Counterpart
from members.models import Area, AuditEntry, Employer, EmployerName, Member, User
from members.rules import merging
from tests import cards, factories


@pytest.fixture
def units(member: Member) -> tuple[Employer, Employer]:
    assert member.employer
    return member.employer, factories.employer("嘉定仪表总厂")


def test_members_and_names_move_on_record(
    street_officer: User, member: Member, street: Area, units: tuple[Employer, Employer]
) -> None:
    gone, into = units
    EmployerName.objects.create(street=street, employer=gone, name="仪表厂")
    merging.merge(gone, into=into, by=street_officer)
    member.refresh_from_db()
    gone.refresh_from_db()
    assert (member.employer, gone.merged_into) == (into, into)
    assert member.history.first().employer == into
    assert set(into.names.values_list("name", flat=True)) == {"仪表厂", gone.name}
    assert AuditEntry.objects.filter(model="members.Member", changes__members=[member.pk]).exists()
    with pytest.raises(ValidationError, match="已经并入"):
        merging.merge(into, into=gone, by=street_officer)


def test_only_who_may_change_both(
    secretary: User, street_officer: User, superuser: User, far_member: Member, units: tuple[Employer, Employer]
) -> None:
    for user in (secretary, street_officer):
        with pytest.raises(PermissionDenied):
            merging.merge(units[0], into=units[1], by=user)
    merging.merge(units[0], into=units[1], by=superuser)


def test_issued_cards_stay_as_printed_and_the_feed_gapless(
    street_officer: User, street: Area, group: Area, units: tuple[Employer, Employer]
) -> None:
    gone, into = units
    old, own = (cards.issued(cards.in_post(n, group, at=u)) for n, u in (("王一", gone), ("王二", into)))
    key, _ = cards.key(gone, street)
    cursor = feed.cursor_at(feed.feed_of(Counterpart(gone.pk, street.pk)), 1)
    merging.merge(gone, into=into, by=street_officer)
    key.refresh_from_db()
    moved: Any = type(old).objects.get(pk=old.pk)
    assert (moved.employer, moved.body, moved.digest, key.employer) == (into, old.body, old.digest, into)
    events = FeedEvent.objects.filter(feed__employer=into).order_by("seq").values_list("seq", "card")
    assert list(events) == [(1, own.pk), (2, old.pk)]
    with pytest.raises(feed.CursorReset):
        feed.read(Counterpart(into.pk, street.pk), cursor)
