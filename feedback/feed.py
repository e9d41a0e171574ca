"""The feed: what each employer is told, gapless and in commit order, and the cursors that say how far one has read.

The numbers come from the employer's own row, locked last in the transaction that changes the card, so that a reader who
has seen one number has seen all before it (design: cards, "The feed").
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from feedback import delivering
from feedback.models import Feed, FeedEvent, RecordCard

MOST = 500


class BadCursor(Exception):
    """It is none of ours, or another employer's."""


class CursorReset(Exception):
    """It was given before a backup was restored: start again from the beginning."""


class FeedPage(NamedTuple):
    """Events after a cursor, as JSON, how many, where to go on, whether there is more, when one last fetched."""

    events: bytes
    size: int
    next: str
    more: bool
    fetched_at: datetime | None


def tell(cards: Iterable[RecordCard], kind: str = "") -> None:
    """Put an event for each of these cards behind their employers' feeds; if not said, that they were issued."""
    by_employer: dict[int, list[RecordCard]] = defaultdict(list)
    for card in cards:
        by_employer[card.employer_id].append(card)
    feeds = Feed.lock(set(by_employer))
    delivering.announce({employer: cursor_at(feed, feed.last_seq) for employer, feed in feeds.items()})
    FeedEvent.objects.bulk_create(
        event for employer, told in by_employer.items() for event in _events(feeds[employer], told, kind)
    )
    Feed.objects.bulk_update(feeds.values(), ["last_seq"])


def read(employer: int, after: str, limit: int = MOST) -> FeedPage:
    """Return the events after a cursor, "" for the beginning; BadCursor, CursorReset."""
    feed = Feed.objects.filter(employer=employer).first() or Feed(employer_id=employer)
    seq = _position(feed, after)
    rows = list(_rows(employer, seq, limit + 1))
    shown = rows[:limit]
    return FeedPage(
        events=_written(shown),
        size=len(shown),
        next=cursor_at(feed, shown[-1][0] if shown else seq),
        more=len(rows) > limit,
        fetched_at=feed.fetched_at,
    )


def cursor_at(feed: Feed, seq: int) -> str:
    """The cursor of who has read up to this number; only this employer can use it, only in this epoch."""
    return _signer(feed).sign(f"{feed.epoch}.{seq}")


def start_over() -> int:
    """Begin a new epoch of every feed, after a backup was restored; return how many feeds."""
    feeds = list(Feed.objects.select_for_update(no_key=True))
    for feed in feeds:
        feed.epoch += 1
    return Feed.objects.bulk_update(feeds, ["epoch"])


def _events(feed: Feed, cards: Iterable[RecordCard], kind: str) -> Iterator[FeedEvent]:
    """The next events of a feed, whose last number goes on with them."""
    now = timezone.now()
    for card in cards:
        feed.last_seq += 1
        type_ = kind or (FeedEvent.Type.CORRECTED if card.supersedes_id else FeedEvent.Type.ISSUED)
        event = FeedEvent(employer_id=feed.employer_id, seq=feed.last_seq, type=type_, card=card, at=now)
        event.told = _told(event)
        yield event


def _told(event: FeedEvent) -> str:
    """An event as JSON, open where the card's body follows."""
    card = event.card
    told = {
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
    return orjson.dumps(told).decode().removesuffix("}}") + ',"body":'


def _signer(feed: Feed) -> Signer:
    return Signer(salt=f"feedback.feed.{feed.employer_id}")


def _position(feed: Feed, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        epoch, seq = map(int, _signer(feed).unsign(cursor).split("."))
    except (BadSignature, ValueError) as error:
        raise BadCursor from error
    if epoch != feed.epoch or seq > feed.last_seq:
        raise CursorReset
    return seq


def _rows(employer: int, seq: int, count: int) -> Iterable[tuple[int, str, str]]:
    events = FeedEvent.objects.filter(employer=employer).after(seq)
    return events.values_list("seq", "told", "card__body")[:count]


def _written(rows: Iterable[tuple[int, str, str]]) -> bytes:
    """Events as JSON, the stored bodies as they are; a card that was withdrawn since has none any more."""
    return ("[" + ",".join([told + (body or "null") + "}}" for _, told, body in rows]) + "]").encode()
