"""Residences: homes past and present, to look at and correct."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from members.models import Area, Member, Residence, User
from tests import factories

URL = "/api/v1/residences"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


def rooms(client: APIClient, query: str) -> list[str]:
    return [row["room"] for row in client.get(f"{URL}?{query}").data["results"]]


def test_a_home_is_shown(client: APIClient, member: Member, group: Area) -> None:
    home = Residence.objects.get()
    assert client.get(f"{URL}/{home.pk}").json() == {
        "id": home.pk,
        "member": member.pk,
        "area": group.pk,
        "label": "第一社区 迎晖苑 1号楼",
        "room": "302",
        "since": "2020-03-01",
        "until": None,
        "joined_on": "2020-03-01",
    }


def test_filters(client: APIClient, member: Member, moved_away: Member, station: Area, group: Area) -> None:
    member.move(to=factories.building("5号楼", station), room="502", on=date(2024, 1, 1))
    assert rooms(client, f"member={member.pk}") == ["302", "502"]
    assert rooms(client, f"inside={group.pk}") == ["302", "401"]
    assert rooms(client, "current=true") == ["502"]
    assert rooms(client, "current=false") == ["302", "401"]


@pytest.mark.parametrize("query", ["member=x", "member=1.5", "member=999999999999999999999", "inside=0"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, member: Member, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 400


def test_correct(client: APIClient, member: Member, other_group: Area) -> None:
    home = Residence.objects.get()
    change = {
        "room": "303",
        "since": "2019-05-01",
        "joined_on": None,
        "area": other_group.pk,
        "member": 0,
        "until": "2020-01-01",
    }
    response = client.patch(f"{URL}/{home.pk}", change)
    assert response.status_code == 200, response.data
    changed = Residence.objects.get()
    assert (changed.room, changed.since, changed.joined_on) == ("303", date(2019, 5, 1), None)
    assert (changed.area, changed.member, changed.until) == (home.area, home.member, None), "never changed from here"


def test_a_home_cannot_begin_after_it_ended(client: APIClient, moved_away: Member) -> None:
    home = Residence.objects.get()
    response = client.patch(f"{URL}/{home.pk}", {"since": "2025-01-01"})
    assert response.data["errors"] == {"non_field_errors": ["结束日期不能早于开始日期。"]}


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(client: APIClient, group: Area) -> None:
    counts = []
    for _ in range(2):
        for each in range(10):
            factories.person("欧阳建国", group, room=str(each))
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 8
