"""The month of an area: its days, what happens on them, and the way to record more."""

import re
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models.activities import LONGEST_AHEAD
from members.models import Area, User
from tests import factories

CALENDAR = "/activities/calendar/"
TODAY = timezone.localdate()
DAY = re.compile(r'<li class="lz-day([^"]*)">(.*?)</li>', re.DOTALL)


@pytest.fixture
def client(logged_in: Any, secretary: User, group: Area) -> Client:
    return logged_in(secretary)


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"{CALENDAR}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def month_of(page: str) -> str:
    return re.findall(r'lz-month-name">([^<]+)<', page)[0]


def events(page: str) -> dict[int, list[str]]:
    """The titles by day of the month, of those days that have any."""
    days = [(signs, inside) for signs, inside in DAY.findall(page) if "lz-outside" not in signs]
    titles = {int(re.findall(r"<b>(\d+)</b>", inside)[0]): _titles(inside) for _, inside in days}
    return {day: found for day, found in titles.items() if found}


def _titles(inside: str) -> list[str]:
    return [title.strip() for title in re.findall(r"lz-event[^>]*>([^<]+)<", inside)]


def test_a_month_goes_from_monday_to_sunday(client: Client) -> None:
    page = shown(client, "month=2026-11")
    days = [re.findall(r"<b>(\d+)</b>", inside)[0] for _, inside in DAY.findall(page)]
    assert month_of(page) == "2026年11月"
    assert (len(days), days[:7], days[-7:]) == (
        42, ["26", "27", "28", "29", "30", "31", "1"], ["30", "1", "2", "3", "4", "5", "6"],
    )  # fmt: skip
    assert sum("lz-outside" in signs for signs, _ in DAY.findall(page)) == 12


def test_what_happens_stands_on_its_day(client: Client, community: Area, group: Area, other_group: Area) -> None:
    factories.activity(community, title="读书会", held_on=date(2026, 1, 15))
    factories.activity(group, title="大扫除", held_on=date(2026, 1, 15), begins_at=time(9))
    factories.activity(group, title="上个月的", held_on=date(2025, 12, 31))
    factories.activity(other_group, title="别处的", held_on=date(2026, 1, 15))
    factories.activity(group, title="取消了的", held_on=date(2026, 1, 16), is_held=False).cancel()
    page = shown(client, "month=2026-01")
    assert events(page) == {15: ["09:00 大扫除", "读书会"]}
    assert "上个月的" in page  # on the last day of the week before
    assert "<small>迎晖苑 1号楼</small>" in page
    assert events(shown(client, f"month=2026-01&area={group.pk}")) == {15: ["09:00 大扫除"]}


def test_a_full_day_leads_to_its_list(client: Client, community: Area, group: Area) -> None:
    for number in range(5):
        factories.activity(group, title=f"第{number}次", held_on=date(2026, 1, 15))
    page = shown(client, "month=2026-01")
    assert events(page)[15] == ["第0次", "第1次", "第2次", "还有 2 个"]
    url = re.findall(r'href="([^"]+)">还有', page)[0].replace("&amp;", "&")
    assert url == f"/activities/?area={community.pk}&period=2026-01-15"
    assert client.get(url).content.decode().count("/activities/") > 5


def test_of_a_full_day_the_higher_areas_are_shown(client: Client, community: Area, group: Area) -> None:
    for hour in (8, 9, 10):
        factories.activity(group, title="楼组的", held_on=date(2026, 1, 15), begins_at=time(hour))
    factories.activity(community, title="社区的", held_on=date(2026, 1, 15), begins_at=time(14))
    assert events(shown(client, "month=2026-01"))[15] == ["08:00 楼组的", "09:00 楼组的", "14:00 社区的", "还有 1 个"]


def test_a_day_leads_to_a_new_activity_on_it(client: Client, community: Area) -> None:
    page = shown(client, "month=2026-01")
    assert f'href="/activities/add/?on=2026-01-15&amp;area={community.pk}"' in page
    far = TODAY + LONGEST_AHEAD
    page = shown(client, f"month={far:%Y-%m}")
    assert f"on={far.isoformat()}" in page
    assert f"on={(far + timedelta(days=1)).isoformat()}" not in page


