"""Participation: who counts and who does not, what adds up, what stood on the last day; the pages of each post."""

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from activities.models import Activity, Attendance, Honour, Need
from activities.rules.outcomes import Honoured, Needs, Outcomes, Pairings, outcomes
from activities.rules.participation import TIERS, Participation, ParticipationFigures, TookPlace, participation
from members.ground.access import Resource
from members.models import Area, AuditEntry, Member, Residence, User
from tests import factories

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
TODAY = timezone.localdate()
NEW_YEAR = TODAY.replace(month=1, day=1)
STREET, COMMUNITY, STATION, GROUP = TIERS


def report(area: Area, **options: Any) -> Participation:
    return participation(area, **({"areas": Area.objects.all(), "first": FIRST, "last": LAST} | options))


def results(area: Area, **options: Any) -> Outcomes:
    return outcomes(area, **({"areas": Area.objects.all(), "first": FIRST, "last": LAST} | options))


def event(area: Area, *members: Member, on: date = date(2024, 5, 1), **fields: Any) -> Activity:
    """An activity that was held, and who came."""
    activity = factories.activity(area, held_on=on, **fields)
    Attendance.objects.bulk_create(Attendance(activity=activity, member=member, source="tick") for member in members)
    return activity


def came(figures: ParticipationFigures) -> tuple[int, int, list[int]]:
    return figures.members, figures.participants, list(figures.by_tier.values())


# Who counts ----------------------------------------------------------------------------------------------------------
def test_each_person_counts_once_and_once_a_tier(
    street: Area, community: Area, group: Area, member: Member, other_member: Member
) -> None:
    factories.person("某某", group, room="501")
    for area in (street, community, group, group):
        event(area, member)
    found = report(street)
    assert came(found.figures) == (3, 1, [1, 1, 0, 1])
    assert found.figures.share == 1 / 3
    assert found.figures.shares_by_tier == {STREET: 1 / 3, COMMUNITY: 1 / 3, STATION: 0, GROUP: 1 / 3}
    assert [(row.area.name, came(row.figures)) for row in found.rows] == [
        ("第一社区", (2, 1, [1, 1, 0, 1])),
        ("第二社区", (1, 0, [0, 0, 0, 0])),
    ]


def test_a_member_counts_where_they_live_wherever_they_came(
    street: Area, community: Area, other_community: Area, member: Member, other_member: Member
) -> None:
    event(other_community, member, other_member)
    found = report(street)
    assert [came(row.figures) for row in found.rows] == [(1, 1, [0, 1, 0, 0]), (1, 1, [0, 1, 0, 0])]
    assert [row.figures.held for row in found.rows] == [TookPlace(0, 0, 0), TookPlace(1, 2, 0)]


@pytest.mark.parametrize(
    ("day", "counts"),
    [(FIRST - timedelta(days=1), 0), (FIRST, 1), (LAST, 1), (LAST + timedelta(days=1), 0)],
)
def test_the_period_has_its_first_and_its_last_day(group: Area, member: Member, day: date, counts: int) -> None:
    event(group, member, on=day)
    figures = report(group).figures
    assert (figures.participants, figures.held) == (counts, TookPlace(counts, counts, 0))


def test_only_what_was_held_counts(group: Area, member: Member) -> None:
    event(group, member, is_held=False)
    figures = report(group).figures
    assert (figures.participants, figures.held) == (0, TookPlace())


@pytest.mark.parametrize(
    ("since", "until", "lives"),
    [
        (date(2020, 1, 1), None, 1),
        (date(2020, 1, 1), FIRST, 0),
        (date(2020, 1, 1), FIRST + timedelta(days=1), 1),
        (LAST, None, 1),
        (LAST + timedelta(days=1), None, 0),
        (date(2024, 5, 1), date(2024, 5, 1), 0),
        (date(2024, 5, 1), date(2024, 5, 2), 1),
    ],
)
def test_who_lived_there_on_any_day_of_the_period_counts(
    group: Area, member: Member, since: date, until: Any, lives: int
) -> None:
    Residence.objects.filter(member=member).update(since=since, until=until)
    event(group, member)
    figures = report(group).figures
    assert (figures.members, figures.participants) == (lives, lives)
    assert figures.share == (1 if lives else None)
    assert figures.held.attendances == 1


