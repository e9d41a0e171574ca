"""What both kinds of database give to a backup, and what they must be before a restore."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from louzu.backup.manifest import Contents
from louzu.backup.trouble import BackupTrouble

PART = 1024 * 1024  # bytes read at once
PEOPLE = ("members_area", "members_user", "members_member")
FILLED = "数据库里已经有数据，什么都没有改。备份只能恢复到空的数据库：请把现在的换个名字留着，另用一个空的，再来一次。"
OF_OTHERS = "这个数据库里有别的系统的表，没有恢复。请另用一个空的库。"


class Snapshot(NamedTuple):
    """A database at one moment: what it contains, counted there, and its bytes."""

    contents: Contents
    parts: Iterator[bytes]


def require_empty(cursor: Any, tables: set[str]) -> None:
    """Raise BackupTrouble where a database with these tables is somebody else's, or has anybody's rows."""
    if tables and "django_migrations" not in tables:
        raise BackupTrouble(OF_OTHERS)
    for name in tables.intersection(PEOPLE):
        cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")  # noqa: S608
        if cursor.fetchone():
            raise BackupTrouble(FILLED)


def parts_of(path: Path) -> Generator[bytes, None, None]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
