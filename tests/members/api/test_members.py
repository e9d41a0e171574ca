"""Members: what is shown, what is kept hidden, how they come, change, move and leave."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from members.ground.access import PostKind
from members.ground.id_number import check_character
from members.ground.sealing import digest
from members.models import Area, AuditEntry, Employer, Member, User
from members.rules import naming
from tests import factories

URL = "/api/v1/members"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


@pytest.fixture
def newcomer(group: Area) -> dict[str, Any]:
    home = {"area": group.pk, "room": "601", "since": "2024-05-01", "joined_on": "2024-06-01"}
    return {"name": "翟建军", "sex": "male", "affiliation": "local", "standing": "full", "home": home}


def number(seventeen: str) -> str:
    return seventeen + check_character(seventeen)


def names(client: APIClient, query: str) -> list[str]:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.data
    return [row["name"] for row in response.data["results"]]


def test_a_member_is_shown_with_the_phone_masked(client: APIClient, member: Member, group: Area) -> None:
    shown = client.get(f"{URL}/{member.pk}").json()
    assert shown == {
        "id": member.pk,
        "name": "欧阳建国",
        "sex": "male",
        "birth_date": "1978-05-12",
        "phone": "199****5678",
        "affiliation": "in_post",
        "standing": "full",
        "party_since": "",
        "employer": member.employer_id,
        "employer_name": "上海嘉定仪表厂",
        "employer_number": "",
        "rank": "",
        "skills": "",
        "remark": "",
        "home": {
            "area": group.pk,
            "label": "第一社区 迎晖苑 1号楼",
            "room": "302",
            "since": "2020-03-01",
            "until": None,
            "joined_on": "2020-03-01",
        },
    }


def test_the_last_home_is_shown_of_one_who_left(client: APIClient, moved_away: Member) -> None:
    assert client.get(f"{URL}/{moved_away.pk}").data["home"]["until"] == date(2024, 6, 1)


def test_an_earlier_home_elsewhere_is_not_told(
    api: Any, member: Member, other_group: Area, other_secretary: User, secretary: User, street_officer: User
) -> None:
    member.move(to=other_group, room="101", on=date(2024, 1, 1))
    assert api(secretary).get(f"{URL}/{member.pk}").status_code == 404
    assert api(other_secretary).get(f"{URL}/{member.pk}").data["home"]["area"] == other_group.pk
    assert api(street_officer).get(f"{URL}/{member.pk}").data["home"]["area"] == other_group.pk
    homes = api(other_secretary).get(f"/api/v1/residences?member={member.pk}").data["results"]
    assert [home["area"] for home in homes] == [other_group.pk]


def test_filters(client: APIClient, member: Member, moved_away: Member, station: Area, group: Area) -> None:
    factories.person("单秀英", group, joined_on=None, standing="probationary", rank="section", sex="female")
    upstairs = factories.building("5号楼", station)
    factories.person("曾爱国", upstairs)
    assert names(client, f"inside={upstairs.pk}") == ["曾爱国"]
    assert names(client, f"inside={group.pk}") == ["欧阳建国", "单秀英"]
    assert names(client, "affiliation=in_post") == ["欧阳建国"]
    assert names(client, "standing=probationary") == names(client, "rank=section") == ["单秀英"]
    assert names(client, f"employer={member.employer_id}") == ["欧阳建国"]
    assert names(client, "joined=true") == ["欧阳建国", "曾爱国"]
    assert names(client, "joined=false") == ["曾国强", "单秀英"]
    assert names(client, "search=曾") == names(client, "search=ZENG") == ["曾国强", "曾爱国"]
    assert names(client, "search=sxy") == ["单秀英"]
    assert names(client, "search=国") == ["欧阳建国", "曾国强", "曾爱国"]


@pytest.mark.parametrize("query", ["affiliation=all", "employer=x", "inside=999999", "search=%00"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, member: Member, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_each_page_of_the_list_is_kept_as_an_export(
    client: APIClient, member: Member, secretary: User, community: Area, group: Area
) -> None:
    client.get(f"{URL}?search=欧阳&limit=5")
    client.get(f"{URL}?inside={group.pk}")
    client.get(f"{URL}/{member.pk}")
    second, first = AuditEntry.objects.filter(action="export")
    assert (first.user, first.model, first.area_path) == (secretary, "members.Member", community.path)
    assert first.changes == {"rows": 1, "filters": ["limit", "search"]}
    assert second.area_path == group.path


def test_posts_in_two_communities_export_under_the_street(
    api: Any, secretary: User, member: Member, other_community: Area, street: Area
) -> None:
    factories.post(secretary, "secretary", other_community)
    api(secretary).get(URL)
    assert AuditEntry.objects.get(action="export").area_path == street.path


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(client: APIClient, group: Area) -> None:
    counts = []
    for start in (0, 20):
        for each in range(start, start + 10):
            factories.person("欧阳建国", group, room=str(each), affiliation="in_post")
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 20


def test_create(client: APIClient, newcomer: Any, street: Area, group: Area) -> None:
    told = {"phone": "199 0000 4321", "id_number": number("99000019850101321"), "birth_date": "1985"}
    del newcomer["sex"]
    response = client.post(URL, newcomer | told)
    assert response.status_code == 201, response.data
    assert response.data["phone"] == "199****4321"
    assert "id_number" not in response.data
    assert response.data["home"]["room"] == "601"
    member = Member.objects.get(pk=response.data["id"])
    assert (member.street, member.phone, member.pinyin) == (street, "19900004321", "zhaijianjun")
    assert (member.sex, member.birth_date) == ("male", "1985")
    assert member.id_digest == digest(number("99000019850101321"), purpose="id")
    home = member.residences.get()
    assert (home.area, home.since, home.joined_on) == (group, date(2024, 5, 1), date(2024, 6, 1))


def test_the_id_number_and_phone_reach_neither_trail_nor_history(client: APIClient, newcomer: Any) -> None:
    told = {"phone": "19900004321", "id_number": number("99000019850101321")}
    client.post(URL, newcomer | told)
    trail = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    history = str(list(Member.history.values()))
    for secret in told.values():
        assert secret not in trail + history


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": "翟"}, "name", ""),
        ({"sex": ""}, "sex", ""),
        ({"affiliation": "in_post"}, "non_field_errors", "在职党员要填写单位。"),
        ({"employer": 999_999}, "employer", "没有这一条，或者它不在您的范围内。"),
        ({"birth_date": "1985-13"}, "birth_date", "没有这一天"),
        ({"phone": "138****5678"}, "phone", "电话号码不对"),
        ({"phone": "59990000"}, "phone", "固定电话要加区号"),
        ({"id_number": "990000198501013210"}, "id_number", "最后一位校验不对"),
        ({"id_number": number("99000019850101321"), "sex": "female"}, "sex", "与身份证号不一致"),
        ({"id_number": number("99000019850101321"), "birth_date": "1986"}, "birth_date", "与身份证号不一致"),
        ({"home": None}, "home", ""),
        ({"home": {"room": "1"}}, "home", "area"),
        ({"name": "翟\0军"}, "non_field_errors", "不能保存的字符"),
    ],
)
def test_what_cannot_be_created(client: APIClient, newcomer: Any, change: Any, field: str, sentence: str) -> None:
    response = client.post(URL, newcomer | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert not Member.objects.exists()


def test_a_home_is_a_building_group_in_use_within_the_scope(
    client: APIClient, newcomer: Any, station: Area, other_group: Area
) -> None:
    closed = factories.building("旧楼", station, until=date(2020, 1, 1))
    for area, sentence in [
        (station.pk, "请选择楼组（哪一号楼）。"),
        (other_group.pk, "没有这一条，或者它不在您的范围内。"),
        (closed.pk, "没有这一条，或者它不在您的范围内。"),
        (999_999, "没有这一条，或者它不在您的范围内。"),
    ]:
        response = client.post(URL, newcomer | {"home": {"area": area}})
        assert response.status_code == 400
        assert response.data["errors"] == {"home": {"area": [sentence]}}
    assert not Member.objects.exists()


def test_a_day_to_come_is_refused(client: APIClient, newcomer: Any) -> None:
    tomorrow = str(timezone.localdate() + timedelta(days=1))
    newcomer["home"] |= {"since": tomorrow, "joined_on": tomorrow}
    response = client.post(URL, newcomer)
    assert response.data["errors"]["home"].keys() == {"since", "joined_on"}


def test_one_id_number_one_record(client: APIClient, member: Member, newcomer: Any) -> None:
    told = {"id_number": number("99000019780512431"), "birth_date": "1978-05-12"}
    member.know_by(told["id_number"])
    member.save()
    response = client.post(URL, newcomer | told)
    assert response.status_code == 400
    assert "已经登记在另一条记录上" in response.data["errors"]["id_number"][0]
    assert client.patch(f"{URL}/{member.pk}", told).status_code == 200


def test_change(client: APIClient, member: Member) -> None:
    response = client.patch(f"{URL}/{member.pk}", {"name": "曾建国", "phone": "021-59990000", "skills": "水电维修"})
    assert response.status_code == 200, response.data
    member.refresh_from_db()
    assert (member.name, member.pinyin, member.skills) == ("曾建国", "zengjianguo", "水电维修")
    assert member.phone == "021-59990000"
    assert response.data["phone"] == "****0000"


def test_the_same_phone_again_changes_nothing(client: APIClient, member: Member) -> None:
    client.patch(f"{URL}/{member.pk}", {"phone": "19900005678"})
    sealed = member.phone_sealed
    member.refresh_from_db()
    assert member.phone_sealed == sealed
    client.patch(f"{URL}/{member.pk}", {"phone": "", "id_number": ""})
    member.refresh_from_db()
    assert (member.phone, member.phone_digest, member.id_digest) == ("", "", "")


def test_a_change_of_home_is_sent_elsewhere(client: APIClient, member: Member, group: Area) -> None:
    response = client.patch(f"{URL}/{member.pk}", {"home": {"area": group.pk}})
    assert list(response.data["errors"]) == ["home"]


def test_to_become_local_and_in_post_again(client: APIClient, member: Member) -> None:
    employer = Employer.objects.get()
    gone = {"affiliation": "local", "employer": None}
    assert client.patch(f"{URL}/{member.pk}", gone).data["employer_name"] is None
    back = {"affiliation": "in_post", "employer": employer.pk}
    assert client.patch(f"{URL}/{member.pk}", back).data["employer"] == employer.pk


def test_a_phone_in_full_is_kept_on_record(api: Any, liaison: User, member: Member, group: Area) -> None:
    assert api(liaison).post(f"{URL}/{member.pk}/phone").data == {"phone": "19900005678"}
    entry = AuditEntry.objects.get(action="reveal")
    assert (entry.user, entry.model, entry.row) == (liaison, "members.Member", str(member.pk))
    assert entry.area_path == group.path


def test_a_refusal_is_kept_on_record(api: Any, leader: User, member: Member, group: Area) -> None:
    api(leader).post(f"{URL}/{member.pk}/phone")
    entry = AuditEntry.objects.get(action="refuse")
    assert (entry.user, entry.area_path) == (leader, group.path)
    assert entry.changes == {"call": f"POST {URL}/{member.pk}/phone"}


def test_move(client: APIClient, member: Member, station: Area) -> None:
    target = factories.building("5号楼", station)
    body = {"area": target.pk, "room": "101", "on": "2025-03-01", "joined_on": "2025-04-01"}
    response = client.post(f"{URL}/{member.pk}/move", body)
    assert response.status_code == 200, response.data
    assert response.data["home"]["label"] == "第一社区 迎晖苑 5号楼"
    assert list(member.residences.values_list("since", "until")) == [
        (date(2025, 3, 1), None),
        (factories.EARLY, date(2025, 3, 1)),
    ]


def test_a_move_cannot_go_to_others_or_back_in_time(client: APIClient, member: Member, other_group: Area) -> None:
    home = member.home
    assert home
    refused = client.post(f"{URL}/{member.pk}/move", {"area": other_group.pk})
    assert refused.data["errors"] == {"area": ["没有这一条，或者它不在您的范围内。"]}
    station = client.post(f"{URL}/{member.pk}/move", {"area": home.area.parent.pk})  # type: ignore[union-attr]
    assert station.data["errors"] == {"area": ["请选择楼组（哪一号楼）。"]}
    early = client.post(f"{URL}/{member.pk}/move", {"area": home.area_id, "on": "2019-01-01"})
    assert "迁出日期不能早于入住日期" in early.data["errors"]["non_field_errors"][0]
    assert member.residences.get() == home


def test_a_move_into_a_group_that_is_only_read_is_rolled_back(
    api: Any, secretary: User, member: Member, other_group: Area
) -> None:
    factories.post(secretary, "liaison", other_group.parent)
    response = api(secretary).post(f"{URL}/{member.pk}/move", {"area": other_group.pk})
    assert response.status_code == 403
    assert response.data["type"] == "/problems/written-outside"
    assert member.residences.get().until is None


def test_each_street_keeps_its_own_records(
    api: Any, secretary: User, far_community: Area, member: Member, other_street: Area
) -> None:
    """Even for somebody who works in both."""
    factories.post(secretary, PostKind.SECRETARY, far_community)
    target = Area.objects.get(name="9号楼")
    response = api(secretary).post(f"{URL}/{member.pk}/move", {"area": target.pk})
    assert "别的街道" in response.data["errors"]["non_field_errors"][0]
    assert member.residences.get().until is None


def test_leave_and_come_back(client: APIClient, member: Member, group: Area) -> None:
    response = client.post(f"{URL}/{member.pk}/leave", {"on": "2025-01-01"})
    assert response.data["home"]["until"] == date(2025, 1, 1)
    again = client.post(f"{URL}/{member.pk}/leave", {})
    assert again.status_code == 409
    assert again.data["detail"] == "这位党员现在没有住址，不用办理迁出。"
    assert client.post(f"{URL}/{member.pk}/move", {"area": group.pk}).data["home"]["until"] is None


def test_leave_before_moving_in_is_refused(client: APIClient, member: Member) -> None:
    response = client.post(f"{URL}/{member.pk}/leave", {"on": "2019-01-01"})
    assert "迁出日期不能早于入住日期" in response.data["errors"]["on"][0]


# An address instead of the group and the room


@pytest.fixture
def named(station: Area) -> Area:
    return naming.name_area(area=station, text="迎园路218弄", kind="address").area


def test_a_newcomer_comes_with_an_address(client: APIClient, newcomer: Any, named: Area, group: Area) -> None:
    home = {"address": "迎园路２１８弄1号302室", "since": "2024-05-01"}
    shown = client.post(URL, newcomer | {"home": home}).data["home"]
    assert (shown["area"], shown["room"], shown["since"]) == (group.pk, "302", date(2024, 5, 1))
    assert "address" not in shown


def test_a_move_to_an_address(client: APIClient, member: Member, named: Area) -> None:
    second = factories.building("2号楼", named)
    told = client.post(f"{URL}/{member.pk}/move", {"address": "迎园路218弄2号101"})
    assert (told.status_code, told.data["home"]["area"], told.data["home"]["room"]) == (200, second.pk, "101")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("1号楼302", "可能是：第一社区 迎晖苑 1号楼、第一社区 阳光苑 1号楼"),
        ("迎园路218弄9号302", "里没有“9号楼”"),
        ("迎园路218弄\ufffd号302", "有一个字丢失了"),
        ("迎园路218弄2号302", "请只留一处"),
    ],
)
def test_an_address_that_means_no_door_is_refused(
    client: APIClient, member: Member, newcomer: Any, named: Area, community: Area, address: str, sentence: str
) -> None:
    factories.building("2号楼", named)
    factories.building("1号楼", factories.area("阳光苑", community))
    home = newcomer["home"] | {"address": address}
    for path, body in ((URL, newcomer | {"home": home}), (f"{URL}/{member.pk}/move", home)):
        told = client.post(path, body)
        assert told.status_code == 400
        assert sentence in str(told.data["errors"])
        assert "address" in str(told.data["errors"])
    assert Member.objects.count() == member.residences.count() == 1


def test_an_address_of_another_street_is_not_found(
    client: APIClient, api: Any, member: Member, newcomer: Any, far_group: Area, far_secretary: User
) -> None:
    assert far_group.parent
    naming.name_area(area=far_group.parent, text="新华路99弄", kind="address")
    home = {"address": f"新华路99弄{far_group.name}302"}
    for path, body in ((URL, newcomer | {"home": home}), (f"{URL}/{member.pk}/move", home)):
        told = client.post(path, body)
        assert (told.status_code, far_group.label in str(told.data)) == (400, False)
    theirs = api(far_secretary).post(URL, newcomer | {"home": home})
    assert theirs.data["home"]["area"] == far_group.pk


def test_a_home_needs_a_group_or_an_address(client: APIClient, member: Member, newcomer: Any) -> None:
    for path, body in ((URL, newcomer | {"home": {"room": "302"}}), (f"{URL}/{member.pk}/move", {"address": ""})):
        told = client.post(path, body)
        assert told.status_code == 400
        assert "请填写楼组的编号，或在 address 里写整个住址" in str(told.data["errors"])
    told = client.patch(f"{URL}/{member.pk}", {"address": "迎晖苑1号楼302"})
    assert told.data["errors"] == {"address": ["住址请用 move 或 leave 办理，或在 residences 里更正。"]}


def test_the_schema_names_the_address(client: APIClient) -> None:
    schemas = client.get("/api/v1/schema", headers={"Accept": "application/json"}).json()["components"]["schemas"]
    assert "迎园路218弄5号302室" in str(schemas["Move"]["properties"]["address"])
    assert "address" in schemas["NewHome"]["properties"]
    assert "address" not in schemas["Home"]["properties"]
