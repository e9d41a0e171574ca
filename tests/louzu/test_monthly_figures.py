"""The figures of the monthly report against a slow, plain count; they add up; what can be compared; corrections."""

from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Attendance, Need, Visit
from activities.rules.due import DueState
from activities.rules.outcomes import outcomes
from activities.rules.rhythm import rhythm
from louzu.models import MonthlyReport
from louzu.models.monthly import last_day_of
from louzu.rules.monthly_counts import ADDITIVE, COUNTED, WHOLE, counts_of
from louzu.rules.monthly_figures import correction_sentence, figures_of
from louzu.rules.monthly_names import FIGURES
from members.models import Area, Household, Member, Pairing, Residence, User
from tests import cards, factories

MONTH = date(2024, 9, 1)  # the last of its quarter, so that all periods end in it
LAST = date(2024, 9, 30)
BEGIN = date(2024, 6, 1)
TODAY = timezone.localdate()
OFFICE = {"field": "culture", "regularity": "regular", "visibility": "open", "support": "cultural"}

DAYS = st.integers(0, 150)  # from the beginning of June, past the end of October
HOMES = st.lists(st.tuples(st.integers(0, 3), DAYS, st.none() | st.integers(0, 90)), min_size=5, max_size=5)
HELD = st.lists(st.tuples(st.integers(0, 9), DAYS, st.integers(0, 40), st.sets(st.integers(0, 4))), max_size=14)
PAIRS = st.lists(
    st.tuples(st.integers(0, 3), DAYS, st.none() | st.integers(0, 120), st.lists(DAYS, max_size=2)), max_size=5
)
NEEDS = st.lists(
    st.tuples(st.integers(0, 9), DAYS, st.sampled_from(["open", "done", "withdrawn"]), st.integers(0, 60)), max_size=8
)


def moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 30)))


def day(number: int) -> date:
    return BEGIN + timedelta(days=number)


@pytest.fixture
def groups(station: Area, group: Area, other_group: Area) -> list[Area]:
    closing = factories.building("5号楼", station, until=date(2024, 9, 12))
    return [group, factories.building("3号楼", station, stage="none", established_on=None), other_group, closing]


@pytest.fixture
def people(group: Area) -> list[Member]:
    """Five members whose homes are still to be told."""
    people = [factories.person("某某", group, room=f"{number}01") for number in range(5)]
    Residence.objects.all().delete()
    return people


def live(groups: list[Area], people: list[Member], homes: Any) -> None:
    rows = []
    for person, (where, begins, days) in zip(people, homes, strict=True):
        until = None if days is None else day(begins + days)
        joined = day(begins + 3) if begins % 2 else None
        rows.append(
            Residence(member=person, area=groups[where], room="1", since=day(begins), until=until, joined_on=joined)
        )
        if until:
            rows.append(Residence(member=person, area=groups[(where + 1) % 4], room="2", since=until))
    Residence.objects.bulk_create(rows)


def happen(areas: list[Area], groups: list[Area], people: list[Member], held: Any, pairs: Any, needs: Any) -> None:
    for where, on, reached, who in held:
        fields = OFFICE | {"status": "held", "recorded_at": timezone.now(), "residents_reached": reached}
        activity = Activity.objects.create(area=areas[where % len(areas)], held_on=day(on), title="会", **fields)
        Attendance.objects.bulk_create(Attendance(activity=activity, member=people[i], source="tick") for i in who)
    for number, (where, begins, days, visits) in enumerate(pairs):
        home, door = (
            Household.objects.create(area=groups[where], room=f"{number}-{side}", number="1") for side in "ab"
        )
        until = None if days is None else day(begins + days)
        pairing = Pairing.objects.create(
            household=home, neighbour=door, compound=groups[where].parent, since=day(begins), until=until
        )
        for on in set(visits):
            Visit.objects.create(pairing=pairing, visited_on=day(on), kind="door")
    for where, opened, status, took in needs:
        ended = {} if status == "open" else {f"{status}_at": moment(day(opened + took))}
        claimed = {"claimed_at": moment(day(opened))} if status == "done" else {}
        area = areas[where % len(areas)]
        Need.objects.create(area=area, text="灯", opened_on=day(opened), status=status, **ended, **claimed)


