"""Pages of a member: moving house, moving away, the phone number in full."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect

from members.forms.homes import DayForm, MoveForm
from members.ground.access import Right
from members.models import Member
from members.web.acts import done, writable
from members.web.shell import page


def move(request, pk):
    """Move house, or come back after having moved away."""
    member = writable(request, Member, pk)
    form = MoveForm(request.POST or None, user=request.user)
    if form.is_valid() and done(form, lambda: member.move(**form.cleaned_data)):
        messages.success(request, f"{member}已迁到{form.cleaned_data['to'].label}。")
        return redirect("person", pk)
    title = f"办理迁居：{member}"
    return page(
        request, "members/home_form.html", title=title, member=member, home=member.home, form=form, verb="办理迁居"
    )


def leave(request, pk):
    """Move away: the home ends, the record stays."""
    member = writable(request, Member, pk)
    form = DayForm(request.POST or None)
    if form.is_valid() and done(form, lambda: member.leave(**form.cleaned_data)):
        messages.success(request, f"{member}已办理迁出，记录保留。迁回时点“办理迁居”。")
        return redirect("person", pk)
    title = f"办理迁出：{member}"
    return page(
        request, "members/home_form.html", title=title, member=member, home=member.home, form=form, verb="办理迁出"
    )


def phone(request, pk):
    """Show a phone number in full, and record the access."""
    member = get_object_or_404(Member.objects.for_user(request.user), pk=pk)
    if not Member.objects.for_user(request.user, Right.REVEAL).filter(pk=pk).exists():
        raise PermissionDenied
    number = ""
    if request.method == "POST":
        number = member.reveal_phone() or "没有登记电话"
    return page(request, "members/phone.html", title=f"完整电话：{member}", member=member, number=number)