def test_who_moved_counts_in_both_places_and_once_in_all(community: Area, station: Area, group: Area) -> None:
    other = factories.building("3号楼", station)
    mover = factories.person("欧阳建国", group)
    mover.move(to=other, on=date(2024, 6, 1))
    mover.move(to=group, on=date(2024, 9, 1))
    event(group, mover)
    event(other, mover, on=date(2024, 7, 1))
    compound = report(station)
    assert [came(row.figures) for row in compound.rows] == [(1, 1, [0, 0, 0, 1]), (1, 1, [0, 0, 0, 1])]
    assert came(compound.figures) == came(report(community).figures) == (1, 1, [0, 0, 0, 1])
    assert compound.figures.held.attendances == 2


def test_only_activities_that_the_reader_sees_count(
    street: Area, community: Area, secretary: User, street_officer: User, member: Member
) -> None:
    event(street, member)
    shown = {}
    for who in (secretary, street_officer):
        areas = Area.objects.for_user(who, resource=Resource.REPORT)
        shown[who.username] = came(report(community, areas=areas).figures)
    assert shown == {"shuji1": (1, 0, [0, 0, 0]), "jiedao": (1, 1, [1, 0, 0, 0])}


def test_a_tier_that_the_reader_does_not_see_is_not_told(
    logged_in: Any, community: Area, group: Area, secretary: User, leader: User, member: Member
) -> None:
    event(community, member)
    mine = Area.objects.for_user(leader, resource=Resource.REPORT)
    assert report(group, areas=mine).figures.as_dict()["participants_by_tier"] == {"BUILDING_GROUP": 0}
    assert list(report(community, areas=Area.objects.for_user(secretary)).rows[0].figures.by_tier) == [2, 3, 4]
    page = logged_in(secretary).get(f"/participation/{community.pk}/?{YEAR}")
    assert page.context["tiers"] == ["社区", "小区", "楼组"]


def test_areas_outside_the_readers_scope_stay_out(
    street: Area, secretary: User, group: Area, other_group: Area, member: Member, other_member: Member
) -> None:
    event(group, member)
    event(other_group, other_member)
    found = report(street, areas=Area.objects.for_user(secretary, resource=Resource.REPORT))
    assert [row.area.name for row in found.rows] == ["第一社区"]
    assert (came(found.figures), found.figures.held.activities) == ((1, 1, [0, 0, 0, 1]), 1)


# What was held -------------------------------------------------------------------------------------------------------
def test_what_was_held_is_told_by_tier_and_kind(community: Area, group: Area, member: Member) -> None:
    science = {"field": Activity.Field.SCIENCE, "visibility": Activity.Visibility.QUIET}
    event(community, member, residents_reached=30, **science)
    event(group, member, residents_reached=None, regularity=Activity.Regularity.OCCASIONAL)
    event(group, residents_reached=5, support=Activity.Support.MATERIAL)
    found = report(community)
    assert found.figures.held == TookPlace(3, 2, 35)
    assert found.by_tier == {COMMUNITY: TookPlace(1, 1, 30), STATION: TookPlace(), GROUP: TookPlace(2, 1, 5)}
    assert {name: held for name, held in found.by_kind["field"].items() if held.activities} == {
        "science": TookPlace(1, 1, 30),
        "surroundings": TookPlace(2, 1, 5),
    }
    assert found.by_kind["regularity"] == {"regular": TookPlace(2, 1, 35), "occasional": TookPlace(1, 1, 0)}
    assert found.by_kind["visibility"] == {"open": TookPlace(2, 1, 5), "quiet": TookPlace(1, 1, 30)}
    assert found.by_kind["support"] == {"material": TookPlace(1, 0, 5), "cultural": TookPlace(2, 2, 30)}
    assert [row.figures.held for row in found.rows] == [TookPlace(2, 1, 5)]


def test_areas_of_the_period_have_a_row(community: Area, station: Area) -> None:
    factories.area("旧苑", community, until=FIRST)
    factories.area("撤并苑", community, until=FIRST + timedelta(days=1))
    factories.area("新苑", community, since=LAST)
    factories.area("后来苑", community, since=LAST + timedelta(days=1))
    assert [row.area.name for row in report(community).rows] == ["迎晖苑", "撤并苑", "新苑"]


