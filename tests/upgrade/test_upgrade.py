"""An installation of 0.3.0, brought to this release: nothing is lost, and what it gave out still holds."""

import json
import lzma
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection

pytestmark = pytest.mark.django_db  # it runs on the database that the tests run on
OLD = Path(__file__).parent / "0.3.0"
# The key of the system that fetches cards in each of the two made-up installations.
KEYS = {
    "sqlite": "lz_52c2c5952c_TkMnqF23HXWO--b_a6Qr0A69sFCbh8ypKe2vFI3VCQY",
    "postgresql": "lz_0e866897ae_i_xbyCEDtL30XVd7SneioOpu8nRv8-Eg34F602uoRCE",
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an installation of 0.3.0 on the tests' kind of database, migrated to the last release."""
    var = tmp_path_factory.mktemp("louzu-0.3.0")
    keys = (OLD / "keys.env").read_text("ascii").splitlines(keepends=True)
    (var / "keys.env").write_text("".join(keys[:3]), "ascii")
    (var / "signing.env").write_text(keys[3], "ascii")
    names = [line.split("=")[0] for line in keys]
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"LOUZU_VAR": str(var), "DJANGO_SETTINGS_MODULE": "louzu.settings"}
    if connection.vendor == "sqlite":
        (var / "louzu.sqlite3").write_bytes(lzma.decompress((OLD / "louzu.sqlite3.xz").read_bytes()))
        environment.pop("DATABASE_URL", None)
    else:
        environment["DATABASE_URL"] = loaded(os.environ["DATABASE_URL"], f"upgrade_{os.getpid()}")
    done(environment, "-m", "tests.upgrade.released")
    return environment


@pytest.fixture(scope="module")
def rewritten(released: dict[str, str]) -> set[str]:
    """The tables that PostgreSQL wrote anew, whole, while it migrated from the last release to this one."""
    before = files_of_tables(released)
    done(released, "manage.py", "migrate")
    after = files_of_tables(released)
    return {table for table, file in before.items() if after.get(table, file) != file}


@pytest.fixture(scope="module")
def installation(released: dict[str, str], rewritten: set[str]) -> dict[str, str]:
    return released


def files_of_tables(environment: dict[str, str]) -> dict[str, int]:
    """Return the number of each table's file, on PostgreSQL: another file is a whole table written under a lock."""
    if connection.vendor == "sqlite":
        return {}
    with closing(psycopg2.connect(environment["DATABASE_URL"])) as link, link.cursor() as cursor:
        cursor.execute("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'")
        return dict(cursor.fetchall())


def loaded(server: str, name: str) -> str:
    """Load the dump into a database of its own; return its address."""
    from tests.postgres import PSQL  # where there is a server of that wheel

    admin = psycopg2.connect(server)
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    admin.close()
    address = server.replace("/postgres?", f"/{name}?")
    dump = lzma.decompress((OLD / "louzu.sql.xz").read_bytes())
    subprocess.run([PSQL, "-qv", "ON_ERROR_STOP=1", address], input=dump, stdout=subprocess.DEVNULL, check=True)
    return address


def done(environment: dict[str, str], *command: str) -> str:
    """Run it as the installation would; return what it printed."""
    run = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_nothing_is_lost(installation: dict[str, str]) -> None:
    expected: dict[str, Any] = json.loads((OLD / f"{connection.vendor}.json").read_text("utf-8"))
    assert json.loads(done(installation, "-m", "tests.upgrade.facts")) == expected


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes a table anew at each change of a column")
def test_no_table_was_written_anew(rewritten: set[str], installation: dict[str, str]) -> None:
    assert len(files_of_tables(installation)) > 50
    assert rewritten == set()


def test_the_trail_is_whole(installation: dict[str, str]) -> None:
    done(installation, "manage.py", "verify_audit")


def test_what_was_given_out_still_holds(installation: dict[str, str]) -> None:
    found = json.loads(done(installation, "-m", "tests.upgrade.after", KEYS[connection.vendor]))
    assert found["feed"] == {
        "gapless": True,
        "as the server": True,
        "old cursor": "/problems/cursor-reset",
        "receipt": 200,
    }
    assert found["receipts"].endswith(" verify")
