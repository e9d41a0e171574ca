"""Pages of transfers: sending a member to another street, the list of both sides, accepting, declining."""

import re

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from members.forms.transfers import AcceptForm, DeclineForm, SendForm
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Member, Transfer
from members.models.consents import NOTICES
from members.models.transfers import receiving_ranges
from members.rules import moving, transferring
from members.web.acts import done, tried, writable
from members.web.returning import way_back
from members.web.shell import page

SHOWN = 200
STREET_PATH = re.compile(r"[0-9]{4}")
NO_UNDO = "接收以后不能撤销。"


def send(request, pk):
    """Send a member to another street, which accepts or not."""
    member = writable(request, Member, pk, "street")
    held, streets = moving.held_by(member, by=request.user), transferring.other_streets(member)
    form = SendForm(request.POST or None, streets=streets, held=held)
    if form.is_valid() and done(form, lambda: transferring.send(member, by=request.user, **form.cleaned_data)):
        messages.success(
            request, f"{member}已转给{form.cleaned_data['to_street'].name}，等对方接收。接收以前什么都不变，可以撤回。"
        )
        return redirect("members:transfers")
    return page(
        request, "members/transfer_send.html", title=f"转到其他街道：{member}", member=member, home=member.home,
        form=form, notice=NOTICES["transfer"], streets=streets, transfer=transferring.waiting_of(member),
    )  # fmt: skip


@require_GET
def transfers(request):
    """List who comes and who goes, what waits first."""
    if not access.can(request.user, Resource.MEMBER, Right.WRITE):
        raise PermissionDenied
    asked = request.GET.get("place", "")
    place = asked if STREET_PATH.fullmatch(asked) else ""
    arriving = _listed(Transfer.objects.arriving(request.user))
    if place:
        arriving = arriving.filter(to_street__path=place)
    leaving = _listed(Transfer.objects.leaving(request.user))
    sent, waiting = Transfer.Status.SENT, Transfer.objects.waiting()
    return page(
        request, "members/transfers.html", title="转接", receives=bool(receiving_ranges(request.user)), place=place,
        arriving=arriving & waiting, leaving=leaving & waiting,
        arrived=arriving.exclude(status=sent)[:SHOWN], left=leaving.exclude(status=sent)[:SHOWN],
    )  # fmt: skip


def _listed(rows):
    return rows.select_related("member__street", "member__employer", "to_street", "settled", "sent_by")


def accept(request, pk):
    """Take in a member whom another street sent: with a home here, as a new record or as one known here."""
    transfer = _received(request, pk)
    same = transferring.matches(transfer) if transfer.status == Transfer.Status.SENT else []
    form = AcceptForm(request.POST or None, user=request.user, transfer=transfer, same=same)
    if form.is_valid() and done(form, lambda: _accept(form, transfer, request.user)):
        messages.success(request, f"已接收{form.record}，住在{form.cleaned_data['to']}。{NO_UNDO}")
        return redirect("person", form.record.pk)
    return page(
        request, "members/transfer_accept.html", title=f"接收：{transfer.member}", transfer=transfer, form=form,
        no_undo=NO_UNDO,
    )  # fmt: skip


def _accept(form, transfer, user) -> None:
    form.record = transferring.accept(transfer, by=user, **form.cleaned_data)


def decline(request, pk):
    """Refuse a member whom another street sent, with a sentence."""
    transfer = _received(request, pk)
    form = DeclineForm(request.POST or None)
    if form.is_valid() and done(form, lambda: transferring.decline(transfer, by=request.user, **form.cleaned_data)):
        messages.success(request, f"没有接收{transfer.member}，原街道会看到原因。")
        return redirect("members:transfers")
    return page(
        request, "members/transfer_decline.html", title=f"不接收：{transfer.member}", transfer=transfer, form=form
    )


@require_POST
def withdraw(request, pk):
    """Take a transfer back before the other street accepts it."""
    transfer = get_object_or_404(_listed(Transfer.objects.for_user(request.user)), pk=pk)
    if tried(request, lambda: transferring.withdraw(transfer, by=request.user)):
        messages.success(request, f"已撤回：{transfer.member}还在原来的住址。")
    return redirect(way_back(request, "members:transfers"))


def _received(request, pk) -> Transfer:
    """Return a transfer to one of the user's streets: 404 outside both sides, 403 for who sent it."""
    transfer = get_object_or_404(_listed(Transfer.objects.for_user(request.user)), pk=pk)
    transferring.require_receiver(transfer, request.user)
    return transfer
