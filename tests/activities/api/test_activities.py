"""Activities: planned, held, cancelled, and how many came, through the API."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Activity, Attendance
from members.models import Area, Member, User
from tests import factories

URL = "/api/v1/activities"


@pytest.fixture
def client(api: Any, leader: User) -> APIClient:
    return api(leader)


def titles(client: APIClient, query: str) -> list[str]:
    return [row["title"] for row in client.get(f"{URL}?{query}").data["results"]]


def came(activity: Activity, *members: Member) -> None:
    for member in members:
        Attendance.objects.create(activity=activity, member=member, source="tick")


def test_an_activity_is_shown_without_the_code_of_its_poster(client: APIClient, group: Area, member: Member) -> None:
    activity = factories.activity(group, held_on=date(2026, 3, 5), is_held=False)
    activity.sign_in_code = "secret-code"
    activity.save()
    came(activity, member)
    answer = client.get(f"{URL}/{activity.pk}")
    assert answer.json() == {
        "id": activity.pk,
        "area": group.pk,
        "label": "第一社区 迎晖苑 1号楼",
        "title": "楼道大扫除",
        "held_on": "2026-03-05",
        "begins_at": None,
        "place": "",
        "field": "surroundings",
        "regularity": "regular",
        "visibility": "open",
        "support": "cultural",
        "co_organisers": "",
        "residents_reached": None,
        "result": "",
        "status": "planned",
        "recorded_at": None,
        "cancelled_at": None,
        "voided_at": None,
        "attended": 1,
    }


def test_an_instructor_reads_how_many_came(api: Any, instructor: User, group: Area, member: Member) -> None:
    came(factories.activity(group), member)
    answer = api(instructor).get(URL)
    assert [row["attended"] for row in answer.data["results"]] == [1]
    assert "欧阳建国" not in answer.content.decode()


def test_filters(api: Any, secretary: User, community: Area, group: Area) -> None:
    client = api(secretary)
    factories.activity(community, title="读书会", held_on=date(2026, 1, 31), field="culture")
    factories.activity(group, title="大扫除", held_on=date(2026, 2, 1))
    factories.activity(group, title="茶话会", held_on=date(2026, 2, 28), is_held=False)
    assert titles(client, f"inside={group.pk}") == ["大扫除", "茶话会"]
    assert titles(client, "first=2026-02-01") == ["大扫除", "茶话会"]
    assert titles(client, "last=2026-02-01") == ["读书会", "大扫除"]
    assert titles(client, "field=culture") == ["读书会"]
    assert titles(client, "status=planned") == ["茶话会"]


@pytest.mark.parametrize("query", ["first=soon", "last=2026-02-30", "field=sport", "status=over", "inside=999999"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, group: Area, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_create_hold_and_reopen(client: APIClient, group: Area) -> None:
    body = {"area": group.pk, "title": "读书会", "held_on": "2026-03-05", "field": "culture", "status": "held"}
    response = client.post(URL, body)
    assert response.status_code == 201, response.data
    assert (response.data["status"], response.data["attended"]) == ("planned", 0), "held by a call of its own"
    url = f"{URL}/{response.data['id']}"
    held = client.post(f"{url}/hold")
    assert (held.status_code, held.data["status"]) == (200, "held")
    assert held.data["recorded_at"]
    assert client.post(f"{url}/reopen").data["recorded_at"] is None
    assert client.post(f"{url}/cancel").data["status"] == "cancelled"
    assert client.post(f"{url}/reopen").data["cancelled_at"] is None


@pytest.mark.parametrize(
    ("status", "call", "sentence"),
    [
        ("held", "hold", "现在是“已举办”"),
        ("held", "cancel", "现在是“已举办”"),
        ("cancelled", "hold", "现在是“已取消”"),
        ("cancelled", "cancel", "现在是“已取消”"),
        ("planned", "reopen", "现在是“计划中”"),
    ],
)
def test_a_move_that_the_state_does_not_allow_is_a_conflict(
    client: APIClient, group: Area, status: str, call: str, sentence: str
) -> None:
    activity = factories.activity(group, is_held=status == "held")
    if status == "cancelled":
        activity.cancel()
    response = client.post(f"{URL}/{activity.pk}/{call}")
    assert (response.status_code, response.data["type"]) == (409, "/problems/conflict")
    assert sentence in response.data["detail"]
    activity.refresh_from_db()
    assert activity.status == status


def test_so_is_one_that_its_day_or_its_people_stand_against(client: APIClient, group: Area, member: Member) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    coming = factories.activity(group, held_on=tomorrow, is_held=False)
    early = client.post(f"{URL}/{coming.pk}/hold")
    assert (early.status_code, early.data["detail"]) == (409, "活动的日期还没到，不能登记为已举办。")
    held = factories.activity(group)
    came(held, member)
    late = client.post(f"{URL}/{held.pk}/reopen")
    assert (late.status_code, late.data["detail"]) == (409, "已经登记了参加的人，不能改回计划中。")


def test_change(client: APIClient, group: Area) -> None:
    activity = factories.activity(group)
    response = client.patch(
        f"{URL}/{activity.pk}", {"residents_reached": 12, "result": "清出三车杂物。", "status": "x"}
    )
    assert response.status_code == 200, response.data
    activity.refresh_from_db()
    assert (activity.residents_reached, activity.result, activity.status) == (12, "清出三车杂物。", "held")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"title": ""}, "title", ""),
        ({"title": "长" * 61}, "title", ""),
        ({"title": "大\0扫除"}, "non_field_errors", "不能保存的字符"),
        ({"title": {"zh": "大扫除"}}, "title", ""),
        ({"held_on": "1902-01-01"}, "held_on", "日期太早了，请检查年份。"),
        ({"held_on": "2150-01-01"}, "held_on", "日期太远了"),
        ({"held_on": "2026-02-30"}, "held_on", ""),
        ({"held_on": None}, "held_on", ""),
        ({"begins_at": "25:00"}, "begins_at", ""),
        ({"field": "sport"}, "field", ""),
        ({"field": ["culture"]}, "field", ""),
        ({"residents_reached": -1}, "residents_reached", ""),
        ({"residents_reached": 10**30}, "residents_reached", ""),
        ({"residents_reached": "many"}, "residents_reached", ""),
        ({"result": "长" * 501}, "result", ""),
        ({"area": 999_999}, "area", "没有这一条，或者它不在您的范围内。"),
        ({"area": 10**30}, "area", ""),
        ({"area": []}, "area", ""),
    ],
)
def test_what_cannot_be_recorded(client: APIClient, group: Area, change: Any, field: str, sentence: str) -> None:
    body = {"area": group.pk, "title": "大扫除", "held_on": "2026-03-05", "field": "culture"}
    response = client.post(URL, body | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert not Activity.objects.exists()


def test_an_area_of_others_is_refused_as_if_it_did_not_exist(
    client: APIClient, group: Area, other_group: Area, community: Area
) -> None:
    activity = factories.activity(group)
    for area in (other_group.pk, community.pk, 999_999):
        response = client.patch(f"{URL}/{activity.pk}", {"area": area})
        assert response.data["errors"] == {"area": ["没有这一条，或者它不在您的范围内。"]}


def test_what_is_recorded_where_it_is_only_read_is_rolled_back(
    api: Any, leader: User, group: Area, other_group: Area
) -> None:
    factories.post(leader, "instructor", other_group)
    body = {"area": other_group.pk, "title": "大扫除", "field": "surroundings"}
    response = api(leader).post(URL, body)
    assert (response.status_code, response.data["type"]) == (403, "/problems/written-outside")
    assert not Activity.objects.exists()


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(
    client: APIClient, group: Area, member: Member
) -> None:
    counts = []
    for times in (1, 2):
        for _ in range(10):
            came(factories.activity(group), member)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == times * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 6
