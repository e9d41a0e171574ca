"""Taking cards back: by the community, or by the member who takes their consent back."""

from collections.abc import Iterable

from django.utils import timezone

from feedback import feed
from feedback.models import FeedEvent, RecordCard
from members.atomic import atomic_write


def withdraw(card: RecordCard, reason: str) -> None:
    """Take one card back; one that is with the employer leaves a tombstone in its feed, and its body is emptied."""
    withdraw_all([card], reason)


def withdraw_all(cards: Iterable[RecordCard], reason: str) -> None:
    """Take all of these back, or none: Conflict where one is in no state for it."""
    with atomic_write():
        pks = [card.pk for card in cards]
        locked = list(
            RecordCard.objects.select_for_update(of=("self",), no_key=True)
            .select_related("area", "supersedes")
            .filter(pk__in=pks)
        )
        was_out = [card for card in locked if card.is_with_employer]
        for card in locked:
            card.advance(RecordCard.Status.WITHDRAWN, withdrawn_at=timezone.now(), withdrawal=reason, body="")
        feed.tell(was_out, FeedEvent.Type.WITHDRAWN)