def plainly(inside: list[Area]) -> dict[str, Any]:
    """Count row by row, as the formulas say it."""
    activities = [each for each in Activity.objects.all() if each.area in inside and MONTH <= each.held_on <= LAST]
    living = [
        each for each in Residence.objects.all() if each.area in inside and _is_on(each, LAST) and _is_open(each.area)
    ]
    lived = {
        each.member_id
        for each in Residence.objects.all()
        if each.area in inside and each.since <= LAST and (each.until is None or each.until > max(MONTH, each.since))
    }
    came = set(Attendance.objects.filter(activity__held_on__range=(MONTH, LAST)).values_list("member", flat=True))
    pairings = [each for each in Pairing.objects.all() if each.household.area in inside]
    needs = [each for each in Need.objects.all() if each.area in inside]
    done = [each for each in needs if each.done_at and MONTH <= timezone.localdate(each.done_at) <= LAST]
    ended = [each for each in needs if _ended(each) and _ended(each) <= LAST]
    groups = [each for each in inside if each.level == 4 and _is_open(each)]
    current = [each for each in pairings if _is_on(each, LAST)]
    found = {
        "members": len(living),
        "taking_part": sum(bool(each.joined_on and each.joined_on <= LAST) for each in living),
        "groups": len(groups),
        "established": sum(each.stage == "established" for each in groups),
        "activities": len(activities),
        "attendances": sum(each.attendances.count() for each in activities),
        "residents": sum(each.residents_reached for each in activities),
        "lived": len(lived),
        "participants": len(lived & came),
        "pairings": len(current),
        "pairings_begun": sum(MONTH <= each.since <= LAST for each in pairings),
        "pairings_ended": sum(bool(each.until) and MONTH <= each.until <= LAST for each in pairings),
        "unvisited": sum(_is_lonely(each) for each in current),
        "visits": sum(each.visits.filter(visited_on__range=(MONTH, LAST)).count() for each in pairings),
        "needs_opened": sum(MONTH <= each.opened_on <= LAST for each in needs),
        "needs_done": len(done),
        "needs_open": sum(each.opened_on <= LAST and each not in ended for each in needs),
        "median_days": median(took) if (took := [(_ended(each) - each.opened_on).days for each in done]) else None,
    }
    for level, name in enumerate(("at_street", "at_community", "at_station", "at_group"), start=1):
        found[name] = sum(each.area.level == level for each in activities)
    return found


def _is_on(row: Any, on: date) -> bool:
    return row.since <= on and (row.until is None or row.until > on)


def _is_open(area: Area) -> bool:
    return area.until is None or area.until > LAST


def _ended(need: Need) -> Any:
    ended = need.done_at or need.withdrawn_at
    return timezone.localdate(ended) if ended else None


def _is_lonely(pairing: Pairing) -> bool:
    since = LAST - timedelta(days=90)
    return pairing.since <= since and not pairing.visits.filter(visited_on__gt=since, visited_on__lte=LAST).exists()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(homes=HOMES, held=HELD, pairs=PAIRS, needs=NEEDS)
def test_the_figures_are_those_of_a_plain_count(
    street: Area, groups: list[Area], people: list[Member], homes: Any, held: Any, pairs: Any, needs: Any
) -> None:
    with transaction.atomic():
        live(groups, people, homes)
        happen(list(Area.objects.order_by("path")), groups, people, held, pairs, needs)
        for area in (street, *Area.objects.filter(level=2)):
            check(area)
        transaction.set_rollback(True)


