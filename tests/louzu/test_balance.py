"""Compounds of one kind: what each figure counts, the middle half, who stands outside; the pages of each post."""

import io
from collections import Counter
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from activities.models import Activity, Attendance, Need, Visit
from louzu.rules.balance import FIGURES, Balance, CompoundFigures, Ratio, balance, weeks_before
from members.ground.access import Resource
from members.models import Area, AuditEntry, Household, Member, Pairing, Residence, User
from tests import factories

DAY = date(2024, 6, 5)  # a Wednesday
FIRST, LAST = date(2024, 3, 11), date(2024, 6, 2)
STATION = Area.Level.STATION
COMMERCIAL = Area.Housing.COMMERCIAL


def report(area: Area, **options: Any) -> Balance:
    return balance(area, **({"areas": Area.objects.all(), "day": DAY} | options))


def compounds(found: Balance) -> dict[str, CompoundFigures]:
    return {each.area.name: each for kind in found.kinds for each in kind.compounds}


def ratios(area: Area, station: Area) -> dict[str, Ratio]:
    return compounds(report(area))[station.name].ratios


def came_to(area: Area, *members: Member, on: date = date(2024, 5, 1), **fields: Any) -> Activity:
    activity = factories.activity(area, held_on=on, **fields)
    Attendance.objects.bulk_create(Attendance(activity=activity, member=member, source="tick") for member in members)
    return activity


# Weeks ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "last"),
    [(date(2024, 6, 2), date(2024, 6, 2)), (date(2024, 6, 3), date(2024, 6, 2)), (date(2024, 6, 8), date(2024, 6, 2))],
)
def test_twelve_full_weeks_that_ended_by_the_day(day: date, last: date) -> None:
    weeks = weeks_before(day)
    assert (len(weeks), weeks[-1].last, weeks[0].first) == (12, last, last - timedelta(days=83))
    assert {(week.last - week.first).days for week in weeks} == {6}


# What each figure counts ---------------------------------------------------------------------------------------------
def test_members_who_joined_and_who_came(street: Area, station: Area, group: Area, member: Member) -> None:
    other = factories.person("某某", group, room="501", joined_on=None)
    came_to(street, member, other)
    came_to(group, other)
    came_to(group, member, on=LAST + timedelta(days=1))
    found = ratios(street, station)
    assert (found["joined"], found["came"]) == (Ratio(1, 2), Ratio(2, 2))


def test_who_moved_counts_where_they_live(street: Area, group: Area, other_group: Area, member: Member) -> None:
    came_to(group, member)
    Residence.objects.filter(member=member).update(until=date(2024, 5, 20))
    Residence.objects.create(member=member, area=other_group, since=date(2024, 5, 20))
    found = compounds(report(street))
    assert found["迎晖苑"].ratios["came"] == Ratio(0, 0)
    assert found["仓场公寓"].ratios["came"] == Ratio(1, 1)


def test_weeks_with_an_activity_of_the_compounds_own(street: Area, station: Area, group: Area) -> None:
    for on in (FIRST, FIRST + timedelta(days=6), LAST, LAST + timedelta(days=1)):
        factories.activity(station, held_on=on)
    factories.activity(group, held_on=date(2024, 4, 3))
    factories.activity(station, held_on=date(2024, 4, 10), is_held=False)
    assert ratios(street, station)["weeks"] == Ratio(2, 12)


def test_a_compound_owes_only_the_weeks_since_it_opened(street: Area, station: Area) -> None:
    Area.objects.filter(pk=station.pk).update(since=LAST - timedelta(days=12))
    assert ratios(street, station)["weeks"] == Ratio(0, 1)


