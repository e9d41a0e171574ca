"""What fixtures make once a worker is in each test as if it were made there: the same rows, objects of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from members.ground.access import PostKind
from members.models import Area, AreaRole, AuditEntry, User
from tests import factories, once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "made", {})


@contextmanager
def another_test() -> Iterator[None]:
    """Run a test in this one, with an empty database of its own."""
    outer, once.test = once.test, once.Test()
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        once.test = outer


def counted(build: Callable) -> tuple[Callable, list]:
    """The fixture as tests call it, and a list that grows each time that it makes its rows itself."""
    times: list[None] = []

    def counting(**asked: Any) -> Any:
        times.append(None)
        return build(**asked)

    counting.__qualname__ = build.__qualname__
    return once.made_once(counting), times


def street() -> Area:
    return factories.area("新成路街道", division_code="310114001")


def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


def stored() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Area, User, AreaRole, AuditEntry)]


def test_each_test_has_the_same_rows_and_objects_of_its_own() -> None:
    (make_street, streets), (make_officer, officers) = counted(street), counted(officer)
    seen = []
    for _ in range(3):
        with another_test():
            place = make_street()
            assert place.name == "新成路街道"
            place.name = "别的名字"  # the next test sees nothing of it
            user = make_officer(street=place)
            assert User.objects.for_user(user).get() == user
            seen.append((stored(), user))
    assert seen[0][0] == seen[1][0] == seen[2][0]
    assert (len(streets), len(officers)) == (1, 1)
    assert seen[1][1] is not seen[2][1]
    assert AuditEntry.objects.first_broken() is None


def test_what_refers_to_an_object_refers_to_the_test_s_own() -> None:
    (make_street, _), (make_role, _) = counted(street), counted(role)
    for _ in range(2):
        with another_test():
            place = make_street()
            assert make_role(street=place).area is place
            assert place.remarks == "two changes"


def role(street: Area) -> AreaRole:
    street.remarks = "two changes"  # type: ignore[attr-defined]
    holder = factories.user("jiedao")
    return factories.post(holder, PostKind.STREET, street)


def test_a_way_of_its_own_for_each_that_is_asked_for() -> None:
    make, times = counted(named)
    for name in ("甲", "乙", "甲"):
        with another_test():
            assert make(name=name).name == name
    assert len(times) == 2


def named(name: str) -> User:
    return factories.user("somebody", name=name)


def test_after_rows_of_another_kind_it_is_made_anew() -> None:
    make, times = counted(officer)
    for code in ("310114002", "310114003"):
        with another_test():
            place = factories.area("菊园新区", division_code=code)
            assert make(street=place).username == "jiedao"
    assert len(times) == 2


def test_where_the_database_is_not_empty_it_is_made_anew() -> None:
    """A module's fixture keeps rows between tests."""
    make, times = counted(street)
    factories.user("who_was_here_before")
    for _ in range(2):
        with another_test():
            make()
    assert len(times) == 2


def test_what_takes_back_is_made_anew() -> None:
    make, times = counted(hesitant)
    for _ in range(2):
        with another_test():
            assert make().username == "second"
            assert User.objects.count() == 1
    assert len(times) == 2


def hesitant() -> User:
    with transaction.atomic():
        factories.user("first")
        transaction.set_rollback(True)
    return factories.user("second")


def test_what_asks_for_anything_else_is_made_anew() -> None:
    make, times = counted(by_hand)
    for _ in range(2):
        with another_test():
            assert make(hand=object()).username == "second"
    assert len(times) == 2


def by_hand(hand: object) -> User:
    return factories.user("second")


def test_what_follows_commit_follows_it_each_time(django_capture_on_commit_callbacks: Any) -> None:
    told: list[str] = []
    make, times = counted(lambda: hooked(told))
    for _ in range(2):
        with another_test(), django_capture_on_commit_callbacks(execute=True):
            make()
    assert (told, len(times)) == (["committed", "committed"], 1)


def hooked(told: list[str]) -> User:
    transaction.on_commit(lambda: told.append("committed"))
    return factories.user("second")
