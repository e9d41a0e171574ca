"""Who × call → status: the table of design/privacy.md, at the API."""

from typing import Any

import orjson
import pytest
from django.db import transaction
from rest_framework.test import APIClient

from members.models import Area, Employer, Member, Residence
from tests import factories

WHO = ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor", "outsider", None)
CALLS: dict[tuple[str, str], tuple[int, ...]] = {
    # Own rows are 1号楼 and who lives there; other rows lie in the other community of the street.
    ("GET", "areas"): (200, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "areas/{group}"): (200, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "areas/{other_group}"): (200, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "areas"): (201, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "areas/{group}"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("PATCH", "areas/{community}"): (200, 200, 403, 404, 404, 403, 403, 403, 401),
    ("PATCH", "areas/{other_group}"): (200, 200, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "members"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "members/{member}"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "members/{other_member}"): (200, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members"): (201, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "members/{member}"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("PATCH", "members/{other_member}"): (200, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members/{member}/phone"): (200, 200, 200, 200, 403, 403, 403, 403, 401),
    ("POST", "members/{other_member}/phone"): (200, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members/{member}/move"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "members/{member}/leave"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "members/{other_member}/leave"): (200, 200, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "residences"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "residences/{residence}"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "residences/{other_residence}"): (200, 200, 404, 404, 404, 403, 403, 403, 401),
    ("PATCH", "residences/{residence}"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("PATCH", "residences/{other_residence}"): (200, 200, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "employers"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "employers/{employer}"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "employers"): (201, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "employers/{employer}"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("GET", "coverage/{group}"): (200, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "coverage/{other_group}"): (200, 200, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "schema"): (200, 200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "nothing"): (404, 404, 404, 404, 404, 404, 404, 404, 401),
    # Never there: nothing is deleted or replaced, and OPTIONS would describe the forms.
    ("DELETE", "members/{member}"): (405, 405, 405, 403, 403, 403, 403, 403, 401),
    ("PUT", "areas/{group}"): (405, 405, 405, 403, 403, 403, 403, 403, 401),
    ("OPTIONS", "members"): (405, 405, 405, 405, 405, 403, 403, 403, 401),
    ("POST", "residences"): (405, 405, 405, 403, 403, 403, 403, 403, 401),
}


@pytest.fixture
def rows(member: Member, other_member: Member) -> dict[str, Any]:
    return {
        "community": Area.objects.get(name="第一社区").pk,
        "group": Area.objects.get(name="1号楼").pk,
        "other_group": Area.objects.get(name="2号楼").pk,
        "member": member.pk,
        "other_member": other_member.pk,
        "residence": Residence.objects.get(member=member).pk,
        "other_residence": Residence.objects.get(member=other_member).pk,
        "employer": Employer.objects.get().pk,
    }


@pytest.fixture
def bodies(rows: dict[str, Any], station: Area) -> dict[tuple[str, str], dict[str, Any]]:
    newcomer = {"name": "翟建军", "sex": "male", "affiliation": "local", "home": {"area": rows["group"], "room": "101"}}
    return {
        ("POST", "areas"): {"name": "8号楼", "parent": station.pk},
        ("POST", "members"): newcomer,
        ("POST", "employers"): {"name": "嘉定区实验小学"},
        ("POST", "move"): {"area": rows["group"], "room": "601"},
        ("PATCH", "areas"): {"division_code": "310114001"},
        ("PATCH", "members"): {"skills": "书法"},
        ("PATCH", "residences"): {"room": "303"},
        ("PATCH", "employers"): {"name": "嘉定仪表厂"},
    }


@pytest.fixture
def clients(request: pytest.FixtureRequest, api: Any) -> dict[str | None, APIClient]:
    return {who: api(request.getfixturevalue(who)) if who else APIClient() for who in WHO}


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[" ".join(call) for call in CALLS])
def test_status(rows: Any, bodies: Any, clients: Any, method: str, path: str) -> None:
    body = bodies.get((method, path.rsplit("/", 1)[-1])) or bodies.get((method, path.split("/", 1)[0]), {})
    answers = {who: undone(client, method, f"/api/v1/{path.format(**rows)}", body) for who, client in clients.items()}
    assert {who: answer.status_code for who, answer in answers.items()} == dict(
        zip(WHO, CALLS[method, path], strict=True)
    )
    kinds = {answer["Content-Type"] for answer in answers.values() if answer.status_code >= 400}
    assert kinds == {"application/problem+json"}


def undone(client: APIClient, method: str, url: str, body: dict[str, Any]) -> Any:
    """Return the answer to a call whose effects are taken back, so that the next in line finds the same rows."""
    with transaction.atomic():
        answer = client.generic(method, url, orjson.dumps(body), "application/json")
        transaction.set_rollback(True)
    return answer


def test_lists_hold_only_the_scope(api: Any, rows: Any, secretary: Any, moved_away: Member, other_street: Area) -> None:
    client = api(secretary)
    names = [area["name"] for area in client.get("/api/v1/areas").data["results"]]
    people = [member["name"] for member in client.get("/api/v1/members").data["results"]]
    homes = [home["label"] for home in client.get("/api/v1/residences").data["results"]]
    assert names == ["第一社区", "迎晖苑", "1号楼"]
    assert people == ["欧阳建国", "曾国强"]
    assert set(homes) == {"第一社区 迎晖苑 1号楼"}


def test_a_post_that_ended_opens_nothing(api: Any, rows: Any, liaison: Any) -> None:
    role = liaison.roles.get()
    role.until = factories.EARLY
    role.save()
    assert api(liaison).get("/api/v1/members").status_code == 403
