"""Schema of what is posted to an employer's own address: the notice that there is something to fetch."""

from typing import Any

from drf_spectacular.utils import OpenApiWebhook

from feedback.api.examples import NOTICE

TAG = "notice"  # another than the calls': openapi-generator writes a tag's webhooks over its calls
MOMENT = {"type": "string", "format": "date-time"}
# Written out in full, as drf-spectacular drops the parameters and components of webhooks.
PAYLOAD: dict[str, Any] = {
    "title": "Notice",
    "type": "object",
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {"type": "string", "description": "feed.advanced：卡片流里有新内容。以后可能增加，不认识的请忽略。"},
        "timestamp": MOMENT | {"description": "何时有的"},
        "data": {
            "title": "NoticeData",
            "type": "object",
            "required": ["cursor"],
            "properties": {
                "cursor": {"type": "string", "description": "卡片流现在到了哪里；取卡请用自己存下的 next。"}
            },
        },
    },
}


def notice(name: str, summary: str, *, operation: str, description: str, example: dict[str, Any]) -> OpenApiWebhook:
    """Describe a notice of this type, signed as Standard Webhooks say."""
    content = {"schema": PAYLOAD, "examples": {name: {"value": example}}}
    described = {
        "operationId": operation,
        "tags": [TAG],
        "summary": summary,
        "description": description,
        "parameters": [
            _header("webhook-id", "通知的编号，再试时不变。"),
            _header("webhook-timestamp", "何时发送，从 1970 年起的秒数。"),
            _header("webhook-signature", "v1, 加 base64 的签名，可能有几个，用空格隔开。"),
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"2XX": {"description": "收到了。"}, "410": {"description": "不用再发。"}},
        "security": [],
    }
    return OpenApiWebhook(name=name, decorator={"post": described})


def _header(name: str, description: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": description}


FEED_ADVANCED = notice(
    "feed.advanced",
    "有新内容的通知",
    operation="notify_feed_advanced",
    description="卡片流里有新内容时，向贵单位登记的地址发送。请在几秒内返回 2xx；没有送达的会再试，三天后不再试；"
    "返回 410 表示不用再发。漏了也不要紧，一切以卡片流为准。",
    example=NOTICE,
)