def check(area: Area) -> None:
    parts = counts_of(area, MONTH, LAST, today=TODAY)
    for path, counts in parts.items():
        inside = list(Area.objects.inside(area))
        if path == area.path:
            inside = [area]
        elif path != WHOLE:
            inside = [each for each in inside if each.path.startswith(path)]
        expected = plainly(inside)
        assert {name: counts[name] for name in expected} == expected, path
    whole = parts.pop(WHOLE)
    for name in set(ADDITIVE) - {"communities"}:  # of a community there is one, and none below it
        assert sum(part[name] for part in parts.values()) == whole[name], name
    for name in ("lived", "participants"):
        assert max(part[name] for part in parts.values()) <= whole[name] <= sum(part[name] for part in parts.values())
    told = outcomes(area, areas=Area.objects.all(), first=MONTH, last=LAST)
    assert (whole["pairings"], whole["unvisited"], whole["pairings_begun"], whole["pairings_ended"]) == tuple(
        getattr(told.pairings, name) for name in ("current", "unvisited", "begun", "ended")
    )
    assert (whole["needs_done"], whole["needs_open"]) == (told.needs.done, told.needs.open + told.needs.claimed)
    assert {name: whole[name] for name in DUE} == by_the_grid(area)


DUE = tuple(f"{name}_{end}" for name in ("months", "weeks", "quarters") for end in ("done", "due"))


def by_the_grid(area: Area) -> dict[str, int]:
    """Count the periods that ended in the month, on the grids of the rhythm."""
    found = dict.fromkeys(DUE, 0)
    for level, name in ((2, "months"), (3, "weeks"), (4, "quarters")):
        grids = rhythm(area, areas=Area.objects.all(), year=2024, today=TODAY, level=level).grids
        for grid in (each for each in grids if each.level == level):
            ending = [i for i, period in enumerate(grid.periods) if MONTH <= period.last <= LAST]
            states = [row.cells[i].state for row in grid.rows for i in ending]
            found[f"{name}_done"] += states.count(DueState.DONE)
            found[f"{name}_due"] += states.count(DueState.DONE) + states.count(DueState.MISSING)
    return found


def test_the_communities_reports_are_the_rows_of_the_street_s(
    street: Area, groups: list[Area], people: list[Member]
) -> None:
    live(groups, people, [(0, 3, None), (2, 9, None), (0, 5, 100), (1, 4, None), (2, 20, None)])
    areas = list(Area.objects.order_by("path"))
    happen(
        areas,
        groups,
        people,
        [(n, 95 + n, n, {0, n % 5}) for n in range(8)],
        [(0, 5, None, [99])],
        [(1, 95, "done", 4)],
    )
    street_s = figures_of(street, MONTH, today=TODAY)
    rows = {row["id"]: row["figures"] for row in street_s["rows"] if row["kind"] == "part"}
    assert len(rows) == 2
    for community in Area.objects.filter(level=2):
        whole = figures_of(community, MONTH, today=TODAY)["rows"][0]["figures"]
        assert whole == rows[community.pk]


def test_cards_count_by_their_moments(street: Area, community: Area, group: Area, secretary: User) -> None:
    card = cards.issued(cards.in_post("郁建平", group))
    month = TODAY.replace(day=1)
    counts = counts_of(street, month, TODAY, today=TODAY)
    assert {name: counts[WHOLE][name] for name in ("cards_issued", "cards_received", "cards_answered")} == {
        "cards_issued": 1, "cards_received": 0, "cards_answered": 0,
    }  # fmt: skip
    assert counts[community.path]["cards_issued"] == 1
    assert card.issued_at


# Compared ------------------------------------------------------------------------------------------------------------
def row_of(figures: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in figures["rows"] if row["area"] == name)


def test_changes_are_against_the_month_before_and_the_year_before(street: Area, group: Area, member: Member) -> None:
    for on, number in ((MONTH, 3), (date(2024, 8, 5), 1), (date(2023, 9, 7), 5)):
        for each in range(number):
            factories.activity(group, title=f"会{each}", held_on=on)
    found = row_of(figures_of(street, MONTH, today=TODAY), "第一社区")
    assert [found[of]["activities"] for of in ("figures", "month_change", "year_change")] == [3, 2, -2]
    assert [found[of]["members"] for of in ("figures", "month_change", "year_change")] == [1, 0, 0]


