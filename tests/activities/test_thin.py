"""Thin places: the figures against a slow plain count on random streets; the page, print, workbook and call."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from activities.api.reports import ThinSerializer
from activities.models import Activity, Visit
from activities.rules.due import latest
from activities.rules.thin import SPANS, ThinPlaces, ThinTier, thin
from members.ground.access import Resource
from members.models import Area, AuditEntry, Member, Pairing, User
from tests import factories

TODAY = timezone.localdate()
DAY = timedelta(days=1)
MONDAY = date(2024, 7, 15)  # the first day of a week, in the middle of a month and a quarter
COMMUNITY, STATION, GROUP = Area.Level.COMMUNITY, Area.Level.STATION, Area.Level.BUILDING_GROUP


def report(area: Area, *, today: date = MONDAY, areas: Any = None) -> ThinPlaces:
    return thin(area, areas=Area.objects.all() if areas is None else areas, today=today)


def tier(area: Area, level: int, **options: Any) -> ThinTier:
    found = report(area, **options).tier(level)
    assert found
    return found


def missing(found: ThinTier) -> list[str]:
    return [place.area.name for place in found.missing]


# Periods -------------------------------------------------------------------------------------------------------------
@given(st.dates(date(2001, 1, 1), date(2100, 1, 1)), st.sampled_from(list(SPANS)))
def test_the_last_periods_follow_each_other_up_to_today(today: date, level: int) -> None:
    found = latest(level, today, SPANS[Area.Level(level)])
    assert len(found) == SPANS[Area.Level(level)]
    assert found[-1].is_running(today)
    assert all(one.last + DAY == other.first for one, other in pairwise(found))


def test_the_weeks_around_new_year() -> None:
    assert [str(week.first) for week in latest(STATION, date(2026, 12, 31), 2)] == ["2026-12-21", "2026-12-28"]
    assert [str(week.first) for week in latest(STATION, date(2027, 1, 3), 2)] == ["2026-12-21", "2026-12-28"]
    assert latest(STATION, date(2024, 12, 31), 1)[0].label == "第1周"


# Figures -------------------------------------------------------------------------------------------------------------
def test_what_is_missing_now_is_told_tier_by_tier(
    street: Area, community: Area, station: Area, group: Area, other_group: Area
) -> None:
    factories.activity(street, held_on=date(2024, 7, 1))
    factories.activity(community, held_on=date(2024, 7, 1))
    factories.activity(station, held_on=MONDAY - DAY)  # a Sunday: of last week
    factories.activity(group, held_on=date(2024, 7, 1))
    found = report(street)
    assert [each.level for each in found.tiers] == [1, 2, 3, 4]
    assert [missing(each) for each in found.tiers] == [[], ["第二社区"], ["迎晖苑", "仓场公寓"], ["2号楼"]]
    assert [each.due for each in found.tiers] == [0, 2, 2, 2]
    assert [each.missed_before for each in found.tiers] == [0, 1, 1, 1]
    assert [each.held for each in found.tiers] == [1, 1, 0, 1]
    assert (found.tiers[2].progress.done, found.tiers[2].progress.due) == (1, 22)
    assert found.tiers[0].progress.share is None


def test_a_closed_area_misses_nothing_and_a_reopened_one_again(community: Area, station: Area, group: Area) -> None:
    station.close(on=MONDAY)
    assert (missing(tier(community, STATION)), missing(tier(community, GROUP))) == ([], [])
    for area in (station, group):
        area.change(until=None)
    assert (missing(tier(community, STATION)), missing(tier(community, GROUP))) == (["迎晖苑"], ["1号楼"])


def test_an_area_that_is_yet_to_open_is_not_there(community: Area, station: Area) -> None:
    factories.area("新苑", community, since=MONDAY + DAY)
    factories.area("本周苑", community, since=MONDAY)
    factories.area("后半周苑", community, since=MONDAY - DAY)
    found = tier(community, STATION)
    assert [place.area.name for place in found.places] == ["迎晖苑", "本周苑", "后半周苑"]
    assert missing(found) == ["迎晖苑", "本周苑", "后半周苑"]
    assert missing(tier(community, STATION, today=MONDAY + 7 * DAY)) == ["迎晖苑", "新苑", "本周苑", "后半周苑"]


@pytest.fixture
def random_street(street: Area, member: Member) -> Area:
    """Two communities of two compounds of two groups, each group with a pair."""
    for name in ("甲社区", "乙社区"):
        for compound in ("一期", "二期"):
            place = factories.area(compound, Area.objects.filter(name=name).first() or factories.area(name, street))
            for number in (1, 2):
                home = factories.building(f"{number}号楼", place)
                factories.person(f"住户{home.pk}", home, room="302")
                factories.pairing(factories.household(home, "302"), factories.household(home, "401"))
    return street


offsets = st.one_of(st.none(), st.integers(-460, 40), st.sampled_from([-7, -6, -1, 0, 1, 6, 7, 30, 90]))
lives = st.lists(st.tuples(offsets, offsets, st.sampled_from(Area.Stage.values), offsets), min_size=17, max_size=17)
events = st.lists(
    st.tuples(st.integers(0, 16), st.integers(-460, 0), st.sampled_from([*Activity.Status.values, "visit"])),
    max_size=60,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(today=st.dates(date(2022, 1, 1), date(2027, 12, 31)), lives=lives, events=events)
def test_the_figures_are_those_of_a_slow_plain_count(
    random_street: Area, today: date, lives: list, events: list
) -> None:
    with transaction.atomic():
        rows = list(Area.objects.inside(random_street).order_by("path"))
        for area, life in zip(rows, lives, strict=False):
            live(area, today, *life)
        for at, offset, kind in events:
            happen(rows[at % len(rows)], today + offset * DAY, kind)
        for found in report(random_street, today=today).tiers:
            slow = Slow(list(Area.objects.inside(random_street).filter(level=found.level)), today, found.level)
            assert {place.area.pk for place in found.missing} == slow.missing
            assert (found.due, found.missed_before) == (slow.due, slow.missed_before)
            assert (found.progress.done, found.progress.due) == slow.progress
        transaction.set_rollback(True)


def live(area: Area, today: date, since: Any, until: Any, stage: str, established: Any) -> None:
    """Give the area days of its own; whether it lies within its parent's does not matter to the count."""
    first, end = (None if offset is None else today + offset * DAY for offset in (since, until))
    values: dict[str, Any] = {"since": first, "until": end if not (first and end) or end >= first else first}
    if area.level == GROUP:
        on = None if established is None else today + established * DAY
        values |= {"stage": stage, "established_on": on}
    Area.objects.filter(pk=area.pk).update(**values)


