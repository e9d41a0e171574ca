"""How the backups stand: what came of each, kept for the status page; when the next is due."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from louzu.models import BackupRun
from members.ground.atomic import atomic_write
from members.models import Area

AT, TRIAL_AT = time(1, 10), time(2, 10)
AGAIN, TRIAL_EVERY = timedelta(hours=1), timedelta(days=7)
DAY = timedelta(days=1)
LONGEST = 300  # characters of a sentence


class BackupStanding(NamedTuple):
    """The last backup that was written, the last that a trial restore proved, and what is wrong now ("" if nothing)."""

    good: BackupRun | None
    proven: BackupRun | None
    trouble: str


def standing() -> BackupStanding:
    """Return how the backups stand; the trouble is that of the newest run, or of the newest trial restore."""
    newest, tried = BackupRun.objects.first(), _last_tried()
    return BackupStanding(
        BackupRun.objects.good().first(),
        BackupRun.objects.proven().order_by("-checked_at").first(),
        (newest.trouble if newest else "") or (tried.check_trouble if tried else ""),
    )


def keep(run: BackupRun) -> None:
    """Keep what came of a backup; what is long past is forgotten."""
    run.trouble = run.trouble[:LONGEST]
    with atomic_write():
        run.save()
        BackupRun.objects.forgotten().delete()


def keep_trial(trouble: str, name: str | None, made_at: datetime | None) -> None:
    """Keep what came of the trial restore of a file, "" for nothing wrong; without one, it is the last backup's.

    The file may be unknown here: the database was restored, and knows of no backup since.
    """
    runs = BackupRun.objects.good()
    with atomic_write():
        run = runs.filter(name=name).first() if name else runs.first()
        if name and made_at:
            run = run or BackupRun(name=name, made_at=made_at)
        if run:
            run.checked_at, run.check_trouble = timezone.now(), trouble[:LONGEST]
            run.save()


def next_backup() -> datetime | None:
    """Return when the next backup is due: each night, an hour after one that failed; None where there is no street."""
    if not settings.BACKUPS or not _has_street():
        return None
    night = _last(AT)
    newest = BackupRun.objects.first()
    if newest is None or newest.made_at < night:
        return night
    return newest.made_at + AGAIN if newest.trouble else night + DAY


def next_trial() -> datetime | None:
    """Return when a backup is to be restored for a trial: each week, the next night after one that failed."""
    good = BackupRun.objects.good().first()
    if not settings.BACKUPS or good is None or not _has_street():
        return None
    tried = _last_tried()
    if tried is None or tried.checked_at is None:
        return good.made_at
    wait = DAY if tried.check_trouble else TRIAL_EVERY
    return _next(TRIAL_AT, tried.checked_at + wait - DAY)


def _has_street() -> bool:
    return Area.objects.streets().filter(is_demo=False).exists()


def _last_tried() -> BackupRun | None:
    return BackupRun.objects.filter(checked_at__isnull=False).order_by("-checked_at").first()


def _last(clock: time) -> datetime:
    """Return the last time that the clock showed this."""
    now = timezone.localtime()
    today = timezone.make_aware(datetime.combine(now.date(), clock))
    return today if today <= now else today - DAY


def _next(clock: time, moment: datetime) -> datetime:
    """Return the first time after a moment that the clock shows this."""
    moment = timezone.localtime(moment)
    same_day = timezone.make_aware(datetime.combine(moment.date(), clock))
    return same_day if same_day > moment else same_day + DAY
