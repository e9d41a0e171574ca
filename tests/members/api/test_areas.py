"""Areas: the tree through the API."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from members.models import Area, Member, User
from tests import factories

URL = "/api/v1/areas"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


def names(client: APIClient, query: str) -> list[str]:
    return [row["name"] for row in client.get(f"{URL}?{query}").data["results"]]


def test_an_area_is_shown(client: APIClient, group: Area, station: Area) -> None:
    assert client.get(f"{URL}/{group.pk}").json() == {
        "id": group.pk,
        "path": group.path,
        "level": 4,
        "name": "1号楼",
        "label": "第一社区 迎晖苑 1号楼",
        "parent": station.pk,
        "since": None,
        "until": None,
        "division_code": "",
        "residents": None,
        "housing": None,
        "stage": "established",
        "established_on": "2003-10-15",
    }


def test_a_parent_outside_the_scope_is_not_told(client: APIClient, community: Area) -> None:
    assert client.get(f"{URL}/{community.pk}").json()["parent"] is None


def test_filters(api: Any, street_officer: User, group: Area, station: Area, other_group: Area) -> None:
    client = api(street_officer)
    factories.area("老楼", station, until=date(2020, 1, 1))
    assert names(client, "level=2") == ["第一社区", "第二社区"]
    assert names(client, f"inside={station.pk}") == ["迎晖苑", "1号楼", "老楼"]
    assert names(client, "name=号楼") == ["1号楼", "2号楼"]
    assert "老楼" in names(client, "open_on=2019-12-31")
    assert "老楼" not in names(client, "open_on=2020-01-01")


@pytest.mark.parametrize(
    "query", ["level=9", "inside=x", "inside=999999", "open_on=soon", "name=%00", "cursor=x", "cursor=cD1h"]
)
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, group: Area, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_inside_an_area_of_others_is_refused_as_if_it_did_not_exist(client: APIClient, other_group: Area) -> None:
    hidden = client.get(f"{URL}?inside={other_group.pk}").data["errors"]
    assert hidden == client.get(f"{URL}?inside=999999").data["errors"]


def test_pages_by_keyset(client: APIClient, station: Area) -> None:
    for number in range(1, 8):
        factories.building(f"{number}号楼", station)
    seen, url = [], f"{URL}?limit=4"
    while url:
        page = client.get(url).data
        assert len(page["results"]) <= 4
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == sorted(set(seen))
    assert len(seen) == 9
    assert len(client.get(f"{URL}?limit=100000").data["results"]) == 9


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(client: APIClient, station: Area) -> None:
    client.get(URL)
    counts = []
    for start in (1, 20):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(URL)
        counts.append(len(queries))
        for number in range(start, start + 15):
            factories.building(f"{number}号楼", station)
    assert counts[0] == counts[1]
    assert counts[0] <= 8


def test_create(client: APIClient, station: Area) -> None:
    response = client.post(URL, {"name": "3号楼", "parent": station.pk, "stage": "preparing"})
    assert response.status_code == 201, response.data
    area = Area.objects.get(pk=response.data["id"])
    assert (area.label, area.level, area.parent) == ("第一社区 迎晖苑 3号楼", 4, station)
    assert response.data["parent"] == station.pk


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": "1号楼"}, "name", "这里已经有“1号楼”"),
        ({"name": ""}, "name", ""),
        ({"parent": None}, "parent", "请填写上级区域的编号。"),
        ({"parent": 999_999}, "parent", "没有这一条，或者它不在您的范围内。"),
        ({"parent": True}, "parent", ""),
        ({"parent": "1.5"}, "parent", ""),
        ({"parent": []}, "parent", ""),
        ({"housing": "old"}, "non_field_errors", "只有小区填写住宅类型。"),
        ({"housing": ""}, "housing", ""),
        ({"residents": 3}, "non_field_errors", "只有社区填写常住人口。"),
        ({"since": "2024-02-01", "until": "2024-01-01"}, "non_field_errors", "结束日期不能早于开始日期。"),
        ({"division_code": "12"}, "division_code", "区划代码是 9 位或 12 位数字。"),
    ],
)
def test_what_cannot_be_created(
    client: APIClient, group: Area, station: Area, change: Any, field: str, sentence: str
) -> None:
    response = client.post(URL, {"name": "3号楼", "parent": station.pk} | change)
    assert response.status_code == 400, response.data
    assert response.data["errors"].keys() == {field}
    assert sentence in str(response.data["errors"][field][0])
    assert not Area.objects.filter(name="3号楼").exists()


def test_nothing_lies_below_a_building_group(client: APIClient, group: Area) -> None:
    response = client.post(URL, {"name": "1单元", "parent": group.pk})
    assert response.status_code == 400
    assert "楼组之下不能再设区域" in response.data["errors"]["parent"][0]


def test_a_parent_of_others_is_refused_as_if_it_did_not_exist(
    client: APIClient, group: Area, other_group: Area
) -> None:
    for parent in (other_group.parent.pk, 999_999):
        response = client.post(URL, {"name": "3号楼", "parent": parent})
        assert response.data["errors"] == {"parent": ["没有这一条，或者它不在您的范围内。"]}


def test_a_secretary_adds_no_second_community(client: APIClient, street: Area) -> None:
    response = client.post(URL, {"name": "第九社区", "parent": street.pk})
    assert response.status_code == 400
    assert not Area.objects.filter(name="第九社区").exists()


def test_what_is_written_outside_the_scope_is_rolled_back(
    api: Any, liaison: User, group: Area, other_group: Area
) -> None:
    """Readable through one post, writable through another: the place is known, but not theirs to change."""
    factories.post(liaison, "secretary", Area.objects.get(name="第二社区"))
    mine = factories.area("新苑", Area.objects.get(name="第二社区"))
    place = factories.building("5号楼", mine)
    response = api(liaison).patch(f"{URL}/{place.pk}", {"parent": group.parent.pk})
    assert response.status_code == 403
    assert response.data["type"] == "/problems/written-outside"
    place.refresh_from_db()
    assert place.parent == mine


def test_rename_carries_on_below(client: APIClient, station: Area, group: Area) -> None:
    assert client.patch(f"{URL}/{station.pk}", {"name": "迎晖苑1期"}).data["label"] == "第一社区 迎晖苑1期"
    group.refresh_from_db()
    assert group.label == "第一社区 迎晖苑1期 1号楼"


def test_move(client: APIClient, community: Area, group: Area, member: Member) -> None:
    target = factories.area("仓场公寓", community)
    response = client.patch(f"{URL}/{group.pk}", {"parent": target.pk, "name": "1号楼甲"})
    assert response.status_code == 200, response.data
    assert response.data["label"] == "第一社区 仓场公寓 1号楼甲"
    assert response.data["parent"] == target.pk
    assert client.get(f"/api/v1/members/{member.pk}").data["home"]["label"] == "第一社区 仓场公寓 1号楼甲"


def test_move_to_another_level_is_refused(client: APIClient, community: Area, group: Area) -> None:
    response = client.patch(f"{URL}/{group.pk}", {"parent": community.pk})
    assert response.data["errors"] == {"parent": ["楼组只能移到小区党员联络站之下。"]}


def test_close_and_open_again(client: APIClient, station: Area, group: Area) -> None:
    assert client.patch(f"{URL}/{station.pk}", {"until": "2026-01-01"}).data["until"] == "2026-01-01"
    group.refresh_from_db()
    assert group.until == date(2026, 1, 1)
    assert client.patch(f"{URL}/{station.pk}", {"until": None}).data["until"] is None


def test_close_where_somebody_lives_is_refused(client: APIClient, group: Area, member: Member) -> None:
    response = client.patch(f"{URL}/{group.pk}", {"until": "2026-01-01"})
    assert response.status_code == 400
    assert "还有党员居住" in response.data["errors"]["until"][0]
    group.refresh_from_db()
    assert group.until is None


def test_close_before_it_began_is_refused(client: APIClient, station: Area) -> None:
    place = factories.building("7号楼", station, since=date(2026, 1, 1))
    response = client.patch(f"{URL}/{place.pk}", {"until": "2025-01-01"})
    assert response.data["errors"] == {"non_field_errors": ["结束日期不能早于开始日期。"]}
    response = client.patch(f"{URL}/{station.pk}", {"until": "2025-01-01"})
    assert response.status_code == 400
    assert "之后才启用" in response.data["errors"]["until"][0]


def test_a_street_keeps_its_null_parent(api: Any, street_officer: User, street: Area) -> None:
    assert api(street_officer).patch(f"{URL}/{street.pk}", {"parent": None, "name": "新成路街道"}).status_code == 200
