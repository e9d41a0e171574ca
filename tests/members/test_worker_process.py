"""`manage.py work` as a process, with a PostgreSQL of its own: the database is stopped, the worker is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection

from members.work.worker import AWAY, BACK
from tests.postgres import PostgresServer, started_server

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds, on a machine that is busy
SEED = """
import django; django.setup()
from datetime import timedelta
from pathlib import Path
from django.utils import timezone
from members.work import jobs
from members.models import Area, RosterImport
from members.roster import job
from members.roster.tree import import_tree, street_named
rosters = Path("tests/rosters")
import_tree((rosters / "areas.xlsx").read_bytes(), street=street_named("新成路街道"), today=timezone.localdate())
street = Area.objects.get(level=1)
for _ in range(3):
    upload = RosterImport(area=street, file_name="street.xlsx")
    upload.file = (rosters / "street.xlsx").read_bytes()
    upload.save()
    for task in ((job.read_roster_import, upload.pk), (job.apply_roster_import, upload.pk, False)):
        jobs.enqueue(*task, after=timezone.now() + timedelta(days=1))
"""

# Once, not on both databases: it brings its own.
pytestmark = pytest.mark.skipif(
    connection.vendor == "postgresql", reason="The server is the test's own; once is enough."
)


DUE = """
import django; django.setup()
from pathlib import Path
from feedback.models import Delivery, Webhook
from members.work import jobs
from members.models import Area, Employer, RosterImport
from members.roster import job
street = Area.objects.create(path="0001", level=1, name="新成路街道", label="新成路街道")
upload = RosterImport(area=street, file_name="street.xlsx")
upload.file = Path("tests/rosters/street.xlsx").read_bytes()
upload.save()
jobs.enqueue(job.read_roster_import, upload.pk)
hook = Webhook(employer=Employer.objects.create(name="甲"), street=street, url="https://127.0.0.1:1/")
hook.make_secret()
hook.save()
Delivery.objects.create(webhook=hook, cursor="c")
"""


# The next task is one that stands there already, made into another.
VERIFY = """
    UPDATE django_tasks_database_dbtaskresult SET status = 'READY', run_after = now(), worker_ids = '[]',
        task_path = 'members.rules.trail.verify_all', args_kwargs = '{"args": [], "kwargs": {}}'
    WHERE id = (SELECT id FROM django_tasks_database_dbtaskresult
        WHERE args_kwargs->'args'->>0 = '1' OR task_path LIKE '%verify_all' ORDER BY task_path DESC LIMIT 1)
"""
DONE = """
    SELECT count(*) FROM django_tasks_database_dbtaskresult
    WHERE task_path LIKE '%verify_all' AND status = 'SUCCESSFUL'
