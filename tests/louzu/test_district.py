"""The district's figures: added up from what is kept by day, thin places told in words; its pages, calls and files."""

import io
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from louzu.models import FiguresOfDay
from louzu.rules.district import (
    COUNTS,
    HAPPENED,
    OF_WEEKS,
    SHARES,
    STOCK,
    DistrictPlace,
    DistrictRow,
    _total,
    communities_beside,
    streets_beside,
)
from louzu.rules.figures import keep_days
from louzu.rules.kept_periods import KeptPeriods
from louzu.views.district import FORMULAS, HEADINGS
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import factories

TODAY = date(2026, 11, 30)
YESTERDAY = TODAY - timedelta(days=1)
NOW = timezone.localdate()


@pytest.fixture
def district(street: Area, other_street: Area) -> User:
    """Somebody of the district above both streets."""
    user = factories.official("quji", PostKind.DISTRICT, street)
    factories.post(user, PostKind.DISTRICT, other_street)
    return user


def kept(area: Area, day: date, **counts: int) -> FiguresOfDay:
    return FiguresOfDay.objects.create(area=area, day=day, **counts)


def streets(*, today: date = TODAY) -> dict[str, DistrictRow]:
    """Return the rows by name; with the months or without, the sums are the same."""
    plain, monthly = (streets_beside(Area.objects.all(), today=today, by_month=each) for each in (False, True))
    for one, other in zip(plain.rows, monthly.rows, strict=True):
        assert +one.counts == +other.counts
        assert (one.first, one.last, one.kept, one.missing) == (other.first, other.last, other.kept, other.missing)
    return {row.place.name: row for row in monthly.rows}


# What is added up ----------------------------------------------------------------------------------------------------
@given(st.dates(date(2001, 1, 1), date(2099, 12, 31)))
def test_the_periods_of_any_day(today: date) -> None:
    found = KeptPeriods.until(today)
    assert found.yesterday + timedelta(days=1) == today
    assert (found.new_year.month, found.new_year.day, found.new_year.year) == (1, 1, found.yesterday.year)
    days = [found.weeks_from + timedelta(days=number) for number in range((today - found.weeks_from).days)]
    assert sum(day.isoweekday() == 7 for day in days) == 12
    assert (found.last_month.month % 12 + 1, found.last_month.day) == (today.month, 1)
    assert found.months[0] <= found.first
    assert [month.day for month in found.months] == [1] * len(found.months)
    assert found.months[-1] == found.yesterday.replace(day=1)
    assert found.ends[-1] == found.yesterday
    assert [end + timedelta(days=1) for end in found.ends[:-1]] == found.months[1:]


def test_stock_is_of_the_last_kept_day_and_what_happened_is_summed_up(street: Area) -> None:
    kept(street, date(2025, 12, 31), members=7, activities=9, stations_due=9)
    kept(street, date(2026, 1, 1), members=8, activities=1, visits=2)
    kept(street, date(2026, 9, 6), stations_due=5)  # the Sunday before the twelve weeks
    kept(street, date(2026, 9, 13), stations_due=5, stations_done=4)
    kept(street, YESTERDAY, members=12, local=3, groups=4, established=3, activities=2, stations_due=5, stations_done=5)
    kept(street, TODAY, members=99, activities=99)
    row = streets()["新成路街道"]
    named = {"members": 12, "local": 3, "groups": 4, "established": 3, "activities": 3, "visits": 2}
    assert {name: row.counts[name] for name in named} == named
    assert (row.counts["stations_done"], row.counts["stations_due"]) == (9, 10)
    assert row.shares["coverage"] == 3 / 4
    assert (row.first, row.last, row.kept) == (date(2026, 1, 1), YESTERDAY, 4)
    assert row.days_missing == (YESTERDAY - date(2026, 1, 1)).days + 1 - 4


def test_the_months_of_the_year(street: Area) -> None:
    kept(street, date(2026, 1, 31), members=8, activities=1, stations_due=5)
    kept(street, date(2026, 2, 1), members=9, activities=2)
    kept(street, YESTERDAY, members=12, activities=4)
    months = streets()["新成路街道"].months
    assert [(each.month.month, each.counts["members"], each.counts["activities"]) for each in months] == [
        (1, 8, 1),
        (2, 0, 2),  # its last day is not kept
        (11, 12, 4),
    ]
    FiguresOfDay.objects.filter(day=YESTERDAY).update(day=YESTERDAY - timedelta(days=3))
    assert streets()["新成路街道"].months[-1].counts["members"] == 12  # of the latest day there is
    assert months[0].counts["stations_due"] == 5


def test_in_january_last_month_is_of_the_year_before(street: Area) -> None:
    kept(street, date(2025, 12, 31), communities_due=4, communities_done=1, activities=9)
    kept(street, date(2026, 1, 4), groups=2, established=2)
    row = streets(today=date(2026, 1, 5))["新成路街道"]
    assert row.missing == ["3 个社区上月没有办活动"]
    assert (row.counts["activities"], row.counts["communities_due"]) == (0, 0)
    assert [each.month for each in row.months] == [date(2026, 1, 1)]


