"""Figures of the moment for /metrics: how long things have waited and how old they are. Counts and ages, no person."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F, Max, Min, Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from feedback.models import Delivery, FeedEvent
from louzu.metrics import Measure
from louzu.rules import health
from louzu.rules.backups import standing
from louzu.rules.setup_faults import free_space
from members.ground import queue
from members.models import WorkerBeat

STATES = "State of a check: 0 well, 1 to be looked at, 2 to be dealt with now."


def measures() -> Iterator[Measure]:
    """Yield the figures; while the database is away, only those that need none."""
    found = list(health.found())
    for each in found:
        yield Measure("louzu_health_state", STATES, int(each.finding.state), ("check", each.name))
    is_away = any(each.name == "database" and each.is_bad for each in found)
    yield Measure("louzu_database_up", "Whether the database answers.", float(not is_away))
    yield Measure("louzu_disk_free_bytes", "Free bytes where data and backups are.", free_space())
    for figures in () if is_away else (_queue, _employers, _backups):
        try:
            yield from list(figures())
        except DatabaseError:  # not built, or not of this release: the states say so
            continue


def _queue() -> Iterator[Measure]:
    ready = DBTaskResult.objects.ready().count()
    yield Measure("louzu_queue_tasks", "Tasks that could be worked now.", ready)
    yield from _age(
        "louzu_queue_wait_seconds", "How long work has waited of which nobody took any.", queue.waiting_since()
    )
    beat = WorkerBeat.objects.filter(ended_at=None).aggregate(last=Max("beat_at"))["last"]
    yield from _age("louzu_worker_beat_age_seconds", "Since the last sign of life of any worker.", beat)


def _employers() -> Iterator[Measure]:
    """Yield what employers' systems have not had: the newest event of each feed is one look into an index."""
    newest = FeedEvent.objects.filter(seq=F("feed__last_seq"))
    unfetched = newest.filter(Q(feed__fetched_at=None) | Q(at__gt=F("feed__fetched_at")))
    oldest = unfetched.aggregate(first=Min("at"))["first"]
    yield from _age("louzu_feed_lag_seconds", "How long the newest event of some feed has not been fetched.", oldest)
    since = timezone.now() - timedelta(days=7)
    waiting = Delivery.objects.filter(status=Delivery.Status.WAITING).count()
    lost = Delivery.objects.filter(status=Delivery.Status.GIVEN_UP, created_at__gte=since).count()
    yield Measure("louzu_deliveries_waiting", "Notices to employers' systems that wait to be sent.", waiting)
    yield Measure("louzu_deliveries_lost", "Notices of the last 7 days that did not arrive.", lost)


def _backups() -> Iterator[Measure]:
    good, proven, _ = standing()
    yield from _age("louzu_backup_age_seconds", "Since the last good backup.", good.made_at if good else None)
    checked = proven.checked_at if proven else None
    yield from _age("louzu_backup_proven_age_seconds", "Since a backup was restored for a trial.", checked)


def _age(name: str, meaning: str, since: datetime | None) -> Iterator[Measure]:
    """Yield the seconds since then; nothing where there is no such moment."""
    if since:
        yield Measure(name, meaning, (timezone.now() - since).total_seconds())
