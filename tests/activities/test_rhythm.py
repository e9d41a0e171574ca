"""Rhythm: every state of the grid, areas that come and go, years of 53 weeks; the pages of each post."""

import io
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from activities.rules.due import DuePeriod, DueProgress, DueState, months, quarters, weeks
from activities.rules.rhythm import DueGroup, Rhythm, rhythm
from members.ground.access import Resource
from members.models import Area, AuditEntry, Member, User
from tests import factories

TODAY = timezone.localdate()
LATER = date(2025, 6, 1)  # of the year 2024 all is over
DAY = timedelta(days=1)
DONE, MISSING, NOT_DUE, NOT_APPLICABLE = DueState.DONE, DueState.MISSING, DueState.NOT_DUE, DueState.NOT_APPLICABLE
YEARS = st.integers(2000, 2100)


def report(area: Area, *, year: int = 2024, today: date = LATER, **options: Any) -> Rhythm:
    return rhythm(area, areas=options.pop("areas", Area.objects.all()), year=year, today=today, **options)


def own(area: Area, **options: Any) -> DueGroup:
    return report(area, **options).grids[0].rows[0]


def states(area: Area, **options: Any) -> list[DueState]:
    return [cell.state for cell in own(area, **options).cells]


def held(area: Area, *days: date) -> None:
    for number, day in enumerate(days):
        factories.activity(area, title=f"活动{number}", held_on=day)


def visited(group: Area, *days: date, neighbour: Area | None = None) -> None:
    """Visits of a pair of the group and, if said so, of another group of the compound."""
    household = factories.household(group, "302")
    pair = factories.pairing(household, factories.household(neighbour or group, "401"))
    for day in days:
        factories.visit(pair, on=day)


# Periods -------------------------------------------------------------------------------------------------------------
@given(YEARS)
def test_weeks_are_those_of_the_iso_year(year: int) -> None:
    found = weeks(year)
    assert {day.isocalendar().year for _, *days in found for day in days} == {year}
    assert [each.first.isocalendar().week for each in found] == list(range(1, len(found) + 1))
    assert {each.first.weekday() for each in found} == {0}
    assert follow_each_other(found)
    assert (found[-1].last + DAY).isocalendar()[:2] == (year + 1, 1)


@given(YEARS)
def test_months_and_quarters_fill_the_year(year: int) -> None:
    for found in (months(year), quarters(year)):
        assert (found[0].first, found[-1].last) == (date(year, 1, 1), date(year, 12, 31))
        assert follow_each_other(found)
    assert [each.month for each in months(year)] == list(range(1, 13))
    assert [each.month for each in quarters(year)] == [1, 4, 7, 10]


@given(YEARS)
def test_a_week_lies_in_the_month_of_its_thursday(year: int) -> None:
    found = [each.month for each in weeks(year)]
    assert found == sorted(found)
    assert set(found) == set(range(1, 13))


def follow_each_other(periods: list[DuePeriod]) -> bool:
    return all(one.last + DAY == other.first for one, other in pairwise(periods))


def test_2026_has_53_weeks() -> None:
    assert len(weeks(2026)) == len(weeks(2020)) == 53
    assert len(weeks(2025)) == 52
    assert weeks(2026)[0] == DuePeriod("第1周", date(2025, 12, 29), date(2026, 1, 4))
    assert weeks(2026)[-1] == DuePeriod("第53周", date(2026, 12, 28), date(2027, 1, 3))


# States --------------------------------------------------------------------------------------------------------------
def test_a_community_is_due_each_month(community: Area) -> None:
    held(community, date(2024, 3, 1), date(2024, 3, 31), date(2024, 5, 15))
    row = own(community)
    assert [cell.state for cell in row.cells] == [DONE if month in (3, 5) else MISSING for month in range(1, 13)]
    assert [cell.activities for cell in row.cells] == [0, 0, 2, 0, 1, *(7 * [0])]
    assert row.progress == DueProgress(2, 12)
    assert row.progress.share == 1 / 6


def test_a_compound_is_due_each_week(station: Area) -> None:
    held(station, date(2024, 6, 16), date(2024, 6, 24))  # a Sunday, and the Monday of the week but one
    found = states(station)
    assert len(found) == 52
    assert [week for week, state in enumerate(found, start=1) if state == DONE] == [24, 26]
    assert set(found) == {DONE, MISSING}


def test_days_around_new_year_belong_to_their_iso_year(station: Area) -> None:
    held(station, date(2020, 1, 1), date(2021, 1, 3))
    held(station, date(2021, 1, 4))
    assert [week for week, state in enumerate(states(station, year=2020), start=1) if state == DONE] == [1, 53]
    assert [week for week, state in enumerate(states(station, year=2021), start=1) if state == DONE] == [1]