def test_visits_of_the_pairs_of_the_day(street: Area, station: Area, group: Area, member: Member) -> None:
    assert member.home
    home, *others = (factories.household(group, room) for room in (member.home.room, "601", "602"))
    pair, ended = (factories.pairing(home, other) for other in others)
    for each in (pair, ended):
        factories.visit(each, on=date(2024, 5, 1))
        factories.visit(each, on=FIRST - timedelta(days=1))
    Pairing.objects.filter(pk=ended.pk).update(until=date(2024, 5, 9))
    found = ratios(street, station)
    assert (found["visits"], found["paired"]) == (Ratio(1, 1), Ratio(1, 1))


@pytest.mark.parametrize(
    ("opened", "done", "withdrawn", "counts"),
    [
        (date(2024, 1, 2), None, None, (0, 1)),
        (date(2024, 1, 2), FIRST - timedelta(days=1), None, (0, 0)),
        (date(2024, 1, 2), FIRST, None, (1, 1)),
        (date(2024, 5, 2), LAST, None, (1, 1)),
        (date(2024, 5, 2), LAST + timedelta(days=1), None, (0, 1)),
        (LAST + timedelta(days=1), None, None, (0, 0)),
        (date(2024, 1, 2), None, LAST, (0, 0)),
        (date(2024, 1, 2), None, LAST + timedelta(days=1), (0, 1)),
    ],
)
def test_needs_done_of_those_that_were_open(
    street: Area, station: Area, group: Area, opened: date, done: Any, withdrawn: Any, counts: Any
) -> None:
    need = factories.need(group, opened_on=opened)
    end(need, done, withdrawn)
    assert ratios(street, station)["needs"] == Ratio(*counts)


def end(need: Need, done: date | None, withdrawn: date | None) -> None:
    moments: dict[str, Any] = {"done_at": noon(done), "withdrawn_at": noon(withdrawn)}
    status = "done" if done else "withdrawn" if withdrawn else "open"
    claimed = noon(done) if done else None
    Need.objects.filter(pk=need.pk).update(status=status, claimed_at=claimed, **moments)


def noon(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time(12))) if day else None


def test_a_needs_of_the_community_is_no_compounds(street: Area, community: Area, station: Area) -> None:
    factories.need(community, opened_on=date(2024, 5, 2))
    factories.activity(community, held_on=date(2024, 5, 2))
    found = compounds(report(street))[station.name]
    assert (found.ratios["needs"], sum(found.fields.values())) == (Ratio(0, 0), 0)


# Kinds ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def five(community: Area) -> list[Area]:
    """Five compounds of one kind, each with a member; they held activities in 2, 4, 6, 8 and 12 weeks."""
    stations = [factories.area(f"小区{number}", community, housing=COMMERCIAL) for number in range(5)]
    for number, (place, weeks) in enumerate(zip(stations, (2, 4, 6, 8, 12), strict=True)):
        factories.person("某某", factories.building("1号楼", place), room=f"{number}01")
        rows = [Activity(area=place, held_on=FIRST + timedelta(weeks=week), title="大扫除") for week in range(weeks)]
        for row in rows:
            row.field, row.status, row.recorded_at = Activity.Field.SURROUNDINGS, "held", timezone.now()
        Activity.objects.bulk_create(rows)
    return stations


def test_the_middle_half_and_who_stands_outside(street: Area, five: list[Area]) -> None:
    (kind,) = report(street).kinds
    assert kind.name == "商品房 · 小"
    assert kind.middles["weeks"] == (Fraction(333, 1000), Fraction(667, 1000))
    assert [each.sides["weeks"] for each in kind.compounds] == ["below", "", "", "", "above"]
    assert [kind.ideas_for(each) for each in kind.compounds] == [["surroundings"], [], [], [], []]
    assert {each.sides["joined"] for each in kind.compounds} == {""}
    assert "needs" not in kind.middles


def test_three_have_no_middle_half(street: Area, five: list[Area]) -> None:
    Area.objects.filter(pk__in=[five[0].pk, five[4].pk]).update(housing=Area.Housing.OLD)
    first, second = report(street).kinds
    assert [(kind.name, len(kind.compounds), kind.middles, kind.is_compared) for kind in (first, second)] == [
        ("商品房 · 小", 3, {}, False),
        ("老旧小区 · 小", 2, {}, False),
    ]
    assert all(kind.ideas_for(each) == [] for kind in (first, second) for each in kind.compounds)


