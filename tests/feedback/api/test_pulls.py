"""What a key reads: the feed, the list and one card, as stored bytes; each pull leaves its trace."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from feedback.feed import feed
from feedback.feed.body import digest_of
from feedback.ground.periods import CardPeriod
from feedback.models import EmployerKey, Feed, RecordCard
from feedback.rules import withdrawing
from feedback.rules.issuing import issue_all
from members.models import Area, AuditEntry, Employer, Member
from tests import cards

FEED, CARDS = "/api/v1/feed", "/api/v1/cards"


@pytest.fixture
def many(group: Area, member: Member) -> list[RecordCard]:
    """Nine colleagues' cards."""
    made = [cards.agreed(cards.in_post(f"单国{sign}", group, at=member.employer)) for sign in "一二三四五六七八九"]
    issue_all([card.pk for card in made])
    return [cards.fresh(card) for card in made]


def kinds(page: dict[str, Any]) -> list[tuple[int, str, int]]:
    return [(event["seq"], event["type"], event["version"]) for event in page["events"]]


# The feed ------------------------------------------------------------------------------------------------------------
def test_the_feed_tells_in_order(system: APIClient, card: RecordCard, withdrawn: RecordCard) -> None:
    page = system.get(FEED).json()
    assert kinds(page) == [(1, "issued", 1), (2, "issued", 1), (3, "withdrawn", 2)]
    assert page["more"] is False
    assert page["events"][0]["card"]["body"]["member"]["name"] == "欧阳建国"
    assert page["events"][1]["card"]["body"] is None, "withdrawn since"
    assert system.get(FEED, {"after": page["next"]}).json() == {"events": [], "next": page["next"], "more": False}


def test_a_body_in_the_feed_is_the_stored_bytes(system: APIClient, card: RecordCard) -> None:
    assert b'"body":' + card.body.encode() in system.get(FEED).content
    assert digest_of(card.body) == card.digest


def test_page_by_page_nothing_is_missed_or_doubled(system: APIClient, many: list[RecordCard]) -> None:
    seen, after, more = [], "", True
    while more:
        page = system.get(FEED, {"after": after, "limit": 2}).json()
        seen += [event["card"]["number"] for event in page["events"]]
        after, more = page["next"], page["more"]
    assert seen == [card.number for card in many]


@pytest.mark.parametrize("cursor", ["x", "1.1", "1.1:" + "a" * 43, "１.１:x", "9" * 25, "1.1:字"])
def test_a_cursor_that_is_none(system: APIClient, card: RecordCard, cursor: str) -> None:
    for path, name in ((FEED, "after"), (CARDS, "cursor"), ("/api/v1/offers", "cursor")):
        answer = system.get(path, {name: cursor})
        assert (answer.status_code, answer.data["type"]) == (400, "/problems/bad-cursor")


def test_another_employers_cursor(system: APIClient, other_system: APIClient, many: list[RecordCard]) -> None:
    given = system.get(FEED, {"limit": 2}).json()["next"]
    assert other_system.get(FEED, {"after": given}).data["type"] == "/problems/bad-cursor"
    given = system.get(CARDS, {"limit": 2}).json()["next"]
    assert other_system.get(CARDS, {"cursor": given}).data["type"] == "/problems/bad-cursor"
    assert system.get(CARDS, {"cursor": given, "status": "issued"}).data["type"] == "/problems/bad-cursor"


def test_a_cursor_of_before_the_backup(system: APIClient, card: RecordCard) -> None:
    after = system.get(FEED).json()["next"]
    feed.start_over()
    answer = system.get(FEED, {"after": after})
    assert (answer.status_code, answer.data["type"]) == (410, "/problems/cursor-reset")
    assert len(system.get(FEED).json()["events"]) == 1


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "9" * 25, "9" * 5000, "1.5", "\0"])
def test_a_limit_that_cannot_be(system: APIClient, limit: str) -> None:
    for path in (FEED, CARDS, "/api/v1/offers"):
        answer = system.get(path, {"limit": limit})
        assert (answer.status_code, answer.data["type"], list(answer.data["errors"])) == (
            422,
            "/problems/validation",
            ["limit"],
        )


@pytest.mark.parametrize(
    "query", ["after=%00", "after=%ED%A0%80", "x=1&x=2&after", "limit=１０", "=&&=", "after=" + "a" * 9000]
)
def test_junk_is_no_fault(system: APIClient, card: RecordCard, query: str) -> None:
    for path in (FEED, CARDS):
        assert system.get(f"{path}?{query}").status_code in (200, 400, 422)


