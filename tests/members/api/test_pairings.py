"""Pairings: two households through the API."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from members.models import Area, Household, Member, Pairing, User
from tests import factories

URL = "/api/v1/pairings"


@pytest.fixture
def client(api: Any, leader: User) -> APIClient:
    return api(leader)


@pytest.fixture
def home(member: Member, group: Area) -> Household:
    return factories.household(group, "302")


@pytest.fixture
def next_door(group: Area) -> Household:
    return factories.household(group, "303")


def neighbours(client: APIClient, query: str) -> list[str]:
    return [row["neighbour_label"].split()[-1] for row in client.get(f"{URL}?{query}").data["results"]]


def test_a_pair_is_made_and_shown(client: APIClient, home: Household, next_door: Household) -> None:
    response = client.post(URL, {"household": home.pk, "neighbour": next_door.pk, "since": "2026-01-05"})
    assert response.status_code == 201, response.data
    assert client.get(f"{URL}/{response.data['id']}").json() == {
        "id": Pairing.objects.get().pk,
        "household": home.pk,
        "household_label": "第一社区 迎晖苑 1号楼 302",
        "neighbour": next_door.pk,
        "neighbour_label": "第一社区 迎晖苑 1号楼 303",
        "since": "2026-01-05",
        "until": None,
    }


def test_asked_twice_it_is_the_same_pair(client: APIClient, home: Household, next_door: Household) -> None:
    body = {"household": home.pk, "neighbour": next_door.pk}
    first, second = client.post(URL, body), client.post(URL, body)
    assert (second.status_code, second.data) == (201, first.data)
    assert Pairing.objects.count() == 1


def test_today_if_not_said(client: APIClient, home: Household, next_door: Household) -> None:
    client.post(URL, {"household": home.pk, "neighbour": next_door.pk, "until": "2026-01-01"})
    pair = Pairing.objects.get()
    assert (pair.since, pair.until) == (timezone.localdate(), None)


def test_filters(api: Any, secretary: User, home: Household, next_door: Household, station: Area) -> None:
    client, upstairs = api(secretary), factories.building("5号楼", station)
    factories.person("曾爱国", upstairs, room="101")
    theirs = factories.household(upstairs, "101")
    factories.pairing(home, next_door, until=date(2024, 1, 1))
    factories.pairing(home, factories.household(home.area, "304"))
    factories.pairing(theirs, factories.household(upstairs, "102"))
    assert neighbours(client, "current=true") == ["304", "102"]
    assert neighbours(client, "current=false") == ["303"]
    assert neighbours(client, f"household={home.pk}") == ["303", "304"]
    assert neighbours(client, f"neighbour={next_door.pk}") == ["303"]
    assert neighbours(client, f"inside={upstairs.pk}") == ["102"]


@pytest.mark.parametrize("query", ["household=x", "household=99999999999999999999", "neighbour=0", "inside=999999"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, home: Household, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 400


def test_a_pair_across_two_groups_is_its_compound_s(
    api: Any, leader: User, liaison: User, home: Household, station: Area
) -> None:
    across = factories.household(factories.building("5号楼", station), "101")
    body = {"household": home.pk, "neighbour": across.pk}
    refused = api(leader).post(URL, body)
    assert refused.data["errors"] == {"neighbour": ["没有这一条，或者它不在您的范围内。"]}
    assert api(liaison).post(URL, body).status_code == 201
    assert neighbours(api(leader), "") == []


def test_who_can_be_paired(
    api: Any, street_officer: User, home: Household, next_door: Household, group: Area, other_group: Area
) -> None:
    client = api(street_officer)
    far, taken = factories.household(other_group, "101"), factories.household(group, "304")
    factories.pairing(home, taken)
    factories.person("曾爱国", group, room="601")
    colleague = factories.household(group, "601")
    for household, neighbour, field, sentence in [
        (home, home, "neighbour", "是党员家庭"),
        (home, colleague, "neighbour", "是党员家庭"),
        (next_door, taken, "household", "没有党员居住"),
        (colleague, taken, "non_field_errors", "这户家庭已经结对"),
        (home, far, "non_field_errors", "要在同一个小区"),
    ]:
        response = client.post(URL, {"household": household.pk, "neighbour": neighbour.pk})
        assert response.status_code == 400, (household, neighbour)
        assert sentence in str(response.data["errors"][field])
    assert Pairing.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"household": 999_999}, "household"),
        ({"neighbour": 10**30}, "neighbour"),
        ({"neighbour": [1]}, "neighbour"),
        ({"neighbour": True}, "neighbour"),
        ({"since": "1902-01-01"}, "since"),
        ({"since": "2150-01-01"}, "since"),
        ({"since": 20260101}, "since"),
        ({"since": {"year": 2026}}, "since"),
    ],
)
def test_what_cannot_be_read(client: APIClient, home: Household, next_door: Household, change: Any, field: str) -> None:
    response = client.post(URL, {"household": home.pk, "neighbour": next_door.pk} | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert not Pairing.objects.exists()


def test_end_once(client: APIClient, home: Household, next_door: Household) -> None:
    pair = factories.pairing(home, next_door)
    response = client.post(f"{URL}/{pair.pk}/end", {"on": "2025-05-01"})
    assert response.status_code == 200, response.data
    assert response.data["until"] == "2025-05-01"
    again = client.post(f"{URL}/{pair.pk}/end", {})
    assert (again.status_code, again.data["detail"]) == (409, "这一对已于 2025-05-01 结束。")
    assert client.post(URL, {"household": home.pk, "neighbour": next_door.pk}).status_code == 201


@pytest.mark.parametrize("day", ["1902-01-01", "2019-12-31", str(timezone.localdate() + timedelta(days=1)), "soon"])
def test_a_day_on_which_it_cannot_end(client: APIClient, home: Household, next_door: Household, day: str) -> None:
    pair = factories.pairing(home, next_door)
    response = client.post(f"{URL}/{pair.pk}/end", {"on": day})
    assert response.status_code == 400
    assert list(response.data["errors"]) == ["on"]
    pair.refresh_from_db()
    assert pair.until is None


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(
    client: APIClient, home: Household, group: Area
) -> None:
    counts = []
    for floor in (1, 2):
        for door in range(10, 20):
            factories.pairing(home, factories.household(group, f"{floor}{door}"))
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == floor * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 6
