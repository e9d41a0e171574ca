"""Reminding the secretary of a place, or of all places of a level in an area, from the page of thin places."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from activities.forms.places import as_id
from activities.rules import reminding
from members.ground.access import Resource
from members.models import Area
from members.web.acts import tried
from members.web.returning import way_back

NOBODY = "这个社区还没有书记的登录账号，提醒暂时没有人看到，请另外告诉他们。"


@require_POST
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind of one place."""
    area = _area(request, pk)
    act = partial(reminding.remind, area, by=request.user, today=timezone.localdate())
    return _reminded(request, area, act, f"已提醒：{area.name}。")


@require_POST
def remind_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind of all places of the posted level in this area."""
    area = _area(request, pk)
    level = as_id(request.POST.get("level", "")) or 0
    act = partial(reminding.remind_all, area, level=level, by=request.user, today=timezone.localdate())
    return _reminded(request, area, act, f"已提醒“{area.name}”里缺的地方。")


def _area(request: HttpRequest, pk: int) -> Area:
    return get_object_or_404(Area.objects.for_user(request.user, resource=Resource.ACTIVITY), pk=pk)


def _reminded(request: HttpRequest, area: Area, act: Callable[[], Any], done: str) -> HttpResponse:
    if tried(request, act):
        messages.success(request, f"{done}登记以后，提醒会自动消失。")
        if not reminding.has_reader(area, timezone.localdate()):
            messages.warning(request, NOBODY)
    return redirect(way_back(request, "activities:thin", area.pk))
