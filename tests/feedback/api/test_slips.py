"""Slips by an employer's system: sending, reading, answering, withdrawing, whose they are; and what is refused."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from feedback.models import Contact, EmployerKey, Replay, Scope, Slip
from feedback.rules import slips_asking, slips_closing
from members.models import Area, AuditEntry, Employer, User
from tests import cards, slips

SLIPS = "/api/v1/slips"
GOOD = {
    "name": "郁建平", "phone": "19900008765", "home": slips.HERE, "employer_number": "A-0107", "agreed_how": "paper",
    "agreed_on": "2026-11-02",
}  # fmt: skip


def send(client: APIClient, *rows: Any, once: str = "k1") -> Any:
    body = {"slips": list(rows or [GOOD])}
    return client.post(SLIPS, body, format="json", headers={"Idempotency-Key": once})


def step(client: APIClient, slip: Slip, what: str, body: Any = None) -> Any:
    return client.post(f"{SLIPS}/{slip.number}/{what}", body or {}, format="json")


def problem(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["type"].removeprefix("/problems/")


@pytest.fixture
def unit(key: tuple[EmployerKey, str]) -> Employer:
    return key[0].employer


@pytest.fixture
def slip(street: Area, community: Area, unit: Employer) -> Slip:
    """A slip that the employer sent."""
    return slips.from_unit(street, unit=unit)


@pytest.fixture
def own(street: Area, community: Area, unit: Employer) -> Slip:
    """A slip that a member sent, who let the employer know."""
    return slips.reported(street, "单国强", employer_name=unit.name, tells_employer=True, phone=slips.phone(7))


# Sending -------------------------------------------------------------------------------------------------------------
def test_good_rows_are_sent_and_the_others_told_why(system: APIClient, group: Area) -> None:
    reply = send(system, GOOD, GOOD | {"name": "单国强", "agreed_on": ""}, GOOD | {"agreed_on": "去年"}, GOOD)
    assert reply.status_code == 200
    told = reply.json()
    assert [row["status"] for row in told["slips"]] == [201, 422, 422, 200]
    assert (told["sent"], told["refused"]) == (1, 2)
    slip = Slip.objects.get()
    assert (slip.name, slip.home, slip.origin) == ("郁建平", group, "employer")
    assert slip.key == EmployerKey.objects.get()
    assert told["slips"][0]["slip"]["number"] == told["slips"][3]["slip"]["number"] == slip.number
    assert told["slips"][1]["errors"]["agreed_on"][0].startswith("本人同意了才能报到")
    assert told["slips"][2]["errors"]["agreed_on"] == ["日期写成 2026-11-20 这样。"]


def test_without_agreement_it_is_422_and_nothing_is_kept(system: APIClient, group: Area) -> None:
    reply = send(system, GOOD | {"agreed_how": "", "agreed_on": ""})
    assert problem(reply) == (422, "validation")
    assert set(reply.json()["errors"]["slips"][0]) == {"agreed_how", "agreed_on"}
    assert not Slip.objects.exists()
    assert not Replay.objects.exists()
    assert send(system).status_code == 200, "the key is free for the corrected call"


def test_what_is_no_list_of_slips(system: APIClient, group: Area) -> None:
    for rows in ([], [GOOD | {"name": 7}], ["x"], [GOOD] * 501, None, {}):
        reply = system.post(SLIPS, {"slips": rows}, format="json", headers={"Idempotency-Key": "k"})
        assert problem(reply) == (422, "validation"), rows
    assert problem(system.post(SLIPS, {"slips": [GOOD]}, format="json")) == (400, "idempotency-key-missing")
    assert not Slip.objects.exists()


def test_the_same_call_again_gets_the_same_bytes(system: APIClient, group: Area) -> None:
    first, again = send(system), send(system)
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    other = send(system, once="k2")
    assert other.json()["slips"][0]["status"] == 200
    assert problem(send(system, GOOD | {"name": "单国强"})) == (422, "idempotency-key-reused")
    assert Slip.objects.count() == 1


def test_the_sender_learns_nothing_of_who_is_registered(system: APIClient, street: Area, group: Area) -> None:
    known = cards.in_post("单国强", group, phone="19900001111")
    replies = [
        send(system, GOOD | {"name": name, "phone": phone}, once=phone).json()["slips"][0]
        for name, phone in ((known.name, "19900001111"), ("谷有望", "19900002222"))
    ]
    for told in replies:
        told["slip"].pop("number")
    assert replies[0] == replies[1]


def test_a_made_up_employer_changes_nothing(system: APIClient, group: Area, unit: Employer) -> None:
    """The employer is the key's, whatever a row says."""
    row = GOOD | {"employer": "捏造的单位", "employer_name": "捏造的单位", "tells_employer": True, "origin": "member"}
    assert send(system, row).json()["sent"] == 1
    slip = Slip.objects.get()
    assert (slip.employer, slip.employer_name, slip.origin, slip.tells_employer) == (unit, "", "employer", False)