def test_what_was_held_in_an_area_that_was_closed_is_not_lost(community: Area, station: Area) -> None:
    gone = factories.area("旧苑", community, until=FIRST)
    event(gone, residents_reached=7)
    found = report(community)
    assert [(row.area.name, row.figures.held.residents) for row in found.rows] == [("迎晖苑", 0), ("旧苑", 7)]


TOLD = {
    "field": st.sampled_from(Activity.Field.values),
    "support": st.sampled_from(Activity.Support.values),
    "residents_reached": st.one_of(st.none(), st.integers(0, 50)),
}
HAPPENED = st.lists(  # which area, which day of the period or near it, what, who came
    st.tuples(st.integers(0, 8), st.integers(-20, 380), st.fixed_dictionaries(TOLD), st.sets(st.integers(0, 5))),
    max_size=15,
)
HOMES = st.lists(st.tuples(st.integers(0, 2), st.integers(-100, 380), st.integers(0, 300)), min_size=6, max_size=6)


@pytest.fixture
def people(group: Area) -> list[Member]:
    """Six members whose homes are still to be told."""
    people = [factories.person("某某", group, room=f"{number}01") for number in range(6)]
    Residence.objects.all().delete()
    return people


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=HAPPENED, homes=HOMES)
def test_counts_add_up_and_the_top_is_part_of_the_bottom(
    street: Area, station: Area, group: Area, other_group: Area, people: list[Member], happened: Any, homes: Any
) -> None:
    with transaction.atomic():
        settle(people, [group, other_group, factories.building("3号楼", station)], homes)
        hold(list(Area.objects.all()), people, happened)
        for area in (street, *Area.objects.above(group).filter(level__gt=1), group):
            check(report(area))
        transaction.set_rollback(True)


def settle(people: list[Member], groups: list[Area], homes: Any) -> None:
    """Each lives in one of the groups for so many days, and from then on in the next one."""
    rows = []
    for person, (where, begins, days) in zip(people, homes, strict=True):
        since = FIRST + timedelta(days=begins)
        until = since + timedelta(days=days)
        rows.append(Residence(member=person, area=groups[where], since=since, until=until))
        rows.append(Residence(member=person, area=groups[(where + 1) % 3], since=until))
    Residence.objects.bulk_create(rows)


def hold(areas: list[Area], people: list[Member], happened: Any) -> None:
    told = {"status": "held", "recorded_at": timezone.now()}
    rows = [
        Activity(area=areas[where % len(areas)], held_on=FIRST + timedelta(days=day), **told, **fields)
        for where, day, fields, _ in happened
    ]
    came = [who for *_, who in happened]
    Attendance.objects.bulk_create(
        Attendance(activity=activity, member=people[index], source="tick")
        for activity, who in zip(Activity.objects.bulk_create(rows), came, strict=True)
        for index in who
    )


def check(found: Participation) -> None:
    total = TookPlace()
    total.add(found.by_tier[found.area.level])  # type: ignore[index] # what the area held itself
    for row in found.rows:
        total.add(row.figures.held)
    assert total == found.figures.held
    for parts in (found.by_tier, *found.by_kind.values()):
        assert sum(held.attendances for held in parts.values()) == found.figures.held.attendances
        assert sum(held.activities for held in parts.values()) == found.figures.held.activities
        assert sum(held.residents for held in parts.values()) == found.figures.held.residents
    for figures in (found.figures, *(row.figures for row in found.rows)):
        assert max(figures.by_tier.values()) <= figures.participants <= sum(figures.by_tier.values())
        assert figures.participants <= figures.members
    if found.rows:
        assert found.figures.members <= sum(row.figures.members for row in found.rows)
        assert found.figures.participants <= sum(row.figures.participants for row in found.rows)
        assert found.figures.members >= max(row.figures.members for row in found.rows)