def happen(area: Area, day: date, kind: str) -> None:
    if kind == "visit":
        for pair in Pairing.objects.filter(household__area=area):
            Visit.objects.bulk_create([Visit(pairing=pair, visited_on=day, kind="door")], ignore_conflicts=True)
        return
    now = timezone.now()
    moments = {"held": {"recorded_at": now}, "cancelled": {"cancelled_at": now}, "voided": {"voided_at": now}}.get(
        kind, {}
    )
    Activity.objects.bulk_create(
        [Activity(area=area, title="活动", held_on=day, field="culture", status=kind, **moments)]
    )


class Slow:
    """What is due and done, found day by day."""

    KEYS: dict[int, Callable[[date], Any]] = {
        1: lambda day: (day.year, day.month),
        2: lambda day: (day.year, day.month),
        3: lambda day: day.isocalendar()[:2],
        4: lambda day: (day.year, (day.month - 1) // 3),
    }

    def __init__(self, areas: list[Area], today: date, level: int):
        self.key, self.level = self.KEYS[level], level
        days = [today + offset * DAY for offset in range(-520, 100)]
        periods = list(dict.fromkeys(self.key(day) for day in days if day <= today))[-SPANS[Area.Level(level)] :]
        self.days = {period: [day for day in days if self.key(day) == period] for period in periods}
        now, before = periods[-1], periods[-2]
        self.missing = {area.pk for area in areas if self.owes(area, now) and not self.done(area, now)}
        self.due = sum(self.owes(area, now) for area in areas)
        again = [area for area in areas if area.pk in self.missing and self.owes(area, before)]
        self.missed_before = sum(not self.done(area, before) for area in again)
        owed = [(area, period) for area in areas for period in periods if self.owes(area, period)]
        done = sum(self.done(area, period) for area, period in owed)
        self.progress = done, len(owed) - len(self.missing)

    def owes(self, area: Area, period: Any) -> bool:
        return self.level > 1 and all(self.is_there(area, day) for day in self.days[period])

    def is_there(self, area: Area, day: date) -> bool:
        if (area.since and day < area.since) or (area.until and day >= area.until):
            return False
        if area.level < GROUP:
            return True
        return area.stage == "established" and not (area.established_on and day < area.established_on)

    def done(self, area: Area, period: Any) -> bool:
        held = [each.held_on for each in Activity.objects.filter(area=area) if each.status == "held"]
        called = [each.visited_on for each in Visit.objects.filter(pairing__household__area=area)]
        return any(self.key(day) == period for day in held + called)


@pytest.mark.parametrize("name", ["新成路街道", "第一社区", "迎晖苑", "1号楼"])
def test_three_queries_whatever_the_size(
    street: Area, station: Area, group: Area, other_group: Area, name: str, django_assert_num_queries: Any
) -> None:
    for number in range(30):
        factories.activity(factories.building(f"{number + 10}号楼", station), held_on=MONDAY)
    area = Area.objects.get(name=name)
    with django_assert_num_queries(3):
        found = report(area).as_dict()
    assert found["area"] == name


def test_the_readers_scope_is_kept(street: Area, secretary: User, group: Area, other_group: Area) -> None:
    mine = Area.objects.for_user(secretary, resource=Resource.REPORT)
    assert [[place.area.name for place in each.places] for each in report(street, areas=mine).tiers] == [
        [], ["第一社区"], ["迎晖苑"], ["1号楼"]
    ]  # fmt: skip


# Pages ---------------------------------------------------------------------------------------------------------------
PAGES = ("", "print/", "thin.xlsx")


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
def test_each_post_starts_at_its_own_area(request: Any, logged_in: Any, group: Area, who: str, area: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    answer = client.get("/thin/")
    assert answer.headers["Location"] == f"/thin/{Area.objects.get(name=area).pk}/"
    assert f"薄弱点：{area if area != '迎晖苑' else '第一社区 迎晖苑'}" in text(client, answer.headers["Location"]) or (
        who == "leader"
    )


@pytest.mark.parametrize("who", ["secretary", "far_officer"])
def test_the_areas_of_others_are_not_there(
    request: Any, logged_in: Any, street: Area, other_group: Area, who: str
) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert {client.get(f"/thin/{area.pk}/{page}").status_code for area in (street, other_group) for page in PAGES} == {
        404
    }


def test_a_missing_place_leads_to_recording_for_those_who_may(
    logged_in: Any, secretary: User, instructor: User, community: Area, station: Area, group: Area
) -> None:
    add = f'href="/activities/add/?area={station.pk}&amp;on={TODAY}"'
    assert text(logged_in(secretary), f"/thin/{community.pk}/").count(add) == 2  # in the list and in the grid
    assert "/activities/add/" not in text(logged_in(instructor), f"/thin/{community.pk}/")
    assert f'href="/rhythm/{station.pk}/"' in text(logged_in(instructor), f"/thin/{community.pk}/")


def test_a_cell_leads_to_what_it_counts(logged_in: Any, secretary: User, station: Area, group: Area) -> None:
    factories.activity(station)
    factories.activity(group)
    page = text(logged_in(secretary), f"/thin/{station.pk}/")
    week, quarter = latest(STATION, TODAY, 1)[0], latest(GROUP, TODAY, 1)[0]
    for area, period in ((station, week), (group, quarter)):
        link = f"/activities/?area={area.pk}&amp;own=on&amp;status=held&amp;period={period.first}~{period.last}"
        assert f'lz-heat-held-1" href="{link}"' in page
    assert "还没有活动的小区" not in page


def test_a_quarter_may_be_chosen(logged_in: Any, secretary: User, station: Area, group: Area) -> None:
    client, quarter = logged_in(secretary), latest(GROUP, TODAY, 2)[0]
    factories.activity(group, held_on=quarter.last)
    key = f"{quarter.first.year}-{(quarter.first.month + 2) // 3}"
    answer = client.get(f"/thin/{station.pk}/?quarter={key}")
    assert answer.context["chosen"].period == quarter
    assert [row.boxes[0].kind for tile in answer.context["tiles"] for row in tile.rows] == ["held-1"]
    for junk in ("1902-1", "垃圾", "", "9" * 30):
        assert client.get(f"/thin/{station.pk}/", {"quarter": junk}).context["chosen"].period.is_running(TODAY)


def test_groups_bear_their_number_and_the_grid_its_words(
    logged_in: Any, secretary: User, station: Area, group: Area
) -> None:
    factories.building("大礼堂", station)
    factories.building("迎园路218弄5号", station, stage="none", established_on=None)
    answer = logged_in(secretary).get(f"/thin/{station.pk}/")
    [tile] = answer.context["tiles"]
    assert [row.boxes[0].text for row in tile.rows] == ["1", "大礼", "185"]
    assert [row.boxes[0].kind for row in tile.rows] == ["waiting", "waiting", "not_applicable"]
    assert (tile.done, tile.due) == (0, 2)
    page = answer.content.decode()
    assert "：还没有办" in page
    assert "这些格子怎么算" in page


def test_no_person_is_named(logged_in: Any, street_officer: User, leader: User, group: Area, member: Member) -> None:
    factories.activity(group).attendances.create(member=member, source="tick")
    client = logged_in(street_officer)
    for area in (group, *Area.objects.above(group)):
        for page in PAGES[:2]:
            assert member.name not in text(client, f"/thin/{area.pk}/{page}")


def test_the_export_has_title_day_and_formulas(logged_in: Any, secretary: User, station: Area, group: Area) -> None:
    factories.activity(group)
    book = load_workbook(io.BytesIO(logged_in(secretary).get(f"/thin/{station.pk}/thin.xlsx").content))
    assert book.sheetnames == ["薄弱点", "小区每周", "楼组每季", "公式"]
    rows = list(book["薄弱点"].values)
    assert rows[0][0] == "薄弱点：第一社区 迎晖苑"
    assert rows[1][0] == f"截至 {TODAY}"
    compound, building = rows[3], rows[4]
    assert (compound[0], compound[1], compound[4], compound[5]) == (
        "小区党员联络站", "第一社区 迎晖苑", "还没有办", 0
    )  # fmt: skip
    assert (building[4], building[5], building[9], building[10]) == ("已办", 1, 5, 0.2)
    assert book["薄弱点"]["K4"].number_format == "0.0%"
    assert list(book["楼组每季"].values)[3][-1] == 1
    entry = AuditEntry.objects.get(action="export")
    assert (entry.area_path, entry.changes) == (station.path, {"report": "薄弱点", "rows": 2, "day": str(TODAY)})


def test_the_page_asks_a_constant_number_of_queries(
    logged_in: Any, street_officer: User, station: Area, group: Area
) -> None:
    client, counts = logged_in(street_officer), []
    for numbers in (range(3), range(3, 30)):
        for number in numbers:
            factories.activity(factories.building(f"{number + 10}号楼", station))
        counts.append([queries(client, f"/thin/{area.pk}/") for area in (station, *Area.objects.above(station))])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10


def queries(client: Client, address: str) -> int:
    """How many there were without those that keep the session."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return sum("django_session" not in query["sql"] for query in captured.captured_queries)


def test_the_call_tells_what_the_page_tells(
    api: Any, logged_in: Any, secretary: User, community: Area, group: Area
) -> None:
    factories.activity(group)
    given_ = api(secretary).get(f"/api/v1/thin/{community.pk}").json()
    assert given_ == logged_in(secretary).get(f"/thin/{community.pk}/").context["report"].as_dict()
    assert [(each["level"], each["due_now"], each["missing_now"]) for each in given_["tiers"]] == [
        ("COMMUNITY", 1, 1), ("STATION", 1, 1), ("BUILDING_GROUP", 1, 0)
    ]  # fmt: skip
    serializer = ThinSerializer(data=given_)
    assert serializer.is_valid(), serializer.errors
    assert set(ThinSerializer().fields) == set(given_)
    assert set(serializer.fields["tiers"].child.fields) == set(given_["tiers"][0])  # type: ignore[attr-defined]
