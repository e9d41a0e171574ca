"""The call for the feed: all events after a cursor, none missed and none twice."""

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from feedback.api.calls import JSON, EmployerCall, json_bytes
from feedback.api.examples import FEED
from feedback.api.fields import TextField
from feedback.api.problems import cursor_errors_as_problems
from feedback.api.schema import call
from feedback.api.shapes import FeedShape
from feedback.api.slip_examples import SLIP_FEED
from feedback.feed import feed
from feedback.feed.pulls import record_pull
from feedback.models import Scope

AT_ONCE = 100


class After(serializers.Serializer):
    """The query: where to continue, and how many events to return."""

    after = TextField(
        required=False, allow_blank=True, max_length=200, default="", help_text="上一次结果里的 next；不填就从头取起。"
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=feed.MOST,
        default=AT_ONCE,
        help_text=f"一次几条，默认 {AT_ONCE}，最多 {feed.MOST}。",
    )


class FeedView(EmployerCall):
    scope = Scope.READ
    parameters = After

    @call(
        "read_feed",
        "取卡片流",
        {200: FeedShape},
        description="从游标之后取起，由旧到新：发出、更正后发出、撤回。同一张卡的事件按 card.number 和 version 去重；"
        "撤回的卡 body 为 null，请删去本地内容。slip. 开头的是报到单走到了哪一步。每次取卡都记入操作记录。",
        problems=(400, 410),
        parameters=[After],
        examples=[*FEED, *SLIP_FEED],
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.query()
        with cursor_errors_as_problems():
            page = feed.read(self.counterpart, query["after"], query["limit"])
        record_pull(self.key, rows=page.size, cursor=query["after"], fetched_at=page.fetched_at)
        rest = b',"next":%s,"more":%s}' % (json_bytes(page.next), json_bytes(page.more))
        return HttpResponse(b'{"events":' + page.events + rest, content_type=JSON)