def test_on_new_year_s_day_the_year_is_the_one_that_ended(street: Area) -> None:
    kept(street, date(2025, 12, 31), activities=9)
    assert streets(today=date(2026, 1, 1))["新成路街道"].counts["activities"] == 9


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COUNTS, st.integers(0, 500))), max_size=5))
def test_the_total_is_the_sum_and_no_share_exceeds_one(counts: list[dict[str, int]]) -> None:
    rows = [DistrictRow(Counter(each), DistrictPlace(1, "0001", 1, "街道", None)) for each in counts]
    total = _total(rows)
    assert {name: total.counts[name] for name in COUNTS} == {
        name: sum(each[name] for each in counts) for name in COUNTS
    }
    shares = [share for row in [*rows, total] for share in row.shares.values()]
    assert all(share is None or 0 <= share <= 1 for share in shares)
    assert list(total.shares) == list(SHARES)


def test_kept_figures_are_those_of_the_days(street: Area, member: Member, other_member: Member) -> None:
    """From the rows to the pages: what is counted by day arrives."""
    group = Area.objects.get(name="1号楼")
    factories.activity(group, held_on=NOW - timedelta(days=2), title="合唱")
    keep_days(street, NOW - timedelta(days=100), NOW - timedelta(days=1))
    row = streets(today=NOW)["新成路街道"]
    assert (row.counts["members"], row.counts["groups"], row.counts["communities"]) == (2, 2, 2)
    assert row.counts["stations_due"] == 2 * 12
    found = communities_beside(Area.objects.all(), street.pk, today=NOW)
    assert found
    for name in (*STOCK, *HAPPENED, *OF_WEEKS):
        assert found.total.counts[name] == sum(each.counts[name] for each in found.rows), name
    assert found.total.counts == row.counts


def test_closed_places_are_left_out(street: Area, community: Area, other_community: Area, station: Area) -> None:
    other_community.close()
    found = communities_beside(Area.objects.all(), street.pk, today=NOW)
    assert found
    assert [row.place.name for row in found.rows] == ["第一社区"]
    assert communities_beside(Area.objects.all(), community.pk, today=NOW) is None


# Words ---------------------------------------------------------------------------------------------------------------
def test_what_is_missing_is_told_and_the_thinnest_come_first(street: Area, other_street: Area) -> None:
    kept(street, date(2026, 10, 31), communities_due=8, communities_done=8, groups=9)
    kept(street, YESTERDAY, groups=9, established=9, stations_due=10, stations_done=8)
    kept(other_street, date(2026, 10, 31), communities_due=8, communities_done=4)
    kept(
        other_street, YESTERDAY,
        groups=9, established=7, stations_due=100, stations_done=62, groups_due=4, groups_done=4,
        needs_opened=5, needs_done=2, cards_issued=9, cards_received=4,
    )  # fmt: skip
    found = streets_beside(Area.objects.all(), today=TODAY)
    told = [(place.name, sentence) for place, sentence in found.thin]
    assert told == [
        (
            "菊园新区",
            "2 个楼组还没有建立党小组；4 个社区上月没有办活动；小区周活动近 12 周完成 62%；"
            "今年提出的需求 5 条，办结 2 条；今年发出的记录卡 9 张，签收 4 张",
        )
    ]


def test_of_a_community_the_words_are_its_own(street: Area, community: Area) -> None:
    kept(street, YESTERDAY)
    kept(community, date(2026, 10, 31), communities_due=1)
    kept(community, YESTERDAY, groups=1, established=1)
    found = communities_beside(Area.objects.all(), street.pk, today=TODAY)
    assert found
    assert found.rows[0].missing == ["上月没有办活动"]


def test_a_street_without_figures_says_so(street: Area, other_street: Area) -> None:
    kept(other_street, YESTERDAY - timedelta(days=1))
    found = streets_beside(Area.objects.all(), today=TODAY)
    assert [row.missing for row in found.rows] == [["还没有算好的数字"], []]
    assert [row.place.name for row in found.late] == ["菊园新区"]
    assert [row.place.name for row in found.since] == ["菊园新区"]


# Pages, calls, files -------------------------------------------------------------------------------------------------
@pytest.fixture
def figures(street: Area, other_street: Area, community: Area, other_community: Area) -> None:
    for number, area in enumerate([street, other_street, community, other_community], start=1):
        kept(area, NOW - timedelta(days=2), members=1_000 * number)
        kept(area, NOW - timedelta(days=1), members=1_234 * number, groups=3, established=2, visits=number)


@pytest.fixture
def client(logged_in: Callable[[User], Client], district: User, figures: None) -> Client:
    return logged_in(district)


def test_the_landing_page_leads_to_the_streets_beside_each_other(client: Client) -> None:
    answer = client.get("/", follow=True)
    assert answer.redirect_chain == [("/district/", 302)]
    text = answer.content.decode()
    for words in ("新成路街道", "菊园新区", "1,234", "2,468", "3,702", "全区", "1 个楼组还没有建立党小组"):
        assert words in text, words
    assert "第一社区" not in text