def test_sizes_have_their_bounds(street: Area, station: Area, five: list[Area]) -> None:
    for number in range(9, 11):
        for index in range(number):
            factories.building(f"{index + 10}号楼", [station, five[0]][number - 9])
    names = {each.area.name: kind.size.name for kind in report(street).kinds for each in kind.compounds}
    assert (names["迎晖苑"], names["小区0"], names["小区1"]) == ("小", "中", "小")


def test_without_a_type_of_housing_they_come_last(street: Area, five: list[Area]) -> None:
    Area.objects.filter(pk=five[0].pk).update(housing=None)
    assert [kind.name for kind in report(street).kinds] == ["商品房 · 小", "没有填住宅类型 · 小"]


def test_a_closed_compound_is_no_longer_there(street: Area, five: list[Area]) -> None:
    Area.objects.filter(pk=five[0].pk).update(until=DAY)
    Area.objects.filter(pk=five[1].pk).update(until=DAY + timedelta(days=1))
    assert [*compounds(report(street))] == ["小区1", "小区2", "小区3", "小区4"]


def test_a_reader_of_one_community_compares_within_it(
    street: Area, community: Area, five: list[Area], secretary: User, other_group: Area
) -> None:
    areas = Area.objects.for_user(secretary, resource=Resource.REPORT)
    assert len(compounds(report(community, areas=areas))) == 5
    assert len(compounds(report(street))) == 6


# Against a plain computation -----------------------------------------------------------------------------------------
DAYS = st.integers(-30, 100)
LIVES = st.fixed_dictionaries(
    {
        "housing": st.lists(st.sampled_from([COMMERCIAL, Area.Housing.OLD, None]), min_size=6, max_size=6),
        "closes": st.lists(st.one_of(st.none(), st.integers(60, 100)), min_size=6, max_size=6),
        "homes": st.lists(st.tuples(st.integers(0, 5), DAYS, st.integers(0, 90), st.booleans()), max_size=8),
        "held": st.lists(
            st.tuples(
                st.integers(0, 13), DAYS, st.sampled_from(Activity.Field.values), st.sets(st.integers(0, 7)),
            ),
            max_size=14,
        ),
        "pairs": st.lists(
            st.tuples(st.integers(0, 5), DAYS, st.integers(1, 80), st.lists(DAYS, max_size=4, unique=True)), max_size=5
        ),
        "needs": st.lists(st.tuples(st.integers(0, 13), DAYS, st.one_of(st.none(), DAYS), st.booleans()), max_size=8),
    }
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=LIVES)
def test_each_figure_is_what_a_plain_count_finds(street: Area, tree: list[Area], lives: dict[str, Any]) -> None:
    with transaction.atomic():
        happen(tree, lives)
        found = report(street)
        for each in compounds(found).values():
            assert each.ratios == plain(each.area.path), each.area.name
            assert +each.fields == plain_fields(each.area.path)
            assert all(ratio.top <= ratio.bottom for name, ratio in each.ratios.items() if name != "visits")
        check_kinds(found)
        below = [each for part in Area.objects.filter(level=2) for each in compounds(report(part)).values()]
        assert {each.area.path: each.ratios for each in below} == {
            each.area.path: each.ratios for each in compounds(found).values()
        }
        transaction.set_rollback(True)


@pytest.fixture
def tree(street: Area) -> list[Area]:
    """Two communities with three compounds each, a building group in each compound: 14 areas."""
    parts = [factories.area(f"第{name}社区", street) for name in "一二"]
    stations = [factories.area(f"小区{number}", parts[number % 2]) for number in range(6)]
    return [*parts, *stations, *(factories.building("1号楼", place) for place in stations)]


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


