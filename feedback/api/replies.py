"""Calls of the employer on a card: acknowledge and take that back, answer, return."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from feedback.api.calls import EmployerCall, json_bytes, json_response
from feedback.api.examples import ANSWER, RECEIPT, RETURN, TAKEN_BACK
from feedback.api.fields import DigestField, TextField, YesNoField
from feedback.api.schema import IDEMPOTENCY, NUMBER, call
from feedback.api.shapes import AnswerShape, ReceiptShape, ReturnShape, TakenBackShape
from feedback.feed import receipts
from feedback.models import RecordCard, Scope
from feedback.models.replays import Reply
from feedback.rules import receiving
from feedback.rules.receiving import By


class DigestSaid(serializers.Serializer):
    """The digest of the text that the employer read."""

    digest = DigestField(help_text="卡片原文的 SHA-256，64 位小写十六进制。")


class AnswerSaid(serializers.Serializer):
    """The employer's answer."""

    text = TextField(
        max_length=500,
        help_text="给社区和党员的一句话。",
        error_messages=dict.fromkeys(("required", "null", "blank"), receiving.NO_ANSWER),
    )
    thanks = YesNoField(required=False, default=False, help_text="是否表示感谢。")


class ReturnSaid(DigestSaid):
    """The reason of a return."""

    reason_code = serializers.ChoiceField(RecordCard.Return.choices, help_text="退回原因。")
    text = TextField(
        required=False, allow_blank=True, default="", max_length=200, help_text="说明；原因是 other 时必填。"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        receiving.check_return(code=attrs["reason_code"], text=attrs["text"])
        return attrs


class ReceiptView(EmployerCall):
    scope = Scope.ANSWER

    @call(
        "acknowledge_card",
        "签收记录卡",
        {200: ReceiptShape},
        description="表示收到了这个校验码的原文；再签收一次，得到同一张回执。回执由我方签名（Ed25519），公钥见 /keys。",
        problems=(404, 409, 410),
        request=DigestSaid,
        parameters=[NUMBER],
        examples=RECEIPT,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(DigestSaid)
        with self.on_card(number) as card:
            receipt = receiving.receive(card, digest=body["digest"])
        receipt.card = card
        return json_response(receipts.signed(receipt))


class TakeBackView(EmployerCall):
    scope = Scope.ANSWER

    @call(
        "take_back_receipt",
        "撤回签收",
        {200: TakenBackShape},
        description="签收错了的，还没有反馈、签收不到一天，可以撤回；卡回到“已发出”，卡片流里多一条 reopened。"
        "撤回也由我方签名，和回执在同一条链里；再撤回一次，得到同一张。",
        problems=(404, 409, 410),
        request=DigestSaid,
        parameters=[NUMBER],
        examples=TAKEN_BACK,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(DigestSaid)
        with self.on_card(number) as card:
            receipt = receiving.take_back(card, digest=body["digest"])
        receipt.card = card
        return json_response(receipts.signed(receipt))


class AnswerView(EmployerCall):
    scope = Scope.ANSWER

    @call(
        "answer_card",
        "反馈记录卡",
        {201: AnswerShape, 200: AnswerShape},
        description="先签收再反馈。第一次返回 201；在下一个时段结束以前可以修改，返回 200，每一版都保留。",
        problems=(404, 409, 410),
        request=AnswerSaid,
        parameters=[NUMBER, IDEMPOTENCY],
        examples=ANSWER,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(AnswerSaid)
        return self.once(lambda: self._answer(number, **body))

    def _answer(self, number: str, *, text: str, thanks: bool) -> Reply:
        with self.on_card(number) as card:
            answer, is_first = receiving.answer(card, text=text, thanks=thanks, by=By(key=self.key))
        values = {name: getattr(answer, name) for name in ("version", "text", "thanks", "at")}
        told = {"number": number, **values, "amendable_until": card.amendable_until}
        return Reply(201 if is_first else 200, json_bytes(told))


class ReturnView(EmployerCall):
    scope = Scope.ANSWER

    @call(
        "return_card",
        "退回记录卡",
        {200: ReturnShape},
        description="卡片不对时写明原因退回；社区更正后另发一张，用 supersedes 指明代替哪一张。",
        problems=(404, 409, 410),
        request=ReturnSaid,
        parameters=[NUMBER],
        examples=RETURN,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(ReturnSaid)
        with self.on_card(number) as card:
            back = receiving.give_back(card, digest=body["digest"], code=body["reason_code"], text=body["text"])
            return json_response(
                {
                    "number": number,
                    "status": back.status,
                    "reason_code": back.return_code,
                    "text": back.return_text,
                    "returned_at": back.returned_at,
                }
            )
