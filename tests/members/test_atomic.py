"""Writers queue: sixteen at once, none fails, nothing is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection, transaction

from members.ground.atomic import atomic_write
from members.models import AuditEntry, Employer
from tests import factories

WRITERS, WRITES = 16, 6


def write(name: str, start: threading.Barrier) -> None:
    """Save a row again and again, each save with its entry in the one trail."""
    try:
        start.wait(timeout=30)
        for number in range(WRITES):
            with atomic_write():
                factories.employer(f"{name}-{number}")
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_get_their_turn() -> None:
    start = threading.Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as pool:
        done = [pool.submit(write, f"单位{number}", start) for number in range(WRITERS)]
    assert [job.exception() for job in done] == [None] * WRITERS
    assert Employer.objects.count() == AuditEntry.objects.count() == WRITERS * WRITES
    assert AuditEntry.objects.first_broken() is None


@pytest.mark.django_db(transaction=True)
def test_inside_another_it_is_a_savepoint() -> None:
    with atomic_write():
        factories.employer("甲")
        with pytest.raises(IntegrityError), atomic_write():
            Employer.objects.bulk_create([Employer(name="乙"), Employer(name="甲")])
    assert list(Employer.objects.values_list("name", flat=True)) == ["甲"]


@pytest.mark.django_db(transaction=True)
def test_inside_a_plain_transaction_it_takes_no_lock(settings, tmp_path) -> None:
    settings.WRITE_LOCK = tmp_path / "write.lock"
    with transaction.atomic(), atomic_write():
        factories.employer("甲")
    assert not settings.WRITE_LOCK.exists()
    with atomic_write():
        factories.employer("乙")
    assert settings.WRITE_LOCK.exists() == (connection.vendor == "sqlite")


@pytest.mark.django_db(transaction=True)
def test_entries_of_what_failed_go_with_it() -> None:
    with atomic_write():
        factories.employer("甲")
        with suppress(ZeroDivisionError), atomic_write():
            factories.employer("乙")
            raise ZeroDivisionError
        assert not AuditEntry.objects.exists()
    assert [entry.changes["name"][1] for entry in AuditEntry.objects.all()] == ["甲"]
    assert AuditEntry.objects.first_broken() is None
