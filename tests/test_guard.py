"""The guard itself: what it tells and what it lets pass."""

import gc
import time

import pytest
from django.db import connection
from django_tasks import task

from members.ground.atomic import atomic_write
from members.models import Employer
from tests import guard

SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(i) FROM n"

pytestmark = pytest.mark.django_db


@task()
def careless() -> None:
    Employer.objects.update(name="甲")


@task()
def careful() -> None:
    with atomic_write():
        Employer.objects.create(name="甲")


def busy(seconds: float = guard.LIMIT * 1.5) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def told() -> list[str]:
    """What it has told, taken as read."""
    faults = list(guard.faults)
    guard.faults.clear()
    return faults


def test_a_task_that_writes_outside_is_told() -> None:
    careless.call()
    assert {fault.partition(":")[0] for fault in told()} == {"written outside atomic_write"}
    careful.call()
    assert told() == []


def test_what_a_test_writes_for_itself_is_its_own_affair() -> None:
    Employer.objects.create(name="甲")
    assert told() == []


def test_time_without_sql_is_told_before_between_and_after() -> None:
    with atomic_write():
        busy()
        Employer.objects.create(name="甲")
        with atomic_write():
            busy()
        Employer.objects.create(name="乙")
        busy()
    assert len(told()) == 3


def test_time_outside_asleep_or_in_the_database_is_not() -> None:
    busy()
    with atomic_write():
        time.sleep(guard.LIMIT * 1.5)
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n"
            )
            cursor.fetchone()
        gc.collect()
    busy()
    assert told() == []
