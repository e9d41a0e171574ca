"""Calls on slips: an employer sends them, reads how far they came, answers, withdraws, and says who left."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.signing import Signer
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from feedback.api.calls import JSON, EmployerCall, json_bytes, json_response
from feedback.api.cards import is_among
from feedback.api.paging import Paged, behind
from feedback.api.problems import WrongState
from feedback.api.schema import ETAG, IDEMPOTENCY_OF_SLIPS, IF_NONE_MATCH, SLIP_NUMBER, call
from feedback.api.slip_examples import ANSWER_SLIP, END_SLIP, ONE_SLIP, OURS_SLIP, SEND, SLIPS, WITHDRAW_SLIP
from feedback.api.slip_shapes import (
    STATUSES,
    SlipAnswerSaid,
    SlipEndSaid,
    SlipOursSaid,
    SlipShape,
    SlipsSaid,
    SlipsSentShape,
    SlipsShape,
)
from feedback.feed.pulls import record_pull
from feedback.feed.slips import facts
from feedback.models import Scope, Slip
from feedback.models.replays import Reply
from feedback.rules import practice_office, slips_closing, slips_of_units
from feedback.rules.receiving import By
from feedback.rules.slips_of_units import GONE, facts_and_name, shown_status, slips_of, with_status
from feedback.rules.slips_sending import SlipRow, SlipSent, send_slips
from members.ground.atomic import atomic_write
from members.ground.states import Conflict

LARGEST_SENDING = 2 * 1024 * 1024  # 500 slips, each character of them escaped
WRONG_DAY = "日期写成 2026-11-20 这样。"


class SlipQuery(Paged):
    """The query of a list of slips."""

    status = serializers.ChoiceField(STATUSES, required=False, help_text="状态；不填是全部。")


class SlipCall(EmployerCall):
    """A call on the slips that the key's employer knows of in the key's street."""

    scope = Scope.SLIPS_WRITE

    def slip(self, number: str) -> Slip:
        """Return the slip with this number; 404 where the key's employer knows of none such."""
        slip = slips_of(self.counterpart).filter(number=number).first()
        if slip is None:
            raise Http404
        return slip

    def step(self, number: str, act: Callable[[Slip], Slip]) -> HttpResponse:
        """Do the step on the slip with this number, and answer with the slip as it is then."""
        with atomic_write():
            slip = self.slip(number)
            with slip_errors_as_problems(slip):
                act(slip)
            told = json_bytes(facts_and_name(self.slip(number)))
        return HttpResponse(told, content_type=JSON)

    @property
    def by(self) -> By:
        return By(key=self.key)


