"""Reporting codes of communities: a poster to hang up, by which in-post members report themselves."""

from typing import Any, cast

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.documents import slip_poster
from feedback.forms.slip_codes import SlipCodeForm
from feedback.models import SlipCode
from feedback.models.codes import SlipCodeQuerySet
from feedback.rules.asking import asker_of
from feedback.rules.slips_coding import open_code
from feedback.views.listed import require_cards
from members.ground import access
from members.ground.access import Resource, Right
from members.models import User
from members.web.acts import done, tried, writable
from members.web.files import download
from members.web.shell import page

MADE = "报到码已生成，{:%Y-%m-%d}以前都可以扫。"
ENDED = "这个码已结束，再扫打不开了。已经报到的不受影响。"


def index(request: HttpRequest) -> HttpResponse:
    """List the codes in use; POST makes the code of a community, or gives the one in use another last day."""
    require_cards(request.user)
    form = SlipCodeForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid() and (made := _made(request, form)):
        return redirect("feedback:slip_code", made.pk)
    codes = _codes(request.user).open().order_by("place__path")
    may_write = access.can(cast(User, request.user), Resource.CARD, Right.WRITE)
    return page(request, "feedback/slip_codes.html", title="报到码", form=form, codes=codes, may_write=may_write)


@require_GET
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the poster of a code, to be printed or projected."""
    found = _find(request, pk)
    return page(
        request, "feedback/slip_code.html", title=f"报到码：{found}", code=found, asker=asker_of(found.place),
        image=segno.make(_address(request, found), error="m").svg_data_uri(scale=8, border=2),
        may_write=access.covers(cast(User, request.user), Resource.CARD, found.place.path, Right.WRITE),
    )  # fmt: skip


@require_GET
def poster(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the poster as a PDF."""
    found = _find(request, pk)
    if not found.is_open:
        return redirect("feedback:slip_code", pk)
    content = slip_poster(found, asker_of(found.place), address=_address(request, found))
    return download(content, f"报到码-{found}.pdf", content_type="application/pdf")


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a code by hand."""
    _find(request, pk)  # an employer's link is not closed here
    found = writable(request, SlipCode, pk, "place")
    if tried(request, found.close):
        messages.success(request, ENDED)
    return redirect("feedback:slip_code", pk)


def _codes(user: Any) -> SlipCodeQuerySet:
    """Return the user's codes on posters; the links that employers hand out are theirs."""
    return SlipCode.objects.for_user(user).filter(employer=None).select_related("place")


def _find(request: HttpRequest, pk: int) -> SlipCode:
    return get_object_or_404(_codes(request.user), pk=pk)


def _made(request: HttpRequest, form: SlipCodeForm) -> SlipCode | None:
    """Return the code; None where the rule refuses, which the form then says."""
    made: list[SlipCode] = []
    if not done(form, lambda: made.append(open_code(**form.cleaned_data))):
        return None
    messages.success(request, MADE.format(made[0].ends_on))
    return made[0]


def _address(request: HttpRequest, found: SlipCode) -> str:
    return request.build_absolute_uri(reverse("feedback:report", args=[found.secret_code]))