def test_a_group_is_due_each_quarter_by_an_activity_or_a_visit(group: Area, member: Member) -> None:
    held(group, date(2024, 2, 3))
    visited(group, date(2024, 6, 30), date(2024, 4, 1), date(2023, 12, 31))
    row = own(group)
    assert [cell.state for cell in row.cells] == [DONE, DONE, MISSING, MISSING]
    assert [(cell.activities, cell.visits) for cell in row.cells] == [(1, 0), (0, 2), (0, 0), (0, 0)]


def test_a_visit_counts_where_the_members_household_is(station: Area, group: Area, member: Member) -> None:
    other = factories.building("3号楼", station)
    visited(group, date(2024, 2, 3), neighbour=other)
    assert (states(group)[0], states(other)[0]) == (DONE, MISSING)


def test_what_others_held_does_not_count(street: Area, community: Area, station: Area, group: Area) -> None:
    for area in (street, station, group):
        held(area, date(2024, 3, 5))
    assert states(community) == 12 * [MISSING]


def test_what_was_only_planned_or_called_off_does_not_count(community: Area) -> None:
    factories.activity(community, held_on=date(2024, 3, 1), is_held=False)
    factories.activity(community, held_on=date(2024, 4, 1), is_held=False).cancel()
    assert states(community) == 12 * [MISSING]


def test_the_street_does_what_it_does_at_any_time(street: Area) -> None:
    held(street, date(2024, 3, 5))
    row = own(street)
    assert [cell.state for cell in row.cells] == [DONE if month == 3 else NOT_APPLICABLE for month in range(1, 13)]
    assert (row.progress, row.progress.share, row.is_waiting) == (DueProgress(0, 0), None, False)


def test_a_period_is_missed_only_when_it_is_over(community: Area) -> None:
    held(community, date(2024, 6, 1))
    assert states(community, today=date(2024, 7, 31)) == [*(5 * [MISSING]), DONE, *(6 * [NOT_DUE])]
    assert states(community, today=date(2024, 8, 1))[6] == MISSING


def test_a_running_period_is_waiting_until_something_is_held(community: Area) -> None:
    held(community, date(2024, 6, 1))
    assert not own(community, today=date(2024, 6, 30)).is_waiting
    assert own(community, today=date(2024, 7, 1)).is_waiting
    assert not own(community, today=LATER).is_waiting


def test_an_area_owes_nothing_for_the_time_it_was_not_there(station: Area) -> None:
    new = factories.area("新苑", Area.objects.get(path=station.parent_path), since=date(2024, 5, 7))
    held(new, date(2024, 5, 10), date(2024, 5, 14))
    found = own(new)
    assert [cell.state for cell in found.cells] == [*(19 * [NOT_DUE]), DONE, *(32 * [MISSING])]
    assert found.cells[18].activities == 1  # held in the week it opened: to be seen, not to be counted
    new.close(on=date(2024, 6, 1))
    assert states(new) == [*(19 * [NOT_DUE]), DONE, MISSING, *(31 * [NOT_DUE])]


def test_an_area_closed_after_the_last_day_owes_the_period(community: Area, station: Area) -> None:
    station.close(on=date(2024, 7, 1))  # the first day it is no longer there
    assert states(station)[25:27] == [MISSING, NOT_DUE]


def test_areas_are_those_of_the_year(community: Area, station: Area) -> None:
    factories.area("旧苑", community, until=date(2024, 1, 1))
    factories.area("撤并苑", community, until=date(2024, 1, 2))
    factories.area("新苑", community, since=date(2024, 12, 29))
    assert names(report(community)) == ["迎晖苑", "撤并苑", "新苑"]
    assert names(report(community, year=2025)) == ["迎晖苑", "新苑"]
    assert names(report(community, year=2023)) == ["迎晖苑", "旧苑", "撤并苑"]


def names(found: Rhythm) -> list[str]:
    return [row.area.name for row in found.grids[-1].rows]


@pytest.mark.parametrize(
    ("stage", "established_on", "expected"),
    [
        ("none", None, 4 * [NOT_APPLICABLE]),
        ("preparing", None, 4 * [NOT_APPLICABLE]),
        ("established", None, 4 * [MISSING]),
        ("established", date(2024, 4, 1), [NOT_APPLICABLE, *(3 * [MISSING])]),
        ("established", date(2024, 4, 2), [NOT_APPLICABLE, NOT_DUE, *(2 * [MISSING])]),
        ("established", date(2025, 1, 1), 4 * [NOT_APPLICABLE]),
    ],
)
def test_a_group_owes_once_it_has_a_party_group(station: Area, stage: str, established_on: Any, expected: Any) -> None:
    assert states(factories.building("5号楼", station, stage=stage, established_on=established_on)) == expected


