"""An import's slow steps as background tasks, and who works them.

On the embedded default a thread beside the server empties the queue; elsewhere `manage.py db_worker` runs.
"""

import threading

from django.conf import settings
from django.db import connections, transaction
from django_tasks import task
from django_tasks_db.management.commands.db_worker import Worker

from members.models import RosterImport
from members.roster import steps


@task()
def read_roster_import(pk: int) -> None:
    steps.read_step(RosterImport.objects.select_related("area", "user").get(pk=pk))


@task()
def apply_roster_import(pk: int, only_good: bool) -> None:
    steps.apply_step(RosterImport.objects.select_related("area", "user").get(pk=pk), only_good=only_good)


def enqueue(job, *args) -> None:
    """Queue a task with the caller's transaction, and see that somebody works it."""
    job.enqueue(*args)
    if settings.WORKER_THREAD:
        transaction.on_commit(_start_worker)


_working = threading.Lock()


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
        finally:
            connections.close_all()
