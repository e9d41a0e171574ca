"""Whether a printed card is genuine and in force; nothing else is told of it."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET

from feedback.forms.cards import VerifyForm
from feedback.models import RecordCard
from feedback.models.cards import ENDED
from members.web.visitors import ByAddress

BUSY = "现在查验的人太多，请过一分钟再试。"
UNFIT = "卡号和校验码对不上。请照卡片上的核对后再填。"
IN_FORCE = "这张卡真实有效。"
OVER = "这张卡已作废，不再有效。"


class Checking(ByAddress):
    """Numbers and codes are not to be tried through."""

    what = "card-check"


@login_not_required
@require_GET
def verify(request, number=""):
    """What the code on a printed card leads to; also a form for whoever types it off the paper."""
    asked = {"number": request.GET.get("number", number), "d": request.GET.get("d", "")}
    form = VerifyForm(asked if asked["d"] or "number" in request.GET else None, initial=asked)
    if not form.is_valid():
        return render(request, "feedback/verify.html", {"form": form})
    if not Checking.lets(request):
        return render(request, "feedback/verify.html", {"form": form, "said": BUSY}, status=429)
    said = _said(**form.cleaned_data)
    return render(request, "feedback/verify.html", {"form": form, "said": said, "is_good": said == IN_FORCE})


def _said(*, number: str, d: str) -> str:
    """Without the right code not even whether there is a card of this number."""
    card = RecordCard.objects.filter(number=number).only("status", "digest").first()
    if card is None or not constant_time_compare(card.digest[: len(d)], d):
        return UNFIT
    return OVER if card.status in ENDED else IN_FORCE
