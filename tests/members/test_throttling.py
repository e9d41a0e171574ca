"""Of so many calls so many pass, exactly: by threads and by processes, in the file and in the database."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient, APIRequestFactory

from members.api.throttling import UserThrottle
from members.models import CallCount
from members.web import throttling
from members.web.visitors import ByAddress
from tests import cards, factories
from tests.racing import raced

ROOT = Path(__file__).resolve().parents[2]
LIMIT, THREADS, EACH = 600, 4, 110  # of each of two processes
# What one process does: threads call at once, and the statuses are written out.
CALLS = f"""
import os, sys
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient
settings.EMPLOYER_RATE = "{LIMIT}/day"
settings.CALLS_FILE = Path(os.environ["CALLS"]) if os.environ["CALLS"] else None
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = os.environ["TEST_NAME"]

def calls(_):
    client = APIClient(headers={{"Authorization": "Bearer " + os.environ["KEY"]}})
    try:
        return [client.get("/api/v1/me").status_code for _ in range({EACH})]
    finally:
        connection.close()

with ThreadPoolExecutor({THREADS}) as pool:
    print(*(status for statuses in pool.map(calls, range({THREADS})) for status in statuses))
"""


@pytest.fixture(params=["the file", "the database"])
def counting(request: Any, settings: Any) -> str:
    """Both ways to count, on both databases."""
    settings.CALLS_FILE = settings.CALLS_FILE if request.param == "the file" else None
    return request.param


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(configured.EMBEDDED, reason="on SQLite the file counts, which the next test has")
def test_two_hosts_let_no_call_too_many_pass() -> None:
    assert two_processes(calls="") == {200: LIMIT, 429: 2 * THREADS * EACH - LIMIT}
    assert CallCount.objects.get().used == 2 * THREADS * EACH


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not configured.EMBEDDED, reason="of the embedded default")
def test_two_processes_of_one_host_let_no_call_too_many_pass(tmp_path: Path) -> None:
    assert two_processes(calls=str(tmp_path / "calls.sqlite3")) == {200: LIMIT, 429: 2 * THREADS * EACH - LIMIT}


def two_processes(*, calls: str) -> dict[int, int]:
    """Call from two processes with the same key; return how often each status came."""
    street = factories.area("新成路街道", division_code="310114001")
    _, key = cards.key(factories.employer("嘉定仪表厂"), street)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "KEY": key,
        "CALLS": calls,
        "TEST_NAME": str(connection.settings_dict["NAME"]),
    }
    command = [sys.executable, "-c", CALLS]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    return Counter(int(status) for each in told for status in each.split())


@pytest.mark.django_db(transaction=True)
def test_threads_that_begin_a_window_together(counting: str) -> None:
    if counting == "the database" and configured.EMBEDDED:
        pytest.skip("SQLite's database never counts")
    counts = raced(*[lambda: [throttling.counted("somebody", begun=600)[0] for _ in range(20)] for _ in range(8)])
    assert sorted(used for each in counts for used in each) == list(range(1, 161))


@pytest.mark.django_db
def test_a_window_begins_anew_and_never_twice(counting: str) -> None:
    seen = [throttling.counted("somebody", begun=begun) for begun in (600, 600, 660, 600, 660, 720)]
    assert seen == [(1, 600), (2, 600), (1, 660), (2, 660), (3, 660), (1, 720)], "a clock behind counts along"
    assert throttling.counted("another", begun=600) == (1, 600)


@pytest.mark.django_db
def test_what_is_over_is_forgotten(counting: str) -> None:
    now = int(time.time())
    throttling.counted("of old", begun=now - 2 * throttling.LONGEST)
    throttling.counted("of today", begun=now)
    call_command("purge", "--yes")
    assert throttling.counted("of old", begun=0) == (1, 0)
    assert throttling.counted("of today", begun=now) == (2, now)


def test_a_file_that_is_no_database_any_more_is_begun_anew(settings: Any, tmp_path: Path) -> None:
    settings.CALLS_FILE = tmp_path / "calls.sqlite3"
    settings.CALLS_FILE.write_text("half a page of something else" * 100)
    assert throttling.counted("someone", begun=60) == (1, 60)
    assert throttling.counted("someone", begun=60) == (2, 60)


@pytest.mark.django_db
def test_nobody_is_named_where_calls_are_counted(settings: Any) -> None:
    settings.CALLS_FILE = None
    throttling.counted("card-link-203.0.113.7-60", begun=600)
    (count,) = CallCount.objects.all()
    assert re.fullmatch("[0-9a-f]{32}", count.caller)


@pytest.mark.django_db
def test_the_api_counts_in_the_database_where_hosts_share_one(api: Any, secretary: Any, settings: Any) -> None:
    settings.CALLS_FILE = None
    client: APIClient = api(secretary)
    assert client.get("/api/v1/areas").status_code == 200
    assert CallCount.objects.get().used == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "x", False),
    ],
)
def test_an_ipv6_visitor_is_a_network(one: str, other: str, is_same: bool) -> None:
    seen = {ident(UserThrottle(), one), ident(UserThrottle(), other)}
    assert (len(seen) == 1) is is_same
    assert (ident(ByAddress(), one) == ident(ByAddress(), other)) is is_same


def ident(throttle: Any, address: str) -> str:
    return throttle.get_ident(APIRequestFactory().get("/", REMOTE_ADDR=address))
