"""An installation as it stands: deployed, embedded, twice."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from members.checks import security_contacts_are_addresses

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "ALLOWED_HOSTS": "louzu.example.cn",
    "CSRF_TRUSTED_ORIGINS": "https://louzu.example.cn",
    "SECRET_KEY": "3f9c" * 16 + "!%x_Yz-7",
    "LOUZU_ID_KEY": "0a" * 32,
    "LOUZU_PHONE_KEY": "0b" * 32,
    "LOUZU_SIGNING_KEY": "0c" * 32,
    "LOUZU_AUDIT_KEY": "0d" * 32,
    "LOUZU_BACKUP_KEY": "0e" * 32,
}
OURS = ("LOUZU_", "DJANGO_", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "DATABASE_URL")

FOUND = re.compile(r"\((\w+\.[EW]\d+)\)")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def manage(tmp_path: Path) -> Run:
    """Run a manage.py command in an installation of its own and return what came of it."""

    def run(*arguments: str, var: str = "var", **environment: str) -> "subprocess.CompletedProcess[str]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        clean |= {"LOUZU_VAR": str(tmp_path / var), "PYTHONWARNINGS": "default"} | environment
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=120)

    return run


def test_a_deployment_is_clean_but_for_its_database_that_is_not_built(manage: Run) -> None:
    """What is found in one that is built: tests/louzu/test_health.py."""
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (done.returncode, FOUND.findall(done.stderr)) == (1, ["louzu.E006"])


def test_a_deployment_on_made_keys_fails(manage: Run) -> None:
    done = manage("check", "--deploy", ALLOWED_HOSTS="louzu.example.cn")
    assert (done.returncode, FOUND.findall(done.stderr)) == (1, ["louzu.E001", "louzu.E006"])


def test_a_contact_that_is_no_address_is_warned_of(settings: Any) -> None:
    settings.SECURITY_CONTACT = ["tel:+86-21-00000000", "办公室"]
    assert [warning.id for warning in security_contacts_are_addresses(None)] == ["louzu.W020"]


def test_the_default_starts_without_any_setting(manage: Run, tmp_path: Path) -> None:
    done = manage("check")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "var" / "keys.env").stat().st_mode & 0o777 == 0o600


def test_two_installations_share_no_key(manage: Run, tmp_path: Path) -> None:
    kept = []
    for var in ("one", "other", "one"):
        assert manage("check", var=var).returncode == 0
        kept.append(dict(line.split("=") for line in (tmp_path / var / "keys.env").read_text().split()))
    one, other, again = kept
    assert one == again
    assert one.keys() == other.keys() == {"SECRET_KEY", "LOUZU_ID_KEY", "LOUZU_PHONE_KEY"}
    assert not set(one.values()) & set(other.values())
    assert len(set(one.values())) == 3


def test_another_host_turns_https_on(manage: Run) -> None:
    names = "SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.DEBUG, s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME"
    code = f"from django.conf import settings as s; print(s.{names})"
    found = [manage("shell", "--no-imports", "-c", code, **env).stdout.split() for env in (PRODUCTION, {})]
    assert found[0] == ["True", "True", "False", "__Host-sessionid", "__Host-csrftoken"]
    assert found[1] == ["False", "False", "False", "sessionid", "csrftoken"]


@pytest.mark.skipif(not settings.EMBEDDED, reason="SQLite's own")
@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
def test_sqlite_keeps_what_it_acknowledged(db: None, pragma: str, value: str | int) -> None:
    with connection.cursor() as cursor:
        assert cursor.execute(f"PRAGMA {pragma}").fetchone() == (value,)


@pytest.mark.skipif(not settings.EMBEDDED, reason="SQLite's own")
def test_sqlite_writers_lock_at_the_beginning(db: None) -> None:
    assert connection.transaction_mode == "IMMEDIATE"
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


@pytest.mark.skipif(settings.EMBEDDED, reason="PostgreSQL's own")
def test_postgresql_is_driven_by_psycopg2(db: None) -> None:
    assert connection.Database.__name__ == "psycopg2"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        assert cursor.fetchone() == ("UTF8",)


def test_no_transaction_spans_a_request() -> None:
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False


@pytest.mark.skipif(not settings.EMBEDDED, reason="it is started on the embedded database")
def test_the_demonstration_is_made_once_with_every_login(manage: Run) -> None:
    made = manage("demo", "--no-serve")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.count("初始密码") == 7
    assert "测试密钥\tlz_test_" in made.stdout
    again = manage("demo", "--no-serve")
    assert (again.returncode, "演示街道已经在了" in again.stdout) == (0, True)
