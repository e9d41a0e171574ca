"""Receipt, answer, return: the order of what is checked, what cannot be read, keys that replay, and races."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from feedback.feed import receipts
from feedback.models import Answer, EmployerKey, Receipt, RecordCard, Replay, replays
from feedback.models.replays import KEPT
from feedback.rules import withdrawing
from members.models import Area, AuditEntry, Member
from members.web import throttling
from tests import cards
from tests.conftest import FUTURE

WRONG = "0" * 64


def call(client: APIClient, card: RecordCard, what: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/cards/{card.number}/{what}", body, headers=headers)


def receive(client: APIClient, card: RecordCard, digest: str = "") -> Any:
    return call(client, card, "receipt", {"digest": digest or card.digest})


def answer(client: APIClient, card: RecordCard, text: str = "收到，谢谢社区。", key: str = "k1", **more: Any) -> Any:
    return call(client, card, "answer", {"text": text, **more}, **{"Idempotency-Key": key})


def give_back(client: APIClient, card: RecordCard, code: str = "left_unit", **more: Any) -> Any:
    return call(client, card, "return", {"digest": card.digest, "reason_code": code} | more)


def said(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["type"].removeprefix("/problems/")


@pytest.fixture
def received(system: APIClient, card: RecordCard) -> RecordCard:
    assert receive(system, card).status_code == 200
    return cards.fresh(card)


# What each does ------------------------------------------------------------------------------------------------------
def test_a_receipt_is_signed_and_the_same_again(system: APIClient, card: RecordCard) -> None:
    first = receive(system, card)
    assert first.json() == receipts.signed(Receipt.objects.select_related("card").get())
    assert first.json()["receipt"]["digest"] == card.digest
    assert receive(system, card).content == first.content
    assert cards.fresh(card).status == "received"


def test_receipts_are_a_chain(system: APIClient, card: RecordCard, group: Area) -> None:
    first = receive(system, card).json()
    second = receive(system, cards.issued(cards.in_post("单国强", group, at=card.employer))).json()
    assert (first["receipt"]["previous"], second["receipt"]["previous"]) == (None, first["hash"])


def test_a_receipt_is_taken_back_and_given_again(system: APIClient, received: RecordCard) -> None:
    """Each is signed, in one chain; the feed tells of it, and a client that knows version 1 changes nothing."""
    body = {"digest": received.digest}
    first = receive(system, received).json()
    taken = call(system, received, "receipt/take-back", body)
    assert call(system, received, "receipt/take-back", body).content == taken.content
    told = taken.json()["receipt"]
    assert (told["previous"], "taken_back_at" in told, "received_at" in told) == (first["hash"], True, False)
    events = system.get("/api/v1/feed").json()["events"]
    assert [(each["seq"], each["type"], each["version"]) for each in events] == [(1, "issued", 1), (2, "reopened", 1)]
    again = receive(system, received).json()
    assert again["receipt"]["previous"] == taken.json()["hash"]
    assert said(call(system, received, "receipt/take-back", {"digest": WRONG})) == (409, "wrong-digest")
    RecordCard.objects.update(received_at=timezone.now() - timedelta(hours=25))
    assert said(call(system, received, "receipt/take-back", body)) == (409, "receipt-closed")
    answer(system, received)
    assert said(call(system, received, "receipt/take-back", body)) == (409, "wrong-state")


def test_an_answer_and_its_versions(system: APIClient, received: RecordCard) -> None:
    first = answer(system, received, thanks=True)
    assert first.status_code == 201
    told = first.json()
    assert told | {"at": ""} == {
        "number": received.number, "version": 1, "text": "收到，谢谢社区。", "thanks": True, "at": "",
        "amendable_until": str(received.amendable_until),
    }  # fmt: skip
    again = answer(system, received, "已在支部会上表扬。", "k2")
    assert (again.status_code, again.json()["version"]) == (200, 2)
    same = answer(system, received, "已在支部会上表扬。", "k3")
    assert (same.status_code, same.json()["version"]) == (200, 2)
    assert [each.key for each in Answer.objects.all()] == [EmployerKey.objects.get()] * 2
    assert cards.fresh(received).status == "answered"


def test_an_answer_can_be_amended_until_the_next_period_is_over(
    system: APIClient, received: RecordCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(system, received)
    last = received.amendable_until
    monkeypatch.setattr("feedback.rules.receiving.timezone.localdate", lambda: last)
    assert answer(system, received, "改一次。", "k2").status_code == 200
    monkeypatch.setattr("feedback.rules.receiving.timezone.localdate", lambda: last + timedelta(days=1))
    late = answer(system, received, "再改一次。", "k3")
    assert said(late) == (409, "answer-closed")
    assert str(last) in late.json()["detail"]


def test_a_return(system: APIClient, card: RecordCard) -> None:
    back = give_back(system, card, "other", text="重名，请核对。")
    assert back.status_code == 200
    told = back.json()
    assert told.pop("returned_at")
    assert told == {"number": card.number, "status": "returned", "reason_code": "other", "text": "重名，请核对。"}
    assert give_back(system, card, "other", text="重名，请核对。").content == back.content


def test_the_key_and_the_change_are_on_record(system: APIClient, received: RecordCard, key: Any) -> None:
    AuditEntry.objects.all().delete()
    answer(system, received, **{"thanks": True})
    entries = AuditEntry.objects.filter(model__startswith="feedback.")
    assert {entry.model for entry in entries} == {"feedback.RecordCard", "feedback.Answer"}
    assert {(entry.user, entry.reason) for entry in entries} == {(None, f"密钥 lz_{key[0].prefix}…")}
    assert "谢谢社区" not in str([entry.changes for entry in entries])


# The order -----------------------------------------------------------------------------------------------------------
def test_the_order_of_what_is_checked(
    system: APIClient, card: RecordCard, withdrawn: RecordCard, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Each call breaks every rule from one on; the first of them is what is told."""
    give_back(system, card)
    other = APIClient()
    big, bad = b"x" * 70_000, b"{"
    path, none = f"/api/v1/cards/{card.number}/answer", "/api/v1/cards/310114001-2026-99999/answer"

    def told(client: APIClient, where: str, body: Any, **headers: str) -> tuple[int, str]:
        return said(client.generic("POST", where, body, "application/json", headers=headers))

    fine = json.dumps({"text": "收到"}).encode()
    assert told(other, none, big) == (413, "too-large")
    assert told(other, none, bad) == (401, "not-authenticated")
    settings.EMPLOYER_RATE = "0/min"
    assert told(system, none, bad) == (429, "throttled")
    settings.EMPLOYER_RATE = "600/min"
    EmployerKey.objects.update(scopes=["cards:read"])
    assert told(system, none, bad) == (403, "scope-missing")
    EmployerKey.objects.update(scopes=["cards:answer", "offers:write"])
    assert told(system, none, bad) == (400, "malformed")
    assert told(system, none, b"{}") == (422, "validation")
    assert told(system, none, fine) == (400, "idempotency-key-missing")
    area = {"area": card.area.pk, "kind": "talk", "title": "讲座"}
    system.post("/api/v1/offers", area, headers={"Idempotency-Key": "used"})
    assert told(system, none, fine, **{"Idempotency-Key": "used"}) == (422, "idempotency-key-reused")
    assert told(system, none, fine, **{"Idempotency-Key": "new"}) == (404, "not-found")
    assert said(receive(system, withdrawn, WRONG)) == (410, "withdrawn")
    assert said(receive(system, card, WRONG)) == (409, "wrong-digest")
    state = told(system, path, fine, **{"Idempotency-Key": "new"})
    assert state == (409, "wrong-state")


