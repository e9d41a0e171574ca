"""What is counted each night: the figures of the days before, of which some may have been recorded late."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django_tasks import task

from louzu.models import FiguresOfDay
from louzu.rules.figures import keep_days
from members.models import Area

AFTER_MIDNIGHT = time(0, 20)


def next_night() -> datetime | None:
    """Return when the figures are to be kept next: this night where yesterday's are missing; None without a street."""
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    streets = Area.objects.streets().on(yesterday).on(today)
    if not streets.exists():
        return None
    kept = FiguresOfDay.objects.filter(day=yesterday, area__level=Area.Level.STREET)
    is_missing = streets.exclude(pk__in=kept.values("area")).exists()
    night = today if is_missing else today + timedelta(days=1)
    return timezone.make_aware(datetime.combine(night, AFTER_MIDNIGHT))


@task()
def keep_figures() -> None:
    """Keep the figures of all streets, from the first day of last year to yesterday."""
    first, last = nightly_days()
    for street in Area.objects.streets():
        keep_days(street, first, last)


def nightly_days() -> tuple[date, date]:
    """Return the first and last day that are counted each night."""
    today = timezone.localdate()
    return date(today.year - 1, 1, 1), today - timedelta(days=1)