# The list ------------------------------------------------------------------------------------------------------------
def test_the_list_is_made_of_stored_bytes(system: APIClient, card: RecordCard) -> None:
    answer = system.get(CARDS)
    assert answer["Content-Type"] == "application/json"
    assert b'"body":' + card.body.encode() in answer.content
    assert answer.json() == {
        "cards": [
            {
                "number": card.number,
                "status": "issued",
                "digest": card.digest,
                "amendable_until": str(card.amendable_until),
                "body": json.loads(card.body),
            },
        ],
        "next": None,
    }


def test_withdrawn_cards_are_listed_when_asked_for(system: APIClient, card: RecordCard, withdrawn: RecordCard) -> None:
    assert [each["number"] for each in system.get(CARDS).json()["cards"]] == [card.number]
    assert system.get(CARDS, {"status": "withdrawn"}).json()["cards"] == [
        {
            "number": withdrawn.number,
            "status": "withdrawn",
            "digest": withdrawn.digest,
            "amendable_until": None,
            "body": None,
        }
    ]


def test_filters(system: APIClient, card: RecordCard, group: Area, member: Member) -> None:
    Member.objects.filter(pk=member.pk).update(employer_number="A-0107")
    older = cards.issued(member, period=CardPeriod.read("2025H2"))
    for query, expected in {
        "period=2026H1": {card.number},
        "period=2025H2": {older.number},
        "period=2026Q1": set(),
        "member=A-0107": {card.number, older.number},
        "member=A-01": set(),
        "status=issued&period=2026H1&member=A-0107": {card.number},
        "status=received": set(),
    }.items():
        assert {each["number"] for each in system.get(f"{CARDS}?{query}").json()["cards"]} == expected, query


def test_a_number_finds_no_card_that_was_taken_back_and_nobody_who_left(
    system: APIClient, card: RecordCard, member: Member, other_employer: Employer
) -> None:
    """Whose card was withdrawn is not told by asking; nor what number the next employer gave."""
    Member.objects.filter(pk=member.pk).update(employer_number="A-0107")
    Member.objects.filter(pk=member.pk).update(employer=other_employer)
    assert system.get(CARDS, {"member": "A-0107"}).json()["cards"] == []
    Member.objects.filter(pk=member.pk).update(employer=card.employer)
    withdrawing.withdraw(card, RecordCard.Withdrawal.CONSENT)
    assert len(system.get(CARDS, {"status": "withdrawn"}).json()["cards"]) == 1
    assert system.get(CARDS, {"status": "withdrawn", "member": "A-0107"}).json()["cards"] == []


@pytest.mark.parametrize(
    "query",
    [
        "status=draft",
        "status=x",
        "status=%00",
        "period=2026H3",
        "period=1026H1",
        "period=２０２６H1",
        "period=9999999999999999999999999",
        "period=%00",
        "member=" + "a" * 31,
        "member=%00",
    ],
)
def test_filters_that_cannot_be(system: APIClient, card: RecordCard, query: str) -> None:
    answer = system.get(f"{CARDS}?{query}")
    assert (answer.status_code, answer.data["type"]) == (422, "/problems/validation")


def test_a_page_at_depth_costs_what_the_first_costs(system: APIClient, many: list[RecordCard]) -> None:
    for path, name in ((CARDS, "cursor"), (FEED, "after")):
        costs, cursor, seen = [], "", []
        system.get(path)  # the key's use is noted once a minute
        while cursor is not None and len(seen) < len(many):
            with CaptureQueriesContext(connection) as queries:
                page = system.get(path, {name: cursor, "limit": 2} if cursor else {"limit": 2}).json()
            costs.append(len(queries))
            seen += page["cards"] if "cards" in page else page["events"]
            cursor = page["next"]
        assert len(costs) == 5
        assert set(costs) == {costs[0]}
        assert len({str(each) for each in seen}) == len(many)


def test_what_a_pull_asks_of_the_database(system: APIClient, many: list[RecordCard]) -> None:
    system.get(FEED)
    for path, own in ((FEED, 2), (CARDS, 1), (f"{CARDS}/{many[0].number}", 1)):
        with CaptureQueriesContext(connection) as queries:
            assert system.get(path).status_code == 200
        asked = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
        of_cards = [sql for sql in asked if "recordcard" in sql or "feedback_feed" in sql]
        assert len(of_cards) == own, of_cards
        assert len(asked) == own + 2, "the key, and the head of the trail"


