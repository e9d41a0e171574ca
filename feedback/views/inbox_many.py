"""The steps of a unit's contact on many cards at once: those ticked on the list, or all that waited on it."""

import re
from collections import Counter
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from feedback.forms.inbox import AnswerForm
from feedback.models.cards import RecordCardQuerySet
from feedback.rules import receiving
from feedback.rules.receiving import By, Replied
from feedback.views.contacts import contacts_of
from feedback.views.inbox import SEEN
from members.ground.history import batches
from members.web.returning import way_back

TICKED = re.compile(r"([0-9]{1,18})\.([0-9a-f]{64})")
MOST, AT_ONCE = 100, 500
NOT_THERE = "收件箱里没有这张卡。"
NOTHING = "还没有选中：请先在卡片前面打勾，再点“{}”。"
Digests = Mapping[int, str]


@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Acknowledge the chosen cards; a refusal does not stop the others."""
    own, picked = _own(request), _picked(request)
    replied, left = _in_parts(own, picked, receiving.receive_all)
    if replied:
        messages.success(request, f"已签收 {replied} 张。点开每一张，可以写反馈。")
    return _back(request, picked, left, what="签收", button="只签收选中的")


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Answer the chosen cards by one sentence, and acknowledge those that were not yet."""
    own, picked = _own(request), _picked(request)
    form, by = AnswerForm(request.POST), By(user=request.user)  # type: ignore[arg-type]
    if not form.is_valid():
        messages.error(request, "没有反馈。" + "".join(map(str, form.errors.get("text", ()))))
        return redirect(way_back(request, "feedback:inbox"))
    replied, left = _in_parts(own, picked, lambda part: receiving.answer_all(part, by=by, **form.cleaned_data))
    if replied:
        messages.success(request, f"已反馈 {replied} 张，没有签收的同时签收了。点开每一张，还可以修改。")
    return _back(request, picked, left, what="反馈", button="反馈选中的")


def _own(request: HttpRequest) -> RecordCardQuerySet:
    """Return the cards of the user's units; PermissionDenied for whoever is no contact any more."""
    return receiving.issued_to(*(contact.counterpart for contact in contacts_of(request)))


def _picked(request: HttpRequest) -> Digests:
    """Return the digests by id of the ticked cards, or of all that the list had counted when it was shown."""
    keys = _seen(request.POST.get("seen", "")) if "all" in request.POST else request.POST.getlist("card")[:MOST]
    ticks = (TICKED.fullmatch(key) for key in keys)
    return {int(match[1]): match[2] for match in ticks if match}


def _seen(text: str) -> list[str]:
    """Return the keys that the list was shown with; none for a text that no list was shown with."""
    try:
        return list(signing.loads(text, salt=SEEN))
    except signing.BadSignature:
        return []


def _in_parts(own: RecordCardQuerySet, picked: Digests, act: Callable[[Digests], Replied]) -> tuple[int, Counter[str]]:
    """Run the rule on the user's own cards among these, 500 a transaction; return how many were done, and the rest."""
    done, left = 0, Counter[str]()
    for part in batches(sorted(picked), AT_ONCE):
        known = list(own.filter(pk__in=part).values_list("pk", flat=True))
        replied = act({pk: picked[pk] for pk in known})
        done, left = done + replied.done, left + replied.left
        left[NOT_THERE] += len(part) - len(known)
    return done, +left


def _back(request: HttpRequest, picked: Digests, left: Counter[str], *, what: str, button: str) -> HttpResponse:
    for why, count in left.items():
        messages.warning(request, f"{count} 张没有{what}：{why}")
    if not picked:
        messages.error(request, NOTHING.format(button))
    return redirect(way_back(request, "feedback:inbox"))