def test_a_wrong_state_is_named(system: APIClient, card: RecordCard) -> None:
    too_early = answer(system, card)
    assert said(too_early) == (409, "wrong-state")
    assert too_early.json()["card_status"] == "issued"
    assert too_early.json()["status"] == 409
    assert too_early.json()["detail"] == "这张卡现在是“已发出”，不能再做这一步。"
    give_back(system, card)
    assert receive(system, card).json()["card_status"] == "returned"
    assert "欧阳建国" not in receive(system, card).content.decode()


def test_withdrawn_before_anything_else_is_known_of_it(system: APIClient, withdrawn: RecordCard) -> None:
    for reply in (receive(system, withdrawn), answer(system, withdrawn), give_back(system, withdrawn)):
        assert said(reply) == (410, "withdrawn")


# What cannot be read -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "body", "status", "slug"),
    [
        ("receipt", b"", 422, "validation"),
        ("receipt", b"[]", 422, "validation"),
        ("receipt", b"null", 422, "validation"),
        ("receipt", b'"x"', 422, "validation"),
        ("receipt", b"{", 400, "malformed"),
        ("receipt", b'{"digest": NaN}', 400, "malformed"),
        ("receipt", b"[" * 60_000, 400, "malformed"),
        ("receipt", b'{"digest": "\xff"}', 400, "malformed"),
        ("receipt", b'{"digest": 1' + b"0" * 25 + b"}", 422, "validation"),
        ("receipt", b'{"digest": {"a": 1}}', 422, "validation"),
        ("receipt", rb'{"digest": "\u0000"}', 422, "validation"),
        ("receipt", '{"digest": "' + "０" * 64 + '"}', 422, "validation"),
        ("answer", rb'{"text": "\ud800"}', 422, "validation"),
        ("answer", rb'{"text": "a\u0000b"}', 422, "validation"),
        ("answer", b'{"text": ""}', 422, "validation"),
        ("answer", b'{"text": "   "}', 422, "validation"),
        ("answer", json.dumps({"text": "字" * 501}), 422, "validation"),
        ("answer", b'{"text": "x", "thanks": "perhaps"}', 422, "validation"),
        ("answer", b'{"text": "x", "thanks": null}', 422, "validation"),
        ("answer", b'{"text": "x", "thanks": "true"}', 422, "validation"),
        ("answer", b'{"text": "x", "thanks": 1}', 422, "validation"),
        ("answer", b'{"text": 7}', 422, "validation"),
        ("answer", b'{"text": true}', 422, "validation"),
        ("answer", b'{"text": "' + b"x" * 70_000 + b'"}', 413, "too-large"),
        ("return", b'{"digest": "%s", "reason_code": "bored"}' % (b"0" * 64), 422, "validation"),
        ("return", b'{"digest": "%s", "reason_code": "other"}' % (b"0" * 64), 422, "validation"),
        ("return", b'{"reason_code": "left_unit"}', 422, "validation"),
    ],
)
def test_what_cannot_be_read(system: APIClient, card: RecordCard, what: str, body: Any, status: int, slug: str) -> None:
    path = f"/api/v1/cards/{card.number}/{what}"
    reply = system.generic("POST", path, body, "application/json", headers={"Idempotency-Key": "k"})
    assert said(reply) == (status, slug)
    assert reply.json()["detail"]
    assert cards.fresh(card).status == "issued"
    assert not Replay.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "字"])
