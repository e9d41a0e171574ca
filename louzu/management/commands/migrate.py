import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

PATIENCE = 4_000  # milliseconds that a migration waits for a lock
PAUSES = (2, 5, 10, 20, 30)  # seconds between one try and the next
TAKEN = "55P03"  # PostgreSQL's word for a lock that was not to be had
AGAIN = "有人正在用要改的表，{} 秒以后再试。"
GIVEN_UP = "要改的表一直有人在用，没有改成；网站照常运行，数据没有变。请晚一点，人少的时候，再运行 manage.py migrate。"


class Command(migrate.Command):
    """Migrate a database that others work on: who waits too long for a lock gives way, and tries again.

    A change of a table waits for whoever reads it, and everybody who comes later waits behind the change. Each
    migration is a transaction, so that one that gave way has done nothing.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            super().handle(*args, **options)
            return
        with short_locks(connection):
            for pause in PAUSES:
                if self._has_migrated(*args, **options):
                    return
                self.stdout.write(AGAIN.format(pause))
                time.sleep(pause)
            if not self._has_migrated(*args, **options):
                raise CommandError(GIVEN_UP)

    def _has_migrated(self, *args: Any, **options: Any) -> bool:
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) != TAKEN:
                raise
            return False
        return True


@contextmanager
def short_locks(connection: Any) -> Iterator[None]:
    """Connect anew with a time-out for locks, and without it afterwards."""
    before = connection.settings_dict["OPTIONS"]
    said = f"{before.get('options', '')} -c lock_timeout={PATIENCE}".strip()
    connection.close()
    connection.settings_dict["OPTIONS"] = before | {"options": said}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = before
