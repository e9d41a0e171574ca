"""What `manage.py setup` asks, and the settings file that it writes from the answers."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import environ
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError
from django.db.utils import ConnectionHandler

from louzu import keys
from members.roster.tree import NAME_LENGTH

HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]")
PATIENCE = 5  # seconds
BAD_ADDRESS = "网址写成 https://louzu.example.cn 或 http://192.168.1.20:8000；只在这台电脑上用就留空。"
BAD_DATABASE = "数据库写成 postgres://用户:密码@主机:端口/库名；用内置的就留空。"
AWAY = "连不上这个数据库，或者没有权限。请核对用户、密码、主机和库名；库要先建好。"
OF_OTHERS = "这个数据库里有别的系统的表。请另建一个空的库。"
NO_RIGHT = "数据库用户 {user} 在这个库里不能建表。请管理数据库的人在这个库里运行：{grant} 再来一次。"
GRANT = "GRANT USAGE, CREATE ON SCHEMA {schema} TO {user};"
RIGHT = """
    SELECT quote_ident(current_user), quote_ident(coalesce(current_schema(), 'public')),
        current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE')
"""
THERE = "数据库里已经有街道“{}”，什么都没有改。"
BAD_FOLDER = "这个文件夹建不了，或者写不进去。请换一个。"
HEAD = """\
# 由 manage.py setup 写成。别的设置见 .env.example，改了以后重新启动网站。
# 下面六个密钥丢了，电话和备份就打不开、操作记录就核对不了：另外抄一份，和备份分开保管，不要给任何人看。
"""


class Refused(Exception):
    """An answer that cannot be used; its text says what to do."""


class StreetThere(Refused):
    """The database has a street: nothing is set up anew."""


class Question(NamedTuple):
    """What is asked, the answer where none is given, and what checks it; what `check` returns is written down."""

    option: str
    text: str
    default: str
    check: Callable[[str], Any]


def questions() -> list[Question]:
    """Return the three that the settings file answers."""
    database = os.environ.get("DATABASE_URL", "")
    return [
        Question("address", "网址（大家在浏览器里输入的；只在这台电脑上用就留空）", "", address_settings),
        Question("database", "数据库（postgres://…；一个街道用内置的就够，留空）", database, database_settings),
        Question("backups", "备份放在哪个文件夹（最好是另一块盘）", str(settings.VAR / "backups"), backup_settings),
    ]


def office_questions() -> list[Question]:
    """Return the two that go into the database."""
    return [
        Question("street", "街道名称", "本街道", street_name),
        Question("name", "第一位用户（街道党工委）的姓名", "街道管理员", person_name),
    ]


def address_settings(text: str) -> dict[str, str]:
    """Return the settings of a portal at this address; HTTPS, unless it says otherwise."""
    if not text:
        return {}
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise Refused(BAD_ADDRESS) from error
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or parts.path.strip("/"):
        raise Refused(BAD_ADDRESS)
    found = {"ALLOWED_HOSTS": ",".join(dict.fromkeys((host, "localhost", "127.0.0.1")))}
    if parts.scheme == "http":
        return found | {"LOUZU_HTTPS": "false", "CSRF_TRUSTED_ORIGINS": f"http://{host}{port}"}
    return found | {
        "LOUZU_HTTPS": "true",
        "CSRF_TRUSTED_ORIGINS": f"https://{host}{port}",
        "LOUZU_PROXIES": "127.0.0.1",
    }


def database_settings(text: str) -> dict[str, str]:
    """Return the settings of this database, which answers and is empty; StreetThere where it has a street."""
    if text and not text.startswith(("postgres://", "postgresql://", "sqlite:///")):
        raise Refused(BAD_DATABASE)
    try:
        configured = environ.Env.db_url_config(text) if text else settings.DATABASES["default"]
        options = configured.get("OPTIONS", {}) | _patience(configured["ENGINE"])
        street = _street_in({**configured, "OPTIONS": options})
    except (DatabaseError, ValueError, KeyError) as error:
        raise Refused(AWAY) from error
    if street:
        raise StreetThere(THERE.format(street))
    return {"DATABASE_URL": text} if text else {}


def backup_settings(text: str) -> dict[str, str]:
    """Return the setting of the folder that backups go to; it is made, for its owner alone."""
    folder = Path(text).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        trial = folder / f".louzu-{os.getpid()}"
        trial.touch()
        trial.unlink()
    except (OSError, ValueError) as error:
        raise Refused(BAD_FOLDER) from error
    return {"LOUZU_BACKUP_TO": str(folder)}


def street_name(text: str) -> str:
    if not text or len(text) > NAME_LENGTH or not text.isprintable():
        raise Refused(f"请填街道名称，最多 {NAME_LENGTH} 个字。")
    return text


def person_name(text: str) -> str:
    if not text or len(text) > 30 or not text.isprintable():
        raise Refused("请填姓名，最多 30 个字。")
    return text


def write_settings(chosen: Mapping[str, str]) -> None:
    """Write the settings file with these values and the keys in use; the copies beside the database go.

    The file is written whole or not at all. One that another run has just written stays.
    """
    names = [name for names in keys.FILES.values() for name in names]
    values = {name: getattr(settings, name) for name in names}
    if "LOUZU_VAR" in os.environ:
        values["LOUZU_VAR"] = str(settings.VAR)
    lines = [f"{name}={_quoted(value)}\n" for name, value in (values | dict(chosen)).items()]
    settings.ENV_FILE.parent.mkdir(parents=True, exist_ok=True)
    keys.create(settings.ENV_FILE, HEAD + "".join(lines))
    written = settings.ENV_FILE.read_text(encoding="utf-8")
    if all(f"{name}={_quoted(values[name])}\n" in written for name in names):
        for file in keys.FILES:
            (settings.VAR / file).unlink(missing_ok=True)


def street_here() -> str:
    """Return the name of the street in the installation's own database, "" without one or without tables."""
    return _street_in(settings.DATABASES["default"])


