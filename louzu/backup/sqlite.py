"""Backups of the embedded database: a copy by SQLite's online backup, taken while others write."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

from louzu.backup.folder import work_folder
from louzu.backup.manifest import Contents
from louzu.backup.snapshot import Snapshot, parts_of
from louzu.backup.trouble import BackupTrouble

PATIENCE = 20  # seconds
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
UNREADABLE = "放数据的盘读写不了，或者满了，没有做成。请检查那块盘，再来一次。"
BROKEN = "备份里的数据库是坏的。请换一份备份。"
IN_USE = "数据库文件还有程序开着，换不了，什么都没有改。请先停掉网站，再来一次。"


def size() -> int:
    """Return the size of the database in bytes."""
    path = _path()
    return path.stat().st_size if path.exists() else 0


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Yield the database as it is now; the copy is made in one step, so that it is of one moment."""
    with work_folder() as folder, _told():
        copy = folder / "copy.sqlite3"
        with closing(sqlite3.connect(_path(), timeout=PATIENCE)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            found = contents(target.cursor())
        with closing(parts_of(copy)) as parts:
            yield Snapshot(found, parts)


@contextmanager
def trial(parts: Iterable[bytes]) -> Iterator[sqlite3.Cursor]:
    """Load a backup into a throwaway file; yield a cursor in it."""
    with work_folder() as folder, _loaded(folder / "trial.sqlite3", parts) as database:
        yield database.cursor()


def contents(cursor: sqlite3.Cursor) -> Contents:
    return Contents.read(cursor, [name for (name,) in cursor.execute(TABLES)])


@contextmanager
def loading(parts: Iterable[bytes]) -> Iterator[Contents]:
    """Load a backup; within the block Django works on it, and after the block it is the installation's database.

    Whatever fails, the installation's database stays as it was.
    """
    place = _path()
    draft = place.with_name(f"{place.name}.restoring")
    _remove(draft)  # of a run that was killed
    try:
        draft.touch(mode=0o600)
        with _loaded(draft, parts) as database:
            found = contents(database.cursor())
        with _working_on(draft):
            yield found
        _replace(draft, place)
    finally:
        _remove(draft)


@contextmanager
def _working_on(path: Path) -> Iterator[None]:
    """Let Django's connection of this thread work on another file."""
    usual = connection.settings_dict
    connection.close()
    connection.settings_dict = usual | {"NAME": str(path)}
    try:
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
        connection.settings_dict = usual


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupTrouble(UNREADABLE) from error


@contextmanager
def _loaded(path: Path, parts: Iterable[bytes]) -> Iterator[sqlite3.Connection]:
    try:
        with path.open("wb") as file:
            file.writelines(parts)
        with closing(sqlite3.connect(path)) as database:
            if database.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise BackupTrouble(BROKEN)
            yield database
    except sqlite3.Error as error:
        raise BackupTrouble(BROKEN) from error
    except OSError as error:
        raise BackupTrouble(UNREADABLE) from error


def _replace(draft: Path, place: Path) -> None:
    try:
        _remove(place)
        draft.replace(place)
    except PermissionError as error:
        raise BackupTrouble(IN_USE) from error


def _remove(path: Path) -> None:
    """Delete a database and what SQLite keeps beside it."""
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def _path() -> Path:
    return Path(connection.settings_dict["NAME"])
