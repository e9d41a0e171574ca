"""Whose a visit is: the members' who lived behind that door on that day, and nobody's of another street."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Attendance, Visit
from feedback.models import RecordCard
from feedback.rules import making, withdrawing
from members.models import Area, Duty, Household, Member, Pairing, Residence
from tests import factories
from tests.cards import PERIOD, draft, fresh, in_post
from tests.members.uploads import bring_in, cells, sheet

MOVE = date(2026, 4, 1)
BEFORE, AFTER = MOVE - timedelta(days=1), MOVE + timedelta(days=1)
IN_POST = {"在职/在册": "在职", "工作单位": "上海大众"}


@pytest.fixture
def pair(group: Area) -> Pairing:
    """The doors 402 and 501; a local member lived behind the first one, long ago."""
    first = factories.person("老住户", group, room="402")
    pair = factories.pairing(factories.household(group, "402"), factories.household(group, "501"))
    first.leave(on=date(2021, 1, 1))
    return pair


def visited(pair: Pairing, *days: date) -> None:
    for day in days:
        factories.visit(pair, on=day)


def credited(community: Area) -> dict[str, list[str]]:
    """The days of the visits on each member's card."""
    making.make(community, PERIOD)
    cards = RecordCard.objects.select_related("member").order_by("member__name")
    return {card.member.name: [line["day"][5:] for line in card.lines if line["kind"] == "visit"] for card in cards}


def test_visits_of_those_who_lived_there_before_are_theirs(pair: Pairing, group: Area, community: Area) -> None:
    gone = in_post("前住户", group, room="402")
    gone.leave(on=MOVE)
    in_post("后住户", group, room="402", on=AFTER)
    visited(pair, BEFORE, MOVE, AFTER)
    assert credited(community) == {"前住户": ["03-31"], "后住户": ["04-02"]}


def test_all_who_live_behind_the_door_have_visited(pair: Pairing, group: Area, community: Area) -> None:
    in_post("一起甲", group, room="402")
    in_post("一起乙", group, room="402", on=MOVE)
    visited(pair, BEFORE, MOVE)
    assert credited(community) == {"一起甲": ["03-31", "04-01"], "一起乙": ["04-01"]}


def test_who_moves_between_two_paired_doors_keeps_both(pair: Pairing, group: Area, community: Area) -> None:
    mover = in_post("搬动者", group, room="402")
    factories.person("另一家", group, room="403")
    other = factories.pairing(factories.household(group, "403"), factories.household(group, "502"))
    mover.move(to=group, room="403", on=MOVE)
    visited(pair, BEFORE, MOVE)
    visited(other, BEFORE, MOVE, AFTER)
    assert credited(community) == {"搬动者": ["03-31", "04-01", "04-02"]}
    lines = RecordCard.objects.get().lines
    assert len({line["key"] for line in lines}) == 3


def test_the_neighbours_side_is_not_credited(pair: Pairing, group: Area, community: Area) -> None:
    in_post("后来者", group, room="501", on=MOVE)
    visited(pair, AFTER)
    assert credited(community) == {}


def test_who_moved_away_has_a_card_where_they_lived_last(
    pair: Pairing, group: Area, community: Area, other_group: Area, other_community: Area
) -> None:
    gone = in_post("走的人", group, room="402")
    visited(pair, BEFORE)
    gone.move(to=other_group, room="7", on=MOVE)
    gone.leave(on=AFTER)
    assert credited(community) == {}
    assert credited(other_community) == {"走的人": ["03-31"]}
    assert RecordCard.objects.get().area == other_community


def test_a_home_from_a_roster_counts_from_before(pair: Pairing, group: Area, community: Area) -> None:
    bring_in(sheet(cells("新人甲", 室号="402", **IN_POST)), community)
    assert not Residence.objects.get(member__name="新人甲").is_since_known
    visited(pair, BEFORE)
    assert credited(community) == {"新人甲": ["03-31"]}


def test_but_not_where_somebody_else_is_known_to_have_lived(pair: Pairing, group: Area, community: Area) -> None:
    factories.person("旧住户", group, room="402", on=date(2025, 1, 1)).leave(on=MOVE)
    bring_in(sheet(cells("新人甲", 室号="402", **IN_POST)), community)
    visited(pair, BEFORE, MOVE)
    assert credited(community) == {"新人甲": ["04-01"]}


