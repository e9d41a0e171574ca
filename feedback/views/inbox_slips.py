"""A unit's slips: the list, one of them, and the steps on it; the same rules as the API's."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from feedback.feed.pulls import record_pull
from feedback.forms.slips_of_units import SLIP_TABS, LeavingForm, QuestionForm
from feedback.models import Contact, Slip
from feedback.models.counterparts import Counterpart
from feedback.rules import slips_closing, slips_of_units
from feedback.rules.receiving import By
from feedback.rules.slips_of_units import shown_status, slips_of, with_status
from feedback.views.contacts import chosen, contacts_of
from members.web.acts import done, tried
from members.web.shell import page

PAGE = 50
Status, Origin, Ours = Slip.Status, Slip.Origin, Slip.Ours
TURN = Case(*(When(status=status, then=Value(turn)) for turn, status in enumerate(SLIP_TABS)), default=Value(9))
UNSAID = Q(origin=Origin.MEMBER, employer_says="", untold_at=None, status__in=("sent", "asked", "accepted"))


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the unit's slips, those that are asked about first."""
    contacts = contacts_of(request)
    contact = chosen(request, contacts)
    show = request.GET.get("show", "")
    show = show if show in Status.values else ""
    slips = slips_of(contact.counterpart)
    counts = _counts(slips)
    rows = with_status(slips, show) if show else slips
    shown = Paginator(rows.order_by(TURN, "-pk"), PAGE).get_page(request.GET.get("p"))
    listed = list(shown.object_list)
    for slip in listed:
        slip.state = shown_status(slip)
        slip.state_label = SLIP_TABS[slip.state]
    shown.object_list = listed
    if listed:
        record_pull(contact, rows=len(listed), filters=["show"] if show else [], what=Slip)
    return page(
        request, "feedback/inbox_slips.html", title="报到单", contact=contact, contacts=contacts, shown=shown,
        show=show,        tabs=[(status, label, counts.get(status, 0)) for status, label in SLIP_TABS.items()],
        total=sum(counts.values()), asked=counts.get(Status.ASKED, 0),
        unsaid=Slip.objects.of_counterpart(contact.counterpart).filter(UNSAID).count(),
        streets=len({each.street_id for each in contacts}),
    )  # fmt: skip


@require_GET
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a slip and what can be done."""
    contact, found = mine(request, pk)
    record_pull(contact, rows=1, row=found)
    return slip_page(request, contact, found)


def slip_page(request: HttpRequest, contact: Contact, found: Slip, **forms: Any) -> HttpResponse:
    """Return the page of a slip, with the form that was posted and invalid, so that nothing typed is lost."""
    state, is_sender = shown_status(found), found.origin == Origin.EMPLOYER
    is_ours = is_sender or found.employer_says == Ours.OURS
    return page(
        request,
        "feedback/inbox_slip.html",
        title=f"报到单 {found.number}",
        slip=found,
        contact=contact,
        state=state,
        state_label=SLIP_TABS[state],
        is_sender=is_sender,
        may_answer=is_sender and state == Status.ASKED,
        may_withdraw=is_sender and state in (Status.SENT, Status.ASKED, Status.ACCEPTED),
        may_end=is_ours and state == Status.ACCEPTED,
        may_say=not is_sender and not found.employer_says and state in (Status.SENT, Status.ASKED, Status.ACCEPTED),
        receipt=found.receipt if state in (Status.ACCEPTED, Status.ENDED) else None,
        **{"answer_form": QuestionForm(), "end_form": LeavingForm()} | forms,
    )


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what the community asked."""
    contact, found = mine(request, pk)
    form = QuestionForm(request.POST)
    if not form.is_valid() or not done(
        form, lambda: slips_of_units.answer_own(found, by=_by(request), **form.cleaned_data)
    ):
        return slip_page(request, contact, found, answer_form=form)
    messages.success(request, "已回答，社区会接着核对。")
    return redirect("feedback:inbox_slip", pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a slip that the unit sent."""
    return _stepped(request, pk, slips_of_units.withdraw_own, "已撤回。")


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the member left the unit or retired."""
    contact, found = mine(request, pk)
    form = LeavingForm(request.POST)
    if not form.is_valid() or not done(
        form, lambda: slips_of_units.end_own(found, by=_by(request), **form.cleaned_data)
    ):
        return slip_page(request, contact, found, end_form=form)
    messages.success(request, "已告诉社区。")
    return redirect("feedback:inbox_slip", pk)


@require_POST
def ours(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether the member who named the unit is theirs."""
    is_ours = request.POST.get("is_ours") == "yes"
    said = "已答复：是我们的人。" if is_ours else "已答复：不是我们的人。以后不再告诉您这张单。"
    return _stepped(request, pk, lambda slip, by: slips_closing.ours(slip, is_ours=is_ours, by=by), said)


def mine(request: HttpRequest, pk: int) -> tuple[Contact, Slip]:
    """Return the slip and the user's contact for it; 404 where it is none of the user's units'."""
    contacts = {contact.counterpart: contact for contact in contacts_of(request)}
    found = get_object_or_404(slips_of(*contacts), pk=pk)
    assert found.employer_id
    return contacts[Counterpart(found.employer_id, found.sent_to_id)], found


def _stepped(request: HttpRequest, pk: int, act: Callable[..., object], said: str) -> HttpResponse:
    found = mine(request, pk)[1]
    if tried(request, lambda: act(found, by=_by(request))):
        messages.success(request, said)
    return redirect("feedback:inbox_slip", pk)


def _by(request: HttpRequest) -> By:
    return By(user=request.user)  # type: ignore[arg-type]


def _counts(slips: Any) -> dict[str, int]:
    """Count the slips by the status in which the unit sees them."""
    counts = dict(slips.filter(untold_at=None).order_by().values_list("status").annotate(Count("pk")))
    gone = slips.filter(untold_at__isnull=False).count()
    return counts | ({Status.WITHDRAWN: counts.get(Status.WITHDRAWN, 0) + gone} if gone else {})
