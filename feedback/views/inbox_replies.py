"""The steps of a unit's contact on a card: acknowledge, answer, return; the same rules as the API's."""

import re
from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from feedback.forms.inbox import AnswerForm, ReturnForm
from feedback.models import RecordCard
from feedback.rules import receiving
from feedback.rules.receiving import By
from feedback.views.contacts import counterparts_of
from feedback.views.inbox import card_page, following, mine
from members.ground.states import Conflict
from members.web.acts import tried
from members.web.returning import way_back
from members.web.shell import page

TICKED = re.compile(r"([0-9]{1,18})\.([0-9a-f]{64})")
MOST = 100
NOT_THERE = "收件箱里没有这张卡。"


@require_POST
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """Acknowledge a card; the form posts the digest of the text that was read."""
    found = mine(request, pk)[1]
    digest = request.POST.get("digest", "")
    if tried(request, lambda: receiving.receive(found, digest=digest)):
        messages.success(request, "已签收。接下来请写一两句反馈。")
    return redirect("feedback:inbox_card", pk)


@require_POST
def receive_ticked(request: HttpRequest) -> HttpResponse:
    """Acknowledge the ticked cards, each in its own transaction: a refusal does not stop the others."""
    ticked = {
        int(match[1]): match[2] for each in request.POST.getlist("card")[:MOST] if (match := TICKED.fullmatch(each))
    }
    cards = receiving.issued_to(*counterparts_of(request)).filter(pk__in=ticked).defer("body", "lines")
    left = Counter(_receive(each, ticked[each.pk]) for each in cards)
    left[NOT_THERE] = len(ticked) - left.total()
    if done := left.pop("", 0):
        messages.success(request, f"已签收 {done} 张。点开每一张，可以写反馈。")
    for why, count in (+left).items():
        messages.warning(request, f"{count} 张没有签收：{why}")
    if not ticked:
        messages.error(request, "还没有选中：请先在卡片前面打勾，再点“签收选中的”。")
    return redirect(way_back(request, "feedback:inbox"))


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a card, or amend the answer."""
    found = mine(request, pk)[1]
    form, by = AnswerForm(request.POST), By(user=request.user)  # type: ignore[arg-type]
    if not form.is_valid() or not tried(request, lambda: receiving.answer(found, by=by, **form.cleaned_data)):
        return card_page(request, pk, form)
    until = found.amendable_until
    messages.success(request, f"反馈已送到社区。{until.year}年{until.month}月{until.day}日以前还可以修改。")
    following_pk = following(found) if "next" in request.POST else None
    return redirect("feedback:inbox_card", following_pk or pk)


def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a reason, then return the card."""
    found = mine(request, pk)[1]
    form = ReturnForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        digest = request.POST.get("digest", "")
        if tried(request, lambda: receiving.give_back(found, digest=digest, **form.cleaned_data)):
            messages.success(request, "已退回。社区会看到原因，改好以后会发一张新卡。")
        return redirect("feedback:inbox_card", pk)
    if found.status not in (RecordCard.Status.ISSUED, RecordCard.Status.RECEIVED):
        return redirect("feedback:inbox_card", pk)
    return page(request, "feedback/inbox_return.html", title="退回记录卡", card=found, form=form)


def _receive(card: RecordCard, digest: str) -> str:
    """Acknowledge the card; return the reason of a refusal, "" for none."""
    try:
        receiving.receive(card, digest=digest)
    except Conflict as reason:
        return str(reason)
    return ""
