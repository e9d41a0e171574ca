"""Needs through the API: told, claimed, done; whose and by whom, for those who may know it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Need
from activities.rules.needing import NOT_HERE
from members.models import Area, AuditEntry, Employer, Household, Member, User
from tests import factories

URL = "/api/v1/needs"


@pytest.fixture
def client(api: Any, leader: User) -> APIClient:
    return api(leader)


@pytest.fixture
def door(group: Area) -> Household:
    return factories.household(group, "303", name="王阿姨家")


@pytest.fixture
def need(group: Area, door: Household) -> Need:
    return factories.need(group, household=door, skill="水电维修", opened_on=timezone.localdate() - timedelta(days=3))


def do(client: APIClient, need: Need, call: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{URL}/{need.pk}/{call}", body or {})


def texts(client: APIClient, query: str) -> list[str]:
    return [row["text"] for row in client.get(f"{URL}?{query}").data["results"]]


def claim(need: Need, member: Member) -> None:
    need.claim(members=[member], employer=factories.employer())


def test_a_need_is_told_and_shown(client: APIClient, group: Area, door: Household) -> None:
    body = {"area": group.pk, "household": door.pk, "text": "帮忙修楼道灯", "skill": "水电维修"}
    response = client.post(URL, body | {"status": "done", "opened_on": str(timezone.localdate())})
    assert response.status_code == 201, response.data
    assert client.get(f"{URL}/{response.data['id']}").json() == {
        "id": Need.objects.get().pk,
        **body,
        "label": "第一社区 迎晖苑 1号楼",
        "room": "303",
        "opened_on": str(timezone.localdate()),
        "status": "open",
        "days_open": 0,
        "claimed_at": None,
        "done_at": None,
        "withdrawn_at": None,
        "members": [],
        "employer": None,
        "employer_name": None,
    }


def test_it_may_be_anonymous(client: APIClient, group: Area) -> None:
    response = client.post(URL, {"area": group.pk, "text": "想借一把梯子"})
    assert (response.status_code, response.data["household"], response.data["room"]) == (201, None, None)


def test_the_course_of_a_need(client: APIClient, need: Need, member: Member) -> None:
    claimed = do(client, need, "claim", {"members": [member.pk, member.pk], "employer": member.employer_id})
    assert claimed.status_code == 200, claimed.data
    assert (claimed.data["status"], claimed.data["days_open"]) == ("claimed", 3)
    assert claimed.data["members"] == [{"id": member.pk, "name": "欧阳建国"}]
    assert claimed.data["employer_name"] == "上海嘉定仪表厂"
    released = do(client, need, "unclaim").data
    assert (released["status"], released["members"], released["employer"]) == ("open", [], None)
    do(client, need, "claim", {"employer": member.employer_id})
    assert do(client, need, "finish").data["done_at"]
    assert do(client, need, "resume").data["status"] == "claimed"
    assert do(client, need, "withdraw").data["status"] == "withdrawn"
    assert do(client, need, "resume").data["status"] == "open"


@pytest.mark.parametrize(
    ("status", "call"),
    [
        ("open", "unclaim"),
        ("open", "finish"),
        ("open", "resume"),
        ("claimed", "claim"),
        ("claimed", "resume"),
        ("done", "claim"),
        ("done", "unclaim"),
        ("done", "finish"),
        ("done", "withdraw"),
        ("withdrawn", "claim"),
        ("withdrawn", "unclaim"),
        ("withdrawn", "finish"),
        ("withdrawn", "withdraw"),
    ],
)
def test_a_move_that_the_state_does_not_allow_is_a_conflict(
    client: APIClient, need: Need, member: Member, status: str, call: str
) -> None:
    if status in ("claimed", "done"):
        claim(need, member)
    if status == "done":
        need.finish()
    if status == "withdrawn":
        need.withdraw()
    response = do(client, need, call, {"members": [member.pk]})
    assert (response.status_code, response.data["type"]) == (409, "/problems/conflict")
    assert "不能再做这一步" in response.data["detail"]
    need.refresh_from_db()
    assert need.status == status


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "non_field_errors"),
        ({"members": []}, "non_field_errors"),
        ({"members": None}, "members"),
        ({"members": "1,2"}, "members"),
        ({"members": [10**30]}, "members"),
        ({"members": [{"id": 1}]}, "members"),
        ({"members": [999_999]}, "members"),
        ({"members": list(range(1, 10_001))}, "members"),
        ({"employer": 999_999}, "employer"),
        ({"employer": [1]}, "employer"),
    ],
)
def test_what_cannot_be_claimed(client: APIClient, need: Need, member: Member, body: Any, field: str) -> None:
    response = do(client, need, "claim", body)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    need.refresh_from_db()
    assert need.status == "open"


def test_a_member_of_others_cannot_claim_as_if_there_were_none(
    client: APIClient, need: Need, member: Member, other_member: Member
) -> None:
    for pk in (other_member.pk, 999_999):
        response = do(client, need, "claim", {"members": [member.pk, pk]})
        assert response.data["errors"] == {"members": [NOT_HERE]}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"text": ""}, "text", ""),
        ({"text": "长" * 201}, "text", ""),
        ({"text": "修\0灯"}, "non_field_errors", "不能保存的字符"),
        ({"text": ["修灯"]}, "text", ""),
        ({"skill": "长" * 21}, "skill", ""),
        ({"opened_on": "1902-01-01"}, "opened_on", "日期太早了"),
        ({"opened_on": "2150-01-01"}, "opened_on", "不能晚于今天"),
        ({"opened_on": {}}, "opened_on", ""),
        ({"area": 999_999}, "area", "没有这一条，或者它不在您的范围内。"),
        ({"area": 10**30}, "area", ""),
        ({"household": 999_999}, "household", "没有这一条，或者它不在您的范围内。"),
        ({"household": "303"}, "household", "没有这一条，或者它不在您的范围内。"),
        ({"household": []}, "household", ""),
    ],
)
def test_what_cannot_be_told(client: APIClient, group: Area, change: Any, field: str, sentence: str) -> None:
    response = client.post(URL, {"area": group.pk, "text": "修灯"} | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert not Need.objects.exists()


def test_a_household_lies_where_the_need_is(api: Any, secretary: User, door: Household, station: Area) -> None:
    upstairs = factories.building("5号楼", station)
    response = api(secretary).post(URL, {"area": upstairs.pk, "household": door.pk, "text": "修灯"})
    assert response.data["errors"] == {"household": ["这一户不在第一社区 迎晖苑 5号楼，请重新选择。"]}


def test_change(client: APIClient, need: Need) -> None:
    response = client.patch(f"{URL}/{need.pk}", {"household": None, "text": "换灯泡", "members": [1], "status": "done"})
    assert response.status_code == 200, response.data
    need.refresh_from_db()
    assert (need.household, need.text, need.status) == (None, "换灯泡", "open")


@pytest.mark.parametrize("is_leader_elsewhere", [False, True])
def test_an_instructor_reads_the_need_but_not_whose_it_is_and_who_took_it_on(
    api: Any,
    instructor: User,
    leader: User,
    need: Need,
    member: Member,
    other_group: Area,
    is_leader_elsewhere: bool,
) -> None:
    if is_leader_elsewhere:
        factories.post(instructor, "leader", other_group)
    claim(need, member)
    assert api(leader).get(f"{URL}/{need.pk}").data["room"] == "303"
    answer = api(instructor).get(f"{URL}/{need.pk}")
    assert (answer.data["text"], answer.data["status"]) == ("帮忙修楼道灯", "claimed")
    told = {name: answer.data[name] for name in ("household", "room", "members", "employer", "employer_name")}
    assert told == {"household": None, "room": None, "members": [], "employer": None, "employer_name": None}
    listed = api(instructor).get(URL).content.decode()
    assert not [word for word in ('"303"', "王阿姨", "欧阳建国", "仪表厂") if word in listed]


def test_who_took_it_on_is_named_as_far_as_members_are_known(
    api: Any, street_officer: User, leader: User, need: Need, member: Member, other_member: Member
) -> None:
    do(api(street_officer), need, "claim", {"members": [member.pk, other_member.pk]})
    assert [each["name"] for each in api(leader).get(f"{URL}/{need.pk}").data["members"]] == ["欧阳建国"]


def test_suggestions_by_skill_nearest_first(
    api: Any, secretary: User, need: Need, group: Area, station: Area, other_group: Area
) -> None:
    upstairs = factories.building("5号楼", station)
    for name, place, skills in [
        ("曾爱国", upstairs, "水电维修、书法"),
        ("翟建军", group, "水电维修"),
        ("单秀英", group, "书法"),
        ("欧阳文", group, "家电、水电维修"),
        ("解放", other_group, "水电维修"),
    ]:
        factories.person(name, place, skills=skills)
    answer = api(secretary).get(f"{URL}/{need.pk}/suggestions")
    assert answer.status_code == 200
    assert [(each["name"], each["nearness"]) for each in answer.data] == [("欧阳文", 0), ("翟建军", 0), ("曾爱国", 1)]
    assert answer.data[2]["label"] == "第一社区 迎晖苑 5号楼"
    assert answer.data[2].keys() == {"id", "name", "label", "skills", "nearness"}
    entry = AuditEntry.objects.get(action="export")
    assert (entry.model, entry.area_path, entry.changes) == ("members.Member", group.path, {"rows": 3, "need": need.pk})


def test_suggestions_count_nothing_that_was_done_before(client: APIClient, need: Need, group: Area) -> None:
    idle, busy = (factories.person(name, group, skills="水电维修") for name in ("安静", "左忙"))
    for _ in range(3):
        done = factories.need(group)
        done.claim(members=[busy])
        done.finish()
    answer = client.get(f"{URL}/{need.pk}/suggestions").data
    assert [each["id"] for each in answer] == [idle.pk, busy.pk]


def test_suggestions_ask_the_same_number_of_queries_however_many_and_are_bounded(
    client: APIClient, need: Need, group: Area
) -> None:
    client.get(f"{URL}/{need.pk}/suggestions")
    counts = []
    for times in (30, 60):
        for each in range(30):
            factories.person("欧阳建国", group, room=str(each), skills="水电维修")
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(f"{URL}/{need.pk}/suggestions").data) == min(times, 50)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 14


def test_filters(api: Any, secretary: User, group: Area, station: Area, need: Need) -> None:
    client = api(secretary)
    factories.need(station, text="想要一张长椅", opened_on=date(2026, 1, 31)).withdraw()
    assert texts(client, f"inside={group.pk}") == texts(client, "status=open") == ["帮忙修楼道灯"]
    assert texts(client, "last=2026-01-31") == texts(client, "status=withdrawn") == ["想要一张长椅"]
    assert texts(client, "first=2026-02-01") == texts(client, "skill=维修") == ["帮忙修楼道灯"]


@pytest.mark.parametrize("query", ["status=late", "first=soon", "inside=999999", "skill=%00"])
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(
    client: APIClient, member: Member, group: Area
) -> None:
    counts = []
    for floor in (1, 2):
        for door in range(10, 20):
            claim(factories.need(group, household=factories.household(group, f"{floor}{door}")), member)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == floor * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 7
    assert Employer.objects.count() == 1
