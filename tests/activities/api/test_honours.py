"""Honours of places through the API."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from activities.models import Honour
from members.models import Area, User
from tests import factories

URL = "/api/v1/honours"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


@pytest.fixture
def body(group: Area) -> dict[str, Any]:
    return {"area": group.pk, "year": 2025, "kind": "theme", "theme": "green", "deeds": "屋顶种菜，邻里共享。"}


def places(client: APIClient, query: str) -> list[str]:
    return [row["label"].split()[-1] for row in client.get(f"{URL}?{query}").data["results"]]


def test_an_honour_is_given_and_shown(client: APIClient, body: Any, group: Area) -> None:
    told = {"awarded_on": "2025-12-20", "no_accidents": True, "stated_on": "2025-12-01"}
    response = client.post(URL, body | told)
    assert response.status_code == 201, response.data
    honour = Honour.objects.get()
    assert client.get(f"{URL}/{honour.pk}").json() == {
        "id": honour.pk,
        "label": "第一社区 迎晖苑 1号楼",
        "no_violations": False,
        "no_disputes": False,
        "no_superstition": False,
        "withdrawn_at": None,
        "withdrawal_reason": "",
        **body,
        **told,
    }


def test_filters(client: APIClient, group: Area, station: Area) -> None:
    factories.honour(group, year=2024, awarded_on=date(2025, 1, 10))
    factories.honour(station, kind="theme", theme="arts")
    assert places(client, "year=2024") == places(client, "kind=commended") == ["1号楼"]
    assert places(client, "theme=arts") == ["迎晖苑"]
    assert places(client, f"inside={group.pk}") == ["1号楼"]


@pytest.mark.parametrize(
    "query", ["year=soon", "year=1e400", "year=2025.5", "year=99999999999999999999", "theme=rich", "kind=x"]
)
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_change(client: APIClient, group: Area) -> None:
    honour = factories.honour(group)
    response = client.patch(f"{URL}/{honour.pk}", {"deeds": "楼道干净。", "kind": "theme", "theme": "army"})
    assert response.status_code == 200, response.data
    honour.refresh_from_db()
    assert (honour.deeds, honour.theme) == ("楼道干净。", "army")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"theme": ""}, "theme", "特色楼组要选主题"),
        ({"kind": "commended"}, "non_field_errors", "先进楼组党小组不选主题"),
        ({"no_disputes": True}, "stated_on", "请填写声明日期"),
        ({"year": 1902}, "year", ""),
        ({"year": 2099}, "year", "年度不能晚于今年。"),
        ({"year": 10**30}, "year", ""),
        ({"year": []}, "year", ""),
        ({"awarded_on": "2150-01-01"}, "awarded_on", "不能晚于今天"),
        ({"awarded_on": "1902-01-01"}, "awarded_on", "请核对"),
        ({"stated_on": "1902-01-01"}, "stated_on", "请核对"),
        ({"stated_on": "soon"}, "stated_on", ""),
        ({"deeds": ""}, "deeds", ""),
        ({"deeds": "长" * 1001}, "deeds", ""),
        ({"deeds": "楼\0道"}, "non_field_errors", "不能保存的字符"),
        ({"no_accidents": "perhaps"}, "no_accidents", ""),
        ({"area": 999_999}, "area", "没有这一条，或者它不在您的范围内。"),
        ({"area": {}}, "area", ""),
    ],
)
def test_what_cannot_be_given(client: APIClient, body: Any, change: Any, field: str, sentence: str) -> None:
    response = client.post(URL, body | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert not Honour.objects.exists()


def test_once_a_year_to_a_building_or_compound(client: APIClient, body: Any, community: Area) -> None:
    assert client.post(URL, body).status_code == 201
    again = client.post(URL, body)
    assert again.data["errors"] == {"non_field_errors": ["这个楼组这一年已有这项荣誉。"]}
    above = client.post(URL, body | {"area": community.pk})
    assert above.data["errors"] == {"area": ["请选择楼组或小区：荣誉授予楼组、小区。"]}


def test_what_is_given_where_honours_are_only_read_is_rolled_back(
    api: Any, secretary: User, body: Any, other_group: Area
) -> None:
    factories.post(secretary, "leader", other_group)
    response = api(secretary).post(URL, body | {"area": other_group.pk})
    assert (response.status_code, response.data["type"]) == (403, "/problems/written-outside")
    assert not Honour.objects.exists()


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(
    client: APIClient, station: Area, group: Area
) -> None:
    counts = []
    for times in (1, 2):
        for each in range(10):
            factories.honour(factories.building(f"{times}{each}号楼", station))
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == times * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 6
