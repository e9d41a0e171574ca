"""Limits of calls, counted exactly over all threads, processes and hosts: one statement a call.

On the embedded default, a count in the database itself would need SQLite's one writer and wait behind every import. In
a small file beside it, a count takes under 0.1 ms (measured) and waits for nobody. Elsewhere the database counts.
"""

import os
import sqlite3
import time
from functools import cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from members.ground.audit import plain_address
from members.ground.outage import is_full

# A host whose clock is behind counts in the window that another host began, so that no window starts twice.
COUNT = """
    INSERT INTO members_callcount AS kept (caller, begun, used) VALUES (%s, %s, 1)
    ON CONFLICT (caller) DO UPDATE SET
        used = CASE WHEN kept.begun >= excluded.begun THEN kept.used + 1 ELSE 1 END,
        begun = CASE WHEN kept.begun >= excluded.begun THEN kept.begun ELSE excluded.begun END
    RETURNING used, begun
"""
FORGET = "DELETE FROM members_callcount WHERE begun < %s"
TABLE = "CREATE TABLE IF NOT EXISTS members_callcount (caller TEXT PRIMARY KEY, begun INTEGER, used INTEGER)"
LONGEST = 86_400  # seconds of the longest window: a rate counts by the second, minute, hour or day
_one_at_a_time = Lock()


class Windowed(SimpleRateThrottle):
    """Counts in windows of fixed length. A subclass names the caller in `get_cache_key`."""

    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: Any) -> bool:
        now = int(time.time())
        caller = f"{self.get_cache_key(request, view)}-{self.duration}"
        self.used, begun = self._counted(caller, begun=now - now % self.duration)
        self.resets_in = max(1, begun + self.duration - now)
        return self.used <= self.num_requests

    def _counted(self, caller: str, *, begun: int) -> tuple[int, int]:
        """Count the call; on a full disk nobody is counted, and nobody is kept from reading."""
        try:
            return counted(caller, begun=begun)
        except (OperationalError, sqlite3.OperationalError) as error:
            if not is_full(error):
                raise
            return 1, begun

    def wait(self) -> float:
        return self.resets_in

    def get_ident(self, request: Request) -> str:
        """Return the visitor's address; of IPv6 its /64 network, because one visitor may call from all of it."""
        ident = super().get_ident(request) or ""
        address = plain_address(ident)  # an IPv4 address mapped into IPv6 becomes plain: its /64 would be all of IPv4
        if address is None:
            return ident
        found = ip_address(address)
        return found.exploded[:19] if isinstance(found, IPv6Address) else address


def counted(caller: str, *, begun: int) -> tuple[int, int]:
    """Count a call in the window that began at this second; return the calls in the window, and its beginning."""
    row = _run(COUNT, (blake2b(caller.encode(), digest_size=16).hexdigest(), begun))
    assert row
    return row


def forget(*, before: int | None = None) -> None:
    """Delete the counts of windows that are over."""
    _run(FORGET, (int(time.time()) - LONGEST if before is None else before,))


def _run(statement: str, values: tuple[Any, ...]) -> tuple[int, int] | None:
    """Run the statement as a transaction of its own; return its row, if it has one."""
    if settings.CALLS_FILE:
        with _one_at_a_time:
            return _file(str(settings.CALLS_FILE), os.getpid()).execute(statement.replace("%s", "?"), values).fetchone()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else None


@cache
def _file(path: str, process: int) -> sqlite3.Connection:
    """Return the connection to the file of counts, opened once a process.

    A power cut may lose counts, which are of no use a minute later. A file that is no database any more is replaced.
    """
    try:
        return _opened(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        for end in ("", "-wal", "-shm"):
            Path(path + end).unlink(missing_ok=True)
        return _opened(path)


def _opened(path: str) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=NORMAL")
    file.execute(TABLE)
    return file
