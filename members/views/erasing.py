"""The page on which the street office erases a member: what goes, what stays, what ends."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect

from members.forms.erasing import EraseForm
from members.models import Member
from members.rules import erasing
from members.web.acts import done
from members.web.shell import page


def erase(request, pk):
    """Say what goes, stays and ends, and erase the member. The answer does not say the name again."""
    member = get_object_or_404(Member.objects.for_user(request.user).select_related("street"), pk=pk)
    if not erasing.erasable(request.user).filter(pk=pk).exists():
        raise PermissionDenied(erasing.NOT_YOURS)
    form = EraseForm(request.POST or None)
    if form.is_valid() and done(form, lambda: erasing.erase(member, by=request.user, **form.cleaned_data)):
        messages.success(request, f"已删除这位党员（编号 {pk}）的个人信息，参加过的活动仍计入人数。")
        return redirect("admin:members_member_changelist")
    return page(
        request, "members/erase.html", title=f"删除个人信息：{member}", member=member, form=form,
        hindrances=erasing.hindrances(member), endings=erasing.endings(member),
    )  # fmt: skip
