"""What a test key opens: made-up cards and slips by the same rules, with an office that answers by the address."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from feedback.feed import delivering
from feedback.models import Delivery, EmployerKey, Feed, FeedEvent, Offer, RecordCard, Replay, Scope, Slip
from feedback.rules import practice_office, practising
from members.login.tokens import live_key
from members.models import Area, AuditEntry, Employer, Member
from tests import cards
from tests.feedback.api.test_slips import SLIPS, send

API = "/api/v1"
ROW = {"name": "郁建平", "phone": "19900008765", "agreed_how": "paper", "agreed_on": "2026-11-02"}
HOMES = dict(zip(("accepted", "asked", "declined", "sent", "ended"), practising.BUILDINGS, strict=True))


def row(status: str, **values: Any) -> dict[str, Any]:
    """Return a slip whose address brings it into this status."""
    return ROW | {"home": f"测试小区{HOMES[status]}302室"} | values


def number_of(reply: Any) -> str:
    return reply.json()["slips"][0]["slip"]["number"]


def events(client: APIClient) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = client.get(f"{API}/feed").json()["events"]
    return told


def statuses(client: APIClient) -> Counter[str]:
    rows = client.get(f"{SLIPS}?limit=500").json()["slips"]
    return Counter(each["status"] for each in rows)


# What is there to try ------------------------------------------------------------------------------------------------
def test_its_text_says_what_it_is(tried: tuple[EmployerKey, str]) -> None:
    key, text = tried
    assert text.startswith(f"lz_test_{key.prefix}_")
    assert str(key) == f"程序员试用（lz_test_{key.prefix}…）"
    assert live_key(EmployerKey.objects.all(), text) == key
    assert live_key(EmployerKey.objects.all(), text.replace("lz_test_", "lz_")) is None


def test_a_real_key_is_none_for_tests(key: tuple[EmployerKey, str], with_key: Any) -> None:
    text = key[1].replace("lz_", "lz_test_", 1)
    assert with_key(text).get(f"{API}/me").status_code == 401


def test_cards_are_there_in_every_state_that_a_system_meets(trying: APIClient) -> None:
    told = events(trying)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert {event["type"] for event in told} == {"issued", "corrected", "withdrawn", "slip.sent"}
    withdrawn = trying.get(f"{API}/cards?status=withdrawn").json()["cards"]
    standing = trying.get(f"{API}/cards").json()["cards"]
    assert Counter(card["status"] for card in [*standing, *withdrawn]) == {
        "issued": 3, "received": 1, "answered": 1, "returned": 1, "withdrawn": 1,
    }  # fmt: skip
    assert {card["number"][:5] for card in standing} == {"9999-"}
    assert all(card["body"]["member"]["name"].startswith("测试党员") for card in standing)
    assert all(card["body"]["from"]["street"] == "测试街道" for card in standing)


def test_me_says_that_it_is_the_practice_street(trying: APIClient) -> None:
    told = trying.get(f"{API}/me").json()
    assert (told["street"]["name"], told["employer"]["name"]) == ("测试街道", "上海嘉定仪表厂")
    assert [area["name"] for area in told["areas"]] == ["测试街道", "测试社区"]


def test_every_step_on_a_card_works(trying: APIClient) -> None:
    first, second, _ = trying.get(f"{API}/cards?status=issued").json()["cards"]
    by_digest = {"digest": first["digest"]}
    assert trying.get(f"{API}/cards/{first['number']}")["ETag"] == f'"{first["digest"]}"'
    receipt = trying.post(f"{API}/cards/{first['number']}/receipt", by_digest).json()
    assert receipt["signature"]
    assert trying.post(f"{API}/cards/{first['number']}/receipt/take-back", by_digest).status_code == 200
    trying.post(f"{API}/cards/{first['number']}/receipt", by_digest)
    answer = trying.post(f"{API}/cards/{first['number']}/answer", {"text": "收到"}, headers={"Idempotency-Key": "a"})
    assert answer.status_code == 201
    back = {"digest": second["digest"], "reason_code": "left_unit"}
    assert trying.post(f"{API}/cards/{second['number']}/return", back).status_code == 200
    assert events(trying)[-1]["type"] == "reopened"


def test_offers_stay_in_the_practice_street(trying: APIClient, system: APIClient, tried: Any, street: Area) -> None:
    given = {"area": tried[0].practice_id, "kind": "talk", "title": "测试讲座"}
    made = trying.post(f"{API}/offers", given, headers={"Idempotency-Key": "o"})
    assert made.status_code == 201
    assert trying.patch(f"{API}/offers/{made.json()['id']}", {"status": "withdrawn"}).status_code == 200
    assert (len(trying.get(f"{API}/offers").json()["offers"]), system.get(f"{API}/offers").json()["offers"]) == (1, [])
    assert Offer.objects.get().area_id == tried[0].practice_id


# The practice office -------------------------------------------------------------------------------------------------
def test_the_office_answers_by_the_address(trying: APIClient) -> None:
    rows = [row(status, name=f"测试{at}号", phone=f"1990000200{'甲乙丙丁戊'.index(at)}") for status, at in zip(
        HOMES, "甲乙丙丁戊", strict=True
    )]  # fmt: skip
    reply = send(trying, *rows, row("sent", name="不认识", phone="19900002009", home="没有这条路1号"))
    assert [each["slip"]["status"] for each in reply.json()["slips"]] == ["sent"] * 6, "as it was sent"
    assert statuses(trying) == {"accepted": 1, "asked": 1, "declined": 1, "sent": 3, "ended": 1}
    kinds = [event["type"] for event in events(trying)][-11:]
    assert Counter(kinds) == {
        "slip.sent": 6, "slip.accepted": 2, "slip.asked": 1, "slip.declined": 1, "slip.ended": 1,
    }  # fmt: skip
    accepted = trying.get(f"{SLIPS}/{number_of(reply)}").json()
    said = accepted["receipt"]["receipt"]
    assert (said["community"], said["telephone"]) == ("测试社区", practising.CONTACT)
    assert accepted["receipt"]["signature"]
    assert {each["slip"]["number"][:6] for each in reply.json()["slips"]} == {"9999B-"}


def test_receipts_for_cards_and_slips_are_one_chain(trying: APIClient) -> None:
    card = trying.get(f"{API}/cards?status=issued").json()["cards"][0]
    receipt = trying.post(f"{API}/cards/{card['number']}/receipt", {"digest": card["digest"]}).json()
    slip = trying.get(f"{SLIPS}/{number_of(send(trying, row('accepted')))}").json()
    assert slip["receipt"]["receipt"]["previous"] == receipt["hash"]
    assert slip["receipt"]["receipt"]["chain"] == receipt["receipt"]["chain"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"text": "就是这一户"}, "accepted"), ({"home": "测试小区93号楼1室"}, "declined"), ({"home": "没有1号"}, "sent")],
)
def test_an_answer_is_dealt_with(trying: APIClient, answer: dict[str, str], status: str) -> None:
    number = number_of(send(trying, row("asked")))
    assert trying.get(f"{SLIPS}/{number}").json()["asked"] == {"code": "home", "text": practice_office.QUESTION}
    reply = trying.post(f"{SLIPS}/{number}/answer", answer)
    assert (reply.status_code, reply.json()["status"]) == (200, status)


def test_the_sender_s_other_steps_work(trying: APIClient) -> None:
    waits, stands = send(trying, row("sent")), send(trying, row("accepted", name="单国强"), once="k2")
    assert trying.post(f"{SLIPS}/{number_of(waits)}/withdraw").json()["status"] == "withdrawn"
    ended = trying.post(f"{SLIPS}/{number_of(stands)}/end", {"reason_code": "retired"})
    assert ended.json()["ended"]["code"] == "retired"
    own = next(each for each in trying.get(SLIPS).json()["slips"] if each["origin"] == "member")
    assert trying.post(f"{SLIPS}/{own['number']}/ours", {"is_ours": True}).json()["employer_says"] == "ours"


def test_who_is_known_is_accepted_again(trying: APIClient) -> None:
    first = number_of(send(trying, row("accepted")))
    trying.post(f"{SLIPS}/{first}/withdraw")
    again = number_of(send(trying, row("accepted"), once="k2"))
    assert trying.get(f"{SLIPS}/{again}").json()["status"] == "accepted"
    assert Member.objects.filter(name="郁建平").count() == 1
    assert send(trying, row("accepted"), once="k3").json()["slips"][0]["status"] == 200


def test_many_at_once_take_few_queries(trying: APIClient, django_assert_max_num_queries: Any) -> None:
    rows = [row("accepted", name=f"测试{chr(0x4E00 + at)}", phone=f"199000030{at:02}") for at in range(40)]
    with django_assert_max_num_queries(90):
        assert send(trying, *rows).json()["sent"] == 40
    assert statuses(trying)["accepted"] == 40


@pytest.mark.parametrize("phone", ["13812345678", "021-59990000", "+86 138 1234 5678"])
def test_nobody_s_real_phone_is_taken(trying: APIClient, phone: str) -> None:
    reply = send(trying, row("accepted"), row("accepted", name="单国强", phone=phone))
    assert [each["errors"] for each in reply.json()["slips"]] == [None, {"phone": [practice_office.REAL_PHONE]}]
    asked = number_of(send(trying, row("asked", name="单国强"), once="k2"))
    refused = trying.post(f"{SLIPS}/{asked}/answer", {"phone": phone})
    assert (refused.status_code, refused.json()["errors"]) == (422, {"phone": [practice_office.REAL_PHONE]})
    assert trying.post(f"{SLIPS}/{asked}/answer", {"phone": "+86 199 0000 1234"}).status_code == 200
    assert not Slip.objects.filter(name="单国强").exclude(number=asked).exists()


# The same rules ------------------------------------------------------------------------------------------------------
def test_the_same_call_again_is_told_apart_from_a_real_one(
    trying: APIClient, system: APIClient, group: Area, tried: tuple[EmployerKey, str]
) -> None:
    first, again, real = send(trying, row("sent")), send(trying, row("sent")), send(system, row("sent"))
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert "Idempotent-Replayed" not in real
    assert number_of(real) != number_of(first)
    assert {replay.street_id for replay in Replay.objects.all()} == {tried[0].practice_id, tried[0].street_id}


def test_a_cursor_of_the_real_feed_does_not_fit(trying: APIClient, system: APIClient, card: RecordCard) -> None:
    real, made_up = (client.get(f"{API}/feed").json()["next"] for client in (system, trying))
    for client, cursor in ((trying, real), (system, made_up)):
        assert client.get(f"{API}/feed", {"after": cursor}).status_code == 400
    assert [event["card"]["number"] for event in events(system)] == [card.number]


def test_it_is_exchanged_as_any_other(trying: APIClient, tried: tuple[EmployerKey, str], with_key: Any) -> None:
    made = trying.post(f"{API}/me/key/rotate").json()["key"]
    assert made.startswith("lz_test_")
    fresh = with_key(made)
    assert events(fresh) == events(trying)
    assert EmployerKey.objects.order_by("pk").last().is_test  # type: ignore[union-attr]
    assert trying.post(f"{API}/me/key/rotate").status_code == 409


def test_it_has_a_limit_of_its_own(trying: APIClient, system: APIClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "EMPLOYER_RATE", "2/min")
    assert [trying.get(f"{API}/me").status_code for _ in range(3)] == [200, 200, 429]
    assert system.get(f"{API}/me").status_code == 200


def test_a_scope_is_needed_too(street: Area, member: Member, with_key: Any) -> None:
    assert member.employer
    reader = with_key(cards.key_to_try(member.employer, street, scopes=[Scope.READ])[1])
    assert (reader.get(f"{API}/feed").status_code, reader.get(SLIPS).status_code) == (200, 403)
    assert AuditEntry.objects.get(action="refuse").area_path == street.path


def test_its_end_is_told_to_the_system_alone(trying: APIClient, tried: Any) -> None:
    EmployerKey.objects.update(expires_at=timezone.now() + timedelta(days=3))
    assert "Louzu-Key-Expires" in trying.get(f"{API}/me")
    assert not EmployerKey.objects.ending().exists()


def test_what_it_does_is_in_the_practice_street_s_trail(
    trying: APIClient, tried: tuple[EmployerKey, str], street: Area
) -> None:
    before = AuditEntry.objects.filter(area_path__startswith=street.path).count()
    events(trying)
    send(trying, row("accepted"))
    assert AuditEntry.objects.filter(area_path__startswith=street.path).count() == before
    pull = AuditEntry.objects.get(action="pull")
    assert (pull.area_path, pull.reason) == ("9999", f"密钥 lz_test_{tried[0].prefix}…")
    assert AuditEntry.objects.first_broken() is None


# Notices -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def hooks(monkeypatch: Any, tried: tuple[EmployerKey, str]) -> dict[str, Any]:
    """A real webhook and one for tests of the employer, and of the other one a webhook for tests."""
    monkeypatch.setattr(delivering, "enqueue", lambda job, **_: None)
    key = tried[0]
    real, test = cards.webhook(key.employer, key.street), cards.webhook(
        key.employer, key.street, practice=key.practice
    )  # fmt: skip
    return {"real": real, "test": test}


def test_news_of_a_test_go_to_the_webhook_for_tests(
    trying: APIClient, hooks: dict[str, Any], street: Area, member: Member, other_employer: Employer
) -> None:
    other_key, _ = cards.key_to_try(other_employer, street)
    cards.webhook(other_employer, street, practice=other_key.practice)
    send(trying, row("sent"))
    assert [delivery.webhook for delivery in Delivery.objects.all()] == [hooks["test"]]
    last = trying.get(f"{API}/feed").json()
    assert trying.get(f"{API}/feed", {"after": Delivery.objects.get().cursor}).status_code == 200
    assert last["events"][-1]["type"] == "slip.sent"
    cards.issued(member)
    assert [delivery.webhook for delivery in Delivery.objects.order_by("pk")] == [hooks["test"], hooks["real"]]


def test_a_test_notice_goes_to_the_webhook_for_tests(
    trying: APIClient, system: APIClient, hooks: dict[str, Any], other_street: Area, tried: Any
) -> None:
    cards.webhook(tried[0].employer, other_street, practice=tried[0].practice)
    for client, hook in ((trying, hooks["test"]), (system, hooks["real"])):
        Delivery.objects.all().delete()
        assert client.post(f"{API}/webhooks/test").json() == {"notices": 1}
        assert Delivery.objects.get().webhook == hook


# Of one's own --------------------------------------------------------------------------------------------------------
def test_two_employers_do_not_meet(trying: APIClient, other_employer: Employer, street: Area, with_key: Any) -> None:
    """Both send the same made-up person, as the guide's examples do."""
    other = with_key(cards.key_to_try(other_employer, street)[1])
    mine, theirs = number_of(send(trying, row("accepted"))), number_of(send(other, row("accepted")))
    assert (statuses(trying)["accepted"], statuses(other)["accepted"]) == (1, 1)
    card = other.get(f"{API}/cards").json()["cards"][0]
    for path in (f"slips/{theirs}", f"cards/{card['number']}"):
        assert trying.get(f"{API}/{path}").status_code == 404
    assert other.post(f"{SLIPS}/{mine}/withdraw").status_code == 404
    assert other.post(f"{SLIPS}/{theirs}/withdraw").status_code == 200
    assert trying.get(f"{SLIPS}/{mine}").json()["status"] == "accepted"


def test_the_unit_s_keys_from_two_streets_open_the_same(
    trying: APIClient, tried: Any, other_street: Area, with_key: Any
) -> None:
    send(trying, row("sent"))
    far = with_key(cards.key_to_try(tried[0].employer, other_street)[1])
    assert events(far) == events(trying)
    assert Feed.objects.count() == 1


def test_a_new_key_begins_anew(trying: APIClient, tried: Any, street: Area, with_key: Any) -> None:
    send(trying, row("accepted"))
    before = trying.get(f"{API}/feed").json()
    tried[0].revoke()
    fresh = with_key(cards.key_to_try(tried[0].employer, street)[1])
    told = events(fresh)
    numbers = [{each["card"]["number"] for each in some if "card" in each} for some in (before["events"], told)]
    assert not numbers[0] & numbers[1]
    assert (len(told), FeedEvent.objects.count(), statuses(fresh)) == (len(told), len(told), {"sent": 1})
    reset = fresh.get(f"{API}/feed", {"after": before["next"]})
    assert (reset.status_code, json.loads(reset.content)["type"]) == (410, "/problems/cursor-reset")
    assert not Member.objects.filter(name="郁建平").exists()
    assert not Member.history.filter(name="郁建平").exists()