def test_nothing_due_has_no_share(station: Area) -> None:
    row = own(factories.building("5号楼", station, stage="none", established_on=None))
    assert (row.progress.share, row.is_waiting) == (None, False)


# The report ----------------------------------------------------------------------------------------------------------
def test_each_row_sums_up_what_lies_in_it(street: Area, group: Area, other_group: Area) -> None:
    held(group, date(2024, 2, 3), date(2024, 5, 3))
    held(other_group, date(2024, 2, 3))
    held(Area.objects.get(name="迎晖苑"), date(2024, 2, 3))
    found = report(street)
    expected = {2: DueProgress(0, 24), 3: DueProgress(1, 104), 4: DueProgress(3, 8)}
    assert found.grids[0].rows[0].below == expected
    for level in (3, 4):
        assert sum(row.below[level].done for row in found.grids[1].rows) == expected[level].done
        assert sum(row.below[level].due for row in found.grids[1].rows) == expected[level].due


def test_the_grid_drills_from_the_street_to_the_groups(street: Area, group: Area, other_group: Area) -> None:
    shapes = [
        [(grid.level, len(grid.periods), [row.area.name for row in grid.rows]) for grid in report(area).grids]
        for area in (street, *Area.objects.above(group).filter(level__gt=1), group)
    ]
    assert shapes == [
        [(1, 12, ["新成路街道"]), (2, 12, ["第一社区", "第二社区"])],
        [(2, 12, ["第一社区"]), (3, 52, ["迎晖苑"])],
        [(3, 52, ["迎晖苑"]), (4, 4, ["1号楼"])],
        [(4, 4, ["1号楼"])],
    ]
    assert names(report(street, level=4)) == ["1号楼", "2号楼"]


def test_the_readers_scope_is_kept(street: Area, secretary: User, group: Area, other_group: Area) -> None:
    mine = Area.objects.for_user(secretary, resource=Resource.REPORT)
    assert [(grid.level, names(Rhythm(street, 2024, [grid]))) for grid in report(street, areas=mine).grids] == [
        (2, ["第一社区"])
    ]


