"""Pages of a member: moving house, moving away, the phone number in full."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from members.forms.homes import LeaveForm, MoveForm
from members.ground.access import Right
from members.models import Member, Move
from members.rules import moving, transferring
from members.web.acts import done, tried, writable
from members.web.returning import way_back
from members.web.shell import page


def move(request, pk):
    """Move house, or come back after having moved away."""
    member = writable(request, Member, pk)
    home, held = member.home, moving.held_by(member, by=request.user)
    form = MoveForm(request.POST or None, user=request.user, home=home, held=held)
    if form.is_valid() and done(form, lambda: _move(form, moving.settle, member, request.user)):
        messages.success(request, f"{member}已迁到{form.cleaned_data['to'].label}。{_also(form.moved)}")
        return redirect("person", pk)
    return page(
        request, "members/home_form.html", title=f"办理迁居：{member}", member=member, home=home, form=form,
        verb="办理迁居",
    )  # fmt: skip


def leave(request, pk):
    """Move away: the home ends, the record stays."""
    member = writable(request, Member, pk, "street")
    held = moving.held_by(member, by=request.user)
    form = LeaveForm(request.POST or None, held=held)
    if form.is_valid() and done(form, lambda: _move(form, moving.leave, member, request.user)):
        messages.success(request, f"{member}已办理迁出，记录保留。{_also(form.moved)}迁回时点“办理迁居”。")
        return redirect("person", pk)
    return page(
        request, "members/home_form.html", title=f"办理迁出：{member}", member=member, home=member.home, form=form,
        verb="办理迁出", elsewhere=transferring.other_streets(member).exists(),
    )  # fmt: skip


@require_POST
def move_undo(request, pk):
    """Put everything back as it was before a move of the last seven days."""
    move = writable(request, Move, pk, "member", "left__area", "settled__area")
    if tried(request, lambda: moving.undo(move, by=request.user)):
        messages.success(request, f"已撤销{move.member}的{move.get_kind_display()}，和办理以前一样。")
    return redirect(way_back(request, "person", move.member_id))


def _move(form, rule, member, user) -> None:
    form.moved = rule(member, by=user, **form.cleaned_data)


def _also(moved) -> str:
    """Return what ended with the move, in a sentence."""
    ended = moving.ended_with(moved) if moved else []
    return f"一起结束了{'、'.join(ended)}。" if ended else ""


def phone(request, pk):
    """Show a phone number in full, and record the access."""
    member = get_object_or_404(Member.objects.for_user(request.user), pk=pk)
    if not Member.objects.for_user(request.user, Right.REVEAL).filter(pk=pk).exists():
        raise PermissionDenied
    number = ""
    if request.method == "POST":
        number = member.reveal_phone() or "没有登记电话"
    return page(request, "members/phone.html", title=f"完整电话：{member}", member=member, number=number)
