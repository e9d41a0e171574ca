"""A write has the same effect through each of its doors (page, API, admin, command): rows, errors, repeats.

Every door found in the code belongs to one write or is listed as writing nothing.
"""

from collections import Counter
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.test import Client

from members.models import User
from tests.parity import (
    of_activities,
    of_feedback,
    of_louzu,
    of_members,
    of_rights,
    of_slip_codes,
    of_slips,
    of_targets,
    of_transfers,
)
from tests.parity.asking import Asked, Door, State, Write, ask, rolled_back, state_for, watching
from tests.parity.doors import doors

pytestmark = pytest.mark.django_db
WRITES: dict[str, Write] = (
    of_members.WRITES
    | of_activities.WRITES
    | of_feedback.WRITES
    | of_slips.WRITES
    | of_slip_codes.WRITES
    | of_louzu.WRITES
    | of_targets.WRITES
    | of_transfers.WRITES
    | of_rights.WRITES
)
TABLES = (
    of_members, of_activities, of_feedback, of_slips, of_slip_codes, of_louzu, of_targets, of_transfers, of_rights,
)  # fmt: skip
WRITE_NOTHING = {name: reason for table in TABLES for name, reason in table.WRITE_NOTHING.items()}


@pytest.fixture
def through(
    db: None, request: pytest.FixtureRequest, write: str, logged_in: Callable[[User], Client]
) -> Callable[..., Asked]:
    """Return a function that sends this write through a door, with the rows of the write's table."""
    table, asked_for = next(each for each in TABLES if write in each.WRITES), WRITES[write]
    rows = table.rows(request)
    clients = {who: logged_in(request.getfixturevalue(who)) for who in {door.who for door in asked_for.doors}}
    cookies = {who: dict(client.cookies) for who, client in clients.items()}
    there = state_for(asked_for)

    def asked(door: Door, before: State = there, **values: Any) -> Asked:
        client = clients[door.who]
        client.cookies = SimpleCookie({name: cookie.value for name, cookie in cookies[door.who].items()})
        return ask(door, asked_for, {**asked_for.good, **values}, rows=rows, client=client, before=before)

    return asked


def test_every_door_that_writes_is_listed(
    superuser: User, street_officer: User, secretary: User, leader: User, auditor: User
) -> None:
    found = doors([superuser, street_officer, secretary, leader, auditor])
    listed = Counter(door.name for write in WRITES.values() for door in write.doors) + Counter(list(WRITE_NOTHING))
    assert sorted(found - set(listed)) == []
    assert sorted(set(listed) - found) == []


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_the_same_through_each_door(write: str, through: Any) -> None:
    """In one test, as its rows are made once: whatever a door writes is rolled back before the next one."""
    good_values_write_the_same_rows(WRITES[write], through)
    bad_values_are_refused_with_the_same_sentence(WRITES[write], through)
    if not WRITES[write].again:
        the_same_call_twice_adds_nothing(WRITES[write], through)


def good_values_write_the_same_rows(write: Write, through: Any) -> None:
    written = {}
    for door in write.doors:
        with rolled_back(), watching(write.rule) as ran:
            asked = through(door)
        assert ran, (door.name, asked.text[-2000:])
        written[door.name] = asked.changes
    first = next(iter(written.values()))
    assert (first == ([], [])) == write.only_entry, first
    assert {name: changes for name, changes in written.items() if changes != first} == {}, first


def bad_values_are_refused_with_the_same_sentence(write: Write, through: Any) -> None:
    wrong = []
    for sentence, values in write.bad:
        for door in write.doors:
            with rolled_back():
                asked = through(door, **values)
            if asked.changes != ([], []) or sentence not in asked.text:
                wrong.append((door.name, sentence, asked.changes, asked.text[-1500:]))
    assert wrong == []


def the_same_call_twice_adds_nothing(write: Write, through: Any) -> None:
    twice = {}
    for door in write.doors:
        with rolled_back():
            twice[door.name] = through(door, before=through(door).after).changes
    assert {name: changes for name, changes in twice.items() if changes != ([], [])} == {}
