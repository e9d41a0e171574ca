"""Pages of pairings: shown, ended one by one or several at once, undone."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from members.forms.pairings import EndForm
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, Pairing, User
from members.models.areas import SEGMENT
from members.rules.building_grid import members_behind
from members.rules.pairing import SIDES, end_all, resume
from members.web.acts import done, numbers, tried, writable
from members.web.returning import way_back
from members.web.shell import page

MOST_ENDED = 500


def compound_path(building: Area) -> str:
    return building.path[: Area.Level.STATION * SEGMENT]


def pairing(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a pairing, and end it."""
    pairing = get_object_or_404(Pairing.objects.for_user(request.user).select_related(*SIDES), pk=pk)
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        writable(request, Pairing, pk)
        if form.is_valid() and done(form, lambda: pairing.end(**form.cleaned_data)):
            messages.success(request, f"已结束结对：{pairing}。记录保留。")
            return redirect("members:pairing", pk)
        pairing.refresh_from_db(fields=["until"])
    doors = [(door.area_id, door.room) for door in (pairing.household, pairing.neighbour)]
    behind = members_behind(doors, user=request.user)
    return page(
        request,
        "members/pairing.html",
        title="结对",
        pairing=pairing,
        names=[behind.get(door, []) for door in doors],
        form=form,
        may_write=Pairing.objects.for_user(request.user, Right.WRITE).filter(pk=pk).exists(),
    )


@require_POST
def pairing_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a pairing that was registered by mistake today."""
    pairing = writable(request, Pairing, pk, *SIDES)
    if tried(request, pairing.undo):
        messages.success(request, f"已撤销：{pairing}。")
        return redirect(way_back(request, "members:building", pairing.household.area_id))
    return redirect(way_back(request, "members:pairing", pk))


@require_POST
def pairing_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a pairing that was ended by mistake go on."""
    pairing = writable(request, Pairing, pk, *SIDES)
    if tried(request, lambda: resume(pairing)):
        messages.success(request, f"已恢复结对：{pairing}。")
    return redirect(way_back(request, "members:pairing", pk))


def pairings_end(request: HttpRequest) -> HttpResponse:
    """End several pairings at once: those ticked in the list, whose ids are in the query."""
    if not access.can(cast(User, request.user), Resource.HOUSEHOLD, Right.WRITE):
        raise PermissionDenied
    picked = numbers(request.GET.getlist("pick")[:MOST_ENDED])
    mine = Pairing.objects.for_user(request.user, Right.WRITE).filter(until=None)
    pairings = list(mine.filter(pk__in=picked).select_related(*SIDES))
    if not pairings:
        messages.error(request, "请先在名单里勾选要结束的结对。")
        return redirect("members:pairings")
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        paths = access.scope_paths(cast(User, request.user), Resource.HOUSEHOLD, Right.WRITE)
        if done(form, lambda: end_all(pairings, on=form.cleaned_data["on"], paths=paths)):
            messages.success(request, f"已结束 {len(pairings):,} 对结对。记录保留。")
            return redirect("members:pairings")
    return page(request, "members/pairings_end.html", title="成批结束结对", pairings=pairings, form=form)
