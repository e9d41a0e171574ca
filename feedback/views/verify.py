"""The public check whether a printed card or a slip's receipt is genuine and in force; it reveals nothing else."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET

from feedback.forms.cards import VerifyForm
from feedback.models import RecordCard, Slip
from feedback.models.cards import ENDED
from members.ground.access import PRACTICE
from members.web.visitors import ByAddress

BUSY = "现在查验的人太多，请过一分钟再试。"
TEST = "这是测试用的，不是真的：卡上、单上的人和事都是编造的。"
UNFIT = "号码和校验码对不上。请照纸上的核对后再填。"
IN_FORCE = "这张卡真实有效。"
OVER = "这张卡已作废，不再有效。"
RECEIPT_IN_FORCE = "这张报到回执真实有效。"
RECEIPT_OVER = "这张报到回执是真的，但报到已经结束或撤回，不再有效。"

GOOD = (IN_FORCE, RECEIPT_IN_FORCE)


class Checking(ByAddress):
    """The limit of checks by address, against guessing numbers and codes."""

    what = "card-check"


@login_not_required
@require_GET
def verify(request, number=""):
    """Check a card or receipt: by the QR code on it, or by a form for number and check code."""
    values = {"number": request.GET.get("number", number), "d": request.GET.get("d", "")}
    form = VerifyForm(values if values["d"] or "number" in request.GET else None, initial=values)
    if not form.is_valid():
        return render(request, "feedback/verify.html", {"form": form})
    if not Checking.lets(request):
        return render(request, "feedback/verify.html", {"form": form, "verdict": BUSY}, status=429)
    verdict = _verdict(**form.cleaned_data)
    return render(request, "feedback/verify.html", {"form": form, "verdict": verdict, "is_good": verdict in GOOD})


def _verdict(*, number: str, d: str) -> str:
    """Return the sentence on the paper; without the right code it does not even reveal whether the number exists."""
    cards = RecordCard.objects.filter(number=number).select_related("street")
    card = cards.only("status", "digest", "street__path").first()
    if card and constant_time_compare(card.digest[: len(d)], d):
        return TEST if card.street.path == PRACTICE else OVER if card.status in ENDED else IN_FORCE
    slips = Slip.objects.filter(number=number).exclude(receipt=None)
    slip = slips.select_related("receipt", "sent_to").first()
    if slip and constant_time_compare(slip.receipt.hash[: len(d)], d):
        is_in_force = slip.status == Slip.Status.ACCEPTED
        return TEST if slip.sent_to.path == PRACTICE else RECEIPT_IN_FORCE if is_in_force else RECEIPT_OVER
    return UNFIT
