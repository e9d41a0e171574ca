"""Reports read from a replica of the database, where there is one and it lacks nothing.

A replica may be seconds behind. So it is asked first whether it has replayed all that the primary had written by then.
If not, if it is away, or if it fails meanwhile, the primary is read: a figure is never older than the question. That
needs no note of who wrote when, so that it holds across hosts, programs and background tasks.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from members.ground.atomic import is_writing

REPLICA = "replica"
PATIENCE, LOOK_EVERY = 0.2, 0.02  # seconds in which the replica may catch up
LEFT_ALONE = 30.0  # seconds for which a replica that failed is not asked again
WRITTEN = "SELECT pg_current_wal_lsn()::text"
HAS_REPLAYED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn"

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)
_is_reading: ContextVar[bool] = ContextVar("is_reading", default=False)
_failed_at = float("-inf")


def from_replica(read: Callable[P, R]) -> Callable[P, R]:
    """Let a function that only reads, and returns what it read, read from the replica where that lacks nothing."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        if _is_reading.get() or is_writing() or not _is_there() or not _lacks_nothing():
            return read(*args, **kwargs)
        token = _is_reading.set(True)
        try:
            return read(*args, **kwargs)
        except (DatabaseError, InterfaceError):
            _leave_alone()
        finally:
            _is_reading.reset(token)
        return read(*args, **kwargs)

    return reading


class ReplicaRouter:
    """Sends reads inside `from_replica` to the replica, and everything else to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return REPLICA if _is_reading.get() and not is_writing() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS  # also of a row that was read from the replica

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def _is_there() -> bool:
    return REPLICA in connections and time.monotonic() - _failed_at > LEFT_ALONE


def _lacks_nothing() -> bool:
    """Whether the replica has replayed, now or in a moment, what the primary has written so far."""
    until = time.monotonic() + PATIENCE
    try:
        written = _answer(DEFAULT_DB_ALIAS, WRITTEN)
        while not _answer(REPLICA, HAS_REPLAYED, written):
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_EVERY)
    except (DatabaseError, InterfaceError):
        _leave_alone()
        return False
    return True


def _answer(alias: str, question: str, *parameters: Any) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchone()[0]


def _leave_alone() -> None:
    """Read the primary for a while; a replica that is away would cost each report its time-out."""
    global _failed_at
    logger.warning("The replica failed; reports read the primary.", exc_info=True)
    _failed_at = time.monotonic()
