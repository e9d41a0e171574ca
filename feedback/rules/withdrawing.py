"""Taking cards back: by the community, or by the member who takes their consent back."""

from collections.abc import Sequence

from django.utils import timezone

from feedback.feed import feed
from feedback.models import FeedEvent, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.rules import agreeing
from members.ground.atomic import atomic_write
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import Consent, journal

JOURNAL = "card"
LEFT = "这张卡已经发出，不能再“不发”：要收回，请用“撤回”，写明是内容有误还是本人撤回同意。"


def withdraw(card: RecordCard, reason: str) -> None:
    """Take one card back; where the member takes their consent back, every card that rests on it.

    One that is with the employer leaves a tombstone in its feed, and its body is emptied.
    """
    if reason == RecordCard.Withdrawal.CONSENT:
        agreeing.take_back(card)
    else:
        withdraw_all(RecordCard.objects.filter(pk=card.pk), reason)


def withdraw_all(cards: RecordCardQuerySet, reason: str) -> None:
    """Take all of these back, or none: Conflict where one is in no state for it.

    What others did to a card until it was locked counts: one that is none of these any more stays as it is, and what
    left meanwhile is not dropped.
    """
    with atomic_write():
        locked = list(cards.select_related("area", "supersedes").order_by("pk").locked())
        was_out = [card for card in locked if card.is_with_employer]
        if was_out and reason == RecordCard.Withdrawal.DROPPED:
            raise Conflict(LEFT)
        for card in locked:
            card.advance(RecordCard.Status.WITHDRAWN, withdrawn_at=timezone.now(), withdrawal=reason, body="")
        feed.add_events(was_out, FeedEvent.Type.WITHDRAWN)
        if was_out:
            journal.note(JOURNAL, *map(token, was_out))


def fall_with(consent: Consent) -> None:
    """Withdraw whatever rests on a consent that its member took back, wherever it is."""
    resting = RecordCard.objects.filter(consent=consent).exclude(status=RecordCard.Status.WITHDRAWN)
    withdraw_all(resting, RecordCard.Withdrawal.CONSENT)


def withdraw_again(tokens: Sequence[str]) -> int:
    """Withdraw those of these cards that a restored backup takes for issued; return how many."""
    known = set(tokens)
    numbers = [each.partition(".")[0] for each in tokens]
    rows = (RecordCard.objects.with_employer().filter(number__in=part) for part in batches(numbers))
    forgotten = [card.pk for some in rows for card in some.only("number", "digest") if token(card) in known]
    for part in batches(forgotten):
        withdraw_all(RecordCard.objects.filter(pk__in=part), RecordCard.Withdrawal.MISTAKE)
    return len(forgotten)


def token(card: RecordCard) -> str:
    """What the journal knows an issued card by: its number and the beginning of its digest."""
    return f"{card.number}.{card.digest[:16]}"
