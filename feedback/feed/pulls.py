"""What each reading of cards leaves behind: an entry of the trail, and on the feed when the employer last fetched."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from feedback.models import Contact, EmployerKey, Feed, RecordCard
from feedback.models.counterparts import among
from members.ground import audit
from members.ground.atomic import atomic_write

NOTED_EVERY = timedelta(minutes=1)


def record_pull(
    reader: EmployerKey | Contact,
    *,
    rows: int,
    filters: Iterable[str] = (),
    cursor: str = "",
    row: RecordCard | None = None,
    fetched_at: datetime | None = None,
) -> None:
    """Keep that a key or contact is given so many cards: from which cursor on, and the filters' names, no values.

    Where it is given none, no more than that it asked. `fetched_at` is when it last did, where the caller knows it.
    """
    now = timezone.now()
    is_due = fetched_at is None or fetched_at <= now - NOTED_EVERY
    if not (is_due or rows):
        return
    with atomic_write():
        if is_due:
            stale = Q(fetched_at=None) | Q(fetched_at__lte=now - NOTED_EVERY)
            Feed.objects.filter(stale, among([reader.counterpart])).update(fetched_at=now)
        if rows:
            changes = {"rows": rows, "filters": sorted(filters), "cursor": cursor}
            audit.record("pull", row or RecordCard, path=reader.street.path, changes=changes)
