"""Servers for the tests of this folder: on a copy of the suite's empty database, on loopback, for a moment."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests.louzu.test_servers import ROOT, SERVERS, environment, free_port, wait_for

HOSTED = {"ALLOWED_HOSTS": "louzu.example.cn", "LOUZU_PROXIES": "127.0.0.1"}


@contextmanager
def serving(var: Path, *, server: str = "gunicorn", more: Sequence[str] = (), **settings: str) -> Iterator[int]:
    """Start a server with these settings; yield its port."""
    port = free_port()
    command = [sys.executable, *(part.format(port=port) for part in SERVERS[server]), *more]
    if "--workers" in command:  # as many as gunicorn.conf.py says
        del command[command.index("--workers") : command.index("--workers") + 2]
    with running(command, port, environment(var, **settings)):
        yield port


@contextmanager
def running(command: Sequence[str], port: int, around: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until the block ends; it listens when the block begins."""
    process = subprocess.Popen(command, cwd=ROOT, env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def copy_of_the_suites(var: Path) -> Path:
    """Put a copy of the suite's own SQLite database into an installation's folder; return the folder."""
    var.mkdir(exist_ok=True)
    source = sqlite3.connect(connection.settings_dict["NAME"])
    with closing(source), closing(sqlite3.connect(var / "louzu.sqlite3")) as target:
        source.backup(target)
    return var


def program(name: str) -> str:
    """Return the path of a program that deployments use; without it a test is skipped, except in CI."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not installed.")
    return found
