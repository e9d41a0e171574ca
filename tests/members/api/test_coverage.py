"""The coverage report through the API."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from members.api.coverage import FIGURES
from members.models import Area, Member, User
from members.rules.coverage import CoverageFigures, coverage

URL = "/api/v1/coverage"


@pytest.fixture
def client(api: Any, street_officer: User) -> APIClient:
    return api(street_officer)


def test_the_report_is_the_same_as_everywhere(
    client: APIClient, street: Area, member: Member, other_member: Member
) -> None:
    given = client.get(f"{URL}/{street.pk}?day=2024-01-01&level=2").json()
    assert given == coverage(street, areas=Area.objects.all(), day=date(2024, 1, 1), level=2).as_dict()
    assert [row["area"] for row in given["rows"]] == ["第一社区", "第二社区"]
    assert given["figures"]["members"] == 2


def test_by_default_today_and_the_level_below(client: APIClient, community: Area, member: Member) -> None:
    given = client.get(f"{URL}/{community.pk}").json()
    assert [row["area"] for row in given["rows"]] == ["迎晖苑"]
    assert client.get(f"{URL}/{community.pk}?level=4").json()["rows"][0]["area"] == "1号楼"


def test_the_schema_names_every_figure() -> None:
    assert list(FIGURES) == list(CoverageFigures().as_dict())


@pytest.mark.parametrize("query", ["day=soon", "level=9", "level=x", "day=2024-02-30"])
def test_what_cannot_be_read_is_refused(client: APIClient, street: Area, query: str) -> None:
    response = client.get(f"{URL}/{street.pk}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_an_area_of_others_is_not_there(api: Any, secretary: User, street: Area, other_group: Area) -> None:
    client = api(secretary)
    unknown = client.get(f"{URL}/999999").data
    for area in (street, other_group):
        hidden = client.get(f"{URL}/{area.pk}")
        assert hidden.status_code == 404
        assert hidden.data | {"request_id": ""} == unknown | {"request_id": ""}


def test_a_constant_number_of_queries(
    client: APIClient, street: Area, member: Member, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(11):
        client.get(f"{URL}/{street.pk}?level=4")
