"""The steps of a unit's contact on a card: acknowledge, take that back, answer, return; the same rules as the API's."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from feedback.forms.inbox import WAITING, AnswerForm, ReturnForm
from feedback.rules import receiving
from feedback.rules.receiving import By
from feedback.views.inbox import card_page, following, mine
from members.web.acts import tried
from members.web.shell import page


@require_POST
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """Acknowledge a card; the form posts the digest of the text that was read."""
    found = mine(request, pk)[1]
    digest = request.POST.get("digest", "")
    if tried(request, lambda: receiving.receive(found, digest=digest)):
        messages.success(request, "已签收。接下来请写一两句反馈。")
    return redirect("feedback:inbox_card", pk)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the receipt back, until the card is answered or a day is over."""
    found = mine(request, pk)[1]
    if tried(request, lambda: receiving.take_back(found, digest=found.digest)):
        messages.success(request, "已撤回签收，这张卡重新等候签收。")
    return redirect("feedback:inbox_card", pk)


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
    if found.status not in WAITING:
        return redirect("feedback:inbox_card", pk)
    return page(request, "feedback/inbox_return.html", title="退回记录卡", card=found, form=form)
