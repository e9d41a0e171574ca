"""What the schema says of the employers' calls is what they answer: no field more, none less, no other status."""

import json
import re
from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from feedback.api import schema, webhooks
from feedback.api.urls import employers
from feedback.feed import delivering
from feedback.models import RecordCard, Slip, Webhook
from feedback.rules import slips_asking, withdrawing
from louzu.api.schemas import employer_schema
from members.ground.atomic import atomic_write
from members.models import Area, User
from tests import cards, slips
from tests.members.api.test_schema import CHINESE
from tests.schemas import operations, strict

SCHEMA = employer_schema("https://louzu.example/api/v1")
OURS = operations(SCHEMA)
JSON, PROBLEM = "application/json", "application/problem+json"


def conforms(name: str, reply: Any) -> None:
    """The reply's status and body are in the schema."""
    responses = OURS[name]["responses"]
    assert str(reply.status_code) in responses, (name, reply.status_code)
    kind = PROBLEM if reply.status_code >= 400 else JSON
    assert reply["Content-Type"] == kind
    shape = responses[str(reply.status_code)]["content"][kind]["schema"]
    Draft202012Validator(strict(shape, SCHEMA)).validate(reply.json())


def test_every_call_is_there() -> None:
    routes = {str(each.pattern) for each in employers}
    paths = {name.partition(" ")[2] for name in OURS}
    plain = {re.sub("<(?:number|slip):number>", "{number}", route).replace("<int:pk>", "{id}") for route in routes}
    assert {f"/{route}" for route in plain} == paths
    assert len(OURS) == 21


def test_it_is_valid_and_names_everything_in_english() -> None:
    validate_schema(SCHEMA)
    assert SCHEMA["openapi"] == "3.1.0"
    names = [SCHEMA["info"]["title"], *(operation["operationId"] for operation in OURS.values())]
    names += [tag for operation in OURS.values() for tag in operation["tags"]]
    names += [*SCHEMA["components"]["schemas"], *(tag["name"] for tag in SCHEMA["tags"])]
    assert not [name for name in names if not name.isascii()]
    assert {tag["name"] for tag in SCHEMA["tags"]} == {schema.TAG, webhooks.TAG}


def test_no_answer_closes_a_choice_that_may_grow() -> None:
    """A generated client refuses a value outside an enum; only what the caller writes is held to one."""
    answers = [
        str(strict(response, SCHEMA)) for operation in OURS.values() for response in operation["responses"].values()
    ]
    assert len(answers) > 60
    assert not [each for each in answers if "'enum'" in each]


def test_the_notice_is_what_is_sent(card: RecordCard, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("feedback.feed.delivering.posting.post", lambda *given: sent.append(given) or 204)
    hook = Webhook(employer=card.employer, street=card.street, url="https://unit.example/hooks")
    with atomic_write():
        hook.make_secret()
        hook.save()
        delivering.announce({card.counterpart: "7c1e90ab54d2f368.1:x"})
    delivering.send_due.call()
    ((url, body, headers),) = sent
    notice = SCHEMA["webhooks"]["feed.advanced"]["post"]
    content = notice["requestBody"]["content"][JSON]
    for example in (*(each["value"] for each in content["examples"].values()), json.loads(body)):
        Draft202012Validator(strict(content["schema"], SCHEMA)).validate(example)
    assert url == hook.url
    assert {each["name"] for each in notice["parameters"]} < set(headers)


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
    assert open_ == {"GET /keys"}
    keyed = {scheme for name in OURS.keys() - open_ for each in OURS[name]["security"] for scheme in each}
    assert keyed == {"employerKey"}
    assert set(SCHEMA["components"]["securitySchemes"]) == {"employerKey"}


@pytest.mark.parametrize("name", OURS)
def test_examples_fit_their_shapes(name: str) -> None:
    shown = [
        content for response in OURS[name]["responses"].values() for content in response.get("content", {}).values()
    ]
    shown += OURS[name].get("requestBody", {}).get("content", {}).values()
    assert shown
    for content in shown:
        for example in content["examples"].values():
            Draft202012Validator(strict(content["schema"], SCHEMA)).validate(example["value"])


def test_what_is_answered_is_what_the_schema_says(
    system: APIClient, card: RecordCard, withdrawn: RecordCard, community: Area
) -> None:
    one, once = f"/api/v1/cards/{card.number}", {"Idempotency-Key": "k1"}
    at = "/cards/{number}"
    conforms("GET /me", system.get("/api/v1/me"))
    conforms("GET /keys", system.get("/api/v1/keys"))
    conforms("GET /feed", system.get("/api/v1/feed"))
    conforms("GET /cards", system.get("/api/v1/cards"))
    conforms("GET /cards", system.get("/api/v1/cards", {"status": "withdrawn"}))
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
    conforms("POST /offers", made)
    conforms("GET /offers", system.get("/api/v1/offers"))
    changed = system.patch(f"/api/v1/offers/{made.json()['id']}", {"status": "withdrawn"})
    conforms("PATCH /offers/{id}", changed)
    conforms(f"GET {at}", system.get(f"/api/v1/cards/{withdrawn.number}"))
    conforms("GET /feed", system.get("/api/v1/feed", {"after": "x"}))
    withdrawing.withdraw(cards.fresh(card), RecordCard.Withdrawal.MISTAKE)
    conforms(f"POST {at}/receipt", system.post(f"{one}/receipt", {"digest": card.digest}))


def test_what_is_answered_about_slips_is_what_the_schema_says(
    system: APIClient, card: RecordCard, street: Area, secretary: User
) -> None:
    """A slip in each state that its employer reads, and the events about them."""
    row = {
        "name": "单建国",
        "phone": slips.phone(1),
        "home": slips.HERE,
        "agreed_how": "paper",
        "agreed_on": "2026-11-02",
    }
    sent = system.post("/api/v1/slips", {"slips": [row, {}]}, headers={"Idempotency-Key": "k1"})
    conforms("POST /slips", sent)
    conforms("POST /slips", system.post("/api/v1/slips", {"slips": [{}]}, headers={"Idempotency-Key": "k2"}))
    number = sent.json()["slips"][0]["slip"]["number"]
    one, at, slip = f"/api/v1/slips/{number}", "/slips/{number}", Slip.objects.get(number=number)
    slips_asking.ask(slip, code="home", by=secretary)
    conforms(f"GET {at}", system.get(one))
    conforms(f"POST {at}/answer", system.post(f"{one}/answer", {"text": "一号楼"}))
    conforms(f"POST {at}/answer", system.post(f"{one}/answer", {"text": "二号楼"}))
    slips.accepted(slip, secretary)
    conforms("GET /slips", system.get("/api/v1/slips"))
    conforms(f"POST {at}/end", system.post(f"{one}/end", {"reason_code": "retired"}))
    conforms(f"POST {at}/withdraw", system.post(f"{one}/withdraw"))
    gone = slips.from_unit(street, "单撤回", unit=card.employer, phone=slips.phone(2))
    conforms(f"POST {at}/withdraw", system.post(f"/api/v1/slips/{gone.number}/withdraw"))
    own = slips.reported(street, "单本人", employer_name=card.employer.name, tells_employer=True)
    conforms(f"POST {at}/ours", system.post(f"/api/v1/slips/{own.number}/ours", {"is_ours": True}))
    conforms(f"POST {at}/ours", system.post(f"/api/v1/slips/{own.number}/ours", {"is_ours": False}))
    conforms("GET /slips", system.get("/api/v1/slips"))
    conforms("GET /feed", system.get("/api/v1/feed"))
