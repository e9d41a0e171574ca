"""The member's page of their own file, behind a signed link and four digits: the file, and what is wrong in it."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.forms.cards import PhoneEndForm
from feedback.rules.asking import asker_of
from feedback.views.link import BUSY
from louzu.models import OwnFile
from louzu.rules.own_file_handing import file_behind, knows
from louzu.views.own_files import sent
from members.forms.corrections import OwnCorrectionForm
from members.models import CorrectionRequest
from members.rules import putting_right
from members.web import known
from members.web.acts import done
from members.web.visitors import ByAddress

KNOWN = "known_own_files"
WRONG = "号码对不上，或试的次数太多了。请核对后再填；还是打不开，请联系街道重新发一次，或当面取。"
OFTEN = "写得太多了，请过一小时再写，或直接告诉社区书记。"


class OpeningOwnFile(ByAddress):
    """The limit of tries and downloads by address, however many links the visitor has."""

    what = "own-file"


class WritingOfOwnFile(ByAddress):
    """The limit of what an address may write."""

    what, rate = "own-file-words", "10/hour"


@login_not_required
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the digits, then offer the file; before that the page reveals nothing."""
    file = file_behind(token)
    if file is None:
        return _closed(request)
    if _is_known(request, file):
        return _offer(request, file, token, OwnCorrectionForm())
    form = PhoneEndForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _digits(request, file, form)
    if not OpeningOwnFile.lets(request):
        return _refuse(request, file, form, BUSY, status=429)
    if not knows(file, form.cleaned_data["digits"]):
        return _refuse(request, file, form, WRONG)
    known.remember(request, KNOWN, [str(file.pk)])
    return redirect("own_link", token)


@login_not_required
@require_GET
def fetch(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Send the file as it was made."""
    file = file_behind(token)
    if file is None:
        return _closed(request)
    if not _is_known(request, file):
        return redirect("own_link", token)
    if not OpeningOwnFile.lets(request):
        return render(request, "louzu/own_link_busy.html", {"said": BUSY}, status=429)
    return sent(file.read(), kind)


@login_not_required
@require_POST
def correct(request: HttpRequest, token: str) -> HttpResponse:
    """Write down what the member says is wrong."""
    file = file_behind(token)
    if file is None:
        return _closed(request)
    if not _is_known(request, file):
        return redirect("own_link", token)
    form = OwnCorrectionForm(request.POST)
    if form.is_valid() and not WritingOfOwnFile.lets(request):
        form.add_error(None, ValidationError(OFTEN))
    by_link = CorrectionRequest.Means.LINK
    if form.is_valid() and done(form, lambda: putting_right.ask(file.member, means=by_link, **form.cleaned_data)):
        return redirect(reverse("own_link", args=[token], query={"told": 1}))
    return _offer(request, file, token, form)


def _offer(request: HttpRequest, file: OwnFile, token: str, form: OwnCorrectionForm) -> HttpResponse:
    context = {"file": file, "token": token, "form": form, "has_told": "told" in request.GET}
    return render(request, "louzu/own_link.html", context)


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "louzu/own_link_closed.html", status=404)


def _refuse(
    request: HttpRequest, file: OwnFile, form: PhoneEndForm, sentence: str, *, status: int = 200
) -> HttpResponse:
    form.add_error(None, ValidationError(sentence))
    return _digits(request, file, form, status=status)


def _digits(request: HttpRequest, file: OwnFile, form: PhoneEndForm, *, status: int = 200) -> HttpResponse:
    """Return the first screen: which street, and nothing of the file."""
    context = {"form": form, "asker": asker_of(file.member.street)}
    return render(request, "louzu/own_link_digits.html", context, status=status)


def _is_known(request: HttpRequest, file: OwnFile) -> bool:
    return known.is_known(request, KNOWN, str(file.pk))
