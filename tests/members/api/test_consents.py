"""Consents: what members agreed to, through the API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from members.models import Area, AuditEntry, Consent, Member, User
from members.models.consents import NOTICES
from tests import factories

URL = "/api/v1/consents"
AGREED = {"is_agreed": True, "means": "paper", "given_on": "2026-01-05"}


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


def said(client: APIClient, query: str = "") -> list[tuple[str, bool]]:
    return [(row["name"], row["is_agreed"]) for row in client.get(f"{URL}?{query}").data["results"]]


def test_an_answer_is_kept_with_the_notice_as_it_was_read(client: APIClient, member: Member, secretary: User) -> None:
    response = client.post(URL, AGREED | {"member": member.pk, "notice": "别的", "withdrawn_at": "2026-01-05T10:00:00"})
    assert response.status_code == 201, response.data
    consent = Consent.objects.get()
    assert consent.recorded_by == secretary
    version, notice = NOTICES["stairwell"]
    assert client.get(f"{URL}/{consent.pk}").json() == {
        "id": consent.pk,
        "member": member.pk,
        "name": "欧阳建国",
        "purpose": "stairwell",
        "employer": None,
        "is_agreed": True,
        "notice": notice,
        "version": version,
        "means": "paper",
        "given_on": "2026-01-05",
        "withdrawn_at": None,
    }


def test_a_refusal_is_seen_by_whoever_recorded_it_alone(
    api: Any, secretary: User, street_officer: User, superuser: User, leader: User, member: Member
) -> None:
    answer = api(secretary).post(URL, AGREED | {"member": member.pk, "is_agreed": False})
    assert answer.status_code == 201, answer.data
    refusal = f"{URL}/{answer.data['id']}"
    assert api(secretary).get(refusal).status_code == 200
    assert said(api(secretary)) == [("欧阳建国", False)]
    for other in (street_officer, superuser, leader):
        assert api(other).get(refusal).status_code == (403 if other == superuser else 404)
    for other in (street_officer, leader):
        assert said(api(other)) == []
        assert said(api(other), f"member={member.pk}&in_force=false") == []
    assert api(street_officer).post(f"{refusal}/withdraw").status_code == 404


def test_withdraw_once(client: APIClient, member: Member) -> None:
    consent = Consent.objects.create(member=member, is_agreed=True, means="spoken")
    response = client.post(f"{URL}/{consent.pk}/withdraw")
    assert response.status_code == 200, response.data
    assert response.data["withdrawn_at"]
    again = client.post(f"{URL}/{consent.pk}/withdraw")
    assert (again.status_code, again.data["detail"]) == (409, "这一条没有在生效的同意，不用撤回。")
    assert not Consent.objects.in_force("stairwell").exists()
    assert client.post(URL, AGREED | {"member": member.pk}).status_code == 201, "the member may agree again"


def test_there_is_nothing_to_withdraw_of_a_refusal(client: APIClient, secretary: User, member: Member) -> None:
    consent = Consent.objects.create(member=member, is_agreed=False, means="spoken", recorded_by=secretary)
    assert client.post(f"{URL}/{consent.pk}/withdraw").status_code == 409


def test_filters(client: APIClient, member: Member, group: Area, station: Area) -> None:
    upstairs = factories.building("5号楼", station)
    neighbour = factories.person("曾爱国", upstairs)
    Consent.objects.create(member=member, is_agreed=True, means="paper")
    Consent.objects.create(member=neighbour, is_agreed=True, means="paper").withdraw()
    assert said(client, f"inside={group.pk}") == said(client, f"member={member.pk}") == [("欧阳建国", True)]
    assert said(client, "in_force=true") == [("欧阳建国", True)]
    assert said(client, "in_force=false") == said(client, f"inside={upstairs.pk}") == [("曾爱国", True)]
    assert len(said(client, "purpose=stairwell")) == 2
    assert said(client, "purpose=cards") == []
    assert client.get(f"{URL}?purpose=fame").status_code == 400


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"member": 999_999}, "member", "没有这一条，或者它不在您的范围内。"),
        ({"member": 10**30}, "member", ""),
        ({"member": [1]}, "member", ""),
        ({"is_agreed": None}, "is_agreed", ""),
        ({"is_agreed": "perhaps"}, "is_agreed", ""),
        ({"is_agreed": []}, "is_agreed", ""),
        ({"means": "post"}, "means", ""),
        ({"purpose": "score"}, "purpose", ""),
        ({"given_on": "2150-01-01"}, "given_on", "不能晚于今天"),
        ({"given_on": "1902-01-01"}, "given_on", "日期太早了"),
        ({"given_on": 7}, "given_on", ""),
    ],
)
def test_what_cannot_be_recorded(client: APIClient, member: Member, change: Any, field: str, sentence: str) -> None:
    response = client.post(URL, AGREED | {"member": member.pk} | change)
    assert response.status_code == 400, response.data
    assert list(response.data["errors"]) == [field]
    assert sentence in str(response.data["errors"][field])
    assert not Consent.objects.exists()


def test_it_is_never_assumed(client: APIClient, member: Member) -> None:
    assert client.post(URL, {"member": member.pk, "means": "paper"}).data["errors"].keys() == {"is_agreed"}


def test_who_agreed_need_not_agree_again(client: APIClient, member: Member) -> None:
    first = client.post(URL, AGREED | {"member": member.pk})
    again = client.post(URL, AGREED | {"member": member.pk})
    assert (again.status_code, again.data) == (201, first.data)
    assert Consent.objects.count() == 1


def test_what_is_recorded_of_a_member_who_is_only_read_is_rolled_back(
    api: Any, secretary: User, other_member: Member, other_group: Area
) -> None:
    factories.post(secretary, "leader", other_group)
    response = api(secretary).post(URL, AGREED | {"member": other_member.pk})
    assert (response.status_code, response.data["type"]) == (403, "/problems/written-outside")
    assert not Consent.objects.exists()


def test_each_page_of_the_list_is_kept_as_an_export(client: APIClient, member: Member, group: Area) -> None:
    Consent.objects.create(member=member, is_agreed=True, means="paper")
    client.get(f"{URL}?inside={group.pk}")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.model, entry.area_path) == ("members.Consent", group.path)
    assert entry.changes == {"rows": 1, "filters": ["inside"]}


def test_a_list_asks_the_same_number_of_queries_whatever_its_length(client: APIClient, group: Area) -> None:
    counts = []
    for times in (1, 2):
        for each in range(10):
            someone = factories.person("欧阳建国", group, room=str(each))
            Consent.objects.create(member=someone, is_agreed=True, means="paper")
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(URL).data["results"]) == times * 10
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 14