def _street_in(configured: Mapping[str, Any]) -> str:
    """Return the name of the first street in a database, "" where it is empty.

    Refused where it is somebody else's, or where no tables can be made.
    """
    if configured["ENGINE"].endswith("sqlite3") and not Path(configured["NAME"]).exists():
        return ""
    connection = ConnectionHandler({"default": dict(configured)})["default"]
    try:
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            if tables and "django_migrations" not in tables:
                raise Refused(OF_OTHERS)
            if "members_area" not in tables:
                _require_own(cursor, tables)
                _require_right(cursor, connection.vendor)
                return ""
            cursor.execute("SELECT name FROM members_area ORDER BY path LIMIT 1")
            row = cursor.fetchone()
    finally:
        connection.close()
    return row[0] if row else ""


def _require_own(cursor: Any, tables: list[str]) -> None:
    """Raise Refused where another system that is built like ours has its tables."""
    if "django_migrations" in tables:
        cursor.execute("SELECT DISTINCT app FROM django_migrations")
        if {row[0] for row in cursor.fetchall()} - {each.label for each in apps.get_app_configs()}:
            raise Refused(OF_OTHERS)


def _require_right(cursor: Any, vendor: str) -> None:
    """Raise Refused, with what to do, where the user of a server may make no tables: since PostgreSQL 15 few may."""
    if vendor != "postgresql":
        return
    cursor.execute(RIGHT)
    user, schema, may = cursor.fetchone()
    if not may:
        raise Refused(NO_RIGHT.format(user=user, grant=GRANT.format(schema=schema, user=user)))


def _patience(engine: str) -> dict[str, int]:
    return {} if engine.endswith("sqlite3") else {"connect_timeout": PATIENCE}


def _quoted(value: str) -> str:
    """Return a value as the settings file takes it: nothing in it is a comment, a quote or another value's name."""
    if "'" in value or not value.isprintable() or value.startswith("$"):
        raise Refused("网址、数据库、文件夹里不能有引号和换行，也不能以 $ 开头。")
    return f"'{value}'"
