"""The demonstration street's half year of cards: in every state, by the rules, with two employers who answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from feedback.feed import feed
from feedback.ground.periods import CardPeriod
from feedback.models import Answer, Contact, EmployerKey, Feed, FeedEvent, Offer, Receipt, RecordCard
from feedback.models.cards import OUT
from louzu.demo.cards import key_to_try, send_cards, two_employers
from louzu.demo.street import COMMUNITIES
from louzu.demo.year import build_year
from members.login.tokens import live_key
from members.models import Area, AuditEntry, Consent, User
from tests.louzu.test_demo_year import with_members

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, str, str]]:
    """One community's cards, built once for the module and then rolled back; what is told of the two employers."""
    with django_db_blocker.unblock(), transaction.atomic():
        street, today = with_members(COMMUNITIES[:1]), timezone.localdate()
        build_year(street, today=today)
        send_cards(street, today=today)
        yield two_employers(street)
        transaction.set_rollback(True)


def test_cards_are_in_every_state(told: Any) -> None:
    assert set(RecordCard.objects.values_list("status", flat=True)) == set(RecordCard.Status.values)
    assert RecordCard.objects.filter(status__in=OUT).count() > RecordCard.objects.count() * 0.8


def test_they_are_of_the_half_year_that_ended(told: Any) -> None:
    period = CardPeriod.on(timezone.localdate(), months=6).previous
    assert RecordCard.objects.count() == RecordCard.objects.of_period(period).count()
    assert period.last < timezone.localdate()


def test_each_says_what_was_done_and_left_with_a_consent(told: Any) -> None:
    assert not RecordCard.objects.filter(lines=[]).exists()
    standing = Consent.objects.in_force("cards")
    assert not RecordCard.objects.filter(status__in=OUT).exclude(consent__in=standing).exists()


def test_feeds_are_gapless(told: Any) -> None:
    for one in feed.Feed.objects.all():
        seqs = list(FeedEvent.objects.filter(feed=one).values_list("seq", flat=True))
        assert seqs == list(range(1, one.last_seq + 1))


def test_two_employers_read_and_answer(told: tuple[str, str, str]) -> None:
    text, username, password = told
    key = live_key(EmployerKey.objects.all(), text)
    assert key
    contact = Contact.objects.get()
    user = User.objects.get(username=username)
    assert (contact.user, user.check_password(password), user.must_change_password) == (user, True, True)
    by_key, by_hand = (RecordCard.objects.filter(**by) for by in ({"answers__key": key}, {"answers__user": user}))
    assert set(by_key.values_list("employer", flat=True)) == {key.employer_id}
    assert set(by_hand.values_list("employer", flat=True)) == {contact.employer_id}
    assert Receipt.objects.count() > Answer.objects.count() > 5
    assert Offer.objects.count() == 4


def test_a_test_key_opens_made_up_cards_beside_them(told: Any) -> None:
    street, sent = Area.objects.streets().get(), RecordCard.objects.ever_issued().count()
    key = live_key(EmployerKey.objects.all(), key_to_try(street))
    assert key
    assert key.is_test
    assert RecordCard.objects.filter(street=key.practice).count() == RecordCard.objects.ever_issued().count() - sent > 0
    assert Area.objects.streets().get() == street


def test_the_first_community_is_nearly_done_but_for_employers_that_never_fetched(told: Any) -> None:
    sent = RecordCard.objects.filter(status__in=("issued", "received", "answered"))
    assert sent.filter(status="answered").count() > 0.7 * sent.count()
    silent = Feed.objects.filter(fetched_at=None).values("employer")
    assert 0 < silent.count() < 15
    assert not sent.filter(employer__in=silent).exclude(status="issued").exists()


def test_steps_are_taken_one_after_the_other_and_receipts_say_when(told: Any) -> None:
    cards = RecordCard.objects.exclude(received_at=None)
    assert not cards.exclude(created_at__lt=F("shown_at"), shown_at__lt=F("agreed_at")).exists()
    assert not cards.exclude(agreed_at__lt=F("issued_at"), issued_at__lt=F("received_at")).exists()
    assert not cards.filter(answered_at__lt=F("received_at")).exists()
    assert not RecordCard.objects.filter(answered_at__gt=timezone.now()).exists()
    days = {(card.received_at - card.issued_at).days for card in cards if card.received_at and card.issued_at}
    assert len(days) > 3
    assert all(abs(receipt.at - receipt.card.received_at).seconds < 60 for receipt in Receipt.objects.all()[:50])


def test_the_trail_tells_of_it_unbroken(told: Any) -> None:
    assert AuditEntry.objects.filter(model="feedback.RecordCard").exists()
    assert AuditEntry.objects.first_broken() is None


def test_communities_say_whom_to_ask(told: Any) -> None:
    assert all(area.sender.contact for area in Area.objects.filter(level__lte=Area.Level.COMMUNITY))
