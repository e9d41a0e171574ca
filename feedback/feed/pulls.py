"""Recording each reading of cards and slips: an entry in the trail, and on the feed the time of the last fetch."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from feedback.models import Contact, EmployerKey, Feed, RecordCard, Slip
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
    row: RecordCard | Slip | None = None,
    what: type[RecordCard | Slip] = RecordCard,
    fetched_at: datetime | None = None,
) -> None:
    """Record that a key or contact gets `rows` cards or slips, from which cursor, with which filters (names alone).

    A reading without any only sets the time of the fetch. `fetched_at` is the last one, where the caller knows it.
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
            audit.record("pull", row or what, path=reader.opens.path, changes=changes)
