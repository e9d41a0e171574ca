"""One way to write: `with atomic_write(): …`.

SQLite lets one writer in at a time and makes the others poll; measured with 16 writers the slowest wait eight seconds.
A file lock taken before BEGIN is a queue: nobody fails, the slowest wait a third of a second. Elsewhere it is `atomic`.

The entries of the audit trail are added last, just before COMMIT. They lock one row, their chain's head. Locked at the
first entry already, it would stop every other writer for longer, and break the order in which rows are locked.

A connection that breaks while COMMIT is under way leaves open whether the transaction is stored: CommitUnknown. A
server that has become a standby refuses to write: the connection to it is closed, so that the next one finds the
primary.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from members.ground.outage import CommitUnknown, is_cut, is_read_only

try:
    import fcntl
except ImportError:  # Windows has no flock: writers fall back to SQLite's own waiting.
    fcntl = None  # type: ignore[assignment]


_entries: ContextVar[list[Any] | None] = ContextVar("entries", default=None)


@contextmanager
def atomic_write() -> Iterator[None]:
    """Open a transaction that waits its turn; inside another one it is a savepoint."""
    with _turn(), _explained() as reach_commit, transaction.atomic():
        with _entries_last():
            yield
        reach_commit()


def is_away(error: BaseException) -> bool:
    """Whether the database could not be reached; a retry then needs a new connection.

    The error itself says so first: by now Django may have opened a new connection, to a pooler that is never away.
    """
    if is_cut(error):
        return True
    return isinstance(error, OperationalError | InterfaceError) and not connection.is_usable()


def is_writing() -> bool:
    """Whether an `atomic_write` is open."""
    return _entries.get() is not None


def keep_for_the_end(entry: Any) -> bool:
    """Keep an entry of the audit trail until its transaction ends; False where no `atomic_write` is open."""
    kept = _entries.get()
    if kept is not None:
        kept.append(entry)
    return kept is not None


@contextmanager
def _explained() -> Iterator[Callable[[], None]]:
    """Raise what failed as what it means for the writer; the yielded function says that only COMMIT is left."""
    is_outermost, is_at_commit = not connection.in_atomic_block, False

    def reach_commit() -> None:
        nonlocal is_at_commit
        is_at_commit = True

    try:
        yield reach_commit
    except (DatabaseError, InterfaceError) as error:
        if is_outermost and is_at_commit and is_away(error):
            raise CommitUnknown(*error.args) from error
        if is_outermost and is_read_only(error):
            connection.close()
            raise OperationalError(*error.args) from error.__cause__
        raise


@contextmanager
def _entries_last() -> Iterator[None]:
    outer = _entries.get()
    kept: list[Any] = []
    token = _entries.set(kept)
    try:
        yield  # whatever fails takes its entries with it
    finally:
        _entries.reset(token)
    if outer is not None:
        outer.extend(kept)
    elif kept:
        type(kept[0]).objects.extend(kept)


@contextmanager
def _turn() -> Iterator[None]:
    if connection.in_atomic_block or connection.vendor != "sqlite" or fcntl is None:
        yield
        return
    settings.WRITE_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with settings.WRITE_LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
