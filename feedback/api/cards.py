"""Calls for an employer's cards; they send the stored bytes unchanged."""

from collections.abc import Iterable
from datetime import date

from django.core.signing import Signer
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.http import parse_etags
from rest_framework import serializers
from rest_framework.request import Request

from feedback.api.calls import JSON, EmployerCall, json_bytes
from feedback.api.examples import CARDS, ONE_CARD
from feedback.api.fields import CardPeriodField, TextField
from feedback.api.paging import Paged, behind
from feedback.api.problems import EmptiedProblem, WithdrawnProblem
from feedback.api.schema import ETAG, IF_NONE_MATCH, NUMBER, call
from feedback.api.shapes import STATUSES, BodyShape, CardsShape
from feedback.feed.pulls import record_pull
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard, Scope
from feedback.models.cards import RecordCardQuerySet
from feedback.rules import receiving

Status = RecordCard.Status


class CardQuery(Paged):
    """The query of a list of cards."""

    status = serializers.ChoiceField(STATUSES, required=False, help_text="状态；不填是除撤回以外的全部。")
    period = CardPeriodField(required=False, help_text="时段，如 2026H1。")
    member = TextField(required=False, max_length=30, help_text="贵单位自己的人员编号；找不到已撤回的卡。")


class CardsView(EmployerCall):
    scope = Scope.READ
    parameters = CardQuery

    @call(
        "list_cards",
        "列出记录卡",
        {200: CardsShape},
        description="按卡号排列，可以按状态、时段、人员编号筛选。撤回的卡只在 status=withdrawn 时列出，body 为 null。"
        "日常同步请用 /feed。每次取卡都记入操作记录。",
        problems=(400,),
        parameters=[CardQuery],
        examples=CARDS,
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.query()
        limit, cursor = query.pop("limit"), query.pop("cursor")
        signer = Signer(salt=f"feedback.cards.{self.counterpart}.{sorted(query.items())}")
        rows = narrowed(receiving.issued_to(self.counterpart), **query).order_by("number")
        if cursor:
            rows = rows.filter(number__gt=behind(signer, cursor))
        found = list(rows.values_list("number", "status", "digest", "first_day", "last_day", "body")[: limit + 1])
        listed = found[:limit]
        record_pull(self.key, rows=len(listed), filters=query, cursor=cursor)
        after = signer.sign(str(listed[-1][0])) if len(found) > limit else None
        whole = b'{"cards":[%s],"next":%s}' % (entries(listed), json_bytes(after))
        return HttpResponse(whole, content_type=JSON)


class CardView(EmployerCall):
    scope = Scope.READ

    @call(
        "get_card",
        "查看记录卡",
        {200: BodyShape, 304: None},
        description="发出时的原文，一个字节也不变；ETag 就是原文的 SHA-256。带 If-None-Match 时没有变化返回 304。",
        problems=(404, 410),
        parameters=[NUMBER, IF_NONE_MATCH, ETAG],
        examples=ONE_CARD,
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        cards = receiving.issued_to(self.counterpart).filter(number=number)
        card = cards.only("status", "digest", "body", "number").first()
        if card is None:
            raise Http404
        if card.status == Status.WITHDRAWN:
            raise WithdrawnProblem
        if not card.body:
            raise EmptiedProblem
        etag, known = f'"{card.digest}"', request.headers.get("If-None-Match", "")
        is_known = is_among(etag, known)
        record_pull(self.key, rows=int(not is_known), row=card)
        if is_known:
            return HttpResponse(status=304, headers={"ETag": etag})
        return HttpResponse(card.body.encode(), content_type=JSON, headers={"ETag": etag})


def narrowed(
    cards: RecordCardQuerySet, *, status: str = "", period: CardPeriod | None = None, member: str = ""
) -> QuerySet[RecordCard]:
    """Filter the cards by status, period and the employer's own number of the member.

    Without a status, all but withdrawn ones. A number finds no withdrawn card and nobody who left the employer, so that
    it reveals neither.
    """
    cards = cards.filter(status=status) if status else cards.exclude(status=Status.WITHDRAWN)
    if period:
        cards = cards.of_period(period)
    if member:
        cards = cards.with_employer().for_present_employers().filter(member__employer_number=member)
    return cards


def is_among(etag: str, header: str) -> bool:
    """Return whether this If-None-Match header matches the ETag, by weak comparison (RFC 9110, 13.1.2)."""
    known = parse_etags(header)
    return known == ["*"] or etag in {each.removeprefix("W/") for each in known}


def entries(rows: Iterable[tuple[str | None, str, str, date, date, str]]) -> bytes:
    """Return the cards as JSON objects joined by commas; each stored body is copied without parsing it.

    Numbers, statuses and digests have no character that JSON would escape.
    """
    items = (
        f'{{"number":"{number}","status":"{status}","digest":"{digest}",'
        f'"amendable_until":{_until(status, first, last)},"body":{body or "null"}}}'
        for number, status, digest, first, last, body in rows
    )
    return ",".join(items).encode()


def _until(status: str, first: date, last: date) -> str:
    """Return as JSON the last day on which the answer may be amended."""
    return "null" if status == Status.WITHDRAWN else f'"{CardPeriod(first, last).amendable_until}"'