def happen(tree: list[Area], lives: dict[str, Any]) -> None:
    stations, groups = tree[2:8], tree[8:]
    for place, group, housing, closes in zip(stations, groups, lives["housing"], lives["closes"], strict=True):
        until = day_of(closes) if closes is not None else None
        Area.objects.filter(pk=place.pk).update(housing=housing, until=until)
        Area.objects.filter(pk=group.pk).update(until=until)
    told: dict[str, Any] = {"street": tree[0].parent, "sex": "male", "affiliation": "local", "standing": "full"}
    people = [Member.objects.create(name="某某", **told) for _ in lives["homes"]]
    for person, (where, begins, days, joined) in zip(people, lives["homes"], strict=True):
        since, until = day_of(begins), day_of(begins + days)
        joins = {"joined_on": since} if joined else {}
        Residence.objects.create(member=person, area=groups[where], room="101", since=since, until=until, **joins)
        Residence.objects.create(member=person, area=groups[(where + 1) % 6], room="102", since=until)
    for where, day, field, who in lives["held"]:
        held = {"status": "held", "recorded_at": timezone.now(), "field": field}
        activity = Activity.objects.create(area=tree[where], held_on=day_of(day), title="某活动", **held)
        came = [people[index] for index in who if index < len(people)]
        Attendance.objects.bulk_create(Attendance(activity=activity, member=each, source="tick") for each in came)
    _pair(groups, lives["pairs"])
    for where, day, ends, is_done in lives["needs"]:
        need = Need.objects.create(area=tree[where], text="某需求", opened_on=day_of(day))
        last = day_of(max(ends, day)) if ends is not None else None
        end(need, last if is_done else None, None if is_done else last)


def _pair(groups: list[Area], pairs: Any) -> None:
    for number, (where, begins, days, visits) in enumerate(pairs):
        home, _ = Household.objects.get_or_create(area=groups[where], room="101")
        other = Household.objects.create(area=groups[where], room=f"9{number}")
        compound = groups[where].parent
        pair = Pairing.objects.create(
            household=home, neighbour=other, compound=compound, since=day_of(begins), until=day_of(begins + days)
        )
        for day in visits:
            Visit.objects.create(pairing=pair, visited_on=day_of(day), kind="door")


def plain(path: str) -> dict[str, Ratio]:
    """Count a compound's figures row by row."""
    weeks = [FIRST + timedelta(weeks=number) for number in range(12)]
    place = Area.objects.get(path=path)
    living = [row for row in Residence.objects.select_related("area") if on(row) and row.area.path.startswith(path)]
    doors = {(row.area_id, row.room) for row in living if row.room}
    pairs = [row for row in Pairing.objects.select_related("household__area") if on(row)]
    own = [row for row in pairs if row.household.area.path.startswith(path)]
    held = [row for row in Activity.objects.select_related("area") if FIRST <= row.held_on <= LAST]
    came = {row.member_id for row in Attendance.objects.all() if row.activity_id in {each.pk for each in held}}
    mondays = {row.held_on - timedelta(days=row.held_on.weekday()) for row in held if row.area_id == place.pk}
    due = [week for week in weeks if place.until is None or place.until > week + timedelta(days=6)]
    visits = [row for row in Visit.objects.all() if FIRST <= row.visited_on <= LAST]
    return {
        "joined": Ratio(sum(bool(row.joined_on and row.joined_on <= DAY) for row in living), len(living)),
        "came": Ratio(sum(row.member_id in came for row in living), len(living)),
        "paired": Ratio(len(doors & {(row.household.area_id, row.household.room) for row in own}), len(doors)),
        "weeks": Ratio(sum(week in mondays for week in due), len(due)),
        "visits": Ratio(sum(row.pairing_id in {each.pk for each in own} for row in visits), len(own)),
        "needs": plain_needs(path),
    }


