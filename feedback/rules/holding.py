"""Cards held back while they waited to leave: a restored backup, in which they still wait, may not send them."""

from collections.abc import Iterable, Sequence

from feedback.models import IssueRun, RecordCard
from members.ground.history import batches
from members.models import journal

JOURNAL = "held"


def note_held(cards: Iterable[RecordCard]) -> None:
    """Note in the journal those of these cards that wait to leave and will not; Conflict if it cannot be written."""
    if tokens := [_token(card) for card in cards if card.leaving_id]:
        journal.note(JOURNAL, *tokens)


def hold_again(tokens: Sequence[str]) -> int:
    """Take the cards of these journal tokens out of the runs in which a restored backup has them; return how many."""
    known = set(tokens)
    waiting = RecordCard.objects.exclude(leaving=None).only("leaving")
    return _take_out([card.pk for card in waiting if _token(card) in known])


def hold_all() -> None:
    """Take all cards out of their runs: whoever let them leave did so before what the backup has forgotten."""
    _take_out(list(RecordCard.objects.exclude(leaving=None).values_list("pk", flat=True)))
    for run in IssueRun.objects.waiting():
        run.advance(IssueRun.Status.HELD)


def _take_out(pks: Sequence[int]) -> int:
    return sum(RecordCard.objects.filter(pk__in=part).update(leaving=None) for part in batches(pks))


def _token(card: RecordCard) -> str:
    return f"{card.leaving_id}.{card.pk}"