"""


class Installation:
    """A database with a street, and rosters whose tasks wait until they are let go."""

    def __init__(self, server: PostgresServer, folder: Path):
        self.server = server
        self.environment = os.environ | {
            "DATABASE_URL": server.get_uri(),
            "LOUZU_VAR": str(folder),
            "DJANGO_SETTINGS_MODULE": "louzu.settings",
            "LOUZU_WORKER_THREAD": "false",
        }
        self.run("manage.py", "migrate", "--verbosity", "0")
        self.run("-c", SEED)

    def run(self, *command: str) -> None:
        subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, check=True, timeout=PATIENCE)

    @contextmanager
    def worker(self, log: Path) -> Iterator[subprocess.Popen]:
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "work"], cwd=ROOT, env=self.environment, stdout=out, stderr=out
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def ask(self, sql: str) -> Any:
        with closing(psycopg2.connect(self.server.get_uri())) as link:
            link.autocommit = True
            cursor = link.cursor()
            cursor.execute(sql)
            return cursor.fetchone() if cursor.description else None

    def let_go(self, task: str, upload: int) -> None:
        path = f"task_path LIKE '%.{task}' AND args_kwargs->'args'->>0 = '{upload}'"
        self.ask(f"UPDATE django_tasks_database_dbtaskresult SET run_after = now() WHERE {path}")

    def status(self, upload: int) -> str:
        return self.ask(f"SELECT status FROM members_rosterimport WHERE id = {upload}")[0]

    def write(self, upload: int) -> None:
        self.ask(f"UPDATE members_rosterimport SET status = 'applying', beat_at = NULL WHERE id = {upload}")
        self.let_go("apply_roster_import", upload)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "It did not come to that in time."
        time.sleep(0.02)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with started_server() as server:
        yield Installation(server, tmp_path_factory.mktemp("var"))


def test_a_worker_outlives_a_restart_of_the_database(installation: Installation, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with installation.worker(log) as process:
        until(lambda: installation.ask("SELECT count(*) FROM members_workerbeat")[0] == 1)
        installation.server.stop()
        until(lambda: AWAY in log.read_text())
        time.sleep(2)  # it tries again, and does not say so again
        installation.server.start()
        installation.let_go("read_roster_import", 1)
        until(lambda: installation.status(1) == "review")
        installation.write(1)
        until(lambda: installation.status(1) == "applied")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    said = log.read_text()
    assert (said.count(AWAY), said.count(BACK), "Traceback" in said) == (1, 1, False)
    assert installation.ask("SELECT count(*) FROM members_member")[0] == 5_200
    assert installation.ask("SELECT count(*) FROM members_workerbeat WHERE ended_at IS NULL")[0] == 0


def test_a_worker_outlives_each_crash_of_the_database(installation: Installation, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with installation.worker(log) as process:
        until(lambda: installation.ask("SELECT count(*) FROM members_workerbeat WHERE ended_at IS NULL")[0] == 1)
        for crash in (1, 2):
            os.kill(installation.server.get_pid(), signal.SIGQUIT)  # nothing is shut down, the log is replayed
            until(lambda: log.read_text().count(AWAY) == crash)  # noqa: B023
            installation.server.stop()
            installation.server.start()
            installation.ask(VERIFY)
            until(lambda: installation.ask(DONE)[0] == 1)
        assert process.poll() is None
    assert (log.read_text().count(AWAY), log.read_text().count(BACK)) == (2, 2)


def test_what_a_killed_worker_was_reading_is_read_by_the_next(installation: Installation, tmp_path: Path) -> None:
    with installation.worker(tmp_path / "first") as process:
        installation.let_go("read_roster_import", 2)
        until(lambda: installation.ask("SELECT progress FROM members_rosterimport WHERE id = 2")[0] == 10)
        process.kill()
        process.wait()
    assert installation.status(2) == "reading"
    with installation.worker(tmp_path / "second") as process:
        # A minute later, which nobody waits for.
        installation.ask(
            "UPDATE members_workerbeat SET beat_at = beat_at - interval '2 minutes' WHERE ended_at IS NULL"
        )
        installation.ask("UPDATE django_tasks_database_dbtaskresult SET started_at = now() - interval '2 minutes'")
        until(lambda: installation.status(2) == "review")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0


def test_what_it_was_reading_when_the_database_went_away_it_reads_again(
    installation: Installation, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with installation.worker(log):
        installation.let_go("read_roster_import", 3)
        until(lambda: installation.ask("SELECT progress FROM members_rosterimport WHERE id = 3")[0] == 10)
        installation.server.stop()
        until(lambda: AWAY in log.read_text())
        installation.server.start()
        until(lambda: installation.status(3) == "review")
    assert (log.read_text().count(AWAY), log.read_text().count(BACK)) == (1, 1)


def test_the_embedded_server_takes_up_what_waits_as_it_starts(tmp_path: Path) -> None:
    """A roster in the queue and a message that is due; nobody asks for a page."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"LOUZU_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "louzu.settings"}
    environment |= {"LOUZU_WORKER_THREAD": "true", "LOUZU_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    for command in (["manage.py", "migrate", "--verbosity", "0"], ["-c", DUE]):
        # Whoever queues ends at once, and its thread with it.
        quiet = environment | {"LOUZU_WORKER_THREAD": "false"}
        subprocess.run([sys.executable, *command], cwd=ROOT, env=quiet, check=True, timeout=PATIENCE)
    command = [sys.executable, "-m", "waitress", "--listen", "127.0.0.1:0", "louzu.wsgi:application"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with closing(sqlite3.connect(tmp_path / "louzu.sqlite3", isolation_level=None)) as link:
            read = "SELECT status, (SELECT attempts FROM feedback_delivery) FROM members_rosterimport"
            until(lambda: link.execute(read).fetchone() == ("review", 1))
    finally:
        server.kill()
        server.wait()
