"""Verifying the audit trail by a button; it takes a while, so a background task does it."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from members.ground import access
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.models import User
from members.rules import trail
from members.work import jobs


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Begin to verify all chains of the trail; only who reads all of them may."""
    if access.EVERYWHERE not in access.reach(cast(User, request.user), Resource.AUDIT):
        raise PermissionDenied
    with atomic_write():
        jobs.enqueue(trail.verify_all)
    messages.success(request, "正在校验，完成以后首页会写出结果。记录很多时要几分钟。")
    return redirect("home")
