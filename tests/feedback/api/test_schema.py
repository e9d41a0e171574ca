"""What the schema says of the employers' calls is what they answer: no field more, none less, no other status."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from feedback.api.schema import TAG
from feedback.api.urls import office, urlpatterns
from feedback.models import RecordCard
from feedback.rules import withdrawing
from members.models import Area
from tests import cards
from tests.members.api.test_schema import CHINESE, operations, schema

OURS = {name: operation for name, operation in operations().items() if operation["tags"] == [TAG]}
JSON, PROBLEM = "application/json", "application/problem+json"


def strict(shape: Any) -> Any:
    """The shape with all references resolved, of which every field must be there and no other may."""
    if isinstance(shape, list):
        return [strict(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    if reference := shape.get("$ref"):
        return strict(schema()["components"]["schemas"][reference.rpartition("/")[2]])
    made = {name: strict(value) for name, value in shape.items() if name != "nullable"}
    if "properties" in made:
        made["additionalProperties"] = False
    if shape.get("nullable"):
        made = {"anyOf": [made, {"type": "null"}]}
    return made


def conforms(name: str, reply: Any) -> None:
    """The reply's status and body are in the schema."""
    responses = OURS[name]["responses"]
    assert str(reply.status_code) in responses, (name, reply.status_code)
    kind = PROBLEM if reply.status_code >= 400 else JSON
    assert reply["Content-Type"] == kind
    shape = responses[str(reply.status_code)]["content"][kind]["schema"]
    Draft202012Validator(strict(shape)).validate(reply.json())


def test_every_call_is_there() -> None:
    routes = {str(each.pattern) for each in urlpatterns if each not in office}
    paths = {name.partition(" ")[2] for name in OURS}
    plain = {route.replace("<number:number>", "{number}").replace("<int:pk>", "{id}") for route in routes}
    assert {f"/api/v1/{route}" for route in plain} == paths
    assert len(OURS) == 12


def test_each_says_in_chinese_what_it_does_and_shows_it() -> None:
    for name, operation in OURS.items():
        assert CHINESE.search(operation["summary"]), name
        assert CHINESE.search(operation["description"]), name
        for parameter in operation.get("parameters", []):
            assert CHINESE.search(parameter["description"]), (name, parameter["name"])
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                assert content["examples"], (name, status)
        if "requestBody" in operation:
            assert list(operation["requestBody"]["content"]) == [JSON]
            assert operation["requestBody"]["content"][JSON]["examples"], name


def test_each_takes_a_key_but_one() -> None:
    open_ = {name for name, operation in OURS.items() if operation.get("security", [{}]) in ([], [{}])}
    assert open_ == {"GET /api/v1/keys"}
    keyed = {scheme for name in OURS.keys() - open_ for each in OURS[name]["security"] for scheme in each}
    assert keyed == {"employerKey"}
    assert set(schema()["components"]["securitySchemes"]) == {"employerKey", "staffToken", "cookieAuth"}


@pytest.mark.parametrize("name", OURS)
def test_examples_fit_their_shapes(name: str) -> None:
    shown = [
        content for response in OURS[name]["responses"].values() for content in response.get("content", {}).values()
    ]
    shown += OURS[name].get("requestBody", {}).get("content", {}).values()
    assert shown
    for content in shown:
        for example in content["examples"].values():
            Draft202012Validator(strict(content["schema"])).validate(example["value"])


def test_what_is_answered_is_what_the_schema_says(
    system: APIClient, card: RecordCard, withdrawn: RecordCard, community: Area
) -> None:
    one, once = f"/api/v1/cards/{card.number}", {"Idempotency-Key": "k1"}
    at = "/api/v1/cards/{number}"
    conforms("GET /api/v1/me", system.get("/api/v1/me"))
    conforms("GET /api/v1/keys", system.get("/api/v1/keys"))
    conforms("GET /api/v1/feed", system.get("/api/v1/feed"))
    conforms("GET /api/v1/cards", system.get("/api/v1/cards"))
    conforms("GET /api/v1/cards", system.get("/api/v1/cards", {"status": "withdrawn"}))
    conforms(f"GET {at}", system.get(one))
    conforms(f"POST {at}/receipt", system.post(f"{one}/receipt", {"digest": card.digest}))
    conforms(f"POST {at}/answer", system.post(f"{one}/answer", {"text": "收到"}, headers=once))
    conforms(f"POST {at}/answer", system.post(f"{one}/answer", {"text": "改"}, headers={"Idempotency-Key": "k2"}))
    back = {"digest": card.digest, "reason_code": "left_unit"}
    refused = system.post(f"{one}/return", back)
    assert refused.status_code == 409
    conforms(f"POST {at}/return", refused)
    colleague = cards.issued(cards.in_post("单建国", card.member.home.area, at=card.employer))  # type: ignore[union-attr]
    back["digest"] = colleague.digest
    conforms(f"POST {at}/return", system.post(f"/api/v1/cards/{colleague.number}/return", back))
    offer = {"area": community.pk, "kind": "talk", "title": "讲座"}
    made = system.post("/api/v1/offers", offer, headers=once | {"Idempotency-Key": "k3"})
    conforms("POST /api/v1/offers", made)
    conforms("GET /api/v1/offers", system.get("/api/v1/offers"))
    changed = system.patch(f"/api/v1/offers/{made.json()['id']}", {"status": "withdrawn"})
    conforms("PATCH /api/v1/offers/{id}", changed)
    conforms(f"GET {at}", system.get(f"/api/v1/cards/{withdrawn.number}"))
    conforms("GET /api/v1/feed", system.get("/api/v1/feed", {"after": "x"}))
    withdrawing.withdraw(cards.fresh(card), RecordCard.Withdrawal.MISTAKE)
    conforms(f"POST {at}/receipt", system.post(f"{one}/receipt", {"digest": card.digest}))