class SlipsView(SlipCall):
    largest, parameters = LARGEST_SENDING, SlipQuery

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.scope = Scope.SLIPS_WRITE if request.method == "POST" else Scope.SLIPS_READ
        super().initial(request, *args, **kwargs)

    @call(
        "list_slips",
        "列出报到单",
        {200: SlipsShape},
        description="由旧到新：贵单位发的，和党员本人发来、同意告诉贵单位的。可以按状态筛选。日常同步请用 /feed。",
        problems=(400,),
        parameters=[SlipQuery],
        examples=SLIPS,
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.query()
        limit, cursor, status = query["limit"], query["cursor"], query.get("status", "")
        signer = Signer(salt=f"feedback.slips.{self.counterpart}.{status}")
        rows = slips_of(self.counterpart).order_by("pk")
        rows = with_status(rows, status) if status else rows
        if cursor:
            rows = rows.filter(pk__gt=int(behind(signer, cursor)))
        found = list(rows[: limit + 1])
        filters = ["status"] if status else []
        record_pull(self.key, rows=len(found[:limit]), filters=filters, cursor=cursor, what=Slip)
        after = signer.sign(str(found[limit - 1].pk)) if len(found) > limit else None
        return json_response({"slips": [facts_and_name(each) for each in found[:limit]], "next": after})

    @call(
        "send_slips",
        "发报到单",
        {200: SlipsSentShape},
        description="一次 1 至 500 张，每一行一个结果：好的发出，不好的写明原因。一行也没有发出时，返回 422，"
        "errors.slips 里按行写明原因。同一张再发一次、以前那张还有效的，得到以前那张。"
        "本人没有同意（agreed_how、agreed_on）的不能发。不要发身份证号、家庭情况和评价。",
        problems=(400,),
        request=SlipsSaid,
        parameters=[IDEMPOTENCY_OF_SLIPS],
        examples=SEND,
    )
    def post(self, request: Request) -> HttpResponse:
        rows = self.body(SlipsSaid)["slips"]
        return self.once(lambda: self._send(rows))

    def _send(self, rows: list[dict[str, Any]]) -> Reply:
        key = self.key
        read = [_row(row, is_test=key.is_test) for row in rows]
        sent = send_slips(
            [row for row, _ in read], street=key.opens, origin=Slip.Origin.EMPLOYER, employer=key.employer, by=self.by
        )
        for answer, (_, errors) in zip(sent, read, strict=True):
            answer.errors |= errors
        if not any(answer.slip for answer in sent):
            raise serializers.ValidationError({"slips": [answer.errors for answer in sent]})
        told = json_bytes(_told(sent))
        if key.is_test:
            practice_office.deal_with([answer.slip for answer in sent if answer.slip and answer.is_new])
        return Reply(200, told)


class SlipView(SlipCall):
    scope = Scope.SLIPS_READ

    @call(
        "get_slip",
        "查看报到单",
        {200: SlipShape, 304: None},
        description="走到哪一步了，要核对什么，接收以后有社区签名的回执。带 If-None-Match 时没有变化返回 304。",
        problems=(404,),
        parameters=[SLIP_NUMBER, IF_NONE_MATCH, ETAG],
        examples=ONE_SLIP,
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        slip = self.slip(number)
        told = json_bytes(facts_and_name(slip))
        etag = f'"{hashlib.sha256(told).hexdigest()}"'
        is_known = is_among(etag, request.headers.get("If-None-Match", ""))
        record_pull(self.key, rows=int(not is_known), row=slip)
        if is_known:
            return HttpResponse(status=304, headers={"ETag": etag})
        return HttpResponse(told, content_type=JSON, headers={"ETag": etag})


class SlipAnswerView(SlipCall):
    @call(
        "answer_slip",
        "回答报到单上要核对的",
        {200: SlipShape},
        description="状态是 asked、由贵单位发的，写一句回答，或者改正住址、电话，至少写一项；回答以后回到 sent。"
        "同样的回答再来一次，什么也不改。",
        problems=(404, 409),
        request=SlipAnswerSaid,
        parameters=[SLIP_NUMBER],
        examples=ANSWER_SLIP,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(SlipAnswerSaid)
        return self.step(number, lambda slip: self._answer(slip, body))

    def _answer(self, slip: Slip, body: dict[str, str]) -> Slip:
        if not self.key.is_test:
            return slips_of_units.answer_own(slip, by=self.by, **body)
        practice_office.require_made_up(body.get("phone", ""))
        answered = slips_of_units.answer_own(slip, by=self.by, **body)
        practice_office.deal_with_answer(answered)
        return answered


class SlipWithdrawView(SlipCall):
    @call(
        "withdraw_slip",
        "撤回报到单",
        {200: SlipShape},
        description="撤回贵单位发的，随时可以；以它为凭的同意一并失效。再撤回一次，什么也不改。"
        "已退回、已转走、已结束的返回 409。",
        problems=(404, 409),
        parameters=[SLIP_NUMBER],
        examples=WITHDRAW_SLIP,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        return self.step(number, lambda slip: slips_of_units.withdraw_own(slip, by=self.by))


class SlipEndView(SlipCall):
    @call(
        "end_slip",
        "告诉社区已调离或退休",
        {200: SlipShape},
        description="已接收的，人离开了贵单位就告诉社区；党员以后怎么登记，由社区决定。",
        problems=(404, 409),
        request=SlipEndSaid,
        parameters=[SLIP_NUMBER],
        examples=END_SLIP,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(SlipEndSaid)
        code, text = body["reason_code"], body["text"]
        return self.step(number, lambda slip: slips_of_units.end_own(slip, code=code, text=text, by=self.by))


class SlipOursView(SlipCall):
    @call(
        "claim_slip",
        "答复是不是贵单位的人",
        {200: SlipShape},
        description="党员本人发来、写了贵单位的，答复是不是贵单位的人；答复只能给一次。答复不是的，以后不再告诉贵单位。",
        problems=(404, 409),
        request=SlipOursSaid,
        parameters=[SLIP_NUMBER],
        examples=OURS_SLIP,
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        body = self.body(SlipOursSaid)
        return self.step(number, lambda slip: slips_closing.ours(slip, by=self.by, **body))


@contextmanager
def slip_errors_as_problems(slip: Slip) -> Iterator[None]:
    """Turn rule errors about this slip into problems. Use it inside the transaction, which then rolls back."""
    try:
        yield
    except Conflict as error:
        slip.refresh_from_db(fields=["status", "untold_at"])
        status = shown_status(slip)
        raise WrongState(_sentence(error, slip, status), slip_status=status.value) from error


def _sentence(error: Conflict, slip: Slip, status: Slip.Status) -> str:
    if status == Slip.Status.WITHDRAWN:
        return GONE
    return str(error).replace(f"“{slip}”", "这张报到单")


def _row(said: dict[str, Any], *, is_test: bool) -> tuple[SlipRow, dict[str, list[str]]]:
    """Return a row for the rule without what is refused here, and the reasons; a test takes only made-up phones."""
    day, errors = said["agreed_on"].strip(), {}
    try:
        agreed_on = date.fromisoformat(day) if day else None
    except ValueError:
        agreed_on, errors = None, {"agreed_on": [WRONG_DAY]}
    phone = said["phone"]
    if is_test and not practice_office.is_made_up(phone):
        phone, errors = "", errors | {"phone": [practice_office.REAL_PHONE]}
    return SlipRow(**said | {"agreed_on": agreed_on, "phone": phone}), errors


def _told(sent: list[SlipSent]) -> dict[str, Any]:
    rows = [_told_of(index, answer) for index, answer in enumerate(sent)]
    new = sum(row["status"] == 201 for row in rows)
    return {"slips": rows, "sent": new, "refused": sum(row["status"] == 422 for row in rows)}


def _told_of(index: int, answer: SlipSent) -> dict[str, Any]:
    if answer.slip is None:
        return {"index": index, "status": 422, "slip": None, "errors": answer.errors}
    status = 201 if answer.is_new else 200
    return {"index": index, "status": status, "slip": facts(answer.slip), "errors": None}
