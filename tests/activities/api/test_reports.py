"""The rhythm and the participation through the API: the same as on the pages."""

from datetime import date
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.serializers import Serializer
from rest_framework.test import APIClient

from activities.api.reports import ParticipationSerializer, RhythmSerializer
from activities.models import Attendance
from members.models import Area, Member, User
from tests import factories

TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def year(station: Area, group: Area, other_group: Area, member: Member) -> None:
    """Something of everything in 2024."""
    activity = factories.activity(group, held_on=date(2024, 5, 1), residents_reached=9)
    Attendance.objects.create(activity=activity, member=member, source="tick")
    factories.activity(station, held_on=date(2024, 6, 17))
    factories.honour(group, year=2024)
    factories.need(group, opened_on=date(2024, 5, 1))
    pair = factories.pairing(
        factories.household(group, "302"), factories.household(group, "401"), since=date(2024, 5, 1)
    )
    factories.visit(pair, on=date(2024, 8, 1))


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


@pytest.fixture
def browser(logged_in: Any, secretary: User) -> Client:
    return logged_in(secretary)


def plain(shown: dict[str, Any]) -> dict[str, Any]:
    return orjson.loads(orjson.dumps(shown))


@pytest.mark.parametrize("name", ["第一社区", "迎晖苑", "1号楼"])
def test_the_rhythm_is_that_of_the_page(client: APIClient, browser: Client, name: str) -> None:
    pk = Area.objects.get(name=name).pk
    given = client.get(f"/api/v1/rhythm/{pk}?year=2024").json()
    assert given == plain(browser.get(f"/rhythm/{pk}/?year=2024").context["report"].as_dict())
    assert sum(row["done"] for grid in given["grids"] for row in grid["rows"]) > 0


def test_the_rhythm_as_it_is_told(client: APIClient, group: Area) -> None:
    given = client.get(f"/api/v1/rhythm/{group.pk}?year=2024").json()
    grid = given["grids"][0]
    assert (given["area"], given["level"], given["year"], len(given["grids"])) == ("1号楼", "BUILDING_GROUP", 2024, 1)
    assert grid["periods"][1] == {"label": "2季度", "first": "2024-04-01", "last": "2024-06-30"}
    assert grid["rows"][0]["cells"][1:] == [
        {"state": "done", "activities": 1, "visits": 0},
        {"state": "done", "activities": 0, "visits": 1},
        {"state": "missing", "activities": 0, "visits": 0},
    ]
    assert (grid["rows"][0]["done"], grid["rows"][0]["due"], grid["rows"][0]["share"]) == (2, 4, 0.5)


def test_the_rows_may_be_of_any_level(client: APIClient, community: Area) -> None:
    by_default, groups = (
        client.get(f"/api/v1/rhythm/{community.pk}?{query}").json()["grids"][1] for query in ("year=2024", "level=4")
    )
    assert (by_default["level"], groups["level"]) == ("STATION", "BUILDING_GROUP")
    assert [row["area"] for row in groups["rows"]] == ["1号楼"]
    assert by_default["rows"][0]["below"]["BUILDING_GROUP"].keys() == {"done", "due", "share"}


@pytest.mark.parametrize("name", ["第一社区", "迎晖苑", "1号楼"])
def test_the_participation_is_that_of_the_page(client: APIClient, browser: Client, name: str) -> None:
    pk = Area.objects.get(name=name).pk
    given = client.get(f"/api/v1/participation/{pk}?first=2024-01-01&last=2024-12-31").json()
    shown = browser.get(f"/participation/{pk}/?from=2024-01-01&to=2024-12-31").context
    assert given == plain(shown["report"].as_dict() | shown["results"].as_dict())
    assert (given["figures"]["participants"], given["figures"]["residents"], given["needs"]["told"]) == (1, 9, 1)
    assert (given["pairings"]["begun"], given["honours"]) == (
        1, [{"year": 2024, "name": "先进楼组党小组", "given": 1}]
    )  # fmt: skip


