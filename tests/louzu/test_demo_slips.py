"""The demonstration street's reporting slips: in every status that one street can have, by the rules."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from feedback.feed import feed
from feedback.models import EmployerKey, FeedEvent, Slip, SlipCode, SlipReceipt
from louzu.demo.cards import send_cards, two_employers
from louzu.demo.slips import send_demo_slips
from louzu.demo.street import COMMUNITIES
from louzu.demo.year import build_year
from members.ground.access import PostKind
from members.login.tokens import live_key
from members.models import Area, Consent, Member
from tests import factories
from tests.louzu.test_demo_year import with_members

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def key(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """One community's slips, built once for the module and then rolled back; the key that is told."""
    with django_db_blocker.unblock(), transaction.atomic():
        street, today = with_members(COMMUNITIES[:1]), timezone.localdate()
        build_year(street, today=today)
        send_cards(street, today=today)
        two_employers(street)
        community = Area.objects.children_of(street)[0]
        officer = factories.official("jiedao", PostKind.STREET, street)
        members = Member.objects.count()
        yield send_demo_slips(
            street, officer=officer, secretary=factories.official("shuji", PostKind.SECRETARY, community)
        )
        assert Member.objects.count() == members
        transaction.set_rollback(True)


def test_slips_are_in_every_state_of_one_street(key: str) -> None:
    assert set(Slip.objects.values_list("status", flat=True)) == set(Slip.Status.values) - {"forwarded"}
    assert set(Slip.objects.values_list("origin", flat=True)) == set(Slip.Origin.values)
    assert Slip.objects.unplaced().exists()
    assert Slip.objects.filter(status="sent", is_certain=True).count() > 3


def test_each_accepted_one_has_a_member_a_consent_and_a_receipt(key: str) -> None:
    accepted = Slip.objects.filter(status="accepted")
    assert accepted.count() == SlipReceipt.objects.count() - Slip.objects.filter(status="ended").count() > 4
    assert not accepted.exclude(consent__in=Consent.objects.in_force()).exists()


def test_the_third_employers_key_reads_of_them(key: str) -> None:
    found = live_key(EmployerKey.objects.all(), key)
    assert found
    events = FeedEvent.objects.filter(feed=feed.feed_of(found.counterpart), slip__isnull=False)
    assert {"slip.accepted", "slip.asked", "slip.declined", "slip.ended"} <= set(events.values_list("type", flat=True))
    assert SlipCode.objects.open().count() == 1
