"""Examples in the schema of the employers' calls: requests, responses and problems."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from members.web.problems import MEDIA_TYPE

CARD_NUMBER = "310114001-2026-00001KX"
SHA = "9f" * 32
AMENDABLE = "2026-12-31"
CURSOR = "7c1e90ab54d2f368.57:9rYb0mVd3sJ2tqk0bQ8x1c7eYw5uVn4zHf6gTa2pLmk"
BODY = {
    "counts": {"activities": 1, "needs": 0, "visits": 0},
    "duties": ["服务员"],
    "employer": {"credit_code": None, "name": "某某机械厂"},
    "from": {
        "community": "第一社区",
        "community_contact": "021-00000000",
        "street": "新成路街道",
        "street_contact": "",
    },
    "issued_on": "2026-07-06",
    "lines": [{"day": "2026-03-12", "duty": "", "field": "居住环境", "tier": "楼组", "title": "楼道大扫除"}],
    "member": {"employer_number": "A-0107", "name": "郁建平"},
    "number": CARD_NUMBER,
    "period": {"code": "2026H1", "first": "2026-01-01", "last": "2026-06-30"},
    "sentence": "谢谢您常来楼里帮忙。",
    "supersedes": None,
}
CARD = {"number": CARD_NUMBER, "digest": SHA, "supersedes": None, "body": BODY}
EVENT = {"seq": 57, "type": "issued", "at": "2026-07-06T01:30:00+00:00", "version": 1, "card": CARD}
OFFER_BODY = {"area": 2, "kind": "venue", "title": "会议室", "text": "周末可用，能坐 60 人。"}
OFFERED = {"id": 7, **OFFER_BODY, "status": "open", "created_at": "2026-07-08T02:00:00+00:00", "closed_at": None}
STATEMENT = {
    "chain": "7c1e90ab54d2f368",
    "number": CARD_NUMBER,
    "digest": SHA,
    "received_at": "2026-07-07T02:00:00+00:00",
    "previous": None,
    "key": "5f2c7d0a9b3e4816",
}
ANSWERED = {"number": CARD_NUMBER, "version": 1, "text": "已在支部会上表扬。", "thanks": True}


def request_example(value: Any, name: str = "请求") -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def response_example(value: Any, status: int = 200, name: str = "结果") -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


FEED = [response_example({"events": [EVENT], "next": CURSOR, "more": False})]
CARDS = [
    response_example(
        {
            "cards": [
                {"number": CARD_NUMBER, "status": "issued", "digest": SHA, "amendable_until": AMENDABLE, "body": BODY}
            ],
            "next": None,
        }
    )
]
ONE_CARD = [response_example(BODY)]
RECEIPT = [
    request_example({"digest": SHA}),
    response_example({"receipt": STATEMENT, "hash": "3b" * 32, "signature": "mFq0…Bw=="}),
]
TAKEN_BACK = [
    request_example({"digest": SHA}),
    response_example(
        {
            "receipt": {name: value for name, value in STATEMENT.items() if name != "received_at"}
            | {"taken_back_at": "2026-07-07T02:30:00+00:00", "previous": "3b" * 32},
            "hash": "4c" * 32,
            "signature": "kQ7d…Aw==",
        }
    ),
]
ANSWER = [
    request_example({"text": "已在支部会上表扬。", "thanks": True}),
    response_example(ANSWERED | {"at": "2026-07-08T02:00:00+00:00", "amendable_until": AMENDABLE}, 201),
    response_example(
        ANSWERED | {"version": 2, "at": "2026-07-09T02:00:00+00:00", "amendable_until": AMENDABLE}, 200, "修改以后"
    ),
]
RETURN = [
    request_example({"digest": SHA, "reason_code": "left_unit", "text": "五月已调离。"}),
    response_example(
        {
            "number": CARD_NUMBER,
            "status": "returned",
            "reason_code": "left_unit",
            "text": "五月已调离。",
            "returned_at": "2026-07-08T02:00:00+00:00",
        }
    ),
]
OFFERS = [response_example({"offers": [OFFERED], "next": None})]
OFFER = [request_example(OFFER_BODY), response_example(OFFERED, 201), response_example(OFFERED, 200, "已经在提供")]
CHANGE = [
    request_example({"status": "withdrawn"}),
    response_example(OFFERED | {"status": "withdrawn", "closed_at": "2026-08-01T02:00:00Z"}),
]
ME = [
    response_example(
        {
            "employer": {"name": "某某机械厂", "credit_code": None},
            "street": {"id": 1, "name": "新成路街道"},
            "label": "单位系统",
            "scopes": ["cards:read", "cards:answer", "offers:write"],
            "expires_at": "2027-01-01T00:00:00+00:00",
            "expires_soon": False,
            "areas": [{"id": 1, "name": "新成路街道", "label": "新成路街道", "level": "street"}],
        }
    )
]
NEW_KEY = [
    response_example(
        {
            "key": "lz_1a2b3c4d5e_x5f0…",
            "expires_at": "2027-06-01T00:00:00+00:00",
            "old_key_until": "2026-12-10T00:00:00+00:00",
        },
        status=201,
    )
]
NOTICE_TEST = [response_example({"notices": 1}, status=202)]
KEYS = [response_example({"keys": [{"id": "5f2c7d0a9b3e4816", "algorithm": "Ed25519", "public": "11qYAYKxCrfVS…"}]})]

NOTICE = {"type": "feed.advanced", "timestamp": "2026-07-06T01:30:00+00:00", "data": {"cursor": CURSOR}}

# By status: the last part of the type, the title, the detail, further members.
PROBLEMS: dict[int, list[tuple[str, str, str, dict[str, Any]]]] = {
    400: [
        ("malformed", "The body cannot be read", "请求的内容不是完整的 JSON。", {}),
        (
            "unknown-parameter",
            "The call does not know this parameter",
            "没有“limits”这个参数。是不是“limit”？这里可以用：after、limit。",
            {"parameter": "limits", "known": ["after", "limit"]},
        ),
    ],
    401: [("token-refused", "The token is not accepted", "密钥不对、已到期或已停用。", {})],
    403: [
        (
            "scope-missing",
            "The key lacks a scope",
            "这把密钥没有“取卡”（cards:read）的权限，请联系发放的街道。",
            {"scope": "cards:read"},
        )
    ],
    404: [("not-found", "Not found", "没有这一条，或者它不在您的范围内。", {})],
    409: [
        ("wrong-digest", "The digest does not fit", "校验码不对：您读到的内容和这张卡不一样，请重新取卡。", {}),
        (
            "wrong-state",
            "Not possible in this state",
            "这张卡现在是“单位退回”，不能再做这一步。",
            {"card_status": "returned"},
        ),
    ],
    410: [("withdrawn", "The card was withdrawn", "这张卡已经撤回，请删去您那里的内容。", {})],
    413: [("too-large", "The body is too large", "一次提交的内容太大。", {})],
    415: [("unsupported-media-type", "Unsupported media type", "请以 application/json 提交。", {})],
    422: [
        (
            "validation",
            "The request is not valid",
            "有内容需要改正，详见 errors。",
            {"errors": {"text": ["请填写。"]}},
        )
    ],
    429: [("throttled", "Too many requests", "请求太频繁，请稍后再试。", {})],
}


def problem_examples(statuses: set[int]) -> list[OpenApiExample]:
    return [
        OpenApiExample(
            slug,
            value={"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail, **more}
            | {"request_id": "0b0e1c7e2f"},
            response_only=True,
            status_codes=[str(status)],
            media_type=MEDIA_TYPE,
        )
        for status in sorted(statuses)
        for slug, title, detail, more in PROBLEMS[status]
    ]
