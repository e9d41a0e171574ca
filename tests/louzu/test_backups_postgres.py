"""Backups of PostgreSQL: its programs, its rights, and the database of a trial."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from louzu.backup import checking, postgres
from louzu.backup.making import back_up, store
from louzu.backup.trouble import BackupTrouble
from louzu.rules.backups import standing
from members.models import Area
from tests.louzu.databases import tables_of, working_on

NOW = timezone.now()

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("migrated", "place"),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's own"),
]


@pytest.mark.parametrize(
    ("version", "sentence"),
    [(None, "找不到 PostgreSQL 的程序 pg_dump"), ("9.6", "比数据库的"), ("99.1", "pg_dump 没有做完")],
)
def test_a_pg_dump_that_will_not_do_is_told(
    street: Area, settings: Any, tmp_path: Path, place: Path, version: str | None, sentence: str
) -> None:
    settings.PG_BIN = str(tmp_path)
    if version:
        program = tmp_path / "pg_dump"
        program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}" || exit 1\n')
        program.chmod(0o700)
    with pytest.raises(BackupTrouble, match=sentence):
        back_up()
    assert [*place.glob("*"), *place.glob(".*")] == []
    assert sentence in standing().trouble


def test_a_role_that_may_make_no_database_is_told_and_an_empty_one_will_do(
    street: Area, settings: Any, empty: str, tmp_path: Path
) -> None:
    back_up()
    role = f"small_{uuid.uuid4().hex[:8]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data")
    try:
        with working_on(USER=role), pytest.raises(BackupTrouble) as trouble:
            store().trial([]).__enter__()
        assert str(trouble.value) == postgres.MAY_NOT_CREATE
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE {role}")
    settings.CHECK_DATABASE = connection.settings_dict | {"NAME": empty}
    checking.check_newest()
    assert tables_of(empty) == [], "emptied again"
    settings.CHECK_DATABASE = dict(connection.settings_dict)
    with pytest.raises(BackupTrouble, match="不是空的"):
        checking.check_newest()
    assert Area.objects.get() == street


def test_no_trial_leaves_a_database_behind(street: Area) -> None:
    path = back_up()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupTrouble):
        checking.check_newest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname = current_database() || '_louzu_trial'")
        assert cursor.fetchall() == []


def test_no_password_is_among_a_program_s_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(postgres.subprocess, "Popen", lambda command, env: seen.append((command, env["PGPASSWORD"])))
    postgres._started(["pg_dump"], {"dbname": "louzu", "password": "geheim", "host": "127.0.0.1"})
    (((_, words), password),) = seen
    assert (password, "geheim" in words, "dbname=louzu" in words) == ("geheim", False, True)
