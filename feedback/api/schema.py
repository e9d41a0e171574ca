"""Schema of the employers' calls: their problems, headers, parameters and examples."""

from collections.abc import Sequence
from typing import Any, Literal

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from feedback.api.examples import CARD_NUMBER, problem_examples
from feedback.api.fields import open_field
from feedback.api.shapes import STATUSES
from feedback.api.slip_examples import SLIP_NUMBER as SLIP_NUMBER_SHOWN
from feedback.models import Offer, Slip
from members.api.schema import ProblemSerializer
from members.web.problems import MEDIA_TYPE

TAG = "employer"
OF_KEYS, OF_BODIES, OF_QUERIES = {400, 401, 403, 413, 429}, {415, 422}, {422}
HEADER: Literal["header"] = "header"
ONCE = "Idempotency-Key"


class EmployerProblemSerializer(ProblemSerializer):
    """A problem of the employers' calls."""

    card_status = open_field("卡现在的状态，只在 wrong-state 时有", STATUSES, required=False)
    offer_status = open_field("资源现在的状态，只在 wrong-state 时有", Offer.Status.choices, required=False)
    scope = serializers.CharField(required=False, help_text="密钥缺少的权限，只在 scope-missing 时有")
    address = serializers.CharField(required=False, help_text="请求来自哪个地址，只在 address-refused 时有")
    parameter = serializers.CharField(required=False, help_text="不认识的参数，只在 unknown-parameter 时有")
    known = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="可以用的参数，只在 unknown-parameter 时有"
    )
    slip_status = open_field("报到单现在的状态，只在 wrong-state 时有", Slip.Status.choices, required=False)


NUMBER = OpenApiParameter(
    "number",
    str,
    "path",
    description="卡号",
    pattern="^[0-9]{4,12}-[0-9]{4}-[0-9]{5,10}[A-Z]{0,2}$",
    examples=[OpenApiExample("卡号", CARD_NUMBER)],
)
SLIP_NUMBER = OpenApiParameter(
    "number",
    str,
    "path",
    description="报到单号",
    pattern="^[0-9]{4,12}B-[0-9]{4}-[0-9]{5,10}[A-Z]{2}$",
    examples=[OpenApiExample("报到单号", SLIP_NUMBER_SHOWN)],
)
OFFER_ID = OpenApiParameter(
    "id", {"type": "integer", "format": "int64"}, "path", description="资源的编号", examples=[OpenApiExample("编号", 7)]
)


def once(example: str) -> OpenApiParameter:
    """Return the header that lets a call run only once; each call shows a key of its own, as each has to have one."""
    return OpenApiParameter(
        ONCE,
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        HEADER,
        required=True,
        description="每件事一个，1 至 255 个可见的 ASCII 字符，保留 30 天。同样的请求再来一次，得到第一次的结果。",
        examples=[OpenApiExample("幂等键", example)],
    )


IDEMPOTENCY = once("answer-310114001-2026-00001-1")
IDEMPOTENCY_OF_OFFERS = once("offer-2026-07-hall")
IDEMPOTENCY_OF_SLIPS = once("slips-2026-11-20")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, HEADER, description="上一次的 ETag；没有变化返回 304。")
ETAG = OpenApiParameter("ETag", str, HEADER, description="原文的 SHA-256，带引号。", response=[200, 304])
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed", str, HEADER, description="true：这是第一次的结果。", response=[200, 201]
)
VERSION = OpenApiParameter("API-Version", str, HEADER, description="接口的版本，见接口指南第 11 节。", response=True)
LIMITS = [
    OpenApiParameter("RateLimit", str, HEADER, description="还能请求几次（r），几秒后重新计数（t）。", response=True),
    OpenApiParameter("RateLimit-Policy", str, HEADER, description="几秒内（w）最多几次（q）。", response=True),
    OpenApiParameter("Louzu-Key-Expires", str, HEADER, description="30 天内到期的密钥才有：何时到期。", response=True),
    OpenApiParameter("Retry-After", int, HEADER, description="几秒后再试。", response=[429]),
]


def call(
    name: str,
    summary: str,
    answers: dict[int, Any],
    *,
    description: str,
    examples: Sequence[OpenApiExample],
    problems: Sequence[int] = (),
    request: Any = None,
    parameters: Sequence[Any] = (),
) -> Any:
    """Describe a call by a key: its `answers` by status, and the statuses of `problems` beyond those of every call."""
    has_query = any(isinstance(each, type) for each in parameters)
    is_once = any(isinstance(each, OpenApiParameter) and each.name == ONCE for each in parameters)
    statuses = {*problems, *OF_KEYS} | (OF_BODIES if request else set()) | (OF_QUERIES if has_query else set())
    refusals = {(status, MEDIA_TYPE): EmployerProblemSerializer for status in sorted(statuses)}
    return extend_schema(
        operation_id=name,
        tags=[TAG],
        summary=summary,
        description=description,
        request=request,
        parameters=[*parameters, VERSION, *LIMITS, *([REPLAYED] if is_once else [])],
        responses={**answers, **refusals},
        examples=[*examples, *problem_examples(statuses)],
    )


def open_call(name: str, summary: str, answer: Any, *, description: str, examples: Sequence[OpenApiExample]) -> Any:
    """Describe a call that needs no key."""
    refusals = {(429, MEDIA_TYPE): EmployerProblemSerializer}
    return extend_schema(
        operation_id=name,
        tags=[TAG],
        summary=summary,
        description=description,
        auth=[],
        parameters=[VERSION],
        responses={200: answer, **refusals},
        examples=[*examples, *problem_examples({429})],
    )
