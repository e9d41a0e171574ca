"""Two systems with one card at the same moment: one wins, the other is told; one Idempotency-Key does it once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from feedback.models import Answer, Feed, Offer, Receipt, RecordCard
from members.ground.atomic import atomic_write
from members.models import Area, Member
from tests import cards, factories
from tests.racing import raced


@pytest.fixture
def street(transactional_db: None) -> Area:
    """A street that several connections see."""
    return factories.area("新成路街道", division_code="310114001")


@pytest.fixture
def place(street: Area) -> Area:
    return factories.area("第一社区", street)


@pytest.fixture
def card(place: Area) -> RecordCard:
    building = factories.building("1号楼", factories.area("迎晖苑", place))
    return cards.issued(cards.in_post("郁建平", building))


@pytest.fixture
def calling(card: RecordCard, street: Area) -> Any:
    """Return what posts to a path, by a client of its own, and gives status and body."""
    _, text = cards.key(card.employer, street)

    def post(path: str, body: Any, key: str = "") -> tuple[int, bytes, Any]:
        client = APIClient(headers={"Authorization": f"Bearer {text}"})
        client.raise_request_exception = False
        reply = client.post(f"/api/v1/{path}", body, headers={"Idempotency-Key": key} if key else {})
        return reply.status_code, reply.content, reply.get("Idempotent-Replayed")

    return post


def slugs(ends: list[Any]) -> Iterator[str]:
    return (json.loads(body)["type"].removeprefix("/problems/") for status, body, _ in ends if status >= 400)


def test_received_and_returned_at_once(calling: Any, card: RecordCard) -> None:
    """Returned first, it cannot be received; received first, it can still be returned: so receipts race returns."""
    body = {"digest": card.digest}
    ends = raced(
        *[lambda: calling(f"cards/{card.number}/return", body | {"reason_code": "left_unit"})] * 2,
        *[lambda: calling(f"cards/{card.number}/receipt", body)] * 2,
    )
    now = cards.fresh(card)
    assert now.status == "returned"
    assert [status for status, _, _ in ends[:2]] == [200, 200]
    receipts = [status for status, _, _ in ends[2:]]
    assert set(receipts) <= {200, 409}
    assert Receipt.objects.count() == (1 if 200 in receipts else 0)
    assert set(slugs(ends)) <= {"wrong-state"}


def test_answered_and_returned_at_once_one_wins(calling: Any, card: RecordCard) -> None:
    calling(f"cards/{card.number}/receipt", {"digest": card.digest})
    ends = raced(
        lambda: calling(f"cards/{card.number}/answer", {"text": "收到"}, "k1"),
        lambda: calling(f"cards/{card.number}/return", {"digest": card.digest, "reason_code": "left_unit"}),
    )
    statuses = [status for status, _, _ in ends]
    assert sorted(statuses) in ([200, 409], [201, 409])
    assert list(slugs(ends)) == ["wrong-state"]
    assert cards.fresh(card).status == ("answered" if statuses[0] == 201 else "returned")
    assert Answer.objects.count() == statuses.count(201)


def test_one_key_at_six_at_once_answers_once(calling: Any, card: RecordCard) -> None:
    calling(f"cards/{card.number}/receipt", {"digest": card.digest})
    ends = raced(*[lambda: calling(f"cards/{card.number}/answer", {"text": "收到"}, "k1")] * 6)
    assert {(status, body) for status, body, _ in ends} == {(201, ends[0][1])}
    assert [replayed for _, _, replayed in ends].count("true") == 5
    assert Answer.objects.count() == 1


def test_one_key_at_six_at_once_offers_once(calling: Any, place: Area) -> None:
    body = {"area": place.pk, "kind": "talk", "title": "讲座"}
    ends = raced(*[lambda: calling("offers", body, "k1")] * 6)
    assert {status for status, _, _ in ends} == {201}
    assert Offer.objects.count() == 1


def test_one_key_with_two_texts_at_once_does_one(calling: Any, place: Area) -> None:
    texts = ("讲座", "礼堂")
    ends = raced(*(lambda t=t: calling("offers", {"area": place.pk, "kind": "talk", "title": t}, "k1") for t in texts))
    assert sorted(status for status, _, _ in ends) == [201, 422]
    assert list(slugs(ends)) == ["idempotency-key-reused"]
    assert Offer.objects.count() == 1


def test_received_by_six_at_once_is_one_receipt(calling: Any, card: RecordCard) -> None:
    ends = raced(*[lambda: calling(f"cards/{card.number}/receipt", {"digest": card.digest})] * 6)
    assert {(status, body) for status, body, _ in ends} == {(200, ends[0][1])}
    assert Receipt.objects.count() == 1


def test_two_cards_received_at_once_are_one_chain(calling: Any, card: RecordCard, member_beside: Member) -> None:
    other = cards.issued(member_beside)
    raced(*(lambda c=c: calling(f"cards/{c.number}/receipt", {"digest": c.digest}) for c in (card, other)))
    first, second = Receipt.objects.order_by("previous")
    assert (first.previous, second.previous) == ("", first.hash)


@pytest.fixture
def member_beside(card: RecordCard) -> Member:
    home = card.member.home
    assert home
    return cards.in_post("单国强", home.area, at=card.employer)


def test_a_feed_is_locked_without_its_employer(card: RecordCard) -> None:
    """Whoever adds a row of an employer would wait for it at COMMIT, with the end of the trail in hand: a deadlock."""
    with atomic_write(), CaptureQueriesContext(connection) as queries:
        Feed.lock({card.counterpart})
    assert "feedback_feed" in queries[-1]["sql"]
    assert "members_employer" not in "".join(query["sql"] for query in queries)
