"""Pairs of households: made by two clicks or many at once, looked at, ended, taken back."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from members import access
from members.access import Resource, Right
from members.grid import members_behind
from members.models import Area, Household, Pairing, User
from members.models.areas import SEGMENT
from members.models.households import FIRST_YEAR
from members.pairing import end_all
from members.views.acts import done, numbers, tried, writable
from members.views.page import page

SIDES = ("household__area", "neighbour__area")
MOST_ENDED = 500
MOVED = "这一户不在您的岗位范围内，或已有变动。请刷新页面再试。"


class PastDayField(forms.DateField):
    """A day up to today, as the browser's own calendar gives it."""

    widget = forms.DateInput({"type": "date", "class": "lz-input"}, format="%Y-%m-%d")

    def __init__(self, **options: Any):
        early = MinValueValidator(FIRST_YEAR, f"日期不能早于 {FIRST_YEAR.year} 年，请核对。")
        super().__init__(initial=timezone.localdate, validators=[early], **options)

    def clean(self, value: Any) -> date:
        day = super().clean(value)
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


class PairForm(forms.Form):
    """A member's household and a neighbour's, clicked on the grid."""

    household = forms.ModelChoiceField(
        Household.objects.none(), error_messages={"required": "请点一户党员家庭。", "invalid_choice": MOVED}
    )
    neighbour = forms.ModelChoiceField(
        Household.objects.none(), error_messages={"required": "请点一户还没有结对的邻居。", "invalid_choice": MOVED}
    )
    since = PastDayField(label="结对日期")

    def __init__(self, *args: Any, user: Any, compound: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.pairing = Pairing()
        doors = Household.objects.for_user(user, Right.WRITE).select_related("area")
        doors = doors.filter(access.within("area__path", [access.subtree(compound)]))
        for name in ("household", "neighbour"):
            self.fields[name].queryset = doors  # type: ignore[attr-defined]

    def save(self) -> None:
        self.pairing, _ = Pairing.objects.begin(**self.cleaned_data)


class EndForm(forms.Form):
    on = PastDayField(label="结束日期")


def compound_path(building: Area) -> str:
    return building.path[: Area.Level.STATION * SEGMENT]


def pairing(request: HttpRequest, pk: int) -> HttpResponse:
    """A pair: whose households, since when; from here it is ended."""
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
    """Take back a pair that was registered by mistake today."""
    pairing = writable(request, Pairing, pk, *SIDES)
    if tried(request, pairing.undo):
        messages.success(request, f"已撤销：{pairing}。")
        return redirect("members:building", pairing.household.area_id)
    return redirect("members:pairing", pk)


def pairings_end(request: HttpRequest) -> HttpResponse:
    """End several pairs at once: those ticked in the list, which are in the address."""
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
            messages.success(request, f"已结束 {len(pairings)} 对结对。记录保留。")
            return redirect("members:pairings")
    return page(request, "members/pairings_end.html", title="成批结束结对", pairings=pairings, form=form)
