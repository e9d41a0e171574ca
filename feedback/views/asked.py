"""The phone page behind a code: a name and four digits open the member's own card, anything else nothing."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render

from feedback.forms.asking import ScannedForm
from feedback.models import CardCode, RecordCard
from feedback.rules.agreeing import link_token
from feedback.rules.asking import asker_of, find_cards
from feedback.views.link import BUSY, remember
from members.web.visitors import ByAddress

NOT_FOUND = (
    "没有对上，或试的次数太多了。请核对姓名和登记过的手机号后四位；还是打不开，请联系社区书记，或当面签字。"
    "没有您的卡，也会这样显示。"
)


class Scanning(ByAddress):
    """The rate limit: low enough to slow guessing, high enough for a whole hall behind one address."""

    what, rate = "card-code", "60/min"


@login_not_required
def asked(request, code: str) -> HttpResponse:
    """Ask for name and digits, and lead to the card; the answer to all that opens none is the same."""
    found = CardCode.objects.open().filter(secret_code=code).select_related("place", "activity").first()
    if found is None:
        return render(request, "feedback/code_closed.html", status=404)
    form, problem = ScannedForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        if not Scanning.lets(request):
            problem = BUSY
        elif cards := find_cards(found, **form.cleaned_data):
            remember(request, cards)
            first = min(cards, key=lambda card: card.status != RecordCard.Status.SHOWN)
            return redirect("feedback:link", link_token(first))
        else:
            problem = NOT_FOUND
    context = {
        "form": ScannedForm() if problem else form,  # nothing of what was typed, so that the answer stays the same
        "code": found, "asker": asker_of(found.place), "problem": problem,
    }  # fmt: skip
    return render(request, "feedback/code_digits.html", context, status=429 if problem == BUSY else 200)
