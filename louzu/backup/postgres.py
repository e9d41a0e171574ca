"""Backups of PostgreSQL: pg_dump and the counts read one exported snapshot; pg_restore loads in one transaction."""

import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO, Any, NoReturn

import psycopg2
from django.conf import settings
from django.db import connection
from django.db.utils import ConnectionHandler
from psycopg2.extensions import make_dsn
from psycopg2.sql import SQL, Identifier

from louzu.backup.manifest import Contents
from louzu.backup.snapshot import PART, Snapshot, require_empty
from louzu.backup.trouble import AWAY, BackupTrouble

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
DUMP = ("--format=custom", "--compress=0", "--no-owner", "--no-privileges")
RESTORE = ("--single-transaction", "--no-owner", "--no-privileges")
NO_TOOL = (
    "找不到 PostgreSQL 的程序 {}。请安装和数据库同版本的 postgresql-client，"
    "或者在 .env 里用 LOUZU_PG_BIN 写明它在哪个文件夹。"
)
OLD_TOOL = "程序 {} 是 {} 版，比数据库的 {} 版旧。请安装新版的 postgresql-client，或者用 LOUZU_PG_BIN 指到新版。"
NOT_DUMPED = "pg_dump 没有做完，这次没有备份成。请看日志里它说了什么；通常是权限不够，或者数据库断开了。"
NOT_LOADED = "pg_restore 没有装进去，数据库仍是空的。请看日志里它说了什么；通常是权限不够，或者盘满了。"
NO_RIGHT = "数据库用户的权限不够，没有做。请管理数据库的人看看它能不能读写库里所有的表。"
MAY_NOT_CREATE = (
    "数据库用户不能建库，试恢复做不了。请管理数据库的人给它 CREATEDB 权限，"
    "或者另建一个空库，在 .env 里用 LOUZU_CHECK_DATABASE_URL 写明。"
)
IN_USE = "试恢复用的库正开着，可能另一次试恢复还没有做完。请过一会儿再来。"
NOT_EMPTY = "LOUZU_CHECK_DATABASE_URL 指的库不是空的。请另建一个空库，或者清空它：试恢复绝不动有数据的库。"
TOO_LONG = 63 - len("_louzu_trial")

logger = logging.getLogger(__name__)


def size() -> int:
    """Return the size of the database in bytes, with its indexes, which a backup does not contain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Yield the database as it is now: what is counted and what is dumped are of the same moment."""
    access = _access()
    with _told(), closing(_connected(access)) as server, server.cursor() as cursor:
        tool = _tool("pg_dump", server.server_version)
        server.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute("SELECT pg_export_snapshot()")
        moment = cursor.fetchone()[0]
        with closing(_dumped([tool, *DUMP, f"--snapshot={moment}"], access)) as parts:
            yield Snapshot(contents(cursor), parts)


@contextmanager
def trial(parts: Iterable[bytes]) -> Iterator[Any]:
    """Load a backup into a throwaway database; yield a cursor in it."""
    with _told(), _throwaway() as access, closing(_connected(access)) as server, server.cursor() as cursor:
        tool = _tool("pg_restore", server.server_version)
        _restore(tool, access, parts)
        yield cursor


def contents(cursor: Any) -> Contents:
    return Contents.read(cursor, _tables(cursor))


@contextmanager
def loading(parts: Iterable[bytes]) -> Iterator[Contents]:
    """Load a backup; whatever fails within the block, the database is left without tables."""
    access = _access()
    with _told(), closing(_connected(access)) as server, server.cursor() as cursor:
        server.autocommit = True
        tool = _tool("pg_restore", server.server_version)
        require_empty(cursor, _tables(cursor))  # past the pooler may be another database than before it
        _drop(cursor, connection.introspection.django_table_names(only_existing=True))
        _drop(cursor, ["django_migrations"])
        others = _tables(cursor)
        try:
            _restore(tool, access, parts)
            yield contents(cursor)
        except BaseException:
            connection.close()  # it may hold locks
            _drop(cursor, _tables(cursor) - others)
            raise


def _access() -> dict[str, Any]:
    """Return libpq's words for the installation's database, past a pooler where settings name a way."""
    direct = settings.DIRECT_DATABASE
    return _words(ConnectionHandler({"default": direct})["default"] if direct else connection)


