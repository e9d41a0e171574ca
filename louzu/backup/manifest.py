"""What a backup says of itself: its release, its kind, the journal, and what its database contains."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO, Self

import orjson
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from louzu.backup import sealed
from louzu.backup.trouble import BackupTrouble

OWN_APPS = {"members", "activities", "feedback", "louzu"}
SHOWN = 3
UNBUILT = "数据库里还没有表，没有可以备份的。请先运行 manage.py setup。"
NEWER = "这份备份是 {} 版做的，这里是 {} 版。请先升级到 {} 版或更新的版本，再恢复。"
OTHER_KIND = {
    "sqlite": "这份备份是内置数据库（SQLite）的，这里用的是 PostgreSQL。请在 .env 里去掉 DATABASE_URL，再恢复。",
    "postgresql": "这份备份是 PostgreSQL 的，这里用的是内置数据库。请建一个空的 PostgreSQL 库，"
    "在 .env 里写上 DATABASE_URL=postgres://用户:密码@主机/库名，再恢复。",
}


@dataclass(frozen=True)
class Contents:
    """What a database contains: the migrations it went through, the rows of each table, the heads of the trail."""

    migrations: list[list[str]]
    rows: dict[str, int]
    heads: list[list[Any]]

    @classmethod
    def read(cls, cursor: Any, tables: Iterable[str]) -> Self:
        """Count with a cursor of either database; all of it is of one moment if the cursor's transaction is."""
        names = sorted(tables)
        if "django_migrations" not in names:
            raise BackupTrouble(UNBUILT)
        return cls(
            _selected(cursor, "SELECT app, name FROM django_migrations ORDER BY app, name"),
            {name: _selected(cursor, f'SELECT count(*) FROM "{name}"')[0][0] for name in names},  # noqa: S608
            _selected(cursor, "SELECT chain, number, hash FROM members_audithead WHERE number > 0 ORDER BY chain"),
        )

    def differences(self, found: "Contents") -> str:
        """Return in words what differs in a restored database, "" where nothing does."""
        names = sorted(self.rows.keys() | found.rows.keys())
        wrong = [
            f"{name} 应有 {self.rows.get(name, 0)} 行，只有 {found.rows.get(name, 0)} 行"
            for name in names
            if self.rows.get(name) != found.rows.get(name)
        ]
        wrong += ["操作记录的链尾不同"] if self.heads != found.heads else []
        wrong += ["升级步骤不同"] if self.migrations != found.migrations else []
        return "，".join(wrong[:SHOWN]) + (f"，还有 {len(wrong) - SHOWN} 处" if len(wrong) > SHOWN else "")


def _selected(cursor: Any, sql: str) -> list[list[Any]]:
    cursor.execute(sql)
    return [list(row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Manifest:
    """The first line of a backup. `journal` and `position` are this host's journal when the backup was made."""

    format: int
    release: str
    database: str
    made_at: str
    journal: str
    position: int
    contents: Contents

    @classmethod
    def of(cls, contents: Contents, *, database: str, journal_end: tuple[str, int], made_at: datetime) -> Self:
        return cls(sealed.FORMAT, release(), database, made_at.isoformat(), *journal_end, contents)

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Read the first line of a backup; what a newer release says beyond it is left out."""
        told = orjson.loads(line)
        values = {each.name: told[each.name] for each in fields(cls)}
        contents = {each.name: values["contents"][each.name] for each in fields(Contents)}
        return cls(**values | {"contents": Contents(**contents)})

    @property
    def moment(self) -> datetime:
        return timezone.localtime(datetime.fromisoformat(self.made_at))

    def line(self) -> bytes:
        return orjson.dumps(asdict(self)) + b"\n"

    def require_fits(self, database: str) -> None:
        """Raise BackupTrouble where the backup is of a newer release, or of the other kind of database."""
        known = {tuple(name) for name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
        unknown = [name for app, name in self.contents.migrations if app in OWN_APPS and (app, name) not in known]
        if unknown or _numbers(self.release) > _numbers(release()):
            raise BackupTrouble(NEWER.format(self.release, release(), self.release))
        if self.database != database:
            raise BackupTrouble(OTHER_KIND[self.database])


def read(source: BinaryIO) -> tuple[Manifest, Iterator[bytes]]:
    """Return a backup's manifest, and the database's bytes; BackupTrouble as `unseal` raises it."""
    parts = sealed.unseal(source, sealed.own_keys())
    begun = b""
    while b"\n" not in begun:
        if not (part := next(parts, None)) and part is None:
            raise BackupTrouble(sealed.DAMAGED)
        begun += part
    line, _, rest = begun.partition(b"\n")
    return Manifest.parse(line), chain([rest], parts)


def release() -> str:
    """Return this release's number, as in 0.5.0."""
    return str(tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(".") if number.isdecimal()]
