"""`manage.py migrate` beside a site that runs: it waits for no lock for long, and gives way to who waits behind it."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from louzu.management.commands import migrate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="a file has one lock, for which writers queue"),
]


@pytest.fixture
def table() -> Iterator[str]:
    name = "members_tried"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (one integer)")
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {name}")


@pytest.fixture
def changed(table: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Django's own command finds the time-out to be, each time that it tries to change the table."""
    tries: list[str] = []

    def handle(self: Any, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            tries.append(cursor.fetchone()[0])
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN more integer")

    monkeypatch.setattr(migrate.Command.__base__, "handle", handle)
    monkeypatch.setattr(migrate, "PATIENCE", 200)
    monkeypatch.setattr(migrate, "PAUSES", (0.2,) * 40)
    return tries


@pytest.fixture
def reader(table: str) -> Iterator[Any]:
    """Somebody who reads the table in a transaction that lasts."""
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        yield other


def test_a_change_gives_way_and_is_tried_again(changed: list[str], reader: Any, table: str) -> None:
    """The reader ends after the first tries; who comes behind the change has waited for one try at most."""
    ends = threading.Timer(3, reader.rollback)
    ends.start()
    waited: list[float] = []
    other = threading.Thread(target=read, args=(table, connection.get_connection_params(), waited))
    other.start()
    call_command("migrate")
    ends.join()
    other.join()
    assert len(changed) > 1
    assert set(changed) == {"200ms"}
    assert len(waited) > 3
    assert max(waited) < 2
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() != ("200ms",), "others wait as before"
        cursor.execute(f"SELECT more FROM {table}")


def read(table: str, parameters: dict[str, Any], waited: list[float]) -> None:
    """Read the table again and again, each time in a transaction of its own."""
    with closing(psycopg2.connect(**parameters)) as link:
        link.autocommit = True
        cursor = link.cursor()
        for _ in range(10):
            begun = time.monotonic()
            cursor.execute(f"SELECT * FROM {table}")
            waited.append(time.monotonic() - begun)
            time.sleep(0.05)


def test_a_table_that_is_never_free_stays_as_it_is(
    changed: list[str], reader: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "PAUSES", (0.1, 0.1, 0.1))
    with pytest.raises(CommandError, match="网站照常运行"):
        call_command("migrate")
    assert len(changed) == 4
    reader.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.columns WHERE table_name = %s", [table])
        assert cursor.fetchone() == (1,)


def test_another_fault_is_not_tried_again(changed: list[str], table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN more integer")
    with pytest.raises(Exception, match="already exists"):
        call_command("migrate")
    assert len(changed) == 1