def test_nor_before_their_own_home_ended(pair: Pairing, group: Area, community: Area) -> None:
    mover = in_post("新人甲", group, room="101", on=date(2025, 1, 1))
    mover.leave(on=MOVE)
    bring_in(sheet(cells("新人甲", 室号="402", 联系电话=mover.phone, **IN_POST)), community)
    assert Member.objects.filter(name="新人甲").count() == 1
    visited(pair, BEFORE, MOVE)
    assert credited(community) == {"新人甲": ["04-01"]}


def test_a_first_day_that_somebody_writes_is_known(pair: Pairing, group: Area, community: Area) -> None:
    bring_in(sheet(cells("新人甲", 室号="402", **IN_POST)), community)
    home = Residence.objects.get(member__name="新人甲")
    home.room = "4-02"
    home.save()
    assert not home.is_since_known
    home.room, home.since = "402", MOVE
    home.save()
    assert Residence.objects.get(pk=home.pk).is_since_known
    visited(pair, BEFORE, AFTER)
    assert credited(community) == {"新人甲": ["04-02"]}


def test_no_home_is_in_another_street(member: Member, far_group: Area) -> None:
    home = member.home
    assert home
    home.area = far_group
    with pytest.raises(Exception, match="在别的街道"):
        home.full_clean()


@pytest.fixture
def newcomer(group: Area, far_group: Area) -> Member:
    """Somebody whose record has a home in the other street, as no door takes it any more."""
    someone = in_post("外来者", group, room="402", on=MOVE)
    Residence.objects.bulk_create(
        [Residence(member=someone, area=far_group, room="101", since=date(2020, 1, 1), until=MOVE)]
    )
    return someone


def test_nothing_of_another_street_is_on_the_card(
    newcomer: Member, group: Area, community: Area, far_group: Area, far_member: Member
) -> None:
    far = factories.pairing(factories.household(far_group, "101"), factories.household(far_group, "102"))
    visited(far, BEFORE, AFTER)
    for place in (far_group, group):
        event = factories.activity(place, title=f"{place}的", held_on=MOVE)
        Attendance.objects.create(activity=event, member=newcomer, source="tick")
    Duty.objects.create(member=newcomer, kind="mediator", since=date(2025, 1, 1), until=BEFORE)
    Duty.objects.create(member=newcomer, kind="helper", since=date(2025, 1, 1))
    making.make(community, PERIOD)
    lines = RecordCard.objects.get().lines
    assert [(line["kind"], line["day"], line["title"]) for line in lines] == [
        ("activity", "2026-04-01", f"{group}的"),
        ("duty", "2026-04-01", "服务员"),
    ]


def test_a_card_made_again_is_of_its_own_street(pair: Pairing, newcomer: Member, group: Area) -> None:
    visited(pair, AFTER)
    card = draft(newcomer, lines=[])
    withdrawing.withdraw(card, RecordCard.Withdrawal.DROPPED)
    assert [line["key"][0] for line in making.remake(fresh(card)).lines] == ["v"]


