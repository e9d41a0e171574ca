"""Schema of the employers' calls: their problems, headers, parameters and examples."""

from collections.abc import Sequence
from typing import Any, Literal

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from feedback.api.examples import CARD_NUMBER, problem_examples
from feedback.api.shapes import STATUSES
from feedback.models import Offer
from members.api.schema import ProblemSerializer
from members.web.problems import MEDIA_TYPE

TAG = "单位接口"
OF_KEYS, OF_BODIES, OF_QUERIES = {401, 403, 413, 429}, {400, 415, 422}, {422}
HEADER: Literal["header"] = "header"


class EmployerProblemSerializer(ProblemSerializer):
    """A problem of the employers' calls."""

    card_status = serializers.ChoiceField(STATUSES, required=False, help_text="卡现在的状态，只在 wrong-state 时有")
    offer_status = serializers.ChoiceField(
        Offer.Status.choices, required=False, help_text="资源现在的状态，只在 wrong-state 时有"
    )


NUMBER = OpenApiParameter(
    "number",
    str,
    "path",
    description="卡号",
    pattern="^[0-9]{4,12}-[0-9]{4}-[0-9]{5,10}[A-Z]{0,2}$",
    examples=[OpenApiExample("卡号", CARD_NUMBER)],
)
OFFER_ID = OpenApiParameter("id", int, "path", description="资源的编号", examples=[OpenApiExample("编号", 7)])
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    HEADER,
    required=True,
    description="每件事一个，1 至 255 个可见的 ASCII 字符，保留 30 天。同样的请求再来一次，得到第一次的结果。",
    examples=[OpenApiExample("幂等键", "answer-310114001-2026-00001-1")],
)
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, HEADER, description="上一次的 ETag；没有变化返回 304。")
ETAG = OpenApiParameter("ETag", str, HEADER, description="原文的 SHA-256，带引号。", response=[200, 304])
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed", str, HEADER, description="true：这是第一次的结果。", response=[200, 201]
)
LIMITS = [
    OpenApiParameter("RateLimit", str, HEADER, description="还能请求几次（r），几秒后重新计数（t）。", response=True),
    OpenApiParameter("RateLimit-Policy", str, HEADER, description="几秒内（w）最多几次（q）。", response=True),
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
    statuses = {*problems, *OF_KEYS} | (OF_BODIES if request else set()) | (OF_QUERIES if has_query else set())
    refusals = {(status, MEDIA_TYPE): EmployerProblemSerializer for status in sorted(statuses)}
    return extend_schema(
        operation_id=name,
        tags=[TAG],
        summary=summary,
        description=description,
        request=request,
        parameters=[*parameters, *LIMITS, *([REPLAYED] if IDEMPOTENCY in parameters else [])],
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
        responses={200: answer, **refusals},
        examples=[*examples, *problem_examples({429})],
    )
