"""Pairing many at once: a list of proposals to be ticked, changed and saved in one go."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from members.forms.pairings import MOST_ROWS, ProposalForm, chosen_home, chosen_pairs
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, Household, User
from members.models.households import HouseholdQuerySet
from members.rules.building_grid import members_behind
from members.rules.pairing import PairingOutcome, Proposal, by_building, loads, nearest, pair_chosen, propose
from members.views.pairings import compound_path
from members.web.acts import done, numbers
from members.web.shell import page

FEW_HOMES = 10  # so many are offered where the building has no member household of its own


@dataclass(slots=True)
class ProposalRow:
    """A neighbour's household, the member households to choose from, the chosen one, and whether it is ticked."""

    neighbour: Household
    options: list[Household]
    chosen: Household | None
    is_ticked: bool


def proposals(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose pairs for the neighbours of a building or a compound that have none, and save those that are ticked."""
    area = _place(request, pk)
    compound = Area.objects.get(path=compound_path(area))
    form = ProposalForm(request.POST if request.method == "POST" else None)
    doors = Household.objects.for_user(request.user, Right.WRITE).select_related("area")
    if form.is_valid():
        chosen, since = chosen_pairs(request.POST), form.cleaned_data["since"]
        by = cast(User, request.user)
        if done(form, lambda: _add_message(request, pair_chosen(chosen, area=area, since=since, by=by))):
            return redirect("members:proposals", pk)
    homes = list(doors.inside(compound).of_members(timezone.localdate()))
    waiting = _waiting(doors.inside(area))
    most = min(numbers([request.GET.get("most", "")]), default=None)
    proposed = propose(list(waiting[:MOST_ROWS]), homes, load=loads(compound), most=most)
    return page(
        request,
        "members/proposals.html",
        title=f"成批结对：{area.label}",
        area=area,
        form=form,
        rows=_rows(proposed, homes, request.POST if request.method == "POST" else None),
        labels=_labels(homes, area, request.user),
        waiting=waiting.count(),
        most=most,
        has_doors=doors.inside(area).exists(),
    )


def _add_message(request: HttpRequest, outcome: PairingOutcome) -> None:
    skipped = f"另有 {outcome.skipped} 户已经结对，没有重复。" if outcome.skipped else ""
    messages.success(request, f"已结成 {outcome.made} 对。{skipped}")


def _place(request: HttpRequest, pk: int) -> Area:
    """Return a building or compound in which the user may write; 404 outside the scope, 403 without the right."""
    areas = Area.objects.for_user(request.user, resource=Resource.HOUSEHOLD).current()
    area = get_object_or_404(areas.filter(level__gte=Area.Level.STATION), pk=pk)
    if not access.covers(cast(User, request.user), Resource.HOUSEHOLD, area.path, Right.WRITE):
        raise PermissionDenied
    return area


def _waiting(doors: HouseholdQuerySet) -> HouseholdQuerySet:
    today, floor = timezone.localdate(), F("floor").asc(nulls_last=True)
    return doors.of_neighbours(today).unpaired(today).order_by("area__path", "unit", floor, "number")


def _rows(proposed: Iterable[Proposal], homes: list[Household], sent: QueryDict | None) -> list[ProposalRow]:
    """Return the rows of the proposals; after a form that could not be saved, with its choices and ticks."""
    by_pk, own = {home.pk: home for home in homes}, by_building(homes)
    ticked = None if sent is None else numbers(sent.getlist("pick"))
    rows = []
    for neighbour, home in proposed:
        chosen = by_pk.get(chosen_home(sent, neighbour.pk)) if sent else home
        near = own.get(neighbour.area_id) or nearest(neighbour, homes)[:FEW_HOMES]
        options = near if chosen is None or chosen in near else [chosen, *near]
        is_ticked = neighbour.pk in ticked if ticked is not None else home is not None
        rows.append(ProposalRow(neighbour, options, chosen, is_ticked))
    return rows


def _labels(homes: list[Household], area: Area, user: Any) -> dict[int, str]:
    """Return each member household's (id) label in the choices, with its building where that is another one."""
    behind = members_behind([(home.area_id, home.room) for home in homes], user=user)
    return {
        home.pk: " ".join(
            filter(
                None,
                [
                    home.area.name if home.area_id != area.pk else "",
                    home.room,
                    "、".join(behind[home.area_id, home.room]),
                ],
            )
        )
        for home in homes
    }
