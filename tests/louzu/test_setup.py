"""`manage.py setup` on a machine with nothing: cut off, run again, run on a database that is filled."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from louzu import installing
from tests.test_settings import OURS, ROOT, Run

ANSWERS = ("--street", "新成路街道", "--name", "王敏")
OPENS = """
from django.contrib.auth import authenticate
from django.test import RequestFactory
from members.models import Area, User
user = authenticate(RequestFactory().post("/"), username="{}", password="{}")
print([str(role) for role in user.roles.all()], user.must_change_password, Area.objects.count(), User.objects.count())
"""


@pytest.fixture
def around(tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "CSRF_"))}
    return clean | {"LOUZU_ENV": str(tmp_path / "env"), "LOUZU_VAR": str(tmp_path / "var")}


@pytest.fixture
def manage(around: dict[str, str]) -> Run:
    def run(*arguments: str, answers: str | None = None) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=around, input=answers, capture_output=True, text=True, check=False, timeout=300
        )

    return run


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The answer that names an empty database of the kind that the suite runs on."""
    if settings.EMBEDDED:
        yield ""
        return
    name = f"setup_{uuid.uuid4().hex[:8]}"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def has_tables(database: str, var: Path) -> bool:
    if database:
        with closing(psycopg2.connect(database)) as server, server.cursor() as cursor:
            cursor.execute("SELECT to_regclass('members_area')")
            return cursor.fetchone() != (None,)
    if not (var / "louzu.sqlite3").exists():
        return False
    with closing(sqlite3.connect(var / "louzu.sqlite3")) as tables:
        return bool(tables.execute("SELECT 1 FROM sqlite_master WHERE name = 'members_area'").fetchone())


@pytest.mark.usefixtures("db")
def test_what_was_cut_off_is_finished_and_what_is_finished_stays(
    manage: Run, around: dict[str, str], database: str, tmp_path: Path
) -> None:
    """Two migrations of a whole database in processes of their own: half a minute."""
    given = ["setup", "--defaults", *ANSWERS, f"--database={database}", f"--backups={tmp_path / 'backups'}"]
    told = manage("createsuperuser", "--username=a", "--name=b")
    assert (told.returncode, "manage.py setup" in told.stderr) == (1, True)
    run = subprocess.Popen(
        [sys.executable, "manage.py", *given], cwd=ROOT, env=around, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while not ((tmp_path / "env").exists() and has_tables(database, tmp_path / "var")) and run.poll() is None:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    before = (tmp_path / "env").read_text()

    done = manage(*given)
    assert (done.returncode, done.stderr) == (0, "")
    password = re.search(r"初始密码　(\S+)（", done.stdout)[1]  # type: ignore[index]
    opened = manage("shell", "--no-imports", "-c", OPENS.format("wangmin", password))
    assert opened.stdout.strip() == "['新成路街道 街道党工委'] True 1 1", opened.stderr
    assert (tmp_path / "env").read_text() == before
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "var").glob("*.env"))
    assert f"备份到 {tmp_path / 'backups'}" in done.stdout

    again = manage("setup", "--defaults", "--street", "别的街道")
    assert (again.returncode, "已经有街道“新成路街道”，什么都没有改" in again.stdout) == (0, True)
    (tmp_path / "env").rename(tmp_path / "kept")
    lost = manage(*given)
    assert "什么都没有改" in lost.stdout
    assert not (tmp_path / "env").exists()


@pytest.fixture
def stranger(database: str) -> Iterator[str]:
    """The address of that database for a user who may make no tables in it."""
    name = f"nobody_{uuid.uuid4().hex[:8]}"
    with closing(psycopg2.connect(database)) as server, server.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        server.commit()
        parts = urlsplit(database)
        yield parts._replace(netloc=f"{name}:x@{parts.netloc.rpartition('@')[2]}").geturl()
        cursor.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        server.commit()


@pytest.mark.usefixtures("db")
@pytest.mark.skipif(settings.EMBEDDED, reason="a file knows no rights of users")
def test_a_user_who_may_make_no_tables_is_told_what_to_run(
    manage: Run, database: str, stranger: str, tmp_path: Path
) -> None:
    """Before anything is written; what the sentence says then helps."""
    given = ["setup", "--defaults", *ANSWERS, f"--database={stranger}", f"--backups={tmp_path / 'backups'}"]
    refused = manage(*given)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "在这个库里不能建表" in refused.stderr
    assert not (tmp_path / "env").exists()
    grant = re.search(r"GRANT [^;]+;", refused.stderr)[0]  # type: ignore[index]
    with closing(psycopg2.connect(database)) as server, server.cursor() as cursor:
        cursor.execute(grant)
        server.commit()
    assert installing.database_settings(stranger) == {"DATABASE_URL": stranger}


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("address", "什么 地方", "网址写成"), ("address", "http://[::1", "网址写成"),
        ("database", "mysql://x", "数据库写成"),
        ("address", "https://a.cn:99999999", "网址写成"), ("address", "https://a.cn/louzu", "网址写成"),
        ("database", "postgres://nobody:x@127.0.0.1:1/none", "连不上这个数据库"),
        ("backups", "/proc/none", "文件夹建不了"),
        ("street", "", "请填街道名称"), ("street", "街" * 51, "请填街道名称"), ("name", "王\n敏", "请填姓名"),
    ],
)  # fmt: skip
@pytest.mark.skipif(not settings.EMBEDDED, reason="it asks no database of the suite's")
def test_an_answer_that_cannot_be_used_says_what_to_do(db: None, option: str, value: str, sentence: str) -> None:
    asked = {each.option: each for each in [*installing.questions(), *installing.office_questions()]}
    with pytest.raises(installing.Refused, match=sentence):
        asked[option].check(value)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", {}),
        ("louzu.example.cn", {"CSRF_TRUSTED_ORIGINS": "https://louzu.example.cn", "LOUZU_PROXIES": "127.0.0.1"}),
        ("http://192.168.1.20:8000/", {"CSRF_TRUSTED_ORIGINS": "http://192.168.1.20:8000", "LOUZU_HTTPS": "false"}),
    ],
)
def test_an_address_becomes_settings(typed: str, found: dict[str, str]) -> None:
    assert installing.address_settings(typed).items() >= found.items()


def test_the_settings_file_is_read_back_as_it_was_meant(tmp_path: Path, monkeypatch: Any, settings: Any) -> None:
    settings.ENV_FILE, settings.VAR = tmp_path / "env", tmp_path
    url = "postgres://u:a#b%20$c@h/d"
    installing.write_settings({"DATABASE_URL": url, "LOUZU_BACKUP_TO": "/备 份/#1"})
    found: dict[str, str] = {}
    monkeypatch.setattr(installing.environ.Env, "ENVIRON", found)
    installing.environ.Env.read_env(tmp_path / "env")
    assert (found["DATABASE_URL"], found["LOUZU_BACKUP_TO"]) == (url, "/备 份/#1")
    assert found["LOUZU_ID_KEY"] == settings.LOUZU_ID_KEY
    with pytest.raises(installing.Refused, match="引号"):
        installing.write_settings({"LOUZU_BACKUP_TO": "/a'b"})


def test_a_site_without_tables_says_so(client: Any, monkeypatch: Any, db: None) -> None:
    def missing(*args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM nothing_here")

    monkeypatch.setattr("members.login.middleware.journal.apply_once", missing)
    client.raise_request_exception = False
    answer = client.get("/")
    assert (answer.status_code, "manage.py setup" in answer.content.decode()) == (503, True)
