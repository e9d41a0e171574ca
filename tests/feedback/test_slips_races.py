"""Two people with one slip at the same moment: one wins; and the feed has each status of each slip, without a gap."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.feed import feed
from feedback.models import FeedEvent, Slip
from feedback.rules import slips_accepting, slips_asking, slips_closing, slips_forwarding
from feedback.rules.receiving import By
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, Consent, Member, Residence, User
from tests import factories
from tests.parity.asking import rolled_back
from tests.racing import raced
from tests.slips import Status, fresh, from_unit, phone, reported, row, sent_by_unit

BY = By()


@pytest.fixture
def place(transactional_db: None) -> Area:
    """A street with a building that several connections see, and another street."""
    street = factories.area("新成路街道", division_code="310114001")
    factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))
    factories.area("菊园新区", division_code="310114002")
    return street


@pytest.fixture
def clerk(place: Area) -> User:
    return factories.official("jiedao9", PostKind.STREET, place)


def lost(ends: list[Any]) -> list[Any]:
    return [end for end in ends if isinstance(end, Exception)]


def test_one_slip_is_accepted_once(place: Area, clerk: User) -> None:
    slip = from_unit(place)
    ends = raced(*[lambda: slips_accepting.accept(slip, by=clerk)] * 4)
    assert not lost(ends)  # a repeated call is answered with the accepted slip
    assert Member.objects.count() == Residence.objects.count() == Consent.objects.count() == 1
    assert list(FeedEvent.objects.values_list("type", flat=True)) == ["slip.sent", "slip.accepted"]


def test_two_slips_of_one_person_register_one_member(place: Area, clerk: User) -> None:
    factories.employer()
    one, two = from_unit(place), reported(place, tells_employer=True)
    ends = raced(*[lambda slip=slip: slips_accepting.accept(slip, by=clerk) for slip in (one, two)])
    assert len(lost(ends)) == 1
    assert Member.objects.count() == 1


def test_accepting_against_withdrawing(place: Area, clerk: User) -> None:
    slip = from_unit(place)
    raced(
        lambda: slips_accepting.accept(slip, by=clerk),
        lambda: slips_closing.withdraw(slip, withdrawer="sender", by=BY),
    )
    told = list(FeedEvent.objects.order_by("seq").values_list("type", flat=True))
    assert fresh(slip).status == Status.WITHDRAWN
    assert told in (["slip.sent", "slip.withdrawn"], ["slip.sent", "slip.accepted", "slip.withdrawn"])
    assert Member.objects.exists() == (len(told) == 3)
    assert not Consent.objects.in_force().exists()


def test_forwarding_against_accepting(place: Area, clerk: User) -> None:
    slip, other = from_unit(place), Area.objects.get(name="菊园新区")
    ends = raced(
        lambda: slips_accepting.accept(slip, by=clerk), lambda: slips_forwarding.forward(slip, other, by=clerk)
    )
    assert len(lost(ends)) == 1
    assert Member.objects.exists() == (fresh(slip).status == Status.ACCEPTED)
    assert Slip.objects.filter(continues=slip).exists() == (fresh(slip).status == Status.FORWARDED)


def test_the_consent_taken_back_while_the_slip_is_withdrawn(place: Area, clerk: User) -> None:
    slip = slips_accepting.accept(from_unit(place), by=clerk)
    raced(lambda: Consent.objects.get().withdraw(), lambda: slips_closing.withdraw(slip, withdrawer="sender", by=BY))
    assert fresh(slip).status == Status.WITHDRAWN
    assert FeedEvent.objects.filter(type="slip.withdrawn").count() == 1


def test_the_same_slip_sent_twice_at_once_is_one(place: Area) -> None:
    unit = factories.employer()
    ends = raced(*[lambda: sent_by_unit(place, row(), row("王强", phone=phone(1)), unit=unit)] * 4)
    assert not lost(ends)
    assert Slip.objects.count() == 2
    assert list(FeedEvent.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]


# The feed -----------------------------------------------------------------------------------------------------------

ACTS: dict[str, Callable[[Slip, User, Area], Any]] = {
    "ask": lambda slip, by, to: slips_asking.ask(slip, code="home", by=by),
    "answer": lambda slip, by, to: slips_asking.answer_question(slip, text="好的", by=BY),
    "accept": lambda slip, by, to: slips_accepting.accept(slip, by=by),
    "decline": lambda slip, by, to: slips_closing.decline(slip, by=by),
    "withdraw": lambda slip, by, to: slips_closing.withdraw(slip, withdrawer="sender", by=BY),
    "end": lambda slip, by, to: slips_closing.end(slip, code="retired", by=BY),
    "forward": lambda slip, by, to: slips_forwarding.forward(slip, to, by=by),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(sorted(ACTS))), max_size=12), step=st.integers(1, 4))
def test_the_feed_tells_of_each_status(
    street: Area, group: Area, other_street: Area, street_officer: User, acts: list[tuple[int, str]], step: int
) -> None:
    """Whoever applies the events in order, in parts of any size, has what the server has."""
    with rolled_back():
        slips = [from_unit(street, name, phone=phone(at)) for at, name in enumerate(("王甲", "王乙", "王丙"))]
        counterpart = slips[0].counterpart
        assert counterpart
        for at, act in acts:
            try:
                with atomic_write():
                    ACTS[act](fresh(slips[at]), street_officer, other_street)
            except Conflict:
                continue
        known, seen, cursor, more = {}, [], "", True
        while more:
            page = feed.read(counterpart, cursor, limit=step)
            for event in json.loads(page.events):
                seen.append(event["seq"])
                known[event["slip"]["number"]] = event["slip"]["status"]
            cursor, more = page.next, page.more
        assert seen == list(range(1, len(seen) + 1))
        assert known == dict(Slip.objects.of_counterpart(counterpart).values_list("number", "status"))
