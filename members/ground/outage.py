"""Outages of the database: it is away or restarting, one write locks it for long, or its disk is full."""

import errno
import sqlite3
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError

RETRY_AFTER = 10  # seconds
# SQLite's errors that concern its file; others ("no such column") are our own faults.
OF_THE_FILE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
# PostgreSQL's classes: no connection, rolled back for another transaction, no room, a lock, stopped by an operator.
CLASSES = ("08", "40", "53", "55", "57")
TOO_SLOW = "57014"  # a statement that takes too long does so a little later as well
NO_ROOM = "53100"
NO_TABLE = "42P01"


def is_outage(error: BaseException | None) -> bool:
    """Whether the same request may well succeed a little later."""
    if isinstance(error, InterfaceError) or is_full(error):
        return True
    if not isinstance(error, OperationalError | sqlite3.OperationalError):
        return False
    cause = error if isinstance(error, sqlite3.OperationalError) else error.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in OF_THE_FILE
    code = getattr(cause, "pgcode", None)
    return code is None or (code.startswith(CLASSES) and code != TOO_SLOW)


def is_full(error: BaseException | None) -> bool:
    """Whether a disk is full: nothing can be written, but what is there can be read."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return getattr(cause, "pgcode", None) == NO_ROOM


def is_unbuilt(error: BaseException | None) -> bool:
    """Whether a table is missing: nobody has set this installation up, or migrated it after an upgrade."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    return getattr(cause, "pgcode", None) == NO_TABLE or str(cause).startswith("no such table")


def give_up_session(request: Any) -> None:
    """Do not save the session: that would wait for the database once more, for a request that did nothing."""
    if hasattr(request, "session"):
        request.session.modified = False