def _words(wrapper: Any) -> dict[str, Any]:
    """Return what libpq understands of Django's settings for a connection."""
    found = wrapper.get_connection_params()
    return {name: value for name, value in found.items() if isinstance(value, str | int)}


def _connected(access: dict[str, Any]) -> Any:
    return psycopg2.connect(**access)


@contextmanager
def _told() -> Iterator[None]:
    """Say in words what the server refuses, or that it is away."""
    try:
        yield
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BackupTrouble(NO_RIGHT) from error
    except psycopg2.Error as error:
        raise BackupTrouble(AWAY) from error


def _tables(cursor: Any) -> set[str]:
    cursor.execute(TABLES)
    return {name for (name,) in cursor.fetchall()}


def _drop(cursor: Any, names: Iterable[str]) -> None:
    if tables := SQL(", ").join(map(Identifier, sorted(names))):
        cursor.execute(SQL("DROP TABLE IF EXISTS {} CASCADE").format(tables))


def _tool(name: str, server_version: int) -> str:
    """Return the path of pg_dump or pg_restore, which is not older than the server."""
    found = shutil.which(name, path=settings.PG_BIN or None)
    if not found:
        raise BackupTrouble(NO_TOOL.format(name))
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    own, server = re.search(r"\d+", told), server_version // 10_000
    if own and int(own[0]) < server:
        raise BackupTrouble(OLD_TOOL.format(name, own[0], server))
    return found


def _dumped(command: list[str], access: dict[str, Any]) -> Generator[bytes, None, None]:
    """Yield what pg_dump writes; it ends with its reader."""
    with tempfile.TemporaryFile() as told, _started(command, access, stdout=subprocess.PIPE, stderr=told) as run:
        try:
            while part := run.stdout.read(PART):
                yield part
        except BaseException:
            run.kill()
            raise
        if run.wait():
            _fail(NOT_DUMPED, told)


def _restore(tool: str, access: dict[str, Any], parts: Iterable[bytes]) -> None:
    """Feed pg_restore, which commits at its end only."""
    command = [tool, *RESTORE]
    with tempfile.TemporaryFile() as told, _started(command, access, stdin=subprocess.PIPE, stderr=told) as run:
        try:
            for part in parts:
                run.stdin.write(part)
            run.stdin.close()
        except BrokenPipeError:
            _hang_up(run)  # it gave up, and says why
        except BaseException:
            run.kill()
            _hang_up(run)
            raise
        if run.wait():
            _fail(NOT_LOADED, told)


def _hang_up(run: Any) -> None:
    with suppress(BrokenPipeError):
        run.stdin.close()


def _started(command: list[str], access: dict[str, Any], **streams: Any) -> Any:
    """Start a program on a database; the password is in its environment, where other users cannot see it."""
    words = {name: value for name, value in access.items() if name != "password"}
    around = os.environ | ({"PGPASSWORD": access["password"]} if access.get("password") else {})
    return subprocess.Popen([*command, f"--dbname={make_dsn(**words)}"], env=around, **streams)


def _fail(sentence: str, told: IO[bytes]) -> NoReturn:
    told.seek(0)
    logger.error("%s", told.readline(300).decode("utf-8", "replace").strip())  # further lines may bear rows
    raise BackupTrouble(sentence)


@contextmanager
def _throwaway() -> Iterator[dict[str, Any]]:
    """Yield the way to an empty database, which is made and dropped, or which settings name and is emptied again."""
    if settings.CHECK_DATABASE:
        with _lent() as access:
            yield access
        return
    access = _access()
    name = f"{access['dbname'][:TOO_LONG]}_louzu_trial"
    with closing(_connected(access)) as server, server.cursor() as cursor:
        server.autocommit = True
        _try_to(cursor, SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
        _try_to(cursor, SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(Identifier(name)))
        try:
            yield access | {"dbname": name}
        finally:
            cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def _lent() -> Iterator[dict[str, Any]]:
    access = _words(ConnectionHandler({"default": settings.CHECK_DATABASE})["default"])
    with closing(_connected(access)) as server, server.cursor() as cursor:
        server.autocommit = True
        if _tables(cursor):
            raise BackupTrouble(NOT_EMPTY)
        try:
            yield access
        finally:
            _drop(cursor, _tables(cursor))


def _try_to(cursor: Any, statement: Any) -> None:
    try:
        cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BackupTrouble(MAY_NOT_CREATE) from error
    except psycopg2.errors.ObjectInUse as error:
        raise BackupTrouble(IN_USE) from error
