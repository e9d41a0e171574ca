"""Households: the doors of a building through the API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from members.models import Area, AuditEntry, Household, Member, User
from tests import factories

URL = "/api/v1/households"


@pytest.fixture
def client(api: Any, leader: User) -> APIClient:
    return api(leader)


def rooms(client: APIClient, query: str) -> list[str]:
    return [row["room"] for row in client.get(f"{URL}?{query}").data["results"]]


def test_a_door_is_shown(client: APIClient, group: Area) -> None:
    door = factories.household(group, "2单元302室", name="王阿姨家")
    assert client.get(f"{URL}/{door.pk}").json() == {
        "id": door.pk,
        "area": group.pk,
        "label": "第一社区 迎晖苑 1号楼",
        "room": "2-302",
        "name": "王阿姨家",
        "unit": "2",
        "floor": 3,
        "number": "02",
        "of_members": False,
        "paired": False,
    }


def test_filters(api: Any, secretary: User, member: Member, moved_away: Member, group: Area, station: Area) -> None:
    client = api(secretary)
    doors = [factories.household(group, room) for room in ("302", "303", "401")]
    upstairs = factories.building("5号楼", station)
    factories.household(upstairs, "101")
    factories.pairing(doors[0], doors[1])
    assert rooms(client, f"inside={upstairs.pk}") == ["101"]
    assert rooms(client, f"inside={station.pk}") == ["302", "303", "401", "101"]
    assert rooms(client, "of_members=true") == ["302"]
    assert rooms(client, "of_members=false") == ["303", "401", "101"]
    assert rooms(client, "paired=true") == ["302", "303"]
    assert rooms(client, "paired=false") == ["401", "101"]
    assert rooms(client, "paired=false&of_members=false") == ["401", "101"]
    shown = client.get(URL).data["results"]
    assert [(row["of_members"], row["paired"]) for row in shown] == [
        (True, True),
        (False, True),
        (False, False),
        (False, False),
    ]


def test_a_pairing_that_ended_pairs_nobody(client: APIClient, member: Member, group: Area) -> None:
    one, other = (factories.household(group, room) for room in ("302", "303"))
    factories.pairing(one, other, until=factories.EARLY)
    assert rooms(client, "paired=true") == []


@pytest.mark.parametrize("query", ["inside=999999", "inside=x", "cursor=x"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, group: Area, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_create_and_change(client: APIClient, group: Area) -> None:
    response = client.post(URL, {"area": group.pk, "room": "３０２室", "name": "王阿姨家"})
    assert response.status_code == 201, response.data
    assert (response.data["room"], response.data["floor"], response.data["number"]) == ("302", 3, "02")
    url = f"{URL}/{response.data['id']}"
    assert client.patch(url, {"room": "402", "name": "", "floor": 9}).data["floor"] == 4
    door = Household.objects.get()
    assert (door.room, door.floor, door.name, door.area) == ("402", 4, "", group)


def test_the_group_is_given_once(api: Any, secretary: User, group: Area, station: Area) -> None:
    door, elsewhere = factories.household(group, "302"), factories.building("5号楼", station)
    assert api(secretary).patch(f"{URL}/{door.pk}", {"area": elsewhere.pk}).data["area"] == group.pk


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"room": ""}, "room", ""),
        ({"room": " 　"}, "room", ""),
        ({"room": "302 室"}, "non_field_errors", "这个楼组里已经有这一户。"),
        ({"room": ["302"]}, "room", ""),
        ({"room": "3" * 31}, "room", ""),
        ({"name": "长" * 21}, "name", ""),
        ({"name": "王\0家"}, "non_field_errors", "不能保存的字符"),
        ({"area": 999_999}, "area", "没有这一条，或者它不在您的范围内。"),
        ({"area": 10**30}, "area", ""),
        ({"area": {}}, "area", ""),
        ({"area": None}, "area", ""),
    ],
)
def test_what_cannot_be_created(client: APIClient, group: Area, change: Any, field: str, sentence: str) -> None:
    factories.household(group, "302")
    response = client.post(URL, {"area": group.pk, "room": "303"} | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert Household.objects.count() == 1


def test_a_place_of_others_is_refused_as_if_it_did_not_exist(client: APIClient, group: Area, other_group: Area) -> None:
    answers = [client.post(URL, {"area": area, "room": "303"}) for area in (other_group.pk, 999_999)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].data["errors"] == answers[1].data["errors"]


def test_a_door_belongs_to_a_building_group(api: Any, secretary: User, station: Area) -> None:
    response = api(secretary).post(URL, {"area": station.pk, "room": "303"})
    assert response.data["errors"] == {"area": ["请选择楼组（哪一号楼）。"]}


def test_lay_out_a_building_once(client: APIClient, leader: User, member: Member, group: Area) -> None:
    body = {"area": group.pk, "units": 2, "floors": 3, "doors": 2}
    first = client.post(f"{URL}/lay-out", body)
    assert first.data == {"added": 13, "removed": 0, "total": 13}, "with the member's own, 302"
    assert client.post(f"{URL}/lay-out", body).data == {"added": 0, "removed": 0, "total": 13}
    assert Household.objects.filter(unit="2", floor=3).count() == 2
    entry = AuditEntry.objects.get(action="create", model="members.Household")
    assert (entry.user, entry.area_path) == (leader, group.path)


def test_a_building_of_too_many_doors_is_a_slip(client: APIClient, group: Area) -> None:
    response = client.post(f"{URL}/lay-out", {"area": group.pk, "units": 12, "floors": 60, "doors": 30})
    assert response.status_code == 400
    assert "超过 1,000 户" in str(response.data["errors"]["non_field_errors"])
    assert not Household.objects.exists()


def test_what_was_a_slip_goes(client: APIClient, member: Member, group: Area) -> None:
    client.post(f"{URL}/lay-out", {"area": group.pk, "units": 2, "floors": 3, "doors": 2})
    again = client.post(f"{URL}/lay-out", {"area": group.pk, "units": 1, "floors": 3, "doors": 2})
    assert again.data == {"added": 5, "removed": 12, "total": 6}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"floors": 61}, "floors"),
        ({"floors": 0}, "floors"),
        ({"doors": 10**30}, "doors"),
        ({"units": "many"}, "units"),
        ({"floors": None}, "floors"),
        ({"area": 999_999}, "area"),
    ],
)
def test_what_cannot_be_laid_out(client: APIClient, group: Area, change: Any, field: str) -> None:
    response = client.post(f"{URL}/lay-out", {"area": group.pk, "floors": 6, "doors": 4} | change)
    assert response.status_code == 400
    assert list(response.data["errors"]) == [field]
    assert not Household.objects.exists()


def test_others_buildings_are_not_laid_out(client: APIClient, group: Area, other_group: Area) -> None:
    response = client.post(f"{URL}/lay-out", {"area": other_group.pk, "floors": 6, "doors": 4})
    assert response.data["errors"] == {"area": ["没有这一条，或者它不在您的范围内。"]}
    assert not Household.objects.exists()


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(client: APIClient, group: Area) -> None:
    counts = []
    for floor in (1, 2):
        for door in range(10, 20):
            factories.person("欧阳建国", group, room=f"{floor}{door}")
            factories.household(group, f"{floor}{door}")
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == floor * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 6
