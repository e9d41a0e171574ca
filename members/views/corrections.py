"""Pages of what members say is wrong: written down at the desk, listed, put right or kept with a reason."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from members.forms.corrections import CorrectionForm, SettleForm
from members.ground import access
from members.ground.access import Resource, Right
from members.models import CorrectionRequest, Member, User
from members.rules import putting_right
from members.web.acts import done, writable
from members.web.shell import page

MOST, SETTLED = 200, 50


def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what a member says is wrong."""
    member = writable(request, Member, pk, "street")
    form = CorrectionForm(request.POST or None)
    if form.is_valid() and done(form, lambda: putting_right.ask(member, by=request.user, **form.cleaned_data)):
        messages.success(request, f"已记下{member}的更正请求，办好以后请答复本人。")
        return redirect("person", member.pk)
    return page(request, "members/correction_form.html", title=f"本人说不对：{member}", member=member, form=form)


@require_GET
def corrections(request: HttpRequest) -> HttpResponse:
    """List the requests that wait, the oldest first, and the latest ones settled."""
    if not access.can(cast(User, request.user), Resource.MEMBER, Right.WRITE):
        raise PermissionDenied
    rows = CorrectionRequest.objects.for_user(request.user).select_related("member")
    return page(
        request, "members/corrections.html", title="更正请求",
        waiting=rows.waiting().order_by("made_at", "pk")[:MOST],
        settled=rows.exclude(settled_at=None).order_by("-settled_at", "-pk")[:SETTLED],
    )  # fmt: skip


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _found(request, pk), SettleForm())


@require_POST
def put_right(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that what was wrong has been put right."""
    return _settled(request, pk, putting_right.put_right, "已改好，这一条办结了。")


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the record as it is, with a reason for the member."""
    return _settled(request, pk, putting_right.keep, "没有改，原因记下了，这一条办结了。")


def _settled(request: HttpRequest, pk: int, rule: Callable[..., Any], sentence: str) -> HttpResponse:
    found, form = _found(request, pk), SettleForm(request.POST)
    if form.is_valid() and done(form, lambda: rule(found, by=request.user, **form.cleaned_data)):
        messages.success(request, sentence)
        return redirect("members:corrections")
    return _show(request, found, form)


def _found(request: HttpRequest, pk: int) -> CorrectionRequest:
    return writable(request, CorrectionRequest, pk, "member__street", "made_by", "settled_by")


def _show(request: HttpRequest, found: CorrectionRequest, form: SettleForm) -> HttpResponse:
    return page(request, "members/correction.html", title=f"更正请求：{found.member}", correction=found, form=form)
