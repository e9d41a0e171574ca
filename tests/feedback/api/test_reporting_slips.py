"""Slips through the staff's API: the rules of the pages, and nothing outside the scope."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from feedback.models import Slip, SlipReceipt
from members.models import Area, AuditEntry, Member, User
from tests import cards, slips

URL = "/api/v1/reporting-slips"
# Each step, its body, and the state that it is for.
STEPS: dict[str, dict[str, Any]] = {
    "accept": {"room": "302"},
    "ask": {"code": "home"},
    "decline": {"text": "没有这一户"},
    "place": {"community": "{community}"},
    "forward": {"street": "{far}"},
    "end": {"reason_code": "moved_away"},
    "withdraw": {"withdrawer": "member"},
}


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


@pytest.fixture
def slip(street: Area, group: Area) -> Slip:
    return slips.from_unit(street)


def do(client: APIClient, slip: Slip, step: str, body: Any = None) -> Any:
    return client.post(f"{URL}/{slip.pk}/{step}", body or {}, format="json")


def problem(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["type"].removeprefix("/problems/")


def test_a_slip_is_shown_with_the_phone_masked(client: APIClient, slip: Slip, group: Area) -> None:
    shown = client.get(f"{URL}/{slip.pk}").json()
    assert (shown["number"], shown["status"], shown["origin"]) == (slip.number, "sent", "employer")
    assert (shown["phone"], shown["home"], shown["room"]) == ("199****8765", group.pk, "302")
    assert (shown["employer_name"], shown["home_text"], shown["is_certain"]) == ("上海嘉定仪表厂", slips.HERE, True)


def test_the_list_is_an_export_and_takes_few_queries(
    client: APIClient, street: Area, group: Area, community: Area, django_assert_max_num_queries: Any
) -> None:
    for n in range(5):
        slips.from_unit(street, f"郁{chr(0x4E00 + n)}", phone=slips.phone(n))
    with django_assert_max_num_queries(15):
        listed = client.get(URL, {"inside": community.pk, "status": "sent", "origin": "employer"})
    assert len(listed.json()["results"]) == 5
    assert AuditEntry.objects.get(action="export").changes == {"rows": 5, "filters": ["inside", "origin", "status"]}
    assert client.get(URL, {"status": "accepted"}).json()["results"] == []


def test_a_new_member_is_accepted(client: APIClient, slip: Slip, group: Area) -> None:
    done = do(client, slip, "accept")
    assert (done.status_code, done.json()["status"]) == (200, "accepted")
    member = Member.objects.get(pk=done.json()["member"])
    assert (member.name, member.home.area) == ("郁建平", group)  # type: ignore[union-attr]
    assert SlipReceipt.objects.get().slip == slip
    assert do(client, slip, "accept").json() == done.json()


def test_who_is_registered_is_named_first(client: APIClient, street: Area, group: Area) -> None:
    known = cards.in_post("郁建平", group, phone="19900008765")
    slip = slips.from_unit(street)
    (meant,) = client.get(f"{URL}/{slip.pk}/candidates").json()
    assert (meant["member"], meant["name"], meant["is_same"]) == (known.pk, "郁建平", True)
    refused = do(client, slip, "accept")
    assert problem(refused) == (400, "validation")
    assert "就是已登记的" in refused.json()["errors"]["member"][0]
    done = do(client, slip, "accept", {"member": known.pk}).json()
    assert (done["member"], done["was_known"]) == (known.pk, True)


def test_a_member_or_home_of_others_is_unknown(
    client: APIClient, slip: Slip, other_group: Area, other_member: Member
) -> None:
    for body in ({"member": other_member.pk}, {"home": other_group.pk}):
        refused = do(client, slip, "accept", body)
        assert problem(refused) == (400, "validation")
        assert list(refused.json()["errors"]) == list(body)
    assert slips.fresh(slip).status == "sent"


def test_an_unknown_home_goes_to_the_office_and_on(
    api: Any, client: APIClient, street: Area, group: Area, community: Area, street_officer: User
) -> None:
    slip, office = slips.from_unit(street, home=slips.UNKNOWN), api(street_officer)
    assert client.get(f"{URL}/{slip.pk}").status_code == 404
    assert problem(do(office, slip, "place", {"community": group.pk})) == (400, "validation")
    assert do(office, slip, "place", {"community": community.pk}).json()["area"] == community.pk
    assert client.get(f"{URL}/{slip.pk}").status_code == 200


def test_only_the_street_forwards(
    api: Any, client: APIClient, slip: Slip, street: Area, other_street: Area, street_officer: User
) -> None:
    assert problem(do(client, slip, "forward", {"street": other_street.pk})) == (403, "forbidden")
    office = api(street_officer)
    assert problem(do(office, slip, "forward", {"street": street.pk})) == (400, "validation")
    done = do(office, slip, "forward", {"street": other_street.pk}).json()
    there = Slip.objects.get(continues=slip)
    assert (done["status"], done["forwarded_to"]) == (
        "forwarded",
        {"street": other_street.name, "number": there.number},
    )
    assert do(office, slip, "forward", {"street": other_street.pk}).json() == done
    assert api(street_officer).get(f"{URL}/{there.pk}").status_code == 404


def test_what_is_over_is_a_conflict(client: APIClient, slip: Slip) -> None:
    assert do(client, slip, "withdraw", {"withdrawer": "member"}).json()["withdrawn_by"] == "member"
    for step in ("accept", "ask", "decline", "end"):
        assert problem(do(client, slip, step, STEPS[step])) == (409, "conflict"), step
    assert problem(do(client, slip, "end", {"reason_code": "replaced"})) == (400, "validation")
    assert problem(do(client, slip, "withdraw", {"withdrawer": "sender"})) == (400, "validation")


@pytest.mark.parametrize("step", ["", "candidates", *STEPS])
def test_who_may_call_what(
    api: Any, request: pytest.FixtureRequest, slip: Slip, community: Area, other_street: Area, step: str
) -> None:
    """A community's slip is its own, its street's office's, and nobody else's; the far street finds none of it."""
    known = {"{community}": community.pk, "{far}": other_street.pk}
    body = {name: known.get(value, value) for name, value in STEPS.get(step, {}).items()}
    found = {}
    for name in ("other_secretary", "far_officer", "leader", "outsider"):
        client = api(request.getfixturevalue(name))
        reply = do(client, slip, step, body) if step in STEPS else client.get(f"{URL}/{slip.pk}/{step}".rstrip("/"))
        found[name] = reply.status_code
    assert set(found.values()) <= {403, 404}, found
    assert (found["other_secretary"], found["far_officer"]) == (404, 404)
    anybody = APIClient()
    reply = do(anybody, slip, step, body) if step in STEPS else anybody.get(f"{URL}/{slip.pk}")
    assert reply.status_code == 401
    assert slips.fresh(slip).status == "sent"
