"""The PostgreSQL server that a benchmark starts for itself, as a small office would run it."""

import os
import subprocess
import sys

from tests.postgres import started_server

STARTED = "LOUZU_BENCH_SERVER"
# As initdb leaves it: each commit waits for the disk (fsync, synchronous_commit), 128 MB of shared buffers, JIT. Two
# settings differ. Checkpoints are not forced by what is loaded in between; and autovacuum is off, which comes when it
# likes, so that one run would find statistics where the next finds none. What is measured right after the product's
# own bulk write has none, as in the minute before autovacuum comes; whatever the benchmark lays by itself is analysed.
# Stock and ours run on the same server and the same statistics.
SETTINGS = {"autovacuum": "off", "max_wal_size": "8GB"}


def on_postgres(module: str, arguments: list[str]) -> int:
    """Run the module once more, on a server that is started for it and given back; return its exit code."""
    with started_server(SETTINGS) as server:
        environment = os.environ | {"DATABASE_URL": server.get_uri(), STARTED: "yes"}
        return subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=False).returncode
