"""The page on which an employer is merged into another."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from members.forms.employers import MergeForm
from members.models import Employer, User
from members.rules import merging
from members.web.acts import done, writable
from members.web.shell import page


def merge(request: HttpRequest, pk: int) -> HttpResponse:
    gone, user = writable(request, Employer, pk), cast(User, request.user)
    if not merging.may_merge(user, [gone]):
        raise PermissionDenied(merging.NOT_YOURS)
    form = MergeForm(request.POST or None, user=user)
    if form.is_valid() and done(form, lambda: merging.merge(gone, by=user, **form.cleaned_data)):
        messages.success(request, f"“{gone}”已并入“{form.cleaned_data['into']}”，旧名称以后也认得。")
        return redirect("admin:members_employer_changelist")
    return page(request, "members/employer_merge.html", title=f"合并单位：{gone}", gone=gone, form=form)