def test_four_queries_and_three_whatever_the_size(
    street: Area, station: Area, group: Area, django_assert_num_queries: Any
) -> None:
    for number in range(12):
        home = factories.building(f"{number + 10}号楼", station)
        event(home, factories.person("某某", home))
        factories.honour(home, year=2024)
        factories.need(home, opened_on=date(2024, 2, 3))
    with django_assert_num_queries(4):
        report(street).as_dict()
    with django_assert_num_queries(3):
        results(street).as_dict()


# What came of it -----------------------------------------------------------------------------------------------------
@pytest.fixture
def doors(group: Area, member: Member) -> list[Any]:
    """A member's household and some neighbours'."""
    return [factories.household(group, room) for room in ("302", "401", "402", "403", "404")]


def test_pairings_are_those_of_the_last_day(station: Area, doors: list[Any]) -> None:
    home, *neighbours = doors
    long, ended, begun, later = (
        factories.pairing(home, neighbour, since=since, until=until)
        for neighbour, (since, until) in zip(
            neighbours,
            [
                (date(2023, 5, 1), None),
                (date(2023, 5, 1), date(2024, 6, 1)),
                (date(2024, 3, 1), None),
                (date(2025, 2, 1), None),
            ],
            strict=True,
        )
    )
    assert results(station).pairings == Pairings(current=2, unvisited=2, begun=1, ended=1)
    factories.visit(long, on=LAST - timedelta(days=89))
    factories.visit(begun, on=LAST - timedelta(days=90))
    factories.visit(begun, on=LAST + timedelta(days=1))
    factories.visit(ended, on=date(2024, 5, 1))
    assert results(station).pairings == Pairings(current=2, unvisited=1, begun=1, ended=1)
    assert results(station, last=date(2024, 3, 31)).pairings == Pairings(current=3, unvisited=2, begun=1, ended=0)
    assert later.since > LAST


def test_a_pair_across_two_groups_is_its_compounds(station: Area, group: Area, leader: User, doors: list[Any]) -> None:
    factories.pairing(doors[0], factories.household(factories.building("3号楼", station), "101"), since=FIRST)
    assert results(station).pairings.current == 1
    mine = Area.objects.for_user(leader, resource=Resource.REPORT)
    assert results(group, areas=mine).pairings.current == 0


def moment(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time(23, 30))) if day else None


def need(area: Area, opened_on: date, **days: date) -> Need:
    """A need with the days of its moves; its status is what they make it."""
    status = next((name for name in ("withdrawn", "done", "claimed") if name in days), "open")
    moments = {f"{name}_at": moment(day) for name, day in days.items()}
    return Need.objects.create(area=area, text="修灯", opened_on=opened_on, status=status, **moments)


def test_needs_stand_as_they_stood_on_the_last_day(station: Area, group: Area) -> None:
    march, april, june, next_year = date(2024, 3, 1), date(2024, 4, 1), date(2024, 6, 1), date(2025, 3, 1)
    need(group, march)
    need(group, march, claimed=april)
    need(group, march, claimed=next_year)
    need(group, march, withdrawn=june)
    need(group, march, withdrawn=next_year)
    need(station, march, claimed=march, done=april)
    need(station, march, claimed=april, done=june)
    need(group, date(2023, 3, 1), claimed=date(2023, 3, 2), done=date(2023, 3, 3))
    need(group, date(2023, 3, 1), claimed=date(2023, 3, 2), done=next_year)
    need(group, next_year)
    assert results(station).needs == Needs(told=7, open=3, claimed=2, done=2, median_days=(31 + 92) / 2)
    assert results(group).needs == Needs(told=5, open=3, claimed=2, done=0, median_days=None)
    assert results(station, last=april).needs == Needs(told=7, open=4, claimed=3, done=1, median_days=31)


def test_a_day_of_a_moment_is_that_of_shanghai(group: Area) -> None:
    need(group, date(2023, 12, 31), claimed=date(2023, 12, 31), done=date(2023, 12, 31))  # 15:30 UTC
    assert results(group).needs.done == 0
    assert results(group, first=date(2023, 12, 31)).needs.done == 1


