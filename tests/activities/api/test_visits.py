"""Visits, and the pairings that wait for one, through the API."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Visit
from members.models import Area, AuditEntry, Member, Pairing, User
from tests import factories

URL = "/api/v1/visits"


@pytest.fixture
def client(api: Any, leader: User) -> APIClient:
    return api(leader)


@pytest.fixture
def pair(member: Member, group: Area) -> Pairing:
    return factories.pairing(factories.household(group, "302"), factories.household(group, "303"))


@pytest.fixture
def other_pair(other_member: Member, other_group: Area) -> Pairing:
    return factories.pairing(factories.household(other_group, "501"), factories.household(other_group, "502"))


def days(client: APIClient, query: str) -> list[str]:
    return [row["visited_on"] for row in client.get(f"{URL}?{query}").data["results"]]


def waiting(client: APIClient, query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/unvisited-pairings?{query}")
    return [row["neighbour_label"].split()[-1] for row in answer.data["results"]]


def test_a_visit_is_recorded_once(client: APIClient, pair: Pairing) -> None:
    body = {"pairing": pair.pk, "visited_on": "2026-03-05", "kind": "door", "note": "送去春联"}
    response = client.post(URL, body)
    assert response.status_code == 201, response.data
    visit = Visit.objects.get()
    assert client.get(f"{URL}/{visit.pk}").json() == {
        "id": visit.pk,
        "pairing": pair.pk,
        "household_label": "第一社区 迎晖苑 1号楼 302",
        "neighbour_label": "第一社区 迎晖苑 1号楼 303",
        "visited_on": "2026-03-05",
        "kind": "door",
        "note": "送去春联",
    }
    again = client.post(URL, body)
    assert (again.status_code, again.data["id"]) == (201, visit.pk)
    other = client.post(URL, body | {"note": "送去福字"})
    assert other.status_code == 400
    assert other.data["errors"] == {"non_field_errors": ["这一天的这次走访已经登记过了。"]}
    assert "送去春联" not in str(AuditEntry.objects.get(model="activities.Visit").changes)


def test_today_if_not_said(client: APIClient, pair: Pairing) -> None:
    assert client.post(URL, {"pairing": pair.pk, "kind": "phone"}).status_code == 201
    assert Visit.objects.get().visited_on == timezone.localdate()


def test_filters(api: Any, secretary: User, pair: Pairing, station: Area, group: Area) -> None:
    client, upstairs = api(secretary), factories.building("5号楼", station)
    factories.person("曾爱国", upstairs, room="101")
    next_pair = factories.pairing(factories.household(upstairs, "101"), factories.household(upstairs, "102"))
    factories.visit(pair, on=date(2026, 1, 31))
    factories.visit(next_pair, on=date(2026, 2, 1), kind="phone")
    assert days(client, f"inside={group.pk}") == days(client, f"pairing={pair.pk}") == ["2026-01-31"]
    assert days(client, "last=2026-01-31") == days(client, "kind=door") == ["2026-01-31"]
    assert days(client, "first=2026-02-01") == ["2026-02-01"]
    assert days(client, "pairing=999999") == []


@pytest.mark.parametrize("query", ["pairing=x", "first=soon", "kind=mail", "inside=999999"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"pairing": 999_999}, "pairing", "没有这一条，或者它不在您的范围内。"),
        ({"pairing": 10**30}, "pairing", ""),
        ({"pairing": "first"}, "pairing", ""),
        ({"visited_on": "1902-01-01"}, "visited_on", "早于结对日期"),
        ({"visited_on": "2150-01-01"}, "visited_on", "不能晚于今天"),
        ({"visited_on": []}, "visited_on", ""),
        ({"kind": "mail"}, "kind", ""),
        ({"kind": None}, "kind", ""),
        ({"note": "长" * 61}, "note", ""),
        ({"note": "送\0去"}, "non_field_errors", "不能保存的字符"),
    ],
)
def test_what_cannot_be_recorded(client: APIClient, pair: Pairing, change: Any, field: str, sentence: str) -> None:
    response = client.post(URL, {"pairing": pair.pk, "kind": "door"} | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert not Visit.objects.exists()


def test_a_pairing_of_others_is_refused_as_if_it_did_not_exist(client: APIClient, other_pair: Pairing) -> None:
    answers = [client.post(URL, {"pairing": pk, "kind": "door"}) for pk in (other_pair.pk, 999_999)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].data["errors"] == answers[1].data["errors"]


def test_pairings_without_a_visit_for_90_days(
    api: Any, secretary: User, pair: Pairing, other_pair: Pairing, group: Area, station: Area
) -> None:
    today, client = timezone.localdate(), api(secretary)
    visited, ended, new = (factories.household(group, room) for room in ("304", "305", "306"))
    factories.visit(factories.pairing(pair.household, visited), on=today - timedelta(days=89))
    factories.pairing(pair.household, ended, until=today)
    factories.pairing(pair.household, new, since=today)
    factories.visit(pair, on=today - timedelta(days=90))
    assert waiting(client) == waiting(client, f"inside={group.pk}") == ["303"]
    assert waiting(client, f"inside={factories.building('5号楼', station).pk}") == []
    factories.visit(pair, on=today)
    assert waiting(client) == []


@pytest.mark.parametrize("url", [URL, "/api/v1/unvisited-pairings"])
def test_a_list_asks_the_same_number_of_queries_whatever_its_length(
    client: APIClient, pair: Pairing, group: Area, url: str
) -> None:
    counts = []
    for floor in (1, 2):
        for door in range(10, 20):
            another = factories.pairing(pair.household, factories.household(group, f"{floor}{door}"))
            factories.visit(another, on=date(2024, 1, 1))
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(url).data["results"]) >= floor * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 6