def on(row: Any) -> bool:
    return row.since <= DAY and (row.until is None or row.until > DAY)


def plain_needs(path: str) -> Ratio:
    done = waiting = 0
    for need in Need.objects.select_related("area"):
        if not need.area.path.startswith(path) or need.opened_on > LAST:
            continue
        done_on, withdrawn_on = (moment and timezone.localdate(moment) for moment in (need.done_at, need.withdrawn_at))
        if done_on and done_on <= LAST:
            done += done_on >= FIRST
        elif not (withdrawn_on and withdrawn_on <= LAST):
            waiting += 1
    return Ratio(done, done + waiting)


def plain_fields(path: str) -> Counter[str]:
    held = Activity.objects.filter(held_on__range=(FIRST, LAST)).select_related("area")
    return Counter(row.field for row in held if row.area.path.startswith(path))


def check_kinds(found: Balance) -> None:
    """Each kind's middle half is that of the values beside it, and leaves at most half of them outside."""
    for kind in found.kinds:
        for name, digits in FIGURES.items():
            values = sorted(
                round(ratio.value, digits) for each in kind.compounds if (ratio := each.ratios[name]).bottom
            )
            assert (name in kind.middles) == (len(values) >= 4)
            if name not in kind.middles:
                continue
            low, high = kind.middles[name]
            assert low == round(at_quarter(values, 1), digits)
            assert high == round(at_quarter(values, 3), digits)
            sides = Counter(each.sides[name] for each in kind.compounds if each.ratios[name].bottom)
            assert sides["below"] == sum(value < low for value in values)
            assert sides["above"] == sum(value > high for value in values)


def at_quarter(values: list[Fraction], quarter: int) -> Fraction:
    place = Fraction(quarter * (len(values) - 1), 4)
    index = int(place)
    return values[index] + (place - index) * (values[min(index + 1, len(values) - 1)] - values[index])