def test_five_hundred_take_few_queries(system: APIClient, group: Area, django_assert_max_num_queries: Any) -> None:
    rows = [GOOD | {"name": f"郁{chr(0x4E00 + n)}", "phone": slips.phone(n)} for n in range(500)]
    with django_assert_max_num_queries(30):
        reply = send(system, *rows)
    assert reply.json()["sent"] == 500
    with django_assert_max_num_queries(30):
        again = send(system, *rows, once="k2")
    assert (again.json()["sent"], Slip.objects.count()) == (0, 500)


def test_long_ones_fit_in_and_larger_do_not(system: APIClient, group: Area) -> None:
    long_ones = [
        GOOD | {"name": f"郁{chr(0x4E00 + n)}", "phone": slips.phone(n), "skills": "书" * 200, "wishes": "修" * 200}
        for n in range(500)
    ]
    body = json.dumps({"slips": long_ones})
    headers = {"Idempotency-Key": "k"}
    assert system.post(SLIPS, body, content_type="application/json", headers=headers).json()["sent"] == 500
    body += " " * 2 * 1024 * 1024
    assert problem(system.post(SLIPS, body, content_type="application/json", headers=headers)) == (413, "too-large")


# Reading -------------------------------------------------------------------------------------------------------------
def test_it_reads_how_far_they_came(system: APIClient, slip: Slip, own: Slip, secretary: User) -> None:
    slips.accepted(slip, secretary)
    listed = system.get(SLIPS).json()
    assert [(row["number"], row["status"], row["name"]) for row in listed["slips"]] == [
        (slip.number, "accepted", "郁建平"), (own.number, "sent", "单国强"),
    ]  # fmt: skip
    one = system.get(f"{SLIPS}/{slip.number}")
    assert one.json() == listed["slips"][0]
    assert one.json()["receipt"]["receipt"]["number"] == slip.number
    assert system.get(f"{SLIPS}/{slip.number}", headers={"If-None-Match": one["ETag"]}).status_code == 304
    assert AuditEntry.objects.filter(action="pull").count() == 2
    sentence = json.dumps(listed, ensure_ascii=False)
    assert slip.phone not in sentence
    assert "迎晖苑" not in sentence


def test_pages_and_statuses(system: APIClient, street: Area, group: Area, unit: Employer) -> None:
    made = [slips.from_unit(street, f"郁{name}", unit=unit, phone=slips.phone(n)) for n, name in enumerate("甲乙丙")]
    slips_closing.withdraw(made[1], withdrawer="sender", by=slips.By())
    found, cursor = [], ""
    for _ in made:
        page = system.get(SLIPS, {"limit": 1, "cursor": cursor}).json()
        found += [row["number"] for row in page["slips"]]
        cursor = page["next"]
    assert (found, cursor) == ([slip.number for slip in made], None)
    (gone,) = system.get(SLIPS, {"status": "withdrawn"}).json()["slips"]
    assert (gone["number"], gone["name"]) == (made[1].number, None)
    assert len(system.get(SLIPS, {"status": "sent"}).json()["slips"]) == 2
    assert problem(system.get(SLIPS, {"cursor": "x"})) == (400, "bad-cursor")
    assert problem(system.get(SLIPS, {"status": "x"})) == (422, "validation")


def test_a_list_takes_as_many_queries_as_one_slip(
    system: APIClient, street: Area, group: Area, unit: Employer, secretary: User, django_assert_max_num_queries: Any
) -> None:
    for n, name in enumerate("甲乙丙丁戊己"):
        slip = slips.from_unit(street, f"郁{name}", unit=unit, phone=slips.phone(n), home=f"迎晖苑1号楼{n + 1}01室")
        slips.accepted(slip, secretary)
    assert system.get("/api/v1/me").status_code == 200
    with django_assert_max_num_queries(12):
        listed = system.get(SLIPS).json()["slips"]
    assert [row["receipt"]["receipt"]["number"] for row in listed] == [row["number"] for row in listed]
    assert len(listed) == 6


