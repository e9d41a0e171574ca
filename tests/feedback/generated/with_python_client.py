"""The guide's examples, in its order, by the package that openapi-python-client makes; run by test_generated.py."""

import hashlib
import json
import os
from http import HTTPStatus
from typing import Any

from louzu_client import AuthenticatedClient, models
from louzu_client.api import employer as calls
from louzu_client.api.employer import (  # noqa: F401  # submodules of `calls`
    acknowledge_card,
    answer_card,
    change_offer,
    get_card,
    get_me,
    list_cards,
    list_offers,
    list_receipt_keys,
    make_offer,
    read_feed,
    return_card,
    take_back_receipt,
)

NUMBER, OTHER = os.environ["NUMBER"], os.environ["OTHER_NUMBER"]
client = AuthenticatedClient(os.environ["LOUZU"], os.environ["KEY"], raise_on_unexpected_status=True)


def call(name: str, *args: Any, expected: int = 200, **options: Any) -> Any:
    reply = getattr(calls, name).sync_detailed(*args, client=client, **options)
    assert reply.status_code == HTTPStatus(expected), (name, reply.status_code, reply.content)
    return reply


me = call("get_me").parsed
assert me.scopes == ["cards:read", "cards:answer", "offers:write", "slips:read", "slips:write"]
feed = call("read_feed", limit=100).parsed
assert [event.card.number for event in feed.events] == [NUMBER, OTHER]
digests = {event.card.number: event.card.digest for event in feed.events}
assert feed.events[0].card.body.from_.street == me.street.name
assert call("read_feed", after=feed.next_).parsed.events == []

card = call("get_card", NUMBER)
assert hashlib.sha256(card.content).hexdigest() == digests[NUMBER]
assert card.parsed.member.name == "郁建平"
call("get_card", NUMBER, if_none_match=f'"{digests[NUMBER]}"', expected=304)
listed = call("list_cards", status=models.ListCardsStatus("issued"), limit=100).parsed
assert [each.number for each in listed.cards] == [NUMBER, OTHER]
assert listed.cards[0].amendable_until > listed.cards[0].body.period.last

receipt = call("acknowledge_card", NUMBER, body=models.DigestSaid(digests[NUMBER])).parsed
assert receipt.receipt.key in [each.id for each in call("list_receipt_keys").parsed.keys]
other = models.DigestSaid(digests[OTHER])
assert call("acknowledge_card", OTHER, body=other).parsed.receipt.previous == receipt.hash_
assert call("take_back_receipt", OTHER, body=other).parsed.receipt.taken_back_at

said = models.AnswerSaid(text="已在支部会上表扬。", thanks=True)
once = {"body": said, "idempotency_key": f"answer-{NUMBER}-1"}
first = call("answer_card", NUMBER, **once, expected=201)
assert first.parsed.amendable_until == listed.cards[0].amendable_until
again = call("answer_card", NUMBER, **once, expected=201)
assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
reused = call("answer_card", NUMBER, body=models.AnswerSaid("别的"), idempotency_key=f"answer-{NUMBER}-1", expected=422)
assert reused.parsed.type_ == "/problems/idempotency-key-reused"
code = models.ReturnSaidReasonCode("left_unit")
back = call("return_card", OTHER, body=models.ReturnSaid(digests[OTHER], code, text="五月已调离。")).parsed
assert (back.status, back.reason_code) == ("returned", "left_unit")

hall = models.OfferSaid(me.areas[0].id, models.OfferSaidKind("venue"), "会议室", text="周末可用，能坐 60 人。")
offer = call("make_offer", body=hall, idempotency_key="offer-2026-07-hall", expected=201).parsed
status = models.ListOffersStatus("open")
assert [each.id for each in call("list_offers", status=status).parsed.offers] == [offer.id]
change = models.PatchedOfferChange(status=models.PatchedOfferChangeStatus("withdrawn"))
assert call("change_offer", offer.id, body=change).parsed.closed_at
call("get_card", "310114001-2026-99999ZZ", expected=404)
print(json.dumps({"calls": 20}))