def test_by_default_this_year_up_to_today(client: APIClient, community: Area) -> None:
    given = client.get(f"/api/v1/participation/{community.pk}").json()
    assert (given["first"], given["last"]) == (f"{TODAY.year}-01-01", TODAY.isoformat())
    given = client.get(f"/api/v1/participation/{community.pk}?last=2024-06-30").json()
    assert (given["first"], given["last"]) == ("2024-01-01", "2024-06-30")
    assert client.get(f"/api/v1/rhythm/{community.pk}").json()["year"] == TODAY.year


def keys(shape: Serializer, given: Any) -> set[tuple[str, ...]]:
    """The paths of the fields that the schema or the answer lacks, where the other has them."""
    rows = given if isinstance(given, list) else [given]
    fields = getattr(shape, "child", shape).fields
    wrong = {(name,) for row in rows for name in set(fields) ^ set(row)}
    for name, field in fields.items():
        if hasattr(getattr(field, "child", field), "fields") and name not in {path[0] for path in wrong}:
            wrong |= {(name, *path) for row in rows for path in keys(field, below(row[name], field))}
    return wrong


def below(value: Any, field: Any) -> Any:
    return list(value.values()) if isinstance(value, dict) and hasattr(field, "child") else value


def test_the_schema_names_every_figure(client: APIClient, community: Area) -> None:
    rhythm = client.get(f"/api/v1/rhythm/{community.pk}?year=2024").json()
    participation = client.get(f"/api/v1/participation/{community.pk}?last=2024-12-31").json()
    assert keys(RhythmSerializer(), rhythm) == set()
    assert keys(ParticipationSerializer(), participation) == set()
    assert keys(RhythmSerializer(), rhythm | {"grids": [{"level": ""}]}) == {("grids", "periods"), ("grids", "rows")}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("rhythm/{}?year=soon", "year"),
        ("rhythm/{}?year=1902", "year"),
        ("rhythm/{}?year=2150", "year"),
        ("rhythm/{}?level=9", "level"),
        ("participation/{}?first=garbage", "first"),
        ("participation/{}?first=1902-01-01", "first"),
        ("participation/{}?last=2150-01-01", "last"),
        ("participation/{}?first=2024-02-30", "first"),
        ("participation/{}?first=2024-03-01&last=2024-02-01", "last"),
    ],
)
def test_what_cannot_be_is_refused(client: APIClient, community: Area, query: str, field: str) -> None:
    response = client.get(f"/api/v1/{query.format(community.pk)}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [field]


@pytest.mark.parametrize("call", ["rhythm", "participation"])
def test_an_area_of_others_is_not_there(client: APIClient, street: Area, other_group: Area, call: str) -> None:
    unknown = client.get(f"/api/v1/{call}/999999").data
    for area in (street, other_group):
        hidden = client.get(f"/api/v1/{call}/{area.pk}")
        assert hidden.status_code == 404
        assert hidden.data | {"request_id": ""} == unknown | {"request_id": ""}


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("street_officer", 200), ("secretary", 200), ("liaison", 200), ("leader", 200), ("instructor", 200),
        ("auditor", 403), ("outsider", 403),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["rhythm", "participation"])
def test_who_sees_reports(
    request: Any, api: Any, group: Area, member: Member, who: str, status: int, call: str
) -> None:
    answer = api(request.getfixturevalue(who)).get(f"/api/v1/{call}/{group.pk}")
    assert answer.status_code == status
    assert member.name not in answer.content.decode()


@pytest.mark.parametrize(("call", "most"), [("rhythm", 6), ("participation", 10)])
def test_a_constant_number_of_queries(
    api: Any, street_officer: User, street: Area, call: str, most: int, django_assert_max_num_queries: Any
) -> None:
    client = api(street_officer)
    client.get(f"/api/v1/{call}/{street.pk}")
    with django_assert_max_num_queries(most + 3):  # the session's
        client.get(f"/api/v1/{call}/{street.pk}")
