"""The queue of background tasks, and work that waits outside it until it is due."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Case, Max, Min, QuerySet, When
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult, get_date_max

UNFINISHED = (TaskResultStatus.READY, TaskResultStatus.RUNNING)


class Waiting(NamedTuple):
    """Work that waits outside the queue: when the first of it is due, and the task that does it."""

    due_at: Callable[[], datetime | None]
    task: Task


_waiting: list[Waiting] = []


def watch(due_at: Callable[[], datetime | None], task: Task) -> None:
    """Register a task that workers queue whenever its work has become due; an app does so in its `ready()`."""
    _waiting.append(Waiting(due_at, task))


def gather() -> None:
    """Queue the registered tasks whose work has become due, unless they are queued already."""
    now = timezone.now()
    for due_at, task in _waiting:
        moment = due_at()
        if moment and moment <= now and not DBTaskResult.objects.ready().filter(task_path=task.module_path).exists():
            task.enqueue()


def next_moment() -> datetime | None:
    """Return when the first later work becomes due, in the queue or outside it; None where there is none."""
    now = timezone.now()
    later = DBTaskResult.objects.filter(status=TaskResultStatus.READY, run_after__gt=now, run_after__lt=get_date_max())
    moments = [later.aggregate(first=Min("run_after"))["first"], *(due_at() for due_at, _ in _waiting)]
    return min((moment for moment in moments if moment), default=None)


def waiting_since() -> datetime | None:
    """Return since when nobody has taken any of the work that could be done now; None where none waits."""
    ready = DBTaskResult.objects.ready().annotate(
        since=Case(When(run_after=get_date_max(), then="enqueued_at"), default="run_after")
    )
    running = set(DBTaskResult.objects.running().values_list("task_path", flat=True))
    due = (due_at() for due_at, task in _waiting if task.module_path not in running)
    moments = [moment for moment in (ready.aggregate(first=Min("since"))["first"], *due) if moment]
    waiting = [moment for moment in moments if moment <= timezone.now()]
    taken = DBTaskResult.objects.aggregate(last=Max("started_at"))["last"]
    return max(min(waiting), taken or min(waiting)) if waiting else None


def abandoned(pks: Iterable[int], paths: Iterable[str]) -> list[int]:
    """Return those of these rows (ids) for which no task of these paths waits or runs any more."""
    unfinished = DBTaskResult.objects.filter(status__in=UNFINISHED, task_path__in=paths)
    return [pk for pk in pks if not unfinished.filter(args_kwargs__args__0=pk).exists()]


def finished_long_ago() -> QuerySet[DBTaskResult]:
    """Results of tasks that nobody will look at any more."""
    kept_since = timezone.now() - timedelta(days=settings.RETENTION["task"])
    return DBTaskResult.objects.finished().filter(finished_at__lt=kept_since)
