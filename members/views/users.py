"""Actions on users and tokens: each asks once, then acts."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from members.forms.posts import StreetsForm
from members.ground import access
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.first_password import first_password
from members.login import resetting
from members.models import StaffToken, User
from members.rules.appointing import NOT_YOURS, require_given, set_above
from members.web import handover
from members.web.acts import done
from members.web.shell import page


def reset_password(request, pk):
    user = _given(request, pk)
    if request.method == "POST":
        made = first_password()
        user = resetting.reset_password(pk, made, by=cast(User, request.user))
        handover.tell(request, pk, f"“{user}”的新密码是 {made.text}", made.text)
        return redirect("admin:members_user_change", pk)
    question = f"确定要为“{user}”重设密码吗？原来的密码和接口密钥将不能再用，已经登录的也会退出。"
    return _confirmation(request, "重设密码", question)


def unlock(request, pk):
    user = _given(request, pk)
    if request.method == "POST":
        resetting.unlock(pk, by=cast(User, request.user))
        messages.success(request, f"“{user}”现在可以再次登录。")
        return redirect("admin:members_user_change", pk)
    return _confirmation(request, "解除登录锁定", f"“{user}”因多次输错密码被暂时锁定，确定要解除吗？")


def reset_second_factor(request, pk):
    user = _given(request, pk)
    if request.method == "POST":
        resetting.reset_second_factor(pk, by=cast(User, request.user))
        messages.success(request, f"“{user}”下次登录时重新设置验证器。")
        return redirect("admin:members_user_change", pk)
    question = (
        f"“{user}”的手机丢了或换了？确定后，原来的验证器和接口密钥不能再用，已经登录的也会退出，下次登录时重新设置。"
    )
    return _confirmation(request, "重设验证器", question)


def streets(request, pk):
    """Give the district's post in many streets at once; one that is held already is only named."""
    user = _given(request, pk)
    if PostKind.DISTRICT not in access.grantable(request.user):
        raise PermissionDenied(NOT_YOURS)
    form = StreetsForm(request.POST if request.method == "POST" else None, user=user, by=request.user)
    if form.is_valid() and done(form, lambda: set_above(pk, form.chosen, by=request.user)):
        messages.success(request, f"“{user}”现在可以看这些街道的数字：{form.names}。")
        return redirect("admin:members_user_change", pk)
    return page(request, "members/streets.html", title=f"区级：给“{user}”选街道", form=form, holder=user)


def revoke_token(request, pk):
    tokens = StaffToken.objects.for_user(request.user).filter(revoked_at=None)
    token = get_object_or_404(tokens, pk=pk)
    if request.method == "POST":
        with atomic_write():
            get_object_or_404(tokens.select_for_update(no_key=True, of=("self",)), pk=pk).revoke()
        messages.success(request, f"密钥“{token}”已停用。")
        return redirect("admin:members_stafftoken_changelist")
    return _confirmation(request, "停用密钥", f"确定要停用“{token}”吗？用它的程序将不能再取数据。")


def _given(request: HttpRequest, pk: int) -> User:
    """Return a user whose login opens only what this user could give; 404 outside the scope, 403 inside it."""
    user = get_object_or_404(User.objects.for_user(request.user), pk=pk)
    require_given(user, by=cast(User, request.user))
    return user


def _confirmation(request: HttpRequest, title: str, question: str) -> HttpResponse:
    return page(request, "members/confirm.html", title=title, question=question)