def test_eleven_queries_whatever_the_size(street: Area, five: list[Area], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(11):
        report(street)


# Pages ---------------------------------------------------------------------------------------------------------------
def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.parametrize("kind", ["", "print/"])
def test_the_page_says_where_each_stands(
    logged_in: Any, street_officer: User, street: Area, five: list[Area], kind: str
) -> None:
    page = text(logged_in(street_officer), f"/balance/{street.pk}/{kind}?day={DAY}")
    for words in ("低于同类中间一半", "高于同类中间一半", "33.3%–66.7%", "2 / 12", "商品房 · 小"):
        assert words in page
    order = [page.index(f"小区{number}") for number in range(5)]
    assert order == sorted(order)


def test_each_number_opens_a_page(logged_in: Any, street_officer: User, street: Area, five: list[Area]) -> None:
    client = logged_in(street_officer)
    sections = client.get(f"/balance/{street.pk}/").context["sections"]
    urls = {cell.url for section in sections for line in section.lines for cell in line.cells if cell.url}
    urls |= {url for section in sections for line in section.lines for _, url in line.fields if url}
    assert len(urls) > 10
    assert {client.get(url).status_code for url in urls} == {200}


def test_a_picture_a_figure_with_a_row_a_kind(
    logged_in: Any, street_officer: User, street: Area, five: list[Area]
) -> None:
    pictures = logged_in(street_officer).get(f"/balance/{street.pk}/?day={DAY}").context["pictures"]
    weeks = next(each for each in pictures if each.heading == "每周有活动").json
    assert weeks["labels"] == ["商品房 · 小"]
    assert weeks["bands"] == [[33.3, 66.7]]
    inside, outside = (sorted(value for _, value, _ in each["data"]) for each in weeks["sets"])
    assert (inside, outside) == ([33.3, 50.0, 66.7], [16.7, 100.0])


def test_an_instructor_gets_no_link_to_members(logged_in: Any, instructor: User, community: Area, five: Any) -> None:
    page = text(logged_in(instructor), f"/balance/{community.pk}/")
    assert "members_member" not in page
    assert "/pairings/" not in page
    assert "安排一次" not in page


def test_a_place_without_compounds_says_so(logged_in: Any, leader: User, group: Area) -> None:
    client = logged_in(leader)
    assert client.get("/balance/").url == f"/balance/{group.pk}/"
    assert "没有小区" in text(client, f"/balance/{group.pk}/")


def test_a_compound_alone_is_shown_and_not_compared(logged_in: Any, liaison: User, station: Area, group: Area) -> None:
    page = text(logged_in(liaison), f"/balance/{station.pk}/")
    assert "不到 4 个" in page
    assert "低于" not in page.partition("这些数字怎么算")[0]


def test_who_may_describe_compounds_is_told_where(
    logged_in: Any, street_officer: User, street: Area, station: Area
) -> None:
    Area.objects.filter(pk=station.pk).update(housing=None)
    assert "填上住宅类型" in text(logged_in(street_officer), f"/balance/{street.pk}/")


@pytest.mark.parametrize("query", ["day=x", "day=0001-01-01", "day=9999-12-31", "day="])
def test_a_day_that_cannot_be_is_today(logged_in: Any, secretary: User, community: Area, query: str) -> None:
    context = logged_in(secretary).get(f"/balance/{community.pk}/?{query}").context
    assert context["report"].day == timezone.localdate()


def test_the_export_has_typed_cells(logged_in: Any, street_officer: User, street: Area, five: list[Area]) -> None:
    answer = logged_in(street_officer).get(f"/balance/{street.pk}/balance.xlsx?day={DAY}")
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["各小区", "同类中间一半", "公式"]
    title, period, headings, first, *_ = book["各小区"].values
    assert (title[0], period[0]) == (
        "新成路街道分类指导", "截至 2024-06-05；活动、走访、需求：2024-03-11 至 2024-06-02",
    )  # fmt: skip
    assert first[:4] == ("商品房 · 小", "第一社区", "小区0", 1)
    weeks = headings.index("每周有活动")
    assert (first[weeks], first[weeks + 1]) == (pytest.approx(1 / 6), "低于同类中间一半")
    assert book["各小区"].cell(4, weeks + 1).number_format == "0.0%"
    assert first[-1] == "居住环境"
    half = list(book["同类中间一半"].values)[-1]
    assert half[:2] == ("商品房 · 小", 5)
    entry = AuditEntry.objects.filter(action="export").latest("pk")
    assert entry.changes == {"report": "分类指导", "rows": 5, "day": "2024-06-05"}


def test_the_page_asks_no_query_a_row(
    logged_in: Any, street_officer: User, street: Area, five: list[Area], django_assert_max_num_queries: Any
) -> None:
    client = logged_in(street_officer)
    client.get(f"/balance/{street.pk}/")
    with django_assert_max_num_queries(23):
        client.get(f"/balance/{street.pk}/")


# The API -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("street_officer", 200), ("secretary", 200), ("liaison", 200), ("leader", 200), ("instructor", 200),
        ("auditor", 403), ("outsider", 403), ("superuser", 403),
    ],
)  # fmt: skip
def test_who_sees_it(request: Any, api: Any, group: Area, who: str, status: int) -> None:
    assert api(request.getfixturevalue(who)).get(f"/api/v1/balance/{group.pk}").status_code == status


def test_the_api_gives_the_same(api: Any, street_officer: User, street: Area, five: list[Area]) -> None:
    client = api(street_officer)
    assert client.get(f"/api/v1/balance/{street.pk}", {"day": str(DAY)}).json() == report(street).as_dict()
    assert client.get(f"/api/v1/balance/{street.pk}", {"day": "x"}).status_code == 400


def test_an_area_outside_is_not_there(api: Any, secretary: User, other_community: Area, far_group: Area) -> None:
    for area in (other_community, far_group):
        assert api(secretary).get(f"/api/v1/balance/{area.pk}").status_code == 404