def test_honours_are_told_by_year_and_theme(station: Area, group: Area, other_group: Area) -> None:
    factories.honour(group, year=2024)
    factories.honour(station, year=2024)
    factories.honour(group, year=2024, kind=Honour.Kind.THEME, theme=Honour.Theme.GREEN)
    factories.honour(group, year=2023)
    factories.honour(other_group, year=2024)
    assert results(station).honours == [Honoured(2024, "先进楼组党小组", 2), Honoured(2024, "绿化楼", 1)]
    assert results(station, first=date(2023, 12, 31)).honours[-1] == Honoured(2023, "先进楼组党小组", 1)


# Pages ---------------------------------------------------------------------------------------------------------------
PAGES = ("", "print/", "participation.xlsx")
YEAR = "from=2024-01-01&to=2024-12-31"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("who", "area"),
    [
        ("street_officer", "新成路街道"), ("secretary", "第一社区"), ("liaison", "迎晖苑"), ("leader", "1号楼"),
        ("instructor", "第一社区"),
    ],
)  # fmt: skip
def test_each_post_starts_at_its_own_area(
    request: Any, logged_in: Any, group: Area, member: Member, who: str, area: str
) -> None:
    event(group, member)
    client = logged_in(request.getfixturevalue(who))
    answer = client.get("/participation/")
    assert answer.headers["Location"] == f"/participation/{Area.objects.get(name=area).pk}/"
    for page in PAGES[:2]:
        shown = text(client, f"{answer.headers['Location']}{page}?{YEAR}")
        assert "100.0%" in shown
        assert member.name not in shown


@pytest.mark.parametrize("who", ["auditor", "outsider"])
def test_whoever_sees_no_report_sees_no_participation(request: Any, logged_in: Any, group: Area, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert client.get("/participation/").status_code == 403
    assert {client.get(f"/participation/{group.pk}/{page}").status_code for page in PAGES} == {404}


def test_the_areas_of_others_are_not_there(logged_in: Any, secretary: User, street: Area, other_group: Area) -> None:
    client = logged_in(secretary)
    addresses = [f"/participation/{area.pk}/{page}" for area in (street, other_group) for page in PAGES]
    assert {client.get(address).status_code for address in addresses} == {404}


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({}, NEW_YEAR, TODAY),
        ({"from": "2024-01-01", "to": "2024-02-29"}, date(2024, 1, 1), date(2024, 2, 29)),
        ({"from": "2024-02-29", "to": "2150-01-01"}, date(2024, 2, 29), TODAY),
        ({"from": "2024-02-29"}, NEW_YEAR, TODAY),
        ({"from": "1902-01-01", "to": "2024-01-01"}, NEW_YEAR, TODAY),
        ({"from": "2024-03-01", "to": "2024-02-29"}, NEW_YEAR, TODAY),
        ({"from": "2150-01-01", "to": "2150-02-01"}, NEW_YEAR, TODAY),
        ({"from": "2024-02-30", "to": "垃圾"}, NEW_YEAR, TODAY),
        ({"from": "", "to": ""}, NEW_YEAR, TODAY),
    ],
)
def test_a_period_that_cannot_be_is_this_year(
    logged_in: Any, secretary: User, community: Area, asked: dict[str, str], first: date, last: date
) -> None:
    client = logged_in(secretary)
    for page in PAGES[:2]:
        found = client.get(f"/participation/{community.pk}/{page}", asked).context["report"]
        assert (found.first, found.last) == (first, last)
    assert client.get(f"/participation/{community.pk}/participation.xlsx", asked).status_code == 200


def test_figures_lead_to_what_they_count(
    logged_in: Any, secretary: User, community: Area, group: Area, member: Member
) -> None:
    event(community, member)
    event(group, member, field=Activity.Field.SCIENCE)
    event(group, member, is_held=False)
    client = logged_in(secretary)
    page = text(client, f"/participation/{community.pk}/?{YEAR}")
    period = "status=held&period=2024-01-01~2024-12-31"
    for narrowed, count in {"": 2, "&own=on": 1, "&field=science": 1}.items():
        link = f"/activities/?area={community.pk}&{period}{narrowed}"
        assert f'<a href="{link}">{count}</a>' in page.replace("&amp;", "&")
        assert len(client.get(link).context["shown"]) == count
    assert "field=mutual_help" not in page


