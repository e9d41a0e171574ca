"""Queuing background tasks, and on the embedded default a thread beside the server that works them.

Elsewhere `manage.py work` runs. The thread starts with the server and works what is queued or has become due. A timer
starts it again when the next task is due.
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

AGAIN = timedelta(seconds=30)  # after a failure that is no task's fault


def enqueue(job, *args, after: datetime | None = None) -> None:
    """Queue a task in the caller's transaction, to run now or `after` a moment, and start the worker thread."""
    (job.using(run_after=after) if after else job).enqueue(*args)
    if settings.WORKER_THREAD:
        transaction.on_commit(_start_worker)


def start() -> None:
    """Start the worker thread of a server that has just started; no other process calls this."""
    if settings.WORKER_THREAD:
        _start_worker()


_working = threading.Lock()
_alarms: list[threading.Timer] = []


def _start_worker() -> None:
    threading.Thread(target=_empty_the_queue, name="louzu-worker", daemon=True).start()


def _empty_the_queue() -> None:
    """Work until nothing is queued; a second thread waits its turn and works what came meanwhile."""
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
    """Set a timer for the first task that is to run later, or that a silent worker may have left."""
    moments = [queue.next_moment()]
    if DBTaskResult.objects.running().exists():
        moments.append(timezone.now() + DEAD_AFTER)
    if first := min(filter(None, moments), default=None):
        # A task that is due, but was not done just now, failed: it is not tried again at once.
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
    """Reset lock and timers in a forked child: the thread stays in the parent, and may have locked there."""
    global _working
    _working = threading.Lock()
    _alarms.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
