"""The member's own page of a card, behind a signed link and four digits, where they agree or object."""

from collections.abc import Sequence

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from feedback.forms.cards import ObjectForm, PhoneEndForm
from feedback.models import RecordCard
from feedback.models.cards import OUT
from feedback.rules import agreeing
from feedback.rules.agreeing import NOTICE, VERSION, card_behind, knows, link_token, shown_moment
from feedback.rules.asking import asker_of
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Consent
from members.web import known
from members.web.acts import done
from members.web.visitors import ByAddress

KNOWN = "known_cards"
WRONG = "号码对不上，或试的次数太多了。请核对后再填；还是打不开，请联系社区书记重新发一次，或当面签字。"
BUSY = "现在打开的人太多，请过一分钟再试。"
Status = RecordCard.Status
CONSENTED = (Status.AGREED, *OUT)


class Guessing(ByAddress):
    """The limit of tries by address, however many links the visitor has."""

    what = "card-link"


@login_not_required
def link(request, token):
    """Ask for the digits, then show the card; before that the page reveals nothing."""
    card = card_behind(token)
    if card is None:
        return _closed(request)
    if _is_known(request, card):
        return _card(request, card, token)
    form = PhoneEndForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _digits(request, card, form)
    if not Guessing.lets(request):
        return _refuse(request, card, form, BUSY, status=429)
    if not knows(card, form.cleaned_data["digits"]):
        with atomic_write():
            record("refuse", card, changes={"call": "digits"})
        return _refuse(request, card, form, WRONG)
    remember(request, [card])
    return redirect("feedback:link", token)


@login_not_required
@require_POST
def agree(request, token):
    """Record that the member agrees to the card."""
    form = forms.Form(request.POST)
    return _answer(request, token, form, lambda card: agreeing.agree(card, how=RecordCard.How.LINK))


@login_not_required
@require_POST
def object_(request, token):
    """Record the member's objection."""
    form = ObjectForm(request.POST)
    return _answer(request, token, form, lambda card: agreeing.object_to(card, **form.cleaned_data))


@login_not_required
@require_POST
def refuse(request, token):
    """Record that the member does not want the card sent."""
    return _answer(request, token, forms.Form(request.POST), agreeing.refuse)


@login_not_required
@require_POST
def unsay(request, token):
    """Take the member's objection back."""
    return _answer(request, token, forms.Form(request.POST), agreeing.unsay)


@login_not_required
def take_back(request, token):
    """Ask for confirmation, then withdraw the consent and every card that rests on it."""
    card = card_behind(token)
    if card is None:
        return _closed(request)
    if not _is_known(request, card) or card.status not in CONSENTED:
        return redirect("feedback:link", token)
    if request.method == "POST":
        return _answer(request, token, forms.Form(request.POST), agreeing.take_back)
    resting = RecordCard.objects.filter(consent=card.consent_id).exclude(status=Status.WITHDRAWN)
    return render(request, "feedback/link_take_back.html", {"card": card, "token": token, "count": resting.count()})


def _answer(request, token: str, form: forms.Form, act) -> HttpResponse:
    """Call the rule if the session knows the digits; the card's page shows its errors."""
    card = card_behind(token)
    if card is None:
        return _closed(request)
    if not _is_known(request, card):
        return redirect("feedback:link", token)
    if form.is_valid() and done(form, lambda: act(card)):
        return redirect("feedback:link", token)
    card = card_behind(token)
    return _closed(request) if card is None else _card(request, card, token, form)


def _card(request, card: RecordCard, token: str, form: forms.Form | None = None) -> HttpResponse:
    answer = form if isinstance(form, ObjectForm) else ObjectForm()
    stands = Consent.objects.in_force().filter(cards=card).exists()
    context = {
        "card": card, "token": token, "form": answer, "problems": form.non_field_errors() if form else [],
        "notice": NOTICE, "version": VERSION, "may_take_back": card.status in CONSENTED and stands,
        "others": _others(request, card),
    }  # fmt: skip
    return render(request, "feedback/link_card.html", context)


def _others(request, card: RecordCard) -> list[tuple[str, RecordCard]]:
    """Return the tokens and cards of the same member that wait too and that this browser may read."""
    pks = {int(mark.partition(".")[0]) for mark in request.session.get(KNOWN, {})} - {card.pk}
    waiting = RecordCard.objects.filter(pk__in=pks, member=card.member_id, status=Status.SHOWN)
    rows = waiting.select_related("employer").defer("body") if pks else ()
    return [(link_token(other), other) for other in rows if _is_known(request, other)]


def _closed(request) -> HttpResponse:
    return render(request, "feedback/link_closed.html", status=404)


def _refuse(request, card: RecordCard, form: PhoneEndForm, sentence: str, *, status: int = 200) -> HttpResponse:
    form.add_error(None, ValidationError(sentence))
    return _digits(request, card, form, status=status)


def _digits(request, card: RecordCard, form: PhoneEndForm, *, status: int = 200) -> HttpResponse:
    """Return the first screen: who asks, and nothing of the card."""
    return render(request, "feedback/link_digits.html", {"form": form, "asker": asker_of(card.area)}, status=status)


def _mark(card: RecordCard) -> str:
    """Return the session's mark of the card; showing the card again changes it, so that digits are needed anew."""
    return f"{card.pk}.{shown_moment(card)}" if card.shown_at else ""


def remember(request, cards: Sequence[RecordCard]) -> None:
    """Let this browser read these cards, whose member has given the digits, for some minutes."""
    known.remember(request, KNOWN, map(_mark, cards))


def _is_known(request, card: RecordCard) -> bool:
    return known.is_known(request, KNOWN, _mark(card))
