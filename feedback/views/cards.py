"""The page of one card, and the steps on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import segno
from django.contrib import messages
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from activities.models import Attendance
from feedback.forms.cards import AgreedForm, WithdrawForm, WriteForm
from feedback.models import RecordCard
from feedback.rules import agreeing, issuing, withdrawing
from feedback.rules.agreeing import is_locked, link_ends, link_token
from feedback.rules.making import remake as remake_card
from members.ground.access import Right
from members.web.acts import numbers, tried, writable
from members.web.shell import page

Status = RecordCard.Status
RELATED = ("member", "employer", "area", "agreed_by", "supersedes", "leaving")
GONE = (
    "单位下次取卡时会看到“已撤回”，卡上的内容同时清空；扫码查验会显示“已作废，不再有效”。撤回以后不能恢复，"
    "要再发，请重新生成一张。"
)


@dataclass(frozen=True, slots=True)
class Link:
    """The member's link to the card: URL, QR code (a data URI), and when it expires."""

    url: str
    code: str
    until: datetime
    is_locked: bool

    @property
    def is_over(self) -> bool:
        return self.until <= timezone.now()


def card(request, pk):
    """Show a card and the next step; POST saves a draft's sentence and lines."""
    found = _writable(request, pk) if request.method == "POST" else _find(request, pk)
    form = WriteForm(request.POST if request.method == "POST" else None, card=found)
    if form.is_valid() and tried(request, lambda: _write(found, form)):
        return _written(request, found)
    return _card_page(request, found, form)


@require_POST
def show(request, pk):
    """Save the form, and show the card to its member."""
    found = _writable(request, pk)
    form = WriteForm(request.POST, card=found)
    if not form.is_valid():
        return _card_page(request, found, form)
    if tried(request, lambda: _show(found, form)):
        messages.success(request, "已请本人确认。把下面的链接发给本人，或打印确认单请本人签字。")
    return redirect("feedback:card", pk)


@require_POST
def agree(request, pk):
    """Record the member's signature."""
    found = _writable(request, pk)
    form = AgreedForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有登记。" + "".join(form.errors["given_on"]))
    elif tried(request, lambda: agreeing.agree(found, how=RecordCard.How.PAPER, by=request.user, **form.cleaned_data)):
        messages.success(request, "已登记书面同意，可以发给单位了。")
    return redirect("feedback:card", pk)


@require_POST
def correct(request, pk):
    """Make the card a draft again, to be corrected and shown again."""
    found = _writable(request, pk)
    objection = f"本人的意见：{found.said}" if found.said else ""
    if tried(request, lambda: agreeing.correct(found)):
        messages.success(request, f"已退回草稿。改好以后再请本人确认，原来的链接不能再用。{objection}")
    return redirect("feedback:card", pk)


@require_POST
def issue(request, pk):
    """Let the card leave for the employer, at once or after the delay."""
    found = _writable(request, pk)
    if tried(request, lambda: issuing.send(found, user=request.user)):
        number = RecordCard.objects.get(pk=pk).number
        messages.success(request, f"已发给{found.employer}，卡号 {number}。" if number else issuing.told_sent(1))
    return redirect("feedback:card", pk)


@require_POST
def stop(request, pk):
    """Take the card back before it leaves."""
    found = _writable(request, pk)
    if tried(request, lambda: issuing.stop(found)):
        messages.success(request, "已停止发出，单位没有看到。改了主意，可以再发。")
    return redirect("feedback:card", pk)


def withdraw(request, pk):
    """Ask for a reason, then withdraw a card that the employer has."""
    found = _writable(request, pk)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and tried(request, lambda: withdrawing.withdraw(found, form.cleaned_data["reason"])):
        messages.success(request, "已撤回。")
        return redirect("feedback:card", pk)
    if (request.method == "POST" and form.is_valid()) or not found.is_with_employer:
        return redirect("feedback:card", pk)
    return page(request, "feedback/withdraw.html", title="撤回记录卡", card=found, form=form, gone=GONE)


def drop(request, pk):
    """Ask for confirmation, then drop a card that is not issued."""
    found = _writable(request, pk)
    if request.method == "POST":
        if tried(request, lambda: withdrawing.withdraw(found, RecordCard.Withdrawal.DROPPED)):
            messages.success(request, "这张卡不发了。改了主意，可以重新生成。")
        return redirect("feedback:card", pk)
    question = f"确定{found.member}{found.period.label}的这张卡不发了吗？单位不会收到任何内容，也不影响本人任何事情。"
    return page(request, "members/confirm.html", title="不发这张卡", question=question, danger=True)


