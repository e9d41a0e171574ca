"""Backups of a street while eight processes write: `python -m tests.bench.backups [--postgres] [40]`.

Each backup is restored for a trial and compared. What was committed before a backup began must be in it.
"""

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.server import on_postgres

POSTGRES = "--postgres"

if POSTGRES in sys.argv:
    sys.exit(on_postgres("tests.bench.backups", [each for each in sys.argv[1:] if each != POSTGRES]))

import django  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection, connections  # noqa: E402

from louzu.backup import checking, making  # noqa: E402
from louzu.backup.trouble import BackupTrouble  # noqa: E402
from members.ground.atomic import atomic_write  # noqa: E402
from members.models import Employer  # noqa: E402
from tests.bench import ground  # noqa: E402
from tests.bench.backing_up import backing_up_to  # noqa: E402
from tests.bench.measured import bring_in  # noqa: E402
from tests.louzu.databases import employers_in  # noqa: E402

WRITERS = 8


def main(count: int = 40) -> int:
    """Print what is damaged or missing, and the times; 1 where anything is."""
    damaged, missing, made, tried = 0, 0, [], []
    with tempfile.TemporaryDirectory() as name, ground.database() as street:
        bring_in(ground.roster(), street)
        with backing_up_to(Path(name)), writers(Path(name)) as logs:
            for _ in range(count):
                before = acknowledged(logs)
                start = time.perf_counter()
                path = making.back_up()
                made.append(time.perf_counter() - start)
                start = time.perf_counter()
                damaged += not is_proven()
                tried.append(time.perf_counter() - start)
                missing += len(before - employers_in(path))
        print(f"{connection.vendor}: {count} backups of a street, {path.stat().st_size / 1e6:.1f} MB the last")
    print(f"{WRITERS} processes wrote {len(before)} rows before the last; damaged {damaged}, rows missing {missing}")
    print(
        f"made in {statistics.median(made):.2f} s, at most {max(made):.2f}; tried in {statistics.median(tried):.2f} s"
    )
    return 1 if damaged or missing else 0


def is_proven() -> bool:
    try:
        checking.check_newest()
    except BackupTrouble as trouble:
        print(trouble)
        return False
    return True


@contextmanager
def writers(folder: Path) -> Iterator[list[Path]]:
    """Let processes write for the block; yield the files in which each says what it has committed."""
    connections.close_all()
    logs = [folder / f"writer{number}.log" for number in range(WRITERS)]
    fork = multiprocessing.get_context("fork")
    over = fork.Event()
    processes = [fork.Process(target=write, args=(log, over)) for log in logs]
    for process in processes:
        process.start()
    try:
        yield logs
    finally:
        over.set()
        for process in processes:
            process.join()


def write(log: Path, over: object) -> None:
    number = 0
    with log.open("a", encoding="utf-8") as told:
        while not over.is_set():  # type: ignore[attr-defined]
            number += 1
            with atomic_write():
                Employer(name=f"{log.stem}-{number}").save()
            told.write(f"{log.stem}-{number}\n")
            told.flush()


def acknowledged(logs: list[Path]) -> set[str]:
    """What is committed by now; a line that is being written does not count yet."""
    texts = [log.read_text("utf-8") if log.exists() else "" for log in logs]
    return {line for text in texts for line in text[: text.rfind("\n") + 1].splitlines()}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
