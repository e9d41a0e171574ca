"""Writers queue: sixteen at once, none fails, nothing is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, InternalError, OperationalError, connection, transaction

from members.ground.atomic import atomic_write, is_away
from members.ground.outage import CommitUnknown, is_outage
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


def failing(code: str | None, kind: type[DatabaseError] = OperationalError) -> Callable[[], None]:
    """Return a COMMIT that fails with this code of PostgreSQL; None is a connection that broke without a word."""

    def commit() -> None:
        cause = Exception()
        cause.pgcode = code  # type: ignore[attr-defined]
        raise kind("server closed the connection unexpectedly") from cause

    return commit


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("code", "is_unknown"), [(None, True), ("08P01", True), ("57P01", True), ("40001", False), ("53100", False)]
)
def test_a_commit_without_an_answer(code: str | None, is_unknown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "commit", failing(code))
    with pytest.raises(OperationalError) as error, atomic_write(), atomic_write():
        factories.employer("甲")
    assert isinstance(error.value, CommitUnknown) is is_unknown
    assert is_outage(error.value)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [OperationalError, DatabaseError])
def test_what_breaks_before_commit_is_not_stored(kind: type[DatabaseError]) -> None:
    with pytest.raises(kind) as error, atomic_write():
        failing(None, kind)()
    assert not isinstance(error.value, CommitUnknown)
    assert is_away(error.value)


@pytest.mark.django_db(transaction=True)
def test_a_commit_in_whose_answer_the_server_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "commit", failing(None, DatabaseError))
    with pytest.raises(CommitUnknown), atomic_write():
        factories.employer("甲")


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "is_cut"), [(None, True), ("08P01", True), ("57P01", True), ("40P01", False)])
def test_an_outage_behind_a_pooler_is_one(code: str | None, is_cut: bool) -> None:
    """By the time the error is looked at, Django has a new connection, and the pooler always answers."""
    with pytest.raises(OperationalError) as error:
        failing(code)()
    assert connection.is_usable()
    assert is_away(error.value) is is_cut


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no standby")
def test_a_server_that_became_a_standby_is_left() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(OperationalError) as error, atomic_write():
        factories.employer("甲")
    assert is_outage(error.value)
    assert is_away(error.value)
    factories.employer("甲")  # on a new connection


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no standby")
def test_a_standby_is_an_outage_outside_our_transactions_too() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            with pytest.raises(InternalError) as error:
                cursor.execute("DELETE FROM django_session")
    finally:
        connection.close()
    assert is_outage(error.value)
