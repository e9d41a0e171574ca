"""The page of one slip, and the steps on it; typing one from paper."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.documents import receipt_paper
from feedback.feed.slips import signed
from feedback.forms.slips import AcceptSlipForm, AskForm, EndSlipForm, ForwardForm, PaperForm, PlaceSlipForm, SayForm
from feedback.models import Slip
from feedback.rules import slips_asking, slips_closing
from feedback.rules.receiving import By
from feedback.rules.slips_accepting import accept as accept_slip
from feedback.rules.slips_forwarding import forward as forward_slip
from feedback.rules.slips_forwarding import may_forward, streets_to_forward
from feedback.rules.slips_matching import candidates
from feedback.rules.slips_sending import send_slips
from members.ground.access import Resource, Right, scope_paths
from members.models import Area
from members.models.areas import SEGMENT
from members.web.acts import done, tried
from members.web.files import download
from members.web.returning import way_back
from members.web.shell import page

Status = Slip.Status
ELSEWHERE = "已登记。住址看不准，或者不在您的社区，所以这张报到单由街道或者那个社区接着办，您的名单里没有它。"


@require_GET
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a slip, who may be meant, and the steps that are open."""
    return _page(request, _find(request, pk))


@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept a slip: from the list as it is, from its page with what was chosen there."""
    found = _writable(request, pk)
    if "who" not in request.POST:
        if tried(request, lambda: accept_slip(found, by=request.user)):  # type: ignore[arg-type]
            messages.success(request, f"已接收{found.name}，回执已备好。")
            return redirect(way_back(request, "feedback:slips"))
        return redirect("feedback:slip", pk)
    form = AcceptSlipForm(request.POST, slip=found, meant=candidates(found, by=request.user), user=request.user)  # type: ignore[arg-type]
    if form.is_valid() and done(form, lambda: accept_slip(found, by=request.user, **form.cleaned_data)):  # type: ignore[arg-type]
        messages.success(request, f"已接收{found.name}，回执已备好。")
        return redirect("feedback:slip", pk)
    return _page(request, _find(request, pk), accepting=form)


@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the sender what is not clear."""
    return _step(request, pk, AskForm(request.POST), slips_asking.ask, "已请对方核对。", name="asking")


@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the member does not live in the street."""
    return _step(request, pk, SayForm(request.POST), slips_closing.decline, "已退回：不在本街道。", name="declining")


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an accepted slip; what the member is now, the secretary decides on their page."""
    by = By(user=request.user)  # type: ignore[arg-type]
    found = _writable(request, pk)
    form = EndSlipForm(request.POST)
    if form.is_valid() and done(form, lambda: slips_closing.end(found, by=by, **form.cleaned_data)):
        messages.success(request, f"报到已结束。{found.name}现在在哪个单位、住不住这里，请在党员页面上改。")
        return redirect("feedback:slip", pk)
    return _page(request, _find(request, pk), ending=form)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a slip: because its member says so, or because it is a double."""
    found = _writable(request, pk)
    who = request.POST.get("who") if request.POST.get("who") in ("member", "community") else ""
    by = By(user=request.user)  # type: ignore[arg-type]
    if not who:
        messages.error(request, "请选是本人要撤回，还是重复的。")
    elif tried(request, lambda: slips_closing.withdraw(found, withdrawer=who, by=by)):
        messages.success(request, "已撤回。")
    return redirect("feedback:slip", pk)


@require_POST
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a slip to a community of its street."""
    found = _writable(request, pk)
    form = PlaceSlipForm(request.POST, slip=found)
    if form.is_valid() and done(form, lambda: slips_asking.place(found, by=request.user, **form.cleaned_data)):  # type: ignore[arg-type]
        messages.success(request, f"已交给{form.cleaned_data['community']}办。")
        return redirect("feedback:slips")
    return _page(request, _find(request, pk), placing=form)


