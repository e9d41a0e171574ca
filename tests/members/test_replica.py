"""Reports read the replica where it lacks nothing, and the primary in every other case."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connections, router
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.ground import replica
from members.ground.atomic import atomic_write
from members.ground.replica import HAS_REPLAYED, WRITTEN, from_replica
from members.models import Area, Member, User

REPORTS = (
    "/coverage/{pk}/", "/coverage/{pk}/coverage.xlsx", "/rhythm/{pk}/", "/participation/{pk}/", "/months/{pk}/",
    "/balance/{pk}/", "/cards-report/{pk}/", "/slips-report/{pk}/", "/api/v1/coverage/{pk}", "/api/v1/rhythm/{pk}",
    "/api/v1/participation/{pk}", "/api/v1/months/{pk}", "/api/v1/balance/{pk}", "/api/v1/card-report/{pk}",
    "/api/v1/slip-report/{pk}?first=2026-01-01&last=2026-01-31",
)  # fmt: skip


class Standby:
    """A replica on the primary's own connection, which says of itself what a test wants."""

    def __init__(self) -> None:
        self.has_replayed: list[bool] = []  # its answers in turn; then it has
        self.is_away = False
        self.asked = 0

    def answer(self, alias: str, question: str, *parameters: Any) -> Any:
        if question == WRITTEN:
            return "0/1"
        assert (alias, question, parameters) == ("replica", HAS_REPLAYED, ("0/1",))
        self.asked += 1
        if self.is_away:
            raise OperationalError("could not connect to server")
        return self.has_replayed.pop(0) if self.has_replayed else True


@pytest.fixture
def aliased(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(connections.settings, "replica", connections.settings["default"])
    monkeypatch.setattr(replica, "_failed_at", float("-inf"))
    connections["default"].ensure_connection()
    mirror = copy.copy(connections["default"])
    mirror.alias = "replica"
    connections["replica"] = mirror
    yield
    del connections["replica"]


@pytest.fixture
def standby(aliased: None, monkeypatch: pytest.MonkeyPatch) -> Standby:
    one = Standby()
    monkeypatch.setattr(replica, "_answer", one.answer)
    return one


@from_replica
def read_from() -> str:
    return router.db_for_read(Area)


def test_without_a_replica_all_is_the_primary(db: None) -> None:
    assert read_from() == "default"


def test_a_replica_that_lacks_nothing_is_read(standby: Standby) -> None:
    assert (read_from(), router.db_for_read(Area)) == ("replica", "default")


def test_a_replica_may_catch_up_for_a_moment(standby: Standby) -> None:
    standby.has_replayed = [False, False]
    assert (read_from(), standby.asked) == ("replica", 3)


def test_a_replica_that_lags_is_not_read(standby: Standby) -> None:
    standby.has_replayed = [False] * 1_000
    assert (read_from(), router.db_for_read(Area)) == ("default", "default")


def test_a_replica_that_is_away_is_not_asked_again_at_once(standby: Standby) -> None:
    standby.is_away = True
    assert (read_from(), read_from(), standby.asked) == ("default", "default", 1)


def test_a_replica_that_fails_meanwhile_is_followed_by_the_primary(standby: Standby) -> None:
    @from_replica
    def read() -> str:
        if router.db_for_read(Area) == "replica":
            raise OperationalError("canceling statement due to conflict with recovery")
        return read_from()

    assert read() == "default"


def test_a_mistake_of_ours_is_not_tried_twice(standby: Standby) -> None:
    tried = []

    @from_replica
    def read() -> None:
        tried.append(router.db_for_read(Area))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read()
    assert (tried, router.db_for_read(Area)) == (["replica"], "default")


def test_what_is_written_is_read_where_it_is_locked(standby: Standby) -> None:
    with atomic_write():
        assert read_from() == "default"


def test_a_row_from_the_replica_is_written_to_the_primary(standby: Standby, street: Area) -> None:
    found = from_replica(lambda: Area.objects.get(pk=street.pk))()
    assert found._state.db == "replica"
    found.name = "另一个街道"
    with atomic_write():
        found.save()
    assert found._state.db == "default"


@pytest.mark.django_db(transaction=True)
def test_a_replica_that_is_no_standby_is_never_read(aliased: None) -> None:
    """On PostgreSQL the primary itself, named by mistake, says so; SQLite does not know the question."""
    assert read_from() == "default"


@pytest.mark.parametrize("address", REPORTS)
def test_reports_read_the_replica(
    address: str, standby: Standby, street_officer: User, street: Area, member: Member, logged_in: Callable
) -> None:
    client: Client = logged_in(street_officer)
    address = address.format(pk=street.pk)
    with CaptureQueriesContext(connections["replica"]) as queries:
        assert client.get(address).status_code == 200
    assert len(queries) > 1
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