def test_where_nothing_was_on_record_there_is_nothing_to_compare(street: Area, group: Area) -> None:
    factories.person("新来人", group, on=date(2024, 9, 3))
    factories.activity(group, held_on=MONTH)
    found = row_of(figures_of(street, MONTH, today=TODAY), "合计")
    assert found["figures"]["members"] == 1
    assert [found["month_change"][name] for name in ("members", "activities", "participation", "visits")] == [None] * 4
    assert found["month_change"]["groups"] == 0
    assert found["figures"]["cards_issued"] == 0


def test_the_line_has_twelve_months(street: Area, group: Area) -> None:
    factories.activity(group, held_on=date(2023, 10, 1))
    factories.activity(street, title="大会", held_on=LAST)
    months = figures_of(street, MONTH, today=TODAY)["months"]
    assert [each["month"] for each in (months[0], months[-1])] == ["2023-10", "2024-09"]
    assert len(months) == 12
    assert [sum(count for name, count in each.items() if name != "month") for each in months] == [1, *[0] * 10, 1]


def test_queries_do_not_grow_with_the_street(
    street: Area, station: Area, group: Area, member: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        factories.activity(factories.building(f"{number + 20}号楼", station), held_on=MONTH)
    with django_assert_max_num_queries(52):
        figures_of(street, MONTH, today=TODAY)


# Corrected -----------------------------------------------------------------------------------------------------------
def closed(area: Area, month: date, by: User) -> MonthlyReport:
    moment = timezone.now()
    frozen = {"closed_at": moment, "closed_by": by, "digest": "0" * 64, "made_by": by, "status": "closed"}
    return MonthlyReport.objects.create(area=area, month=month, figures=figures_of(area, month, today=TODAY), **frozen)


def test_what_is_recorded_later_is_corrected_once(street: Area, group: Area, street_officer: User) -> None:
    for each in range(12):
        factories.activity(group, title=f"会{each}", held_on=date(2024, 6, 3))
    closed(street, date(2024, 6, 1), street_officer)
    assert figures_of(street, date(2024, 7, 1), today=TODAY)["corrections"] == []
    factories.activity(group, title="补登记的", held_on=date(2024, 6, 4))
    july = closed(street, date(2024, 7, 1), street_officer)
    assert july.figures
    told = [correction_sentence(each) for each in july.figures["corrections"]]
    assert "更正：6月 第一社区 活动 12 → 13" in told
    assert "更正：6月 第一社区 楼组办 12 → 13" in told
    assert figures_of(street, date(2024, 8, 1), today=TODAY)["corrections"] == []
    factories.activity(group, title="又补登记的", held_on=date(2024, 6, 5))
    told = [correction_sentence(each) for each in figures_of(street, date(2024, 8, 1), today=TODAY)["corrections"]]
    assert "更正：6月 第一社区 活动 13 → 14" in told


def test_three_closed_months_are_looked_at(street: Area, group: Area, street_officer: User) -> None:
    for month in (4, 5, 6, 7):
        closed(street, date(2024, month, 1), street_officer)
    for month in (4, 5, 6, 7):
        factories.activity(group, held_on=date(2024, month, 9))
    months = {each["month"] for each in figures_of(street, date(2024, 8, 1), today=TODAY)["corrections"]}
    assert months == {"2024-05", "2024-06", "2024-07"}


def test_each_figure_is_counted_or_a_share_and_has_its_formula() -> None:
    names = {figure.name for figure in FIGURES if not figure.of}
    assert names == {*COUNTED, "median_days"} - {"communities"}
    assert all(figure.formula.endswith("。") for figure in FIGURES)
    assert {end for figure in FIGURES if figure.of for end in figure.of} <= names
    assert last_day_of(date(2024, 2, 1)) == date(2024, 2, 29)