def test_another_kind_of_body(system: APIClient, card: RecordCard, kind: str) -> None:
    reply = system.generic("POST", f"/api/v1/cards/{card.number}/receipt", b"digest=1", kind)
    assert said(reply) == (415, "unsupported-media-type")


@pytest.mark.parametrize("text", ["", "a b", "字", "a" * 256, "a\x7f"])
def test_an_idempotency_key_that_cannot_be(system: APIClient, received: RecordCard, text: str) -> None:
    reply = answer(system, received, key=text.encode().decode("latin-1"))
    assert said(reply) == (400, "idempotency-key-missing")


def test_another_method(system: APIClient, card: RecordCard) -> None:
    for method in ("get", "put", "patch", "delete", "options"):
        reply = getattr(system, method)(f"/api/v1/cards/{card.number}/receipt")
        assert said(reply) == (405, "method-not-allowed")


def test_json_comes_whatever_is_asked_for(system: APIClient, card: RecordCard) -> None:
    for path in ("me", "feed", "keys", "cards/nothing"):
        reply = system.get(f"/api/v1/{path}", headers={"Accept": "application/xml"})
        assert reply["Content-Type"] in ("application/json", "application/problem+json")


# How many calls ------------------------------------------------------------------------------------------------------
def test_too_many_calls_of_a_key(system: APIClient, other_system: APIClient, settings: Any) -> None:
    settings.EMPLOYER_RATE = "3/hour"
    replies = [system.get("/api/v1/me") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply["RateLimit"].split(";")[1] for reply in replies] == ["r=2", "r=1", "r=0", "r=0"]
    assert {reply["RateLimit-Policy"] for reply in replies} == {'"key";q=3;w=3600'}
    assert said(replies[-1]) == (429, "throttled")
    assert 1 <= int(replies[-1]["Retry-After"]) <= 3600
    assert replies[-1]["RateLimit"].endswith(f"t={replies[-1]['Retry-After']}")
    assert other_system.get("/api/v1/me").status_code == 200
    throttling.forget(before=FUTURE)
    assert system.get("/api/v1/me").status_code == 200


def test_what_is_left_is_told_with_every_answer(system: APIClient, card: RecordCard) -> None:
    for reply in (receive(system, card, WRONG), answer(system, card), system.get("/api/v1/cards/x")):
        assert reply["RateLimit"].startswith('"key";r=')
    too_large = system.post("/api/v1/offers", "x" * 70_000, content_type="application/json")
    for reply in (
        APIClient().get("/api/v1/me"), APIClient().get("/api/v1/keys"), APIClient().get("/api/v1/x"), too_large,
        APIClient(headers={"Authorization": "Bearer lz_0123456789_" + "a" * 43}).get("/api/v1/feed"),
    ):  # fmt: skip
        assert reply["RateLimit"].startswith('"address";r='), reply.content


