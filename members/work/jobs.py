"""Background tasks are queued here, and worked on the embedded default by a thread beside the server.

Elsewhere `manage.py work` runs. The thread starts with the server and takes up what is queued or became due meanwhile;
what is to run later wakes it at its time.
"""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from members.ground import queue
from members.models.workers import DEAD_AFTER
from members.work.worker import Worker

logger = logging.getLogger(__name__)

AGAIN = timedelta(seconds=30)  # after something that no task is to blame for


def enqueue(job, *args, after: datetime | None = None) -> None:
    """Queue a task with the caller's transaction, for now or for later, and see that somebody works it."""
    (job.using(run_after=after) if after else job).enqueue(*args)
    if settings.WORKER_THREAD:
        transaction.on_commit(_start_worker)


def start() -> None:
    """Begin to work beside a server that has just started; no other process calls this."""
    if settings.WORKER_THREAD:
        _start_worker()


_working = threading.Lock()
_alarms: list[threading.Timer] = []


def _start_worker() -> None:
    threading.Thread(target=_empty_the_queue, name="louzu-worker", daemon=True).start()


def _empty_the_queue() -> None:
    """Work until nothing is queued; a second thread waits its turn and finds what came meanwhile."""
    with _working:
        try:
            Worker(f"{socket.gethostname()[:40]}-{os.getpid()}-thread").empty_the_queue()
            _set_alarm()
        except Exception:
            logger.exception("The queue could not be worked; it is tried again soon.")
            _ring_at(timezone.now() + AGAIN)
        finally:
            connections.close_all()


def _set_alarm() -> None:
    """Wake again for the first thing that is to be done later, or that a silent worker may have left."""
    moments = [queue.next_moment()]
    if DBTaskResult.objects.running().exists():
        moments.append(timezone.now() + DEAD_AFTER)
    if first := min(filter(None, moments), default=None):
        # What is due and was not done just now failed: not at once again.
        _ring_at(first if first > timezone.now() else timezone.now() + AGAIN)
    else:
        _quiet()


def _ring_at(moment: datetime) -> None:
    _quiet()
    alarm = threading.Timer((moment - timezone.now()).total_seconds(), _empty_the_queue)
    alarm.daemon = True
    alarm.start()
    _alarms.append(alarm)


def _quiet() -> None:
    while _alarms:
        _alarms.pop().cancel()


def _forked() -> None:
    """A server that forks after it has started leaves the thread in the parent, and perhaps its lock shut."""
    global _working
    _working = threading.Lock()
    _alarms.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
