"""Small acts on users and tokens: each asks once, then does it."""

from axes.utils import reset
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect

from members import audit, second_factor
from members.atomic import atomic_write
from members.models import StaffToken, User
from members.views.acts import writable
from members.views.page import page


def reset_password(request, pk):
    user = writable(request, User, pk)
    if request.method == "POST":
        with atomic_write():
            password = user.set_first_password()
            user.save()
        messages.warning(request, f"“{user}”的新密码是 {password}（只显示这一次，请当面告知；首次登录须修改）。")
        return redirect("admin:members_user_change", pk)
    return page(
        request,
        "members/confirm.html",
        title="重设密码",
        question=f"确定要为“{user}”重设密码吗？原来的密码将不能再用。",
    )


def unlock(request, pk):
    user = writable(request, User, pk)
    if request.method == "POST":
        with atomic_write():
            reset(username=user.username)
            audit.record("change", user, changes={"login": ["locked", "open"]})
        messages.success(request, f"“{user}”现在可以再次登录。")
        return redirect("admin:members_user_change", pk)
    return page(
        request,
        "members/confirm.html",
        title="解除登录锁定",
        question=f"“{user}”因多次输错密码被暂时锁定，确定要解除吗？",
    )


def reset_second_factor(request, pk):
    user = writable(request, User, pk)
    if request.method == "POST":
        with atomic_write():
            second_factor.forget(user)
        messages.success(request, f"“{user}”下次登录时重新设置验证器。")
        return redirect("admin:members_user_change", pk)
    return page(
        request,
        "members/confirm.html",
        title="重设验证器",
        question=f"“{user}”的手机丢了或换了？确定后，原来的验证器不能再用，下次登录时重新设置。",
    )


def revoke_token(request, pk):
    token = get_object_or_404(StaffToken.objects.for_user(request.user).filter(revoked_at=None), pk=pk)
    if request.method == "POST":
        with atomic_write():
            token.revoke()
        messages.success(request, f"密钥“{token}”已停用。")
        return redirect("admin:members_stafftoken_changelist")
    return page(
        request, "members/confirm.html", title="停用密钥", question=f"确定要停用“{token}”吗？用它的程序将不能再取数据。"
    )
