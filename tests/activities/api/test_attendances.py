"""Who came, through the API: recorded, struck, read by those who may know members."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Activity, Attendance
from members.models import Area, AuditEntry, Member, User
from tests import factories

URL = "/api/v1/attendances"


@pytest.fixture
def client(api: Any, leader: User) -> APIClient:
    return api(leader)


@pytest.fixture
def activity(group: Area) -> Activity:
    return factories.activity(group)


def enrol(client: APIClient, activity: Activity, *members: Any) -> Any:
    return client.post(f"/api/v1/activities/{activity.pk}/enrol", {"members": list(members)})


def strike(client: APIClient, activity: Activity, *members: Any) -> Any:
    return client.post(f"/api/v1/activities/{activity.pk}/strike", {"members": list(members)})


def names(client: APIClient, query: str) -> list[str]:
    return [row["name"] for row in client.get(f"{URL}?{query}").data["results"]]


def test_the_same_list_twice_adds_nothing(client: APIClient, activity: Activity, member: Member, group: Area) -> None:
    other = factories.person("曾爱国", group)
    people = [{"member": member.pk, "duty": "helper"}, {"member": other.pk}]
    first = enrol(client, activity, *people)
    assert (first.status_code, first.data) == (200, {"added": 2, "already": 0, "total": 2})
    assert enrol(client, activity, *people).data == {"added": 0, "already": 2, "total": 2}
    assert {row.member_id: (row.duty, row.source) for row in Attendance.objects.all()} == {
        member.pk: ("helper", "api"),
        other.pk: ("", "api"),
    }


def test_an_attendance_is_shown(client: APIClient, activity: Activity, member: Member) -> None:
    enrol(client, activity, {"member": member.pk, "duty": "helper"})
    shown = client.get(f"{URL}/{Attendance.objects.get().pk}").json()
    assert shown.pop("recorded_at").startswith(str(timezone.localdate()))
    assert shown == {
        "id": Attendance.objects.get().pk,
        "activity": activity.pk,
        "member": member.pk,
        "name": "欧阳建国",
        "duty": "helper",
        "source": "api",
    }


def test_strike(client: APIClient, activity: Activity, member: Member, group: Area) -> None:
    other = factories.person("曾爱国", group)
    enrol(client, activity, {"member": member.pk}, {"member": other.pk})
    assert strike(client, activity, member.pk, member.pk, 999_999).data == {"struck": 1}
    assert strike(client, activity, member.pk).data == {"struck": 0}
    assert Attendance.objects.get().member == other


def test_note_a_duty(client: APIClient, activity: Activity, member: Member, other_member: Member) -> None:
    enrol(client, activity, {"member": member.pk})
    url = f"{URL}/{Attendance.objects.get().pk}"
    body = {"duty": "mediator", "member": other_member.pk, "source": "tick"}
    assert client.patch(url, body).data["duty"] == "mediator"
    row = Attendance.objects.get()
    assert (row.duty, row.member, row.source) == ("mediator", member, "api")
    assert client.patch(url, {"duty": ""}).data["duty"] == ""
    assert client.patch(url, {"duty": "chairman"}).status_code == 400
    assert client.patch(url, {}).status_code == 200


def test_who_lives_elsewhere_is_refused_as_who_does_not_exist(
    client: APIClient, activity: Activity, member: Member, other_member: Member
) -> None:
    answers = [enrol(client, activity, {"member": member.pk}, {"member": pk}) for pk in (other_member.pk, 999_999)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].data["errors"] == answers[1].data["errors"]
    assert "不在可以登记的范围内" in answers[0].data["errors"]["members"][0]
    assert not Attendance.objects.exists(), "all or nothing"


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_nobody_came_to_what_did_not_take_place(
    client: APIClient, group: Area, member: Member, is_cancelled: bool
) -> None:
    day = timezone.localdate() + timedelta(days=0 if is_cancelled else 1)
    activity = factories.activity(group, held_on=day, is_held=False)
    if is_cancelled:
        activity.cancel()
    response = enrol(client, activity, {"member": member.pk})
    assert response.status_code == 400
    assert ("已经取消" if is_cancelled else "日期还没到") in response.data["errors"]["members"][0]


@pytest.mark.parametrize(
    "people",
    [
        [],
        {},
        "1,2,3",
        None,
        [1],
        [[1]],
        [{}],
        [{"member": "x"}],
        [{"member": 10**30}],
        [{"member": 0}],
        [{"member": True}],
        [{"member": 1.5}],
        [{"member": {"id": 1}}],
        [{"member": 1, "duty": "chairman"}],
        [{"member": 1, "duty": ["helper"]}],
    ],
)
def test_a_list_that_cannot_be_read(client: APIClient, activity: Activity, member: Member, people: Any) -> None:
    response = client.post(f"/api/v1/activities/{activity.pk}/enrol", {"members": people})
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == ["members"]
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("people", [[], {}, "1,2", None, ["x"], [None], [10**30], [-1], [[1]], [{"member": 1}]])
def test_ids_that_cannot_be_read(client: APIClient, activity: Activity, people: Any) -> None:
    response = client.post(f"/api/v1/activities/{activity.pk}/strike", {"members": people})
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == ["members"]


def test_ten_thousand_at_once_are_too_many(client: APIClient, activity: Activity) -> None:
    assert "5000" in str(enrol(client, activity, *({"member": pk} for pk in range(1, 10_001))).data["errors"])
    answer = strike(client, activity, *range(1, 10_001))
    assert answer.data["errors"] == {"members": ["一次最多 5,000 个，请分几次提交。"]}


def test_filters(client: APIClient, member: Member, group: Area) -> None:
    other = factories.person("曾爱国", group)
    early, late = (factories.activity(group, held_on=day) for day in (date(2026, 1, 31), date(2026, 2, 28)))
    enrol(client, early, {"member": member.pk, "duty": "helper"})
    enrol(client, late, {"member": other.pk})
    assert names(client, f"activity={early.pk}") == ["欧阳建国"]
    assert names(client, f"inside={group.pk}") == ["欧阳建国", "曾爱国"]
    assert names(client, f"member={other.pk}") == ["曾爱国"]
    assert names(client, "first=2026-02-28") == ["曾爱国"]
    assert names(client, "last=2026-02-27") == names(client, "duty=helper") == ["欧阳建国"]


@pytest.mark.parametrize(
    "query", ["inside=x", "inside=999999", "activity=x", "member=99999999999999999999", "first=soon", "duty=chairman"]
)
def test_a_filter_that_cannot_be_read_is_refused(client: APIClient, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.data["errors"]) == [query.split("=")[0]]


def test_a_second_post_that_reads_members_elsewhere_names_nobody_here(
    api: Any, instructor: User, leader: User, activity: Activity, member: Member, other_group: Area
) -> None:
    """An instructor here and a leader there: the members there are known, here the numbers alone."""
    enrol(api(leader), activity, {"member": member.pk})
    factories.post(instructor, "leader", other_group)
    client = api(instructor)
    assert client.get(f"/api/v1/activities/{activity.pk}").data["attended"] == 1
    assert names(client, "") == names(client, f"activity={activity.pk}&member={member.pk}") == []
    assert client.get(f"{URL}/{Attendance.objects.get().pk}").status_code == 404


def test_each_page_of_the_list_is_kept_as_an_export(
    client: APIClient, activity: Activity, member: Member, group: Area
) -> None:
    enrol(client, activity, {"member": member.pk})
    client.get(f"{URL}?activity={activity.pk}")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.model, entry.area_path) == ("activities.Attendance", group.path)
    assert entry.changes == {"rows": 1, "filters": ["activity"]}


def test_sixty_are_recorded_in_as_many_queries_as_one(client: APIClient, group: Area) -> None:
    people = [{"member": factories.person("欧阳建国", group, room=str(each)).pk} for each in range(60)]
    enrol(client, factories.activity(group), people[0])
    counts = []
    for chosen in (people[:1], people):
        activity = factories.activity(group)
        with CaptureQueriesContext(connection) as queries:
            assert enrol(client, activity, *chosen).data["added"] == len(chosen)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 14


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(
    client: APIClient, activity: Activity, group: Area
) -> None:
    counts = []
    for times in (1, 2):
        people = [factories.person("欧阳建国", group, room=str(each)) for each in range(10)]
        enrol(client, activity, *({"member": each.pk} for each in people))
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == times * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 14
