"""Examples in the schema of the calls on slips."""

from feedback.api.examples import CURSOR, request_example, response_example

SLIP_NUMBER = "310114001B-2026-00001KX"
FACTS = {
    "number": SLIP_NUMBER, "status": "sent", "origin": "employer", "employer_says": None, "continues": None,
    "street": "新成路街道", "asked": None, "forwarded_to": None, "declined": None, "withdrawn_by": None, "ended": None,
    "receipt": None,
}  # fmt: skip
NAMED = {"sent_at": "2026-11-20T02:00:00+00:00", "name": "郁建平", "employer_number": "A-0107"}
SLIP_RECEIPT = {
    "receipt": {
        "chain": "7c1e90ab54d2f368",
        "number": SLIP_NUMBER,
        "accepted_at": "2026-11-23T02:00:00+00:00",
        "day": "2026-11-23",
        "community": "第一社区",
        "telephone": "021-00000000",
        "previous": None,
        "key": "5f2c7d0a9b3e4816",
    },
    "hash": "3b" * 32,
    "signature": "mFq0…Bw==",
}
ACCEPTED = FACTS | {"status": "accepted", "receipt": SLIP_RECEIPT}
ROW = {
    "name": "郁建平", "phone": "19900008765", "home": "清河苑15号楼302室", "employer_number": "A-0107",
    "skills": "水电维修", "wishes": "周末帮忙修修补补", "agreed_how": "paper", "agreed_on": "2026-11-20",
}  # fmt: skip
NO_AGREEMENT = {"agreed_on": ["本人同意了才能报到：请写明本人哪一天同意的。"]}
SENT = {"index": 0, "status": 201, "slip": FACTS, "errors": None}
REFUSED = {"index": 1, "status": 422, "slip": None, "errors": NO_AGREEMENT}
EVENT = {"seq": 58, "type": "slip.accepted", "at": "2026-11-23T02:00:00+00:00", "slip": ACCEPTED}

SEND = [
    request_example({"slips": [ROW]}),
    response_example({"slips": [SENT, REFUSED], "sent": 1, "refused": 1}),
]
SLIPS = [response_example({"slips": [ACCEPTED | NAMED], "next": None})]
ONE_SLIP = [response_example(ACCEPTED | NAMED)]
ANSWER_SLIP = [request_example({"home": "清河苑15号楼302室"}), response_example(FACTS | NAMED)]
WITHDRAW_SLIP = [
    response_example(
        FACTS | NAMED | {"status": "withdrawn", "withdrawn_by": "sender", "name": None, "employer_number": None}
    )
]
END_SLIP = [
    request_example({"reason_code": "retired"}),
    response_example(ACCEPTED | NAMED | {"status": "ended", "ended": {"code": "retired", "text": ""}}),
]
OURS_SLIP = [
    request_example({"is_ours": True}),
    response_example(FACTS | NAMED | {"origin": "member", "employer_says": "ours"}),
]
SLIP_FEED = [response_example({"events": [EVENT], "next": CURSOR, "more": False}, name="报到单的事件")]