def test_making_asks_no_query_a_visit(
    pair: Pairing, group: Area, community: Area, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        in_post(f"工{'甲乙丙丁戊己'[number]}", group, room="402")
    visited(pair, *(BEFORE + timedelta(days=day) for day in range(20)))
    with django_assert_max_num_queries(20):
        assert making.make(community, PERIOD).new == 6


# A plain and slow computation of the same, on random homes and visits.

DAYS = st.integers(0, 11).map(lambda number: date(2025, 12, 20) + timedelta(days=number * 25))
HERE, NEAR, FAR = ("here", "101"), ("near", "102"), ("far", "101")
DOORS = st.sampled_from([HERE, HERE, HERE, HERE, ("here", "102"), NEAR, FAR, ("here", "")])
VISITS = st.lists(st.tuples(st.sampled_from([HERE, HERE, NEAR, FAR]), DAYS), min_size=3, max_size=12)


@dataclass
class Past:
    """A member's homes, one after the other: where, from when, until when, and whether the first day is known."""

    is_in_post: bool
    homes: list[tuple[tuple[str, str], date, date | None, bool]]


@st.composite
def pasts(draw: Any) -> Past:
    moments = sorted(draw(st.lists(DAYS, min_size=1, max_size=5)))
    homes, is_open = [], draw(st.booleans())
    for begin, end in itertools.pairwise([*moments, None]):
        if end is None and not is_open and homes:
            break
        if draw(st.integers(0, 4)) or end is None:
            homes.append((draw(DOORS), begin, end, draw(st.booleans())))
    return Past(draw(st.booleans()), homes)


def expected(people: list[Past], visits: list[tuple[tuple[str, str], date]]) -> dict[int, list[date]]:
    """Days of visits by member: for each of them, each home of each member is looked at."""
    found: dict[int, list[date]] = {}
    for door, day in visits:
        if door == FAR or not PERIOD.first <= day <= PERIOD.last:
            continue
        sure = [number for number, past in enumerate(people) if _is_there(past, door, day)]
        maybe = [number for number, past in enumerate(people) if _may_be_there(past, door, day)]
        for number in sure or maybe:
            found.setdefault(number, []).append(day)
    return {number: sorted(days) for number, days in found.items()}


def _is_there(past: Past, door: tuple[str, str], day: date) -> bool:
    return any(where == door and begin <= day and (end is None or day < end) for where, begin, end, _ in past.homes)


def _may_be_there(past: Past, door: tuple[str, str], day: date) -> bool:
    """No home was left later than on that day, before one behind this door whose first day is not known."""
    for number, (where, begin, _, is_known) in enumerate(past.homes):
        earlier = [end for _, _, end, _ in past.homes[:number] if end]
        if where == door and not is_known and day < begin and all(end <= day for end in earlier):
            return True
    return False


@pytest.fixture
def places(group: Area, station: Area, far_group: Area) -> dict[str, Area]:
    return {"here": group, "near": factories.building("3号楼", station), "far": far_group}


@pytest.fixture
def pairs(places: dict[str, Area]) -> dict[tuple[str, str], Pairing]:
    """Of each place the doors 101 and 102, each paired with another one."""
    made = {}
    for name, place in places.items():
        for room in ("101", "102"):
            sides = [Household(area=place, room=number).placed() for number in (room, f"9{room}")]
            Household.objects.bulk_create(sides)
            made[name, room] = Pairing(household=sides[0], neighbour=sides[1], since=factories.EARLY).located()
    Pairing.objects.bulk_create(made.values())
    return made


def test_a_home_of_one_day_twice_is_not_before_itself(street: Area, group: Area, places: Any, pairs: Any) -> None:
    """Moved in and away on one day, and once more: a visit before it may have been the member's."""
    past = [(("here", "101"), date(2026, 2, 8), date(2026, 2, 8), False)] * 2
    (pk,) = _lived([Past(True, past)], street, places)
    Visit.objects.create(pairing=pairs["here", "101"], visited_on=date(2026, 1, 14), kind="door")
    lines = making.lines_of(street, PERIOD, Residence.objects.inside(street).last_homes())
    assert [line["day"] for line in lines[pk]] == ["2026-01-14"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(pasts(), min_size=1, max_size=4), visits=VISITS)
def test_the_same_as_a_plain_computation(
    people: list[Past], visits: list[tuple[tuple[str, str], date]], street: Area, places: Any, pairs: Any
) -> None:
    with transaction.atomic():
        ids = dict(enumerate(_lived(people, street, places)))
        seen = dict.fromkeys(visits)
        Visit.objects.bulk_create(Visit(pairing=pairs[door], visited_on=day, kind="door") for door, day in seen)
        homes = Residence.objects.inside(street).last_homes()
        lines = making.lines_of(street, PERIOD, homes)
        last_here = {number for number, past in enumerate(people) if past.homes[-1][0][0] != "far"}
        wanted = {number: days for number, days in expected(people, list(seen)).items() if number in last_here}
        got = {number: [date.fromisoformat(line["day"]) for line in lines.get(pk, [])] for number, pk in ids.items()}
        assert {number: days for number, days in got.items() if days} == wanted
        transaction.set_rollback(True)


def _lived(people: list[Past], street: Area, places: dict[str, Area]) -> Iterator[int]:
    for number, past in enumerate(people):
        kind = Member.Affiliation.IN_POST if past.is_in_post else Member.Affiliation.LOCAL
        someone = Member(
            street=street, name=f"某某{number}", sex="male", affiliation=kind, employer=factories.employer()
        )
        Member.objects.bulk_create([someone])
        Residence.objects.bulk_create(
            Residence(member=someone, area=places[place], room=room, since=begin, until=end, is_since_known=is_known)
            for (place, room), begin, end, is_known in past.homes
        )
        yield someone.pk
