"""Who works the background tasks.

On the embedded default a thread beside the server empties the queue; elsewhere `manage.py db_worker` runs.
"""

import threading

from django.conf import settings
from django.db import connections, transaction
from django_tasks_db.management.commands.db_worker import Worker


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
