"""Whether a printed card is genuine and in force; nothing else is told of it."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET
from rest_framework.throttling import SimpleRateThrottle

from feedback.forms import VerifyForm
from feedback.models import RecordCard

BUSY = "现在查验的人太多，请过一分钟再试。"
UNFIT = "卡号和校验码对不上。请照卡片上的核对后再填。"
UNKNOWN = "没有这张卡。"
IN_FORCE = "这张卡真实有效。"
OVER = "这张卡已撤回，不再有效。"
BACK = "这张卡已退回，不再有效。"


class ByAddress(SimpleRateThrottle):
    """Numbers and codes are not to be tried through."""

    rate = "30/min"

    def get_cache_key(self, request, view):
        return f"card-verify-{self.get_ident(request)}"


@login_not_required
@require_GET
def verify(request, number=""):
    """What the code on a printed card leads to; also a form for whoever types it off the paper."""
    asked = {"number": request.GET.get("number", number), "d": request.GET.get("d", "")}
    form = VerifyForm(asked if asked["d"] or "number" in request.GET else None, initial=asked)
    if not form.is_valid():
        return render(request, "feedback/verify.html", {"form": form})
    if not ByAddress().allow_request(request, None):  # type: ignore[arg-type]
        return render(request, "feedback/verify.html", {"form": form, "said": BUSY}, status=429)
    said = _said(**form.cleaned_data)
    return render(request, "feedback/verify.html", {"form": form, "said": said, "is_good": said == IN_FORCE})


def _said(*, number: str, d: str) -> str:
    card = RecordCard.objects.filter(number=number).only("status", "digest").first()
    if card is None:
        return UNKNOWN
    if not constant_time_compare(card.digest[: len(d)], d):
        return UNFIT
    if card.status == RecordCard.Status.WITHDRAWN:
        return OVER
    return BACK if card.status == RecordCard.Status.RETURNED else IN_FORCE
