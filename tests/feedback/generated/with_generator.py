"""The guide's examples, in its order, by the package that openapi-generator makes; run by test_generated.py."""

import hashlib
import json
import os
from typing import Any

import louzu_client as made

NUMBER, OTHER = os.environ["NUMBER"], os.environ["OTHER_NUMBER"]
configuration = made.Configuration(access_token=os.environ["KEY"])
assert configuration.host == os.environ["LOUZU"], "the schema says where the API is"
calls = made.EmployerApi(made.ApiClient(configuration))


def call(name: str, *args: Any, expected: int = 200, **options: Any) -> Any:
    """Call and return the reply; a refusal is returned as its exception."""
    try:
        reply = getattr(calls, f"{name}_with_http_info")(*args, **options)
        status = reply.status_code
    except made.ApiException as refusal:
        reply, status = refusal, refusal.status
    assert status == expected, (name, status, reply)
    return reply


me = call("get_me").data
assert me.scopes == ["cards:read", "cards:answer", "offers:write", "slips:read", "slips:write"]
feed = call("read_feed", limit=100).data
assert [event.card.number for event in feed.events] == [NUMBER, OTHER]
digests = {event.card.number: event.card.digest for event in feed.events}
assert feed.events[0].card.body.var_from.street == me.street.name
assert call("read_feed", after=feed.next).data.events == []

card = call("get_card", NUMBER)
assert hashlib.sha256(card.raw_data).hexdigest() == digests[NUMBER]
assert card.data.member.name == "郁建平"
call("get_card", NUMBER, if_none_match=f'"{digests[NUMBER]}"', expected=304)
listed = call("list_cards", status="issued", limit=100).data
assert [each.number for each in listed.cards] == [NUMBER, OTHER]
assert listed.cards[0].amendable_until > listed.cards[0].body.period.last

receipt = call("acknowledge_card", NUMBER, made.DigestSaid(digest=digests[NUMBER])).data
assert receipt.receipt.key in [each.id for each in call("list_receipt_keys").data.keys]
other = made.DigestSaid(digest=digests[OTHER])
assert call("acknowledge_card", OTHER, other).data.receipt.previous == receipt.hash
assert call("take_back_receipt", OTHER, other).data.receipt.taken_back_at

key, said = f"answer-{NUMBER}-1", made.AnswerSaid(text="已在支部会上表扬。", thanks=True)
first = call("answer_card", key, NUMBER, said, expected=201)
assert first.data.amendable_until == listed.cards[0].amendable_until
again = call("answer_card", key, NUMBER, said, expected=201)
assert (again.raw_data, again.headers["Idempotent-Replayed"]) == (first.raw_data, "true")
reused = call("answer_card", key, NUMBER, made.AnswerSaid(text="别的"), expected=422)
assert reused.data.type == "/problems/idempotency-key-reused"
returned = made.ReturnSaid(digest=digests[OTHER], reason_code="left_unit", text="五月已调离。")
back = call("return_card", OTHER, returned).data
assert (back.status, back.reason_code) == ("returned", "left_unit")

hall = made.OfferSaid(area=me.areas[0].id, kind="venue", title="会议室", text="周末可用，能坐 60 人。")
offer = call("make_offer", "offer-2026-07-hall", hall, expected=201).data
assert [each.id for each in call("list_offers", status="open").data.offers] == [offer.id]
assert call("change_offer", offer.id, made.PatchedOfferChange(status="withdrawn")).data.closed_at
call("get_card", "310114001-2026-99999ZZ", expected=404)
print(json.dumps({"calls": 20}))