def test_a_street_shows_its_communities_alone(client: Client, street: Area, other_street: Area) -> None:
    text = client.get(f"/district/{street.pk}/").content.decode()
    assert all(words in text for words in ("第一社区", "第二社区", "3,702", "4,936"))
    assert not any(words in text for words in ("迎晖苑", "仓场公寓", "平城社区", "菊园新区"))
    assert client.get(f"/district/{street.pk}/print/").status_code == 200
    assert client.get("/district/print/").status_code == 200
    assert "参加人次" in client.get("/district/months/").content.decode()


@pytest.mark.parametrize("page", ["", "print/", "district.xlsx"])
def test_only_streets_of_the_posts_are_there(
    client: Client, community: Area, other_street: Area, district: User, page: str
) -> None:
    assert client.get(f"/district/{community.pk}/{page}").status_code == 404
    assert client.get(f"/district/{other_street.pk}/{page}").status_code == 200
    district.roles.filter(area=other_street).update(until=NOW)
    assert client.get(f"/district/{other_street.pk}/{page}").status_code == 404
    assert client.get(f"/api/v1/district/{other_street.pk}").status_code == 404
    assert "菊园新区" not in client.get("/district/").content.decode()


def test_who_works_in_a_street_too_keeps_the_own_landing_page(
    logged_in: Callable[[User], Client], district: User, community: Area
) -> None:
    factories.post(district, PostKind.SECRETARY, community)
    page = logged_in(district).get("/")
    assert page.status_code == 200
    assert "/district/" in page.content.decode()


def test_yesterday_s_figures_may_not_be_there_yet(client: Client, other_street: Area) -> None:
    FiguresOfDay.objects.filter(area=other_street, day=NOW - timedelta(days=1)).delete()
    text = client.get("/district/").content.decode()
    assert "昨天的数字还没有算好：菊园新区" in text
    FiguresOfDay.objects.filter(area=other_street).delete()
    assert ">还没有算好的数字<" in client.get("/district/").content.decode()
    assert client.get("/district/district.xlsx").status_code == 200


def test_files_are_in_the_trail_of_each_street(client: Client, street: Area, other_street: Area) -> None:
    answer = client.get("/district/district.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.worksheets[0][3]] == list(HEADINGS)
    assert [row[0] for row in book.worksheets[0].iter_rows(min_row=3, values_only=True)] == [
        "区域",
        "合计",
        "新成路街道",
        "菊园新区",
    ]
    assert book.worksheets[0]["A1"].value == "全区各街道楼组党建情况"
    assert book.worksheets[0]["A2"].value.startswith(f"截至 {NOW - timedelta(days=1)}")
    assert list(book["公式"].iter_rows(min_row=2, values_only=True)) == FORMULAS
    assert AuditEntry.objects.filter(action="export").count() == 2
    client.get(f"/district/{street.pk}/district.xlsx")
    assert sorted(AuditEntry.objects.filter(action="export").values_list("area_path", flat=True)) == [
        street.path,
        street.path,
        other_street.path,
    ]


def test_the_api_gives_the_same(api: Callable, district: User, figures: None, street: Area) -> None:
    client = api(district)
    given_ = client.get("/api/v1/district").json()
    assert given_ == streets_beside(Area.objects.all(), today=NOW, by_month=True).as_dict()
    found = communities_beside(Area.objects.all(), street.pk, today=NOW)
    assert found
    assert client.get(f"/api/v1/district/{street.pk}").json() == found.as_dict()


@pytest.mark.parametrize(
    "page", ["/district/", "/district/months/", "/district/{street}/", "/api/v1/district", "/api/v1/district/{street}"]
)
def test_three_queries_whatever_the_size(
    logged_in: Callable, district: User, figures: None, street: Area, page: str
) -> None:
    for number in range(10):
        factories.post(district, PostKind.DISTRICT, factories.area(f"街道{number}"))
        kept(factories.area(f"第{number}社区", street), NOW - timedelta(days=1))
    client = logged_in(district)
    client.get("/district/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page.format(street=street.pk)).status_code == 200
    asked = [query["sql"] for query in queries if "louzu_figuresofday" in query["sql"]]
    session = ("django_session", "members_user", "members_arearole", "is_demo", "SAVEPOINT", "RELEASE", "callcount")
    others = [query["sql"] for query in queries if not any(name in query["sql"] for name in session)]
    assert len(asked) == 3
    assert [sql for sql in others if sql not in asked] == []


def test_neither_others_nor_the_superuser_see_it(logged_in: Callable, superuser: User, street_officer: User) -> None:
    for user in (superuser, street_officer):
        client = logged_in(user)
        assert client.get("/district/").status_code == 403
        assert client.get("/api/v1/district").status_code == 403
        assert ">全区<" not in client.get("/").content.decode()
