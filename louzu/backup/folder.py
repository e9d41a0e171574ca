"""The folder of the backups: files are written whole or not at all, and kept for 7 days, 5 weeks, 12 months."""

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from django.conf import settings
from django.utils import timezone

from louzu.backup import sealed
from louzu.backup.trouble import BackupTrouble

NAME = re.compile(r"louzu-\d{8}-\d{6}\.backup")
DRAFT, WORK = ".louzu-draft-", ".louzu-work-"
STALE = 24 * 60 * 60  # seconds after which what a killed run has left is swept away
DAYS, WEEKS, MONTHS = 7, 5, 12
SPARE = 64 * 1024 * 1024  # bytes that stay free
NO_ROOM = "备份盘满了，这次没有备份成。请清理那块盘，或者把备份换到更大的盘（LOUZU_BACKUP_TO）。"
LITTLE_ROOM = "放{}的盘只剩 {}，这次大约要 {}，没有备份。请清理那块盘，或者换到更大的盘（LOUZU_{}）。"
UNWRITABLE = "备份文件夹写不进去，这次没有备份成。请检查那块盘有没有接好、有没有写入的权限（LOUZU_BACKUP_TO）。"


class BackupFile(NamedTuple):
    """A backup in the folder, and the moment in its name; `is_own`: its header names a key of this installation."""

    path: Path
    made_at: datetime
    is_own: bool


def files() -> list[BackupFile]:
    """Return this installation's backups in the folder, the oldest first; those of other keys are somebody else's."""
    try:
        found = [_file(path) for path in sorted(Path(settings.BACKUP_TO).iterdir()) if NAME.fullmatch(path.name)]
    except OSError:
        return []
    return [file for file in found if file]


def newest() -> BackupFile | None:
    return files()[-1] if files() else None


def kept(days: Iterable[date]) -> set[date]:
    """Return which of these days' backups stay: the last 7 days, and the newest of the last 5 weeks and 12 months.

    Days, weeks and months without a backup are not counted, so that a portal that stood still loses nothing.
    """
    newest_first = sorted(set(days), reverse=True)
    weeks = _newest_of(newest_first, lambda day: day.isocalendar()[:2])
    months = _newest_of(newest_first, lambda day: (day.year, day.month))
    return {*newest_first[:DAYS], *weeks[:WEEKS], *months[:MONTHS]}


def thin_out() -> int:
    """Delete the backups that the schedule does not keep; return how many. Those of the newest day all stay."""
    there = [file for file in files() if file.is_own]
    last = {file.made_at.date(): file.path for file in there}
    wanted = {last[day] for day in kept(last)}
    gone = [file for file in there if file.path not in wanted and file.made_at.date() != max(last)]
    for file in gone:
        file.path.unlink(missing_ok=True)
    return len(gone)


@contextmanager
def new_file() -> Iterator[tuple[Path, BinaryIO]]:
    """Yield the name of a new backup and a file to write it to: it appears under its name when it is whole.

    BackupTrouble where it cannot be written; then nothing is left.
    """
    place = Path(settings.BACKUP_TO)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(place, DRAFT)
        draft = place / f"{DRAFT}{os.getpid()}-{time.monotonic_ns()}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
                path = _free_name(place)
                yield path, file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            _sync(place)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BackupTrouble(NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else UNWRITABLE) from error


def require_room(database: int) -> None:
    """Raise BackupTrouble where the backup will not fit; a backup before tells how large it becomes.

    `database` is the size of the database in bytes.
    """
    before = newest()
    needed = before.path.stat().st_size * 3 // 2 if before else database
    _require(Path(settings.BACKUP_TO), needed, "备份", "BACKUP_TO")
    if settings.EMBEDDED:
        _require(settings.VAR, database, "数据", "VAR")


@contextmanager
def work_folder() -> Iterator[Path]:
    """Yield a folder beside the database for its owner alone; it goes with the block."""
    settings.VAR.mkdir(parents=True, exist_ok=True)
    _sweep(settings.VAR, WORK)
    with tempfile.TemporaryDirectory(prefix=WORK, dir=settings.VAR) as folder:
        yield Path(folder)


def shown(size: int) -> str:
    """Return bytes as people read them, as in 12.3 MB."""
    amount, unit = float(size), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if amount >= 100 or unit == "B" else f"{amount:.1f} {unit}"


_BINARY = getattr(os, "O_BINARY", 0)  # of Windows


def _newest_of(newest_first: list[date], period: Callable[[date], object]) -> list[date]:
    firsts: dict[object, date] = {}
    for day in newest_first:
        firsts.setdefault(period(day), day)
    return list(firsts.values())


def _file(path: Path) -> BackupFile | None:
    """Return a backup by its name; None where it is no file, no moment, or of another installation's key."""
    try:
        made_at = timezone.make_aware(datetime.strptime(path.stem, "louzu-%Y%m%d-%H%M%S"))
        is_own = sealed.names_key(path, sealed.own_keys()) if path.is_file() else False
    except ValueError:
        return None
    except OSError:
        is_own = None  # whoever opens it is told
    return None if is_own is False else BackupFile(path, made_at, bool(is_own))


def _free_name(place: Path) -> Path:
    """Return the name of this second; of a second that has its backup already, wait for the next."""
    while (path := place / f"louzu-{timezone.localtime():%Y%m%d-%H%M%S}.backup").exists():
        time.sleep(0.1)
    return path


def _require(place: Path, needed: int, what: str, setting: str) -> None:
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed + SPARE:
        raise BackupTrouble(LITTLE_ROOM.format(what, shown(free), shown(needed + SPARE), setting))


def _sync(place: Path) -> None:
    """Sync the folder, so that the new name outlives a power cut; Windows cannot and need not."""
    if os.name != "nt":
        descriptor = os.open(place, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # a share of another machine may not know how
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sweep(place: Path, prefix: str) -> None:
    """Delete what a run that was killed long ago has left behind."""
    for path in place.glob(f"{prefix}*"):
        if path.stat().st_mtime < time.time() - STALE:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
