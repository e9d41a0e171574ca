"""Withdrawing cards: by the community, or because the member withdraws their consent."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from feedback.feed import feed
from feedback.models import FeedEvent, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.rules import agreeing
from feedback.rules.holding import note_held
from members.ground.atomic import atomic_write
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import Consent, journal

JOURNAL = "card"
LEFT = "这张卡已经发出，不能再“不发”：要收回，请用“撤回”，写明是内容有误还是本人撤回同意。"


def withdraw(card: RecordCard, reason: str) -> None:
    """Withdraw one card; for the reason CONSENT, withdraw the consent and every card that rests on it.

    The body is emptied. A card that is with the employer also gets a withdrawn event in its feed.
    """
    if reason == RecordCard.Withdrawal.CONSENT:
        agreeing.take_back(card)
    else:
        withdraw_all(RecordCard.objects.filter(pk=card.pk), reason)


def withdraw_all(cards: RecordCardQuerySet, reason: str) -> None:
    """Withdraw all of these cards, or none: Conflict where one's status does not allow it.

    The query runs again under the lock: cards that no longer match it are skipped, and a card issued meanwhile cannot
    be dropped (Conflict).
    """
    with atomic_write():
        locked = list(cards.select_related("area", "supersedes").order_by("pk").locked())
        was_out = [card for card in locked if card.is_with_employer]
        if was_out and reason == RecordCard.Withdrawal.DROPPED:
            raise Conflict(LEFT)
        note_held(locked)
        for card in locked:
            values: dict[str, Any] = {"withdrawn_at": timezone.now(), "withdrawal": reason, "body": "", "leaving": None}
            card.advance(RecordCard.Status.WITHDRAWN, **values)
        feed.add_events(was_out, FeedEvent.Type.WITHDRAWN)
        if was_out:
            journal.note(JOURNAL, *map(token, was_out))


def fall_with(consent: Consent) -> None:
    """Withdraw every card that rests on a consent which its member withdrew."""
    resting = RecordCard.objects.filter(consent=consent).exclude(status=RecordCard.Status.WITHDRAWN)
    withdraw_all(resting, RecordCard.Withdrawal.CONSENT)


def withdraw_again(tokens: Sequence[str]) -> int:
    """Withdraw again the cards of these journal tokens that a restored backup has as issued; return how many."""
    known = set(tokens)
    numbers = [each.partition(".")[0] for each in tokens]
    rows = (RecordCard.objects.with_employer().filter(number__in=part) for part in batches(numbers))
    forgotten = [card.pk for some in rows for card in some.only("number", "digest") if token(card) in known]
    for part in batches(forgotten):
        withdraw_all(RecordCard.objects.filter(pk__in=part), RecordCard.Withdrawal.MISTAKE)
    return len(forgotten)


def token(card: RecordCard) -> str:
    """Return the card's token in the journal: its number and the first 16 hex digits of its digest."""
    return f"{card.number}.{card.digest[:16]}"