def test_who_has_no_key_is_counted_by_address(settings: Any, db: None) -> None:
    settings.EMPLOYER_RATE = "2/hour"
    replies = [APIClient().get("/api/v1/me") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [401, 401, 429]
    assert APIClient(REMOTE_ADDR="198.51.100.9").get("/api/v1/me").status_code == 401


# What may stand in the address ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("feed?limits=9", "limit"), ("cards?State=issued", "status"), ("cards?after=x", ""),
        ("offers?kursor=1", "cursor"), ("me?x=1", ""), ("keys?limit=1", None), ("feed?format=xml", ""),
    ],
)  # fmt: skip
def test_a_parameter_that_is_not_known_is_named(system: APIClient, path: str, meant: str | None) -> None:
    reply = system.get(f"/api/v1/{path}")
    if meant is None:
        assert reply.status_code == 200
        return
    assert said(reply) == (400, "unknown-parameter")
    assert reply.data["parameter"] == path.partition("?")[2].partition("=")[0]
    assert (f"是不是“{meant}”" in reply.data["detail"]) is bool(meant)
    assert set(reply.data["known"]) >= ({meant} if meant else set())


def test_no_parameter_stands_in_the_address_of_a_change(system: APIClient, card: RecordCard) -> None:
    reply = system.post(f"/api/v1/cards/{card.number}/receipt?limit=3", {"digest": card.digest})
    assert said(reply) == (400, "unknown-parameter")
    card.refresh_from_db()
    assert card.status == "issued"


# The same call again -------------------------------------------------------------------------------------------------
def test_the_same_key_gets_the_first_answer_byte_for_byte(system: APIClient, received: RecordCard) -> None:
    first = answer(system, received)
    answer(system, received, "改一次。", "k2")
    again = answer(system, received)
    assert (again.status_code, again.content) == (201, first.content)
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert Answer.objects.count() == 2


def test_the_same_key_with_something_else(
    system: APIClient, other_system: APIClient, received: RecordCard, group: Area
) -> None:
    answer(system, received)
    assert said(answer(system, received, "另一句。")) == (422, "idempotency-key-reused")
    colleague = cards.issued(cards.in_post("单国强", group, at=received.employer))
    assert said(answer(system, colleague)) == (422, "idempotency-key-reused")
    assert said(answer(other_system, received)) == (404, "not-found"), "keys are each employer's own"


def test_a_key_is_free_after_its_time(system: APIClient, received: RecordCard) -> None:
    answer(system, received)
    Replay.objects.update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    reply = answer(system, received, "另一句。")
    assert (reply.status_code, reply.json()["version"]) == (200, 2)
    assert answer(system, received, "另一句。")["Idempotent-Replayed"] == "true"


def test_what_failed_is_not_kept(system: APIClient, card: RecordCard, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(answer(system, card)) == (409, "wrong-state")
    receive(system, card)
    system.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("feedback.api.replies.json_bytes", lambda value: 1 / 0)
        assert said(answer(system, card)) == (500, "internal")
    assert not Replay.objects.exists()
    assert not Answer.objects.exists()
    assert not AuditEntry.objects.filter(model="feedback.Answer").exists()
    assert cards.fresh(card).status == "received"
    assert answer(system, card).status_code == 201


def test_a_withdrawn_card_s_answer_is_still_replayed(system: APIClient, received: RecordCard) -> None:
    first = answer(system, received)
    withdrawing.withdraw(cards.fresh(received), RecordCard.Withdrawal.MISTAKE)
    assert answer(system, received).content == first.content
    assert said(answer(system, received, key="k2")) == (410, "withdrawn")


@pytest.mark.parametrize(("text", "fits"), [("a", True), ("!" * 255, True), ("~", True), ("", False), ("é", False)])
def test_what_is_a_key(text: str, fits: bool) -> None:
    assert replays.is_key(text) is fits


def test_a_member_s_name_is_in_no_answer_but_the_card(system: APIClient, received: RecordCard, member: Member) -> None:
    told = [receive(system, received), answer(system, received), system.get("/api/v1/me"), give_back(system, received)]
    assert [reply for reply in told if member.name in reply.content.decode()] == []
