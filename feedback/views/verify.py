"""The public check whether a printed card is genuine and in force; it reveals nothing else."""

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
    """The limit of checks by address, against guessing numbers and codes."""

    what = "card-check"


@login_not_required
@require_GET
def verify(request, number=""):
    """Check a card: by the QR code on it, or by a form for number and check code."""
    values = {"number": request.GET.get("number", number), "d": request.GET.get("d", "")}
    form = VerifyForm(values if values["d"] or "number" in request.GET else None, initial=values)
    if not form.is_valid():
        return render(request, "feedback/verify.html", {"form": form})
    if not Checking.lets(request):
        return render(request, "feedback/verify.html", {"form": form, "verdict": BUSY}, status=429)
    verdict = _verdict(**form.cleaned_data)
    return render(request, "feedback/verify.html", {"form": form, "verdict": verdict, "is_good": verdict == IN_FORCE})


def _verdict(*, number: str, d: str) -> str:
    """Return the sentence on the card; without the right code it does not even reveal whether the number exists."""
    card = RecordCard.objects.filter(number=number).only("status", "digest").first()
    if card is None or not constant_time_compare(card.digest[: len(d)], d):
        return UNFIT
    return OVER if card.status in ENDED else IN_FORCE