def test_who_may_only_read_is_offered_no_new_one(logged_in: Any, instructor: User, group: Area) -> None:
    page = shown(logged_in(instructor))
    assert ("/activities/add/" in page, "看列表" in page) == (False, True)


def test_one_turns_over_months_and_comes_back(client: Client, group: Area) -> None:
    page = shown(client, f"month=2026-01&area={group.pk}")
    turned = [url.replace("&amp;", "&") for url in re.findall(r'href="(\?[^"]+)">(?:上个月|下个月|今天)', page)]
    assert turned == [f"?month={month}&area={group.pk}" for month in ("2025-12", "2026-02")] + [f"?area={group.pk}"]
    assert "lz-today" in shown(client)
    assert ">今天</a>" not in shown(client)


@pytest.mark.parametrize(
    "month", ["", "x", "2026", "2026-13", "2026-00", "2026-11-03", "1999-12", "2150-01", "9999-12", "2026-11~2026-12"]
)
def test_no_such_month_is_this_month(client: Client, month: str) -> None:
    assert month_of(shown(client, f"month={month}")) == f"{TODAY.year}年{TODAY.month}月"


def test_the_first_and_the_last_month_are_ends(client: Client) -> None:
    assert ">上个月</a>" not in shown(client, "month=2000-01")
    assert ">下个月</a>" not in shown(client, f"month={TODAY + LONGEST_AHEAD:%Y-%m}")


@pytest.mark.parametrize("area", ["x", "0", "9" * 40, "9" * 5000])
def test_no_such_area_is_said_and_ones_own_is_shown(client: Client, area: str) -> None:
    page = shown(client, f"area={area}")
    assert "没有这个区域，或者它不在您的岗位范围内" in page
    assert "活动日历：第一社区" in page


def test_somebody_elses_area_is_not_shown(client: Client, other_community: Area) -> None:
    assert "活动日历：第一社区" in shown(client, f"area={other_community.pk}")


def test_areas_down_to_the_compounds_are_offered(client: Client, logged_in: Any, leader: User, group: Area) -> None:
    found = r"<option value=\"\d+\"(?: selected)?>([^<]+)</option>"
    assert re.findall(found, shown(client)) == ["第一社区", "第一社区 迎晖苑"]
    assert re.findall(found, shown(client, f"area={group.pk}"))[-1] == "第一社区 迎晖苑 1号楼"
    assert re.findall(found, shown(logged_in(leader))) == []
    assert "活动日历：第一社区 迎晖苑 1号楼" in shown(logged_in(leader))


@pytest.mark.parametrize("who", ["auditor", "outsider"])
def test_who_works_nowhere_finds_no_calendar(logged_in: Any, request: Any, who: str) -> None:
    assert logged_in(request.getfixturevalue(who)).get(CALENDAR).status_code == 403


def test_it_is_narrowed_by_words_and_field(client: Client, group: Area) -> None:
    for title, field in (("读书会", "culture"), ("大扫除", "surroundings"), ("读报", "science")):
        factories.activity(group, title=title, field=field, held_on=date(2026, 1, 15))
    assert events(shown(client, "month=2026-01&q=读")) == {15: ["读书会", "读报"]}
    page = shown(client, "month=2026-01&q=读&field=culture")
    assert events(page) == {15: ["读书会"]}
    assert "&amp;q=%E8%AF%BB&amp;field=culture" in page, "the list keeps the filter"
    assert re.search(r'href="\?[^"]*q=%E8%AF%BB[^"]*month=2025-12|href="\?[^"]*month=2025-12[^"]*q=%E8%AF%BB', page)
    assert "要查找的内容太长了" in shown(client, "q=" + "长" * 61)


@pytest.mark.parametrize("rows", [1, 20])
def test_it_takes_as_many_queries_however_full(client, group, rows, django_assert_num_queries) -> None:
    for number in range(rows):
        factories.activity(group, title=f"第{number}次")
    client.get(CALENDAR)
    with django_assert_num_queries(6):
        client.get(CALENDAR)
