"""The feed: a street's events for an employer, gapless and in commit order, and the cursors of its readers.

The numbers come from the row of employer and street. It is locked last in the transaction that changes the card, so
that a reader who has seen one number has seen all before it (docs/design/cards.md, "The feed").
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from django.core.signing import BadSignature, Signer
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from feedback.feed import delivering
from feedback.models import Feed, FeedEvent, RecordCard
from feedback.models.counterparts import Counterpart
from members.ground.inserting import insert
from members.models import Employer

MOST = 500
BEFORE_THE_FIRST = "0"  # the epoch of a feed without events; its cursor stays good in the first real epoch


class BadCursor(Exception):
    """The cursor is not ours, or is of another feed."""


class CursorReset(Exception):
    """The cursor is older than a restored backup; the reader has to start again from the beginning."""


class FeedPage(NamedTuple):
    """Events after a cursor: as JSON, their number, the next cursor, whether there are more, and the last fetch."""

    events: bytes
    size: int
    next: str
    more: bool
    fetched_at: datetime | None


def add_events(cards: Iterable[RecordCard], kind: str = "") -> None:
    """Add an event for each of these cards to its feed and announce it; without a `kind`, that the card was issued."""
    by_counterpart: dict[Counterpart, list[RecordCard]] = defaultdict(list)
    for card in cards:
        by_counterpart[card.counterpart].append(card)
    append(by_counterpart, lambda card, event: _fill(event, card, kind))


def append(rows: Mapping[Counterpart, Sequence[Any]], fill: Callable[[Any, FeedEvent], None]) -> None:
    """Add an event for each of these rows to the feeds that they are for, and announce them.

    `fill` takes a row and its event, which has its feed, number and time. The feeds are locked here.
    """
    if not rows:
        return
    feeds, events, now = Feed.lock(set(rows)), [], timezone.now()
    delivering.announce({counterpart: cursor_at(feed, feed.last_seq) for counterpart, feed in feeds.items()})
    for counterpart, some in rows.items():
        feed = feeds[counterpart]
        for row in some:
            feed.last_seq += 1
            events.append(FeedEvent(feed=feed, seq=feed.last_seq, at=now))
            fill(row, events[-1])
    insert(events)
    Feed.objects.bulk_update(feeds.values(), ["last_seq"])


def read(counterpart: Counterpart, after: str, limit: int = MOST) -> FeedPage:
    """Return the events after a cursor ("" for the beginning). Raises BadCursor and CursorReset."""
    feed = feed_of(counterpart)
    seq = _position(feed, after)
    rows = _rows(feed, seq, limit + 1)
    page = rows[:limit]
    return FeedPage(
        events=_as_json(page),
        size=len(page),
        next=cursor_at(feed, page[-1][0] if page else seq),
        more=len(rows) > limit,
        fetched_at=feed.fetched_at,
    )


def feed_of(counterpart: Counterpart) -> Feed:
    """Return the feed of this employer and street; an unsaved, empty one where there are no events yet."""
    employer, street = counterpart
    kept = Feed.objects.filter(employer=employer, street=street).first()
    return kept or Feed(employer_id=employer, street_id=street, epoch=BEFORE_THE_FIRST)


def cursor_at(feed: Feed, seq: int) -> str:
    """Return the cursor of a reader who has read up to this number; it is valid only for this feed and epoch."""
    return _signer(feed.employer_id, feed.street_id).sign(f"{feed.epoch}.{seq}")


def start_over() -> list[Feed]:
    """Begin a new epoch of every feed, after a backup was restored; return the feeds."""
    rows = Feed.objects.select_related("street").order_by("employer_id", "street_id")
    feeds = list(rows.select_for_update(of=("self",), no_key=True))
    for feed in feeds:
        feed.start_over()
    Feed.objects.bulk_update(feeds, ["epoch", "last_receipt"], batch_size=500)
    return feeds


def _fill(event: FeedEvent, card: RecordCard, kind: str) -> None:
    event.card = card
    event.type = kind or (FeedEvent.Type.CORRECTED if card.supersedes_id else FeedEvent.Type.ISSUED)
    event.told = _event_json(event, card)


def _event_json(event: FeedEvent, card: RecordCard) -> str:
    """Return an event as JSON, cut off where the card's body follows."""
    envelope = {
        "seq": event.seq,
        "type": event.type,
        "at": event.at.astimezone(UTC),
        "version": 2 if event.type == FeedEvent.Type.WITHDRAWN else 1,
        "card": {
            "number": card.number,
            "digest": card.digest,
            "supersedes": card.supersedes.number if card.supersedes else None,
        },
    }
    return orjson.dumps(envelope).decode().removesuffix("}}") + ',"body":'


def _signer(*of: int) -> Signer:
    return Signer(salt=f"feedback.feed.{'.'.join(map(str, of))}")


def _position(feed: Feed, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        epoch, _, seq = _signer(feed.employer_id, feed.street_id).unsign(cursor).partition(".")
    except BadSignature as error:
        raise CursorReset if _was_employers(feed, cursor) else BadCursor from error
    is_of_this_epoch = epoch == feed.epoch or (epoch, seq) == (BEFORE_THE_FIRST, "0")
    if not is_of_this_epoch or int(seq) > feed.last_seq:
        raise CursorReset
    return int(seq)


def _was_employers(feed: Feed, cursor: str) -> bool:
    """Whether the cursor is of another feed of the employer.

    That is one of a version before 0.4, in which it had one feed for all streets, or of a unit merged into it.
    """
    merged = Employer.objects.filter(merged_into=feed.employer_id).values_list("pk", flat=True)
    return any(
        _is_signed(signer, cursor)
        for signer in (_signer(feed.employer_id), *(_signer(pk, feed.street_id) for pk in merged))
    )


def _is_signed(signer: Signer, cursor: str) -> bool:
    try:
        signer.unsign(cursor)
    except BadSignature:
        return False
    return True


def _rows(feed: Feed, seq: int, count: int) -> list[tuple[int, str, str, int | None]]:
    """Return (seq, told, body, slip) of the next events; each body is a look-up of its own.

    With a join, after a bulk write and before its statistics, PostgreSQL went through all cards for each event.
    """
    if feed.pk is None:
        return []
    body = RecordCard.objects.filter(pk=OuterRef("card")).order_by().values("body")
    events = FeedEvent.objects.filter(feed=feed).after(seq).annotate(body=Subquery(body))
    return list(events.values_list("seq", "told", "body", "slip")[:count])


def _as_json(rows: Iterable[tuple[int, str, str, int | None]]) -> bytes:
    """Return the events as JSON with the stored bodies; a card that was withdrawn since has none, a slip never has."""
    events = [event if slip else event + (body or "null") + "}}" for _, event, body, slip in rows]
    return ("[" + ",".join(events) + "]").encode()
