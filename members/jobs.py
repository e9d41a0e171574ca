"""Who works the background tasks.

On the embedded default a thread beside the server empties the queue; elsewhere `manage.py db_worker` runs. What is to
run later wakes the thread at its time; after a restart, the next task does, and finds all that became due meanwhile.
"""

import threading
from datetime import datetime

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Min
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max


def enqueue(job, *args, after: datetime | None = None) -> None:
    """Queue a task with the caller's transaction, for now or for later, and see that somebody works it."""
    (job.using(run_after=after) if after else job).enqueue(*args)
    if settings.WORKER_THREAD:
        transaction.on_commit(_start_worker)


_working = threading.Lock()
_alarms: list[threading.Timer] = []


def _start_worker() -> None:
    threading.Thread(target=_empty_the_queue, name="louzu-worker", daemon=True).start()


def _empty_the_queue() -> None:
    """Work until nothing is queued; a second thread waits its turn and finds what came meanwhile."""
    with _working:
        try:
            Worker(
                queue_names=["*"],
                interval=0,
                batch=True,
                backend_name="default",
                startup_delay=False,
                max_tasks=None,
                worker_id=f"thread-{threading.get_ident()}",
                excluded_queue_names=[],
            ).run()
            _set_alarm()
        finally:
            connections.close_all()


def _set_alarm() -> None:
    """Wake again for the first task that is to run later."""
    while _alarms:
        _alarms.pop().cancel()
    now = timezone.now()
    later = DBTaskResult.objects.filter(status=TaskResultStatus.READY, run_after__gt=now, run_after__lt=get_date_max())
    if first := later.aggregate(first=Min("run_after"))["first"]:
        alarm = threading.Timer((first - now).total_seconds(), _empty_the_queue)
        alarm.daemon = True
        alarm.start()
        _alarms.append(alarm)
