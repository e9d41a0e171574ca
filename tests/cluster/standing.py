"""The cluster as it stands: started part by part, asked who leads, killed in parts and made whole again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg2

from tests.cluster import places as rendering
from tests.cluster.places import HOST, ROOT, THREE, Places
from tests.cluster.processes import USER, Process, as_user, found, kill_postmaster, postgres_programs

PATIENCE = 600.0  # seconds, on a machine that is busy
CHANGES = {"running", "streaming"}


class Cluster:
    """Three nodes of PostgreSQL under Patroni, three etcds, HAProxy, PgBouncer, two web hosts and two workers."""

    def __init__(self, places: Places, *, by_migrations: bool = True):
        self.places = places
        self.tables = (
            ["migrate"] if by_migrations else ["migrate", "--run-syncdb", "--settings", "tests.cluster.tables"]
        )
        self.parts: dict[str, Process] = {}

    def start(self) -> None:
        """Start everything, on a new database with the portal's tables."""
        self._lay_out()
        for number in THREE:
            self._serve(f"etcd{number}", [str(found("etcd")), "--config-file", self._written("etcd", number)])
        until(lambda: self.etcd_leader() is not None, "etcd has no leader")
        for number in THREE:
            self._serve(f"node{number}", [str(found("patroni")), self._written("patroni", number)])
            until(lambda: self.primary() is not None, "no node became the primary")
        until(self.is_whole, "the replicas did not follow")
        self._make_database()
        self._serve("haproxy", [str(found("haproxy")), "-W", "-f", self._file("haproxy.cfg", self._haproxy())])
        self._serve("pgbouncer", [str(found("pgbouncer")), self._file("pgbouncer.ini", self._pgbouncer())])
        until(lambda: self.manage(*self.tables, "--verbosity", "0") == 0, "the tables were not made", pause=2)
        for number in (1, 2):
            self._portal(f"web{number}", *_gunicorn(self.places.at(f"web{number}")))
            self._portal(f"worker{number}", "manage.py", "work")
        until(lambda: self.asked("web", "/verify/") is not None, "the web hosts do not answer")

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # a second one would leave half of it running
            signal.signal(number, signal.SIG_IGN)
        for part in reversed(self.parts.values()):
            part.stop()

    def primary(self) -> int | None:
        """Return the number of the node that takes writes; None where there is none just now."""
        return next((n for n in THREE if self.asked(f"rest{n}", "/primary") is not None), None)

    def is_whole(self) -> bool:
        """Whether one node leads, the others follow it, and one of them is synchronous."""
        members = self._members()
        roles = sorted(member["role"] for member in members)
        follows = all(member["state"] in CHANGES for member in members)
        return len(members) == 3 and follows and roles == ["leader", "replica", "sync_standby"]

    def etcd_leader(self) -> int | None:
        for number in THREE:
            said = self.asked(f"client{number}", "/v3/maintenance/status", method="POST", body="{}")
            if said and said.get("leader") == said["header"]["member_id"]:
                return number
        return None

    def kill(self, name: str) -> None:
        """Kill a part as when its machine loses power."""
        self.parts[name].kill()
        if name.startswith("node"):
            kill_postmaster(self.places.path(name))

    def revive(self, name: str) -> None:
        """Start a part again, and wait until nothing is missing."""
        self.parts[name].start()
        until(self.is_whole, f"{name} did not come back", patience=PATIENCE)
        until(lambda: self.etcd_leader() is not None, "etcd has no leader")
        if name.startswith("web"):
            until(lambda: self.asked(name, "/verify/") is not None, f"{name} does not answer")

    def manage(self, *arguments: str) -> int:
        command = [sys.executable, "manage.py", *arguments]
        with self.places.path("manage.log").open("ab") as out:
            return subprocess.run(
                command, cwd=ROOT, env=self.places.environment(), stdout=out, stderr=out, check=False
            ).returncode

    def asked(self, name: str, path: str, *, method: str = "GET", body: str | None = None) -> Any:
        """Return what is answered there: parsed where it is JSON; None unless the answer is 200."""
        with closing(HTTPConnection(HOST, self.places.ports[name], timeout=3)) as connection:
            try:
                connection.request(method, path, body, {"Host": "localhost"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, HTTPException):
                return None
        if answer.status != 200:
            return None
        with suppress(ValueError):
            return json.loads(text)
        return text

    def _members(self) -> list[dict[str, Any]]:
        for number in THREE:
            if said := self.asked(f"rest{number}", "/cluster"):
                return said["members"]
        return []

    def _lay_out(self) -> None:
        folder = Path(self.places.folder)
        folder.chmod(0o755)
        self._file("userlist.txt", f'"louzu" "{self.places.passwords["louzu"]}"\n')
        self.places.path("logs").mkdir()
        for name in (f"{kind}{number}" for kind in ("etcd", "node") for number in THREE):
            self.places.path(name).mkdir(mode=0o700)
            _give(self.places.path(name))
        _give(folder)

    def _written(self, kind: str, number: int) -> str:
        programs = postgres_programs()
        assert programs
        text = (
            rendering.etcd_of(self.places, number)
            if kind == "etcd"
            else rendering.patroni_of(self.places, number, programs)
        )
        return self._file(f"{kind}{number}.yml", text)

    def _haproxy(self) -> str:
        return rendering.haproxy_of(self.places)

    def _pgbouncer(self) -> str:
        return rendering.pgbouncer_of(self.places)

    def _file(self, name: str, text: str) -> str:
        path = self.places.path(name)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        _give(path)
        return str(path)

    def _make_database(self) -> None:
        number = self.primary()
        secret = self.places.passwords
        with closing(
            psycopg2.connect(
                host=HOST, port=self.places.ports[f"node{number}"], user="postgres", password=secret["superuser"]
            )
        ) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("CREATE ROLE louzu LOGIN PASSWORD %s", (secret["louzu"],))
            cursor.execute("CREATE DATABASE louzu OWNER louzu")

    def _serve(self, name: str, command: list[str]) -> None:
        environment = os.environ | {"HOME": self.places.folder}
        self._add(name, as_user(command), environment, Path(self.places.folder))

    def _portal(self, name: str, *arguments: str) -> None:
        own = {"LOUZU_JOURNAL": str(self.places.path(f"journal-{name}.log"))}  # each host has its own
        self._add(name, [sys.executable, *arguments], self.places.environment() | own, ROOT)

    def _add(self, name: str, command: list[str], environment: dict[str, str], cwd: Path) -> None:
        log = self.places.path("logs") / f"{name}.log"
        self.parts[name] = Process(name, command, log, environment=environment, cwd=cwd)
        self.parts[name].start()


def until(is_so: Callable[[], bool], otherwise: str, *, patience: float = PATIENCE, pause: float = 0.3) -> None:
    """Wait until it is so; RuntimeError where it takes too long."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{otherwise} within {patience:.0f} seconds.")
        time.sleep(pause)


def _give(path: Path) -> None:
    """Let the servers' user own it."""
    if os.geteuid() == 0:
        shutil.chown(path, USER, USER)


def _gunicorn(address: str) -> tuple[str, ...]:
    return ("-m", "gunicorn", "--bind", address, "--workers", "1", "--threads", "6", "louzu.wsgi")
