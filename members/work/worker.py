"""The worker: it works the queue task by task, through restarts of the database, until it is stopped.

Every task may be started again: a roster is read anew, its writing and each part of a run commit as a whole or not at
all, a message is leased to its sender. So the next worker takes up what one leaves undone.
"""

import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from members.ground import queue
from members.ground.atomic import atomic_write, is_away
from members.ground.beats import Heart
from members.ground.outage import is_outage
from members.models import WorkerBeat, journal
from members.models.workers import DEAD_AFTER

logger = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between two looks into an empty queue
TIDY_EVERY, PRUNE_EVERY = 15.0, 24 * 60 * 60.0
SLICE, LONGEST_PAUSE = 0.2, 30.0
TRIES = 3  # a task whose workers ended so often is given up
AWAY = "数据库暂时连不上，恢复之后接着处理。"
STUCK = "后台任务出了错，隔一会儿再试；原因在日志里。"
BACK = "恢复了，接着处理。"


def unique_name() -> str:
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"


class Worker:
    """One worker. It calls `notify` with a sentence when the database goes away and when it is back, once each."""

    def __init__(self, name: str, *, notify: Callable[[str], object] = logger.warning):
        self.name, self.notify = name, notify
        self.is_stopping = self._is_known = self._has_lost = False
        self._tidied_at = self._pruned_at = float("-inf")
        self._pause = INTERVAL

    def run(self) -> None:
        """Work until stopped; the task at hand is finished first."""
        with Heart(self._beat):
            while not self.is_stopping:
                try:
                    close_old_connections()
                    has_worked = self._step()
                except Exception as error:  # whatever it is: a worker that ended here would be missed too late
                    self._lose(error)
                    continue
                if not has_worked:
                    self._rest(INTERVAL)
        self._leave()

    def empty_the_queue(self) -> None:
        """Work until nothing is queued; the errors of a database that is away are the caller's."""
        with Heart(self._beat):
            while self._step():
                pass
        self._leave()

    def stop(self, *_: object) -> None:
        """Stop after the task at hand; a second signal ends the process at once."""
        self.is_stopping = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def put_back(self) -> None:
        """Queue again the tasks that this worker left when the database went away, and those of silent workers."""
        lost = [row.pk for row in DBTaskResult.objects.running() if self._is_left(row)]
        if lost:
            with atomic_write():
                locked = DBTaskResult.objects.running().filter(pk__in=lost).select_for_update(skip_locked=True)
                for row in filter(self._is_left, locked):  # not where another worker was faster
                    self._put_back(row)

    def _step(self) -> bool:
        self._come_in()
        self._tidy()
        row = self._claim()
        self._find_again()
        if row:
            self._work(row)
        return row is not None

    def _claim(self) -> DBTaskResult | None:
        """Take the next task. It looks without a transaction first, because writers wait their turn."""
        if not DBTaskResult.objects.ready().exists():
            return None
        with atomic_write():
            row = DBTaskResult.objects.ready().get_locked()
            if row:
                row.claim(self.name)
        return row

    def _work(self, row: DBTaskResult) -> None:
        try:
            row.task.call(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
        except Exception as error:
            if is_away(error):
                raise
            logger.exception("Task %s failed.", row.task_path)
            with atomic_write():
                row.set_failed(error)
        else:
            with atomic_write():
                row.set_successful(None)

    def _come_in(self) -> None:
        """Register as alive; before that, apply the journal, so that no task of a restored backup runs without it."""
        if not self._is_known:
            journal.apply_once()
            now = timezone.now()
            values = {"started_at": now, "beat_at": now, "ended_at": None}
            with atomic_write():
                WorkerBeat.objects.update_or_create(name=self.name, defaults=values)
            self._is_known = True

    def _beat(self) -> None:
        with atomic_write():
            WorkerBeat.objects.filter(name=self.name).update(beat_at=timezone.now())

    def _leave(self) -> None:
        now = timezone.now()
        try:
            with atomic_write():
                WorkerBeat.objects.filter(name=self.name).update(beat_at=now, ended_at=now)
        except (DatabaseError, InterfaceError):
            logger.info("The database is away; that this worker stopped is not noted.")

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_at < TIDY_EVERY:
            return
        self.put_back()
        queue.gather()
        if time.monotonic() - self._pruned_at >= PRUNE_EVERY:
            _prune()
            self._pruned_at = time.monotonic()
        self._tidied_at = time.monotonic()

    def _is_left(self, row: DBTaskResult) -> bool:
        holder = row.worker_ids[-1] if row.worker_ids else ""
        if holder == self.name:
            return True
        is_fresh = row.started_at and row.started_at > timezone.now() - DEAD_AFTER
        return not is_fresh and not WorkerBeat.objects.alive().filter(name=holder).exists()

    def _put_back(self, row: DBTaskResult) -> None:
        is_given_up = len(row.worker_ids) >= TRIES
        row.status = TaskResultStatus.FAILED if is_given_up else TaskResultStatus.READY
        row.finished_at = timezone.now() if is_given_up else None
        row.save(update_fields=["status", "finished_at"])
        logger.warning("Task %s was left by its worker; %s.", row.task_path, "given up" if is_given_up else "again")

    def _lose(self, error: Exception) -> None:
        level, sentence = (logging.INFO, AWAY) if is_outage(error) else (logging.ERROR, STUCK)
        logger.log(level, "The worker cannot go on for now.", exc_info=error)
        connection.close()
        journal.doubt()
        self._is_known = False
        if not self._has_lost:
            self.notify(sentence)
        self._has_lost, self._tidied_at = True, float("-inf")
        self._rest(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _find_again(self) -> None:
        if self._has_lost:
            self.notify(BACK)
        self._has_lost, self._pause = False, INTERVAL

    def _rest(self, seconds: float) -> None:
        """Sleep in slices, so that a signal ends the rest."""
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(SLICE)


def _prune() -> None:
    """Delete old finished tasks and former workers; they are no personal data, so that the trail needs no entry."""
    for rows in (queue.finished_long_ago(), WorkerBeat.objects.forgotten()):
        if rows.exists():
            with atomic_write():
                rows.delete()
