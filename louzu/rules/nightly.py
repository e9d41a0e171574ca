"""What is counted each night: the figures of the days before, of which some may have been recorded late."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from activities.models import Activity
from louzu.models import FiguresOfDay
from louzu.rules.figures import keep_days
from louzu.rules.happening import QUARTER
from members.ground.atomic import atomic_write
from members.models import Area
from members.work.jobs import enqueue

AFTER_MIDNIGHT = time(0, 20)
PART = 60  # days


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
    """Queue what keeps the figures of all streets, part by part, so that nobody's upload waits long for its turn."""
    if DBTaskResult.objects.ready().filter(task_path=keep_part.module_path).exists():
        return  # those of a moment ago are still at it
    first, last = nightly_days()
    with atomic_write():
        for street in Area.objects.streets().values_list("pk", flat=True):
            for begin in range(first.toordinal(), last.toordinal() + 1, PART):
                end = min(begin + PART - 1, last.toordinal())
                enqueue(keep_part, street, *(date.fromordinal(day).isoformat() for day in (begin, end)))


@task(priority=-50)
def keep_part(street: int, first: str, last: str) -> None:
    """Keep the figures of some days of a street (id); the part with yesterday comes last."""
    keep_days(Area.objects.get(pk=street), date.fromisoformat(first), date.fromisoformat(last))


def keep_again(activity: Activity) -> None:
    """Queue the days whose kept figures change with this activity: its own, and the ends of the periods around it."""
    yesterday = timezone.localdate() - timedelta(days=1)
    street = Area.objects.get(path=activity.area.street_path)
    if activity.held_on <= yesterday and FiguresOfDay.objects.filter(area=street, day=activity.held_on).exists():
        last = min(yesterday, activity.held_on + QUARTER)
        enqueue(keep_part, street.pk, activity.held_on.isoformat(), last.isoformat())


def nightly_days() -> tuple[date, date]:
    """Return the first and last day that are counted each night."""
    today = timezone.localdate()
    return date(today.year - 1, 1, 1), today - timedelta(days=1)
