"""Benchmark of a backup of the whole database, and of its restore onto an empty one with all checks."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.test import override_settings

from louzu.backup.making import back_up
from louzu.backup.restoring import restore
from tests.bench.lines import BenchLine, median, shown
from tests.louzu.databases import empty_database, programs_of_server, working_on

BACKUP, RESTORE = 5, 60  # seconds, for one street


class BackedUp(NamedTuple):
    """Seconds of a backup and of its restore, and the bytes of its file."""

    made: float
    restored: float
    size: int

    def __str__(self) -> str:
        return f"backup {shown(self.made)}, {self.size / 1e6:.1f} MB; restored in {shown(self.restored)}"


def backup_lines() -> list[BenchLine]:
    """Return the lines on a backup of one street."""
    done = backed_up()
    return [
        BenchLine("a backup of the street: seconds", "", shown(done.made), done.made, BACKUP, False),
        BenchLine("its restore with all checks: seconds", "", shown(done.restored), done.restored, RESTORE, False),
    ]


def backed_up() -> BackedUp:
    """Back up the current database, restore the file onto an empty one, once each."""
    with tempfile.TemporaryDirectory() as name, backing_up_to(Path(name)), empty_database(Path(name)) as empty:
        made = median(back_up, 1)
        [path] = Path(settings.BACKUP_TO).iterdir()
        with working_on(NAME=empty):
            restored = median(lambda: restore(path), 1)
        return BackedUp(made, restored, path.stat().st_size)


def backing_up_to(folder: Path) -> override_settings:
    """Let backups and the journal lie in this folder within the block."""
    programs = programs_of_server() if connection.vendor == "postgresql" else settings.PG_BIN
    return override_settings(BACKUP_TO=str(folder / "backups"), JOURNAL=folder / "journal.log", PG_BIN=programs)