@require_POST
def forward(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a slip to another street of the installation; the street office does."""
    found = _writable(request, pk)
    form = ForwardForm(request.POST, streets=streets_to_forward(found))
    if form.is_valid() and done(form, lambda: forward_slip(found, form.street, by=request.user)):  # type: ignore[arg-type]
        messages.success(request, f"已转给{form.street}，发来的一方看得到转到了哪里。")
        return redirect("feedback:slips")
    return _page(request, _find(request, pk), forwarding=form)


def phone(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the phone number in full, and record the access."""
    found = _writable(request, pk)
    number = slips_asking.reveal_phone(found) if request.method == "POST" else ""
    return page(request, "feedback/slip_phone.html", title=f"完整电话：{found.name}", slip=found, number=number)


@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the receipt as a page to print."""
    found = _receipt(request, pk)
    return download(
        receipt_paper(found, title="报到回执"), f"报到回执-{found.slip.number}.pdf", content_type="application/pdf"
    )


@require_GET
def receipt_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the signed receipt for a system."""
    found = _receipt(request, pk)
    content = orjson.dumps(signed(found), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return download(content, f"报到回执-{found.slip.number}.json", content_type="application/json")


def add(request: HttpRequest) -> HttpResponse:
    """Type a slip that came on paper."""
    scope = scope_paths(request.user, Resource.CARD, Right.WRITE)  # type: ignore[arg-type]
    paths = {path[:SEGMENT] for path in scope}
    streets = list(Area.objects.streets().current().filter(path__in=paths).order_by("name"))
    if not streets:
        raise PermissionDenied
    form = PaperForm(request.POST if request.method == "POST" else None, streets=streets)
    if form.is_valid() and (sent := _typed(request, form)):
        if not _slips(request).filter(pk=sent.slip.pk).exists():
            messages.success(request, ELSEWHERE)
            return redirect("feedback:slips")
        messages.success(request, "已登记。" if sent.is_new else "这张报到单已经登记过，就是这一张。")
        return redirect("feedback:slip", sent.slip.pk)
    return page(request, "feedback/slip_form.html", title="登记纸质报到单", form=form)


def _typed(request: HttpRequest, form: PaperForm) -> Any:
    """Return the answer of the rule for the typed slip; None, with sentences on the form, where it refuses."""
    by = By(user=request.user)  # type: ignore[arg-type]
    [sent] = send_slips([form.row], street=form.chosen_street, origin=Slip.Origin.PAPER, by=by)
    for name, sentences in sent.errors.items():
        form.add_error(name if name in form.fields else None, sentences)  # type: ignore[arg-type]
    return sent if sent.slip else None


def _step(
    request: HttpRequest, pk: int, form: forms.Form, rule: Callable[..., object], told: str, *, name: str
) -> HttpResponse:
    """Run a step with the values of its form, and show the slip."""
    found = _writable(request, pk)
    if form.is_valid() and done(form, lambda: rule(found, by=request.user, **form.cleaned_data)):
        messages.success(request, told)
        return redirect("feedback:slip", pk)
    return _page(request, _find(request, pk), **{name: form})


def _page(request: HttpRequest, found: Slip, **tried_forms: forms.Form) -> HttpResponse:
    """Show the slip with the forms of the steps that are open; a form that was refused keeps what was typed."""
    is_mine = Slip.objects.for_user(request.user, Right.WRITE).filter(pk=found.pk).exists()
    offered: dict[str, Any] = {}
    if is_mine and found.is_waiting:
        meant = candidates(found, by=request.user)  # type: ignore[arg-type]
        offered["accepting"] = AcceptSlipForm(slip=found, meant=meant, user=request.user)
        offered |= {"asking": AskForm(), "declining": SayForm(), "placing": PlaceSlipForm(slip=found)}
        streets = streets_to_forward(found) if may_forward(found, request.user) else []
        offered |= {"forwarding": ForwardForm(streets=streets)} if streets else {}
    elif is_mine and found.status == Status.ACCEPTED:
        offered["ending"] = EndSlipForm()
    for name in tried_forms.keys() - offered.keys():  # the step is not open any more, and its form is not shown
        messages.error(request, "".join(map(str, tried_forms.pop(name).non_field_errors())))
    return page(
        request, "feedback/slip.html", title=f"报到单：{found.name or '（已清空）'}", slip=found, is_mine=is_mine,
        trail=sorted(_trail(found)), receipt=getattr(found, "receipt", None), **(offered | tried_forms),
        back=reverse("feedback:slips", query={"show": "sent" if found.status == Status.SENT else ""}),
    )  # fmt: skip


def _trail(found: Slip) -> Iterator[tuple[datetime, str]]:
    """Yield what happened to the slip, by moment."""
    yield found.sent_at, f"{found.get_origin_display()}"
    asked = f"{found.get_asked_code_display()}　{found.asked_text}".strip()
    moments = (
        (found.asked_at, f"请对方核对：{asked}"),
        (found.forwarded_at, f"转给{found.continued_by.street}" if hasattr(found, "continued_by") else "转给其他街道"),
        (found.accepted_at, "接收" + ("（就是已登记的）" if found.was_known else "")),
        (found.declined_at, f"退回：不在本街道　{found.declined_text}"),
        (found.withdrawn_at, f"撤回：{found.get_withdrawn_by_display()}"),
        (found.ended_at, f"结束：{found.get_ended_code_display()}　{found.ended_text}"),
    )
    yield from ((moment, told) for moment, told in moments if moment)


def _slips(request: HttpRequest, right: Right = Right.READ) -> Any:
    return Slip.objects.for_user(request.user, right).with_facts()


def _find(request: HttpRequest, pk: int) -> Slip:
    return get_object_or_404(_slips(request), pk=pk)


def _writable(request: HttpRequest, pk: int) -> Slip:
    """Return the slip: 404 outside the scope, 403 inside it without the right to write."""
    found = _slips(request, Right.WRITE).filter(pk=pk).first()
    if found is None:
        _find(request, pk)
        raise PermissionDenied
    return found


def _receipt(request: HttpRequest, pk: int) -> Any:
    found = getattr(_find(request, pk), "receipt", None)
    if found is None:
        raise Http404
    return found
