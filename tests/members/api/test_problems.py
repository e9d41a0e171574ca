"""Every error is a problem of RFC 9457, says in Chinese what to do, and tells nothing of what is hidden."""

from typing import Any

import pytest
from django.db import IntegrityError
from rest_framework import exceptions
from rest_framework.test import APIClient

from members.api.viewsets import ScopedViewSet
from members.ground import states
from members.models import Area, Employer, Member, Residence, StaffToken, User
from members.web import problems
from tests import factories

AREAS = "/api/v1/areas"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


def raw(client: APIClient, body: bytes, content_type: str = "application/json") -> Any:
    return client.post(AREAS, data=body, content_type=content_type)


def test_the_shape(client: APIClient) -> None:
    response = client.get(f"{AREAS}/999999", headers={"X-Request-ID": "asked-for-7"})
    assert response["Content-Type"] == "application/problem+json"
    assert response["X-Request-ID"] == "asked-for-7"
    assert response.json() == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "没有这一条，或者它不在您的范围内。",
        "request_id": "asked-for-7",
    }


@pytest.mark.parametrize(
    "path", ["areas/x", "areas/1/x", "areas/", "areas/" + "9" * 5000, "nothing", "coverage/" + "9" * 30, ""]
)
def test_another_address(client: APIClient, path: str) -> None:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 404
    assert response.data["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "malformed"),
        (b'{"name": "\xff"}', 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (b'{"name": NaN}', 400, "malformed"),
        (rb'{"name": "\u0000"}', 400, "validation"),
        (rb'{"name": "\ud800"}', 400, "validation"),
        (rb'{"housing": "\udfff"}', 400, "validation"),
        (rb'{"\ud800": 1}', 400, "validation"),
        (rb'{"parent": ["\ud800"]}', 400, "validation"),
        (b'{"parent": 1e400}', 400, "validation"),
        (b'{"parent": 1' + b"0" * 30 + b"}", 400, "validation"),
        (b'{"residents": 1' + b"0" * 30 + b"}", 400, "validation"),
        (b'{"name": "' + b"a" * 3_000_000 + b'"}', 413, "too-large"),
        (b"[]", 400, "validation"),
        (b"null", 400, "validation"),
        (b"", 400, "validation"),
    ],
)
def test_what_cannot_be_read(client: APIClient, body: bytes, status: int, slug: str) -> None:
    response = raw(client, body)
    assert (response.status_code, response.data["type"]) == (status, f"/problems/{slug}")
    assert response.data["detail"]


def test_a_token_does_not_open_the_door_to_bodies_of_any_size(secretary: User) -> None:
    _, text = StaffToken.issue(secretary, label="报表程序")
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert raw(client, b'{"name": "' + b"a" * 3_000_000 + b'"}').status_code == 413


def test_another_kind_of_body(client: APIClient) -> None:
    response = raw(client, b"name=1", "application/x-www-form-urlencoded")
    assert (response.status_code, response.data["type"]) == (415, "/problems/unsupported-media-type")


def test_a_fault_of_ours_tells_nothing_and_is_reported(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Any, right: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(ScopedViewSet, "rows", fail)
    client.raise_request_exception = False
    response = client.get("/api/v1/employers")
    assert (response.status_code, response.data["type"]) == (500, "/problems/internal")
    assert "secret" not in response.content.decode()
    assert "a secret" in caplog.text
    client.raise_request_exception = True
    with pytest.raises(RuntimeError):
        client.get("/api/v1/employers")


def test_too_many_requests(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("members.api.throttling.UserThrottle.rate", "2/min", raising=False)
    answers = [client.get(AREAS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].data["type"] == "/problems/throttled"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.django_db
def test_the_database_s_refusal_brings_the_constraint_s_sentence(member: Member, group: Area) -> None:
    with pytest.raises(IntegrityError) as twice:
        Residence.objects.create(member=member, area=group)
    assert conflict(twice.value) == "这位党员已有现住址，请先填写原住址的迁出日期。"


@pytest.mark.django_db
def test_so_does_a_check(member: Member) -> None:
    with pytest.raises(IntegrityError) as checked:
        Member.objects.update(employer=None)
    assert conflict(checked.value) == "在职党员要填写单位。"


@pytest.mark.django_db
def test_a_refusal_without_a_sentence_of_ours() -> None:
    Employer.objects.create(name="区图书馆", credit_code="1")
    with pytest.raises(IntegrityError) as twice:
        Employer.objects.create(name="区文化馆", credit_code="1")
    assert conflict(twice.value) == "与已有的数据冲突，请重新读取后再试。"


@pytest.mark.django_db
def test_a_move_that_is_not_allowed_brings_its_own_sentence(group: Area) -> None:
    held = factories.activity(group)
    with pytest.raises(states.Conflict) as refused:
        held.cancel()
    assert conflict(refused.value) == "“楼道大扫除”现在是“已举办”，不能再做这一步。请刷新页面看看。"


def conflict(error: Exception) -> Any:
    response = problems.problem_response(error, {})
    assert response.status_code == 409
    return response.data["detail"]


def test_every_error_of_the_framework_has_its_words() -> None:
    codes = {
        each.default_code
        for each in vars(exceptions).values()
        if isinstance(each, type) and issubclass(each, exceptions.APIException)
    }
    assert codes <= problems.KINDS.keys()