# One card ------------------------------------------------------------------------------------------------------------
def test_a_card_is_its_stored_bytes(system: APIClient, card: RecordCard) -> None:
    answer = system.get(f"{CARDS}/{card.number}")
    assert answer.content == card.body.encode()
    assert (answer["Content-Type"], answer["ETag"]) == ("application/json", f'"{card.digest}"')
    assert digest_of(answer.content.decode()) == card.digest


@pytest.mark.parametrize(
    ("header", "is_known"),
    [
        ('"{0}"', True),
        ('W/"{0}"', True),
        ('"a", "{0}"', True),
        ('"a",W/"{0}" , "b"', True),
        ("*", True),
        ('"a"', False),
        ("{0}", False),
        ("", False),
        ("字", False),
    ],
)
def test_nothing_is_sent_that_is_known(system: APIClient, card: RecordCard, header: str, is_known: bool) -> None:
    asked = header.format(card.digest).encode().decode("latin-1")
    answer = system.get(f"{CARDS}/{card.number}", headers={"If-None-Match": asked})
    assert answer.status_code == (304 if is_known else 200)
    assert answer["ETag"] == f'"{card.digest}"'
    assert bool(answer.content) is not is_known
    rows = [entry.changes["rows"] for entry in AuditEntry.objects.filter(action="pull")]
    assert rows == ([] if is_known else [1])


def test_a_withdrawn_card_is_gone(system: APIClient, card: RecordCard) -> None:
    withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    answer = system.get(f"{CARDS}/{card.number}", headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.data["type"]) == (410, "/problems/withdrawn")


@pytest.mark.parametrize(
    "number", ["x", "310114001-2026-99999", "３10114001-2026-00001", "%00", "9" * 3000, "1-1-1", "a b"]
)
def test_no_such_card(system: APIClient, card: RecordCard, number: str) -> None:
    for method, end in (("get", ""), ("post", "/receipt"), ("post", "/answer"), ("post", "/return")):
        body = {"digest": card.digest, "text": "收到", "reason_code": "left_unit"} if method == "post" else None
        answer = getattr(system, method)(f"{CARDS}/{number}{end}", body, headers={"Idempotency-Key": "1"})
        assert (answer.status_code, answer.data["type"]) == (404, "/problems/not-found")


def test_a_card_that_is_no_more_than_a_draft(system: APIClient, member: Member) -> None:
    cards.agreed(member)
    assert system.get(CARDS).json()["cards"] == []
    assert system.get(FEED).json()["events"] == []


# What a pull leaves behind -------------------------------------------------------------------------------------------
def test_every_pull_is_kept(system: APIClient, card: RecordCard, street: Area, key: tuple[EmployerKey, str]) -> None:
    system.get(FEED, headers={"X-Request-ID": "sync-2026-07"})
    cursor = system.get(FEED).json()["next"]
    system.get(FEED, {"after": cursor})
    system.get(CARDS, {"status": "received"})
    Member.objects.filter(pk=card.member_id).update(employer_number="A-0107")
    system.get(CARDS, {"status": "issued", "member": "A-0107"})
    system.get(f"{CARDS}/{card.number}")
    entries = list(AuditEntry.objects.filter(action="pull").order_by("pk"))
    assert [entry.changes for entry in entries] == [
        {"rows": 1, "filters": [], "cursor": ""},
        {"rows": 1, "filters": [], "cursor": ""},
        {"rows": 1, "filters": ["member", "status"], "cursor": ""},
        {"rows": 1, "filters": [], "cursor": ""},
    ], "a pull that brings nothing is none"
    assert {entry.area_path for entry in entries} == {street.path}
    assert {entry.reason for entry in entries} == {f"密钥 lz_{key[0].prefix}…"}
    assert {entry.user for entry in entries} == {None}
    assert {entry.address for entry in entries} == {"127.0.0.1"}
    assert (entries[0].request_id, entries[-1].row) == ("sync-2026-07", str(card.pk))
    assert "A-0107" not in str([entry.changes for entry in entries])


def test_the_feed_knows_when_it_was_fetched_to_the_minute(system: APIClient, card: RecordCard) -> None:
    system.get(FEED)
    first = Feed.objects.get().fetched_at
    assert first
    system.get(CARDS)
    assert Feed.objects.get().fetched_at == first
    Feed.objects.update(fetched_at=first - timedelta(minutes=2))
    system.get(CARDS)
    assert timezone.now() - timedelta(minutes=1) < Feed.objects.get().fetched_at
    assert Feed.objects.get().last_seq == 1