# Steps ---------------------------------------------------------------------------------------------------------------
def test_a_question_is_answered(system: APIClient, slip: Slip, secretary: User) -> None:
    assert problem(step(system, slip, "answer", {"text": "好"})) == (409, "wrong-state")
    slips_asking.ask(slip, code="home", text="几号楼？", by=secretary)
    assert system.get(f"{SLIPS}/{slip.number}").json()["asked"] == {"code": "home", "text": "几号楼？"}
    assert problem(step(system, slip, "answer")) == (422, "validation")
    reply = step(system, slip, "answer", {"home": slips.THERE})
    assert (reply.status_code, reply.json()["status"]) == (200, "sent")
    assert step(system, slip, "answer", {"home": slips.THERE}).content == reply.content


def test_withdrawn_it_is_gone(system: APIClient, slip: Slip) -> None:
    first = step(system, slip, "withdraw")
    assert (first.json()["status"], first.json()["withdrawn_by"], first.json()["name"]) == ("withdrawn", "sender", None)
    assert step(system, slip, "withdraw").content == first.content
    assert problem(step(system, slip, "answer", {"text": "好"})) == (409, "wrong-state")
    assert problem(step(system, slip, "end", {"reason_code": "retired"})) == (409, "wrong-state")


def test_who_left_is_told(system: APIClient, slip: Slip, secretary: User) -> None:
    refused = step(system, slip, "end", {"reason_code": "retired"})
    assert (problem(refused), refused.json()["slip_status"]) == ((409, "wrong-state"), "sent")
    slips.accepted(slip, secretary)
    assert problem(step(system, slip, "end", {"reason_code": "moved_away"})) == (422, "validation")
    reply = step(system, slip, "end", {"reason_code": "retired", "text": "十月退休"})
    assert reply.json()["ended"] == {"code": "retired", "text": "十月退休"}
    assert step(system, slip, "end", {"reason_code": "retired"}).status_code == 200


def test_a_members_own_is_claimed_or_not(system: APIClient, own: Slip, slip: Slip) -> None:
    assert problem(step(system, slip, "ours", {"is_ours": True})) == (409, "wrong-state")
    for what in ("answer", "withdraw"):
        assert problem(step(system, own, what, {"text": "好"})) == (409, "wrong-state")
    assert problem(step(system, own, "end", {"reason_code": "retired"})) == (409, "wrong-state")
    assert step(system, own, "ours", {"is_ours": True}).json()["employer_says"] == "ours"
    assert problem(step(system, own, "ours", {"is_ours": False})) == (409, "wrong-state")


def test_of_one_who_is_not_theirs_nothing_more_is_told(system: APIClient, own: Slip) -> None:
    reply = step(system, own, "ours", {"is_ours": False}).json()
    assert (reply["status"], reply["name"]) == ("withdrawn", None)
    assert system.get(f"{SLIPS}/{own.number}").json()["name"] is None
    assert [row["number"] for row in system.get(SLIPS, {"status": "withdrawn"}).json()["slips"]] == [own.number]
    assert not system.get(SLIPS, {"status": "sent"}).json()["slips"]


# Whose ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["", "answer", "withdraw", "end", "ours"])
def test_a_key_of_another_unit_or_street_finds_nothing(
    what: str, slip: Slip, unit: Employer, other_street: Area, other_system: APIClient, with_key: Any
) -> None:
    body = {"answer": {"text": "好"}, "end": {"reason_code": "retired"}, "ours": {"is_ours": True}}.get(what, {})
    far = with_key(cards.key(unit, other_street)[1])
    for system in (other_system, far):
        reply = step(system, slip, what, body) if what else system.get(f"{SLIPS}/{slip.number}")
        assert problem(reply) == (404, "not-found")
        assert not system.get(SLIPS).json()["slips"]
    assert slips.fresh(slip).status == "sent"


def test_scopes(slip: Slip, unit: Employer, street: Area, with_key: Any) -> None:
    """Keys from before keep their scopes, and read and send no slips."""
    old = with_key(cards.key(unit, street, Scope.READ, Scope.ANSWER, Scope.OFFER)[1])
    reader = with_key(cards.key(unit, street, Scope.SLIPS_READ)[1])
    for reply in (old.get(SLIPS), old.get(f"{SLIPS}/{slip.number}"), send(old), send(reader)):
        assert problem(reply) == (403, "scope-missing")
    assert problem(step(reader, slip, "withdraw")) == (403, "scope-missing")
    assert reader.get(SLIPS).status_code == 200
    assert not Contact.objects.exists()