@pytest.mark.parametrize("level", [2, 3, 4])
def test_three_queries_whatever_the_size(
    street: Area,
    station: Area,
    group: Area,
    other_group: Area,
    member: Member,
    level: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(30):
        held(factories.building(f"{number + 10}号楼", station), date(2024, 2, 3))
    visited(group, date(2024, 2, 3))
    with django_assert_num_queries(3):
        report(street, level=level).as_dict()


# Pages ---------------------------------------------------------------------------------------------------------------
PAGES = ("", "print/", "rhythm.xlsx")


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
    answer = client.get("/rhythm/")
    assert answer.headers["Location"] == f"/rhythm/{Area.objects.get(name=area).pk}/"
    assert area in text(client, answer.headers["Location"])


@pytest.mark.parametrize("who", ["auditor", "outsider"])
def test_whoever_sees_no_report_sees_no_rhythm(request: Any, logged_in: Any, group: Area, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert client.get("/rhythm/").status_code == 403
    assert {client.get(f"/rhythm/{group.pk}/{page}").status_code for page in PAGES} == {404}


def test_the_areas_of_others_are_not_there(logged_in: Any, secretary: User, street: Area, other_group: Area) -> None:
    client = logged_in(secretary)
    assert {
        client.get(f"/rhythm/{area.pk}/{page}").status_code for area in (street, other_group) for page in PAGES
    } == {404}


def test_a_done_cell_leads_to_what_it_counts(logged_in: Any, secretary: User, station: Area, group: Area) -> None:
    held(station, date(2024, 6, 17), date(2024, 6, 23))
    held(group, date(2024, 6, 18))
    client = logged_in(secretary)
    link = f"/activities/?area={station.pk}&own=on&status=held&period=2024-06-17~2024-06-23"
    page = text(client, f"/rhythm/{station.pk}/?year=2024")
    assert f'href="{link.replace("&", "&amp;")}" title="迎晖苑 第25周（6月17日—6月23日）：活动 2 次"' in page
    shown = client.get(link).context["shown"]
    assert [activity.area for activity in shown] == [station, station]


def test_a_missing_cell_leads_to_recording_for_those_who_may(
    logged_in: Any, secretary: User, instructor: User, station: Area
) -> None:
    add = f'href="/activities/add/?area={station.pk}&amp;on=2024-06-23"'
    assert add in text(logged_in(secretary), f"/rhythm/{station.pk}/?year=2024")
    assert "/activities/add/" not in text(logged_in(instructor), f"/rhythm/{station.pk}/?year=2024")
    station.close(on=date(2025, 1, 1))
    assert "/activities/add/" not in text(logged_in(secretary), f"/rhythm/{station.pk}/?year=2024")


def test_what_is_waiting_now_is_said_first(logged_in: Any, secretary: User, community: Area, group: Area) -> None:
    client = logged_in(secretary)
    link = f'<a href="/activities/add/?area={community.pk}">第一社区</a>'
    assert f"本月还没有办：{link}" in text(client, f"/rhythm/{community.pk}/")
    held(community, TODAY)
    assert "本月还没有办" not in text(client, f"/rhythm/{community.pk}/")


def test_the_grid_says_its_states_in_words_and_how_they_are_counted(
    logged_in: Any, secretary: User, station: Area, group: Area
) -> None:
    held(group, date(2024, 2, 3))
    page = text(logged_in(secretary), f"/rhythm/{station.pk}/?year=2024")
    for state in DueState:
        assert f"</span> {state.label}</span>" in page
        assert f"<dt>{state.label}</dt>" in page
    assert "1号楼 2季度（4月1日—6月30日）：未办" in page
    assert "1号楼 1季度（1月1日—3月31日）：活动 1 次" in page
    assert "<small>25.0% <span>1/4</span></small>" in page


def test_no_person_is_named(logged_in: Any, street_officer: User, leader: User, group: Area, member: Member) -> None:
    activity = factories.activity(group, held_on=date(2024, 2, 3))
    activity.attendances.create(member=member, source="tick")
    visited(group, date(2024, 5, 3))
    client = logged_in(street_officer)
    for area in (group, *Area.objects.above(group)):
        for page in ("", "print/"):
            assert member.name not in text(client, f"/rhythm/{area.pk}/{page}?year=2024")


@pytest.mark.parametrize("year", ["1902", "2150", "0000", "9999", "垃圾", "２０２４年", "²024", "20240", "-1", ""])
def test_a_year_out_of_reach_is_this_year(logged_in: Any, secretary: User, station: Area, year: str) -> None:
    client = logged_in(secretary)
    for page in PAGES[:2]:
        answer = client.get(f"/rhythm/{station.pk}/{page}", {"year": year})
        assert (answer.status_code, answer.context["report"].year) == (200, TODAY.year)
    assert client.get(f"/rhythm/{station.pk}/rhythm.xlsx", {"year": year}).status_code == 200


def test_the_years_beside_are_one_click_away(logged_in: Any, secretary: User, station: Area) -> None:
    client = logged_in(secretary)
    assert f'href="?year={TODAY.year - 1}"' in text(client, f"/rhythm/{station.pk}/")
    assert f'href="?year={TODAY.year + 1}"' not in text(client, f"/rhythm/{station.pk}/")
    first = text(client, f"/rhythm/{station.pk}/?year=2000")
    assert 'href="?year=2001"' in first
    assert 'href="?year=1999"' not in first


def test_weeks_stand_in_two_halves_under_their_months(logged_in: Any, secretary: User, station: Area) -> None:
    tables = logged_in(secretary).get(f"/rhythm/{station.pk}/?year=2020").context["sections"][0].tables
    assert [len(table.periods) for table in tables] == [26, 27]
    assert [[month for month, _ in table.months] for table in tables] == [
        [f"{month}月" for month in range(1, 7)],
        [f"{month}月" for month in range(7, 13)],
    ]
    assert [sum(width for _, width in table.months) for table in tables] == [26, 27]


def test_the_export_has_a_sheet_a_grid_with_typed_cells(
    logged_in: Any, secretary: User, station: Area, group: Area
) -> None:
    held(group, date(2024, 2, 3))
    answer = logged_in(secretary).get(f"/rhythm/{station.pk}/rhythm.xlsx?year=2024")
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["小区党员联络站", "楼组", "公式"]
    title, day, *rows = book["楼组"].values
    assert (title[0], day[0]) == ("四联动：第一社区 迎晖苑，2024年", f"截至 {TODAY}")
    assert rows == [
        ("区域", "1季度", "2季度", "3季度", "4季度", "已办", "应办", "完成率"),
        ("第一社区 迎晖苑 1号楼", "已办", "未办", "未办", "未办", 1, 4, 0.25),
    ]
    assert book["楼组"]["H4"].number_format == "0.0%"
    entry = AuditEntry.objects.get(action="export")
    assert (entry.area_path, entry.changes) == (station.path, {"report": "四联动", "rows": 2, "year": 2024})


def test_the_pages_ask_a_constant_number_of_queries(
    logged_in: Any, street_officer: User, station: Area, group: Area
) -> None:
    client, counts = logged_in(street_officer), []
    for numbers in (range(3), range(3, 30)):
        for number in numbers:
            held(factories.building(f"{number + 10}号楼", station), date(2024, 2, 3))
        counts.append([queries(client, f"/rhythm/{area.pk}/") for area in (station, *Area.objects.above(station))])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 9


def queries(client: Client, address: str) -> int:
    """How many there were without those that keep the session."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return sum("django_session" not in query["sql"] for query in captured.captured_queries)
