"""The benchmark's own PostgreSQL server, configured as in a small office."""

import os
import subprocess
import sys

from tests.postgres import started_server

STARTED = "LOUZU_BENCH_SERVER"
# The defaults of initdb: each commit waits for the disk (fsync, synchronous_commit), 128 MB of shared buffers, JIT.
# Three settings differ. max_wal_size is large, so that loading data forces no checkpoint. random_page_cost is what
# PostgreSQL's manual names for solid-state disks, as the README asks: with 4 it reads the activities of ten streets
# to find those of one. autovacuum is off, because it comes at random: one run would find statistics where the next
# finds none. Right after the product's own bulk write there are no statistics, as in the minute before autovacuum
# comes; data made by the benchmark itself is analysed. Stock and ours run on the same server with the same
# statistics.
SETTINGS = {"autovacuum": "off", "max_wal_size": "8GB", "random_page_cost": "1.1"}


def on_postgres(module: str, arguments: list[str]) -> int:
    """Run the module again on a server started for it and stopped afterwards; return its exit code."""
    with started_server(SETTINGS) as server:
        environment = os.environ | {"DATABASE_URL": server.get_uri(), STARTED: "yes"}
        return subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=False).returncode
