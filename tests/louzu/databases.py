"""Databases beside the one that the tests run on, and commands run for their words."""

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from louzu.backup import manifest
from louzu.backup.making import store


@contextmanager
def working_on(**other: str) -> Iterator[None]:
    """Let this thread's connection work on another database."""
    usual = connection.settings_dict
    connection.close()
    connection.settings_dict = usual | other
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = usual


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Yield the name of an empty database of the same kind; SQLite's lies in the folder."""
    if connection.vendor == "sqlite":
        (folder / "new").mkdir()
        yield str(folder / "new" / "louzu.sqlite3")
        return
    name = f"restored_{uuid.uuid4().hex[:8]}"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield name
    finally:
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tables_of(name: str) -> list[str]:
    """The tables of the database with this name; of a file that is not there, none."""
    if connection.vendor == "sqlite" and not Path(name).exists():
        return []
    with working_on(NAME=name):
        return connection.introspection.table_names()


def programs_of_server() -> str:
    """The folder with the PostgreSQL server's own pg_dump."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_config() WHERE name = 'BINDIR'")
        return cursor.fetchone()[0]


def employers_in(path: Path) -> set[str]:
    """The names of the employers in a backup."""
    with path.open("rb") as file, store().trial(manifest.read(file)[1]) as cursor:
        cursor.execute("SELECT name FROM members_employer")
        return {name for (name,) in cursor.fetchall()}


def rows_in(path: Path) -> dict[str, int]:
    """How many rows each table had when the backup was made."""
    with path.open("rb") as file:
        return manifest.read(file)[0].contents.rows


def told(*command: Any) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()