@require_POST
def remake(request, pk):
    """Make a new draft that replaces a returned or withdrawn card."""
    found = _writable(request, pk)
    made = []
    if tried(request, lambda: made.append(remake_card(found))):
        messages.success(request, "已按现在的记录重新生成草稿。改好以后，再请本人确认。")
        return redirect("feedback:card", made[0].pk)
    return redirect("feedback:card", pk)


def _card_page(request, found: RecordCard, form: WriteForm):
    return page(
        request,
        "feedback/card.html",
        title=f"记录卡：{found.member}",
        card=found,
        form=form,
        agreed_form=AgreedForm(),
        link=_link(request, found),
        lines=_lines(request.user, found),
        trail=list(_trail(found)),
        answers=list(found.answers.order_by("-version")),
        successor=_later(request.user, found).first(),
        is_ended=found.status in (Status.RETURNED, Status.WITHDRAWN),
    )


def _lines(user, card: RecordCard) -> list[dict[str, Any]]:
    """Return the card's lines; where the member objects, those of attendances have the id of their `activity`."""
    if not card.objection or not card.said:
        return card.lines
    pks = numbers(line["key"][1:] for line in card.lines if line["kind"] == "activity")
    activities = dict(Attendance.objects.for_user(user, Right.WRITE).filter(pk__in=pks).values_list("pk", "activity"))
    return [line | {"activity": activities.get(int(line["key"][1:]))} for line in card.lines]


def _find(request, pk: int) -> RecordCard:
    return get_object_or_404(RecordCard.objects.for_user(request.user).select_related(*RELATED), pk=pk)


def _writable(request, pk: int) -> RecordCard:
    return writable(request, RecordCard, pk, *RELATED)


def _write(card: RecordCard, form: WriteForm) -> None:
    """Save the form's values; a sentence that was not posted stays."""
    sentence = form.cleaned_data["sentence"] if "sentence" in form.data else card.sentence
    card.write(sentence=sentence, left_out=form.left_out)


def _written(request, card: RecordCard):
    """Redirect as the button says: to the next draft, to the list after the last one, or to the card itself."""
    following = _next_draft(request.user, card) if "next" in request.POST else None
    if "next" in request.POST and following is None:
        messages.success(request, "已保存。后面没有草稿了，可以请本人确认了。")
        query = {"period": card.period.code, "place": card.area.path, "show": "draft"}
        return redirect(reverse("feedback:board", query=query))
    messages.success(request, "已保存，这是下一张草稿。" if following else "已保存。")
    return redirect("feedback:card", following or card.pk)


def _next_draft(user, card: RecordCard) -> int | None:
    """Return the id of the next draft in the order of the list; None after the last."""
    drafts = RecordCard.objects.for_user(user).of_period(card.period).filter(status=Status.DRAFT, area=card.area)
    order = list(drafts.order_by("member__pinyin", "pk").values_list("member__pinyin", "pk"))
    return next((pk for pinyin, pk in order if (pinyin, pk) > (card.member.pinyin, card.pk)), None)


def _show(card: RecordCard, form: WriteForm) -> None:
    _write(card, form)
    agreeing.show(card)


def _later(user, card: RecordCard) -> QuerySet[RecordCard]:
    """Return the later cards of the same member and period."""
    same = RecordCard.objects.for_user(user).filter(member=card.member_id, pk__gt=card.pk).of_period(card.period)
    return same.defer("body").order_by("-pk")


def _link(request, card: RecordCard) -> Link | None:
    if card.status != Status.SHOWN:
        return None
    url = request.build_absolute_uri(reverse("feedback:link", args=[link_token(card)]))
    code = segno.make(url, error="m").svg_data_uri(scale=5, border=2)
    return Link(url, code, link_ends(card), is_locked(card))


def _trail(card: RecordCard) -> Iterator[tuple[datetime, str]]:
    """Return the events of the card with their times, to be displayed."""
    how = card.get_agreed_how_display() + (f"，{card.agreed_by}登记" if card.agreed_by else "")
    moments = (
        (card.created_at, "生成草稿"),
        (card.shown_at, "请本人确认"),
        (card.objected_at, "本人有异议"),
        (card.agreed_at, f"本人同意（{how}）"),
        (card.issued_at, "发给单位"),
        (card.answered_at, "单位反馈"),
        (card.returned_at, f"单位退回：{card.get_return_code_display()}"),
        (card.withdrawn_at, f"撤回：{card.get_withdrawal_display()}"),
    )
    rows = card.receipts.order_by("pk") if card.number else ()
    receipts = [(row.at, f"单位{row.get_kind_display()}") for row in rows]
    return iter(
        sorted([*((moment, event) for moment, event in moments if moment), *receipts], key=lambda each: each[0])
    )