def test_lists_of_today_are_offered_for_today_alone(
    logged_in: Any, secretary: User, instructor: User, community: Area, group: Area
) -> None:
    lists = ("/visits/?", "/visits/overdue/?", "/needs/?")
    today, past = f"/participation/{community.pk}/", f"/participation/{community.pk}/?{YEAR}"
    offered = {
        (who.username, address): [name for name in lists if f'href="{name}place={community.path}"' in page]
        for who in (secretary, instructor)
        for address in (today, past)
        for page in [text(logged_in(who), address)]
    }
    assert offered == {
        ("shuji1", today): list(lists),
        ("shuji1", past): [],
        ("zhidao", today): ["/needs/?"],
        ("zhidao", past): [],
    }
    for name in lists:
        assert logged_in(secretary).get(f"{name}place={community.path}").status_code == 200


def test_rows_lead_further_down_with_their_period(
    logged_in: Any, secretary: User, community: Area, group: Area
) -> None:
    station = Area.objects.get(name="迎晖苑")
    assert f'href="/participation/{station.pk}/?{YEAR}"' in text(
        logged_in(secretary), f"/participation/{community.pk}/?{YEAR}"
    ).replace("&amp;", "&")


def test_the_page_says_how_each_figure_is_counted(logged_in: Any, secretary: User, community: Area) -> None:
    page = text(logged_in(secretary), f"/participation/{community.pk}/?{YEAR}")
    for heading in ("党员", "参加率", "活动", "人次", "群众人次", "结对", "90 天没有走访", "群众需求", "评优"):
        assert f"<dt>{heading}</dt><dd>" in page
    assert "—" in page


def test_charts_show_places_and_fields(
    logged_in: Any, street_officer: User, street: Area, group: Area, member: Member, other_member: Member
) -> None:
    event(group, member)
    shares, fields = logged_in(street_officer).get(f"/participation/{street.pk}/?{YEAR}").context["charts"]
    assert shares.data == {"labels": ["第一社区", "第二社区"], "data": [100.0, 0]}
    assert dict(zip(fields.data["labels"], fields.data["data"], strict=True))["居住环境"] == 1


def test_the_export_has_typed_cells(
    logged_in: Any, secretary: User, community: Area, group: Area, member: Member
) -> None:
    event(group, member, residents_reached=9)
    factories.honour(group, year=2024)
    answer = logged_in(secretary).get(f"/participation/{community.pk}/participation.xlsx?{YEAR}")
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["参与情况", "办了什么", "结对、需求、评优", "公式"]
    title, days, *rows = book["参与情况"].values
    assert (title[0], days[0]) == ("参与情况：第一社区", "2024-01-01 至 2024-12-31")
    assert rows == [
        (
            *("区域", "党员", "参加过", "参加率", "社区活动", "小区活动", "楼组活动"),
            *("活动", "人次", "群众人次"),
        ),
        ("第一社区", 1, 1, 1, 0, 0, 1, 1, 1, 9),
        ("第一社区 迎晖苑", 1, 1, 1, 0, 0, 1, 1, 1, 9),
    ]
    formats = [book["参与情况"].cell(4, column).number_format for column in range(3, 9)]
    assert formats == ["General", *(4 * ["0.0%"]), "General"]
    assert ("工作领域", "居住环境", 1, 1, 9) in list(book["办了什么"].values)
    assert ("2024 年先进楼组党小组", 1) in list(book["结对、需求、评优"].values)
    entry = AuditEntry.objects.get(action="export")
    assert (entry.area_path, entry.changes) == (
        community.path,
        {"report": "参与情况", "rows": 1, "days": "2024-01-01至2024-12-31"},
    )


def test_the_page_asks_no_query_a_row(logged_in: Any, street_officer: User, street: Area, station: Area) -> None:
    client, counts = logged_in(street_officer), []
    for numbers in (range(2), range(2, 12)):
        for number in numbers:
            home = factories.building(f"{number + 10}号楼", station)
            event(home, factories.person("某某", home))
        counts.append([queries(client, f"/participation/{area.pk}/") for area in (street, station)])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 12


def queries(client: Client, address: str) -> int:
    """How many there were without those that keep the session."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return sum("django_session" not in query["sql"] for query in captured.captured_queries)
