"""Pages of doors: the list of buildings, a building's grid where two clicks make a pair, and each door."""

from collections import defaultdict
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from members.forms.households import DoorForm, LayOutForm, NameForm
from members.forms.pairings import PairForm
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.rooms import fold_room
from members.models import Area, Household, Pairing, User
from members.models.areas import SEGMENT
from members.rules import housing
from members.rules.building_grid import grid_of, members_behind
from members.rules.coverage import coverage
from members.rules.pairing import SIDES
from members.views.pairings import compound_path
from members.web.acts import done, numbers, tried, writable
from members.web.places import places
from members.web.shell import page


def buildings(request: HttpRequest) -> HttpResponse:
    """List compounds, then their buildings; a user with a single building is redirected to it."""
    if not access.can(cast(User, request.user), Resource.HOUSEHOLD):
        raise PermissionDenied
    mine = Area.objects.for_user(request.user, resource=Resource.HOUSEHOLD).current()
    found = places(request, Resource.HOUSEHOLD)
    only = mine.filter(level=Area.Level.BUILDING_GROUP)[:2]
    if len(only) == 1:
        return redirect("members:building", only[0].pk)
    path = found.chosen.path if found.chosen else access.scope_path(cast(User, request.user), Resource.HOUSEHOLD)
    area = found.chosen or Area.objects.filter(path=path).first() or mine.first()
    is_near = area is not None and area.level >= Area.Level.COMMUNITY
    rows = _rows(area, mine, Area.Level.BUILDING_GROUP if is_near else Area.Level.STATION) if area else []
    compounds: dict[str, list] = defaultdict(list)
    for row in rows:
        compounds[row.area.path[: Area.Level.STATION * SEGMENT]].append(row)
    heads = {each.path: each for each in mine.filter(path__in=compounds)}
    return page(
        request,
        "members/buildings.html",
        title="家庭与结对",
        places=found,
        is_near=is_near,
        compounds=[(heads.get(path), inside) for path, inside in compounds.items()],
    )


def _rows(area: Area, mine, level: int) -> list:
    return coverage(area, areas=mine, day=timezone.localdate(), level=level).rows


def building(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a building's grid; pair a member's household and a neighbour's, clicked one after the other."""
    place = _building(request, pk, Right.WRITE if request.method == "POST" else Right.READ)
    form = _pair_form(request, place)
    if form.is_valid() and done(form, form.pair):
        return redirect(f"{reverse('members:building', args=[pk])}?{_after(form)}#made")
    partner = _partner(request, place)
    grid = grid_of(place, user=request.user, day=timezone.localdate())
    if grid.is_empty:
        return redirect(f"{reverse('members:lay_out', args=[pk])}{_partner_query(request)}")
    return page(
        request,
        "members/building.html",
        title=place.label,
        place=place,
        compound=compound_path(place),
        grid=grid,
        form=form,
        partner=partner,
        side="household" if partner and partner.has_members else "neighbour",
        made=_made(request),
        may_write=access.covers(cast(User, request.user), Resource.HOUSEHOLD, place.path, Right.WRITE),
    )


def _pair_form(request: HttpRequest, place: Area) -> PairForm:
    since = request.GET.get("since", "")
    sent = request.POST if request.method == "POST" else None
    initial = {"since": since} if since[:4].isdecimal() else None
    return PairForm(sent, user=request.user, compound=compound_path(place), initial=initial)


def _after(form: PairForm) -> str:
    """Return the query for the page after pairing: the new pairing, and its day if the next one is to have it too."""
    since = form.cleaned_data["since"]
    kept = {} if since == timezone.localdate() else {"since": since.isoformat()}
    return urlencode({"made": form.pairing.pk} | kept)


def _partner(request: HttpRequest, place: Area) -> Household | None:
    """Return the household in another building (`with` in the query) to be paired with one here."""
    doors = Household.objects.for_user(request.user, Right.WRITE).select_related("area").exclude(area=place)
    near = access.within("area__path", [access.subtree(compound_path(place))])
    return doors.filter(near, pk__in=numbers([request.GET.get("with", "")])).first()


def _made(request: HttpRequest) -> Pairing | None:
    """Return the pairing made just now (`made` in the query), if it can still be undone."""
    mine = Pairing.objects.for_user(request.user, Right.WRITE).current().select_related(*SIDES)
    made = mine.filter(pk__in=numbers([request.GET.get("made", "")])).first()
    return made if made and made.is_new else None


def _building(request: HttpRequest, pk: int, right: Right = Right.WRITE) -> Area:
    """Return a building group; 404 outside the scope, 403 inside it without the right."""
    groups = Area.objects.for_user(request.user, resource=Resource.HOUSEHOLD).current()
    place = get_object_or_404(groups.filter(level=Area.Level.BUILDING_GROUP), pk=pk)
    if not access.covers(cast(User, request.user), Resource.HOUSEHOLD, place.path, right):
        raise PermissionDenied
    return place


def lay_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Make all doors of a building at once; done again, add the missing doors and remove the mistaken ones."""
    place = _building(request, pk)
    shape, _ = housing.shape_of_building(place)
    form = LayOutForm(request.POST if request.method == "POST" else None, initial=shape._asdict())
    if form.is_valid():
        try:
            added, removed = housing.lay_out(place, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"新增 {added} 户{f'，去掉多余的 {removed} 户' if removed else ''}。")
            return redirect(f"{reverse('members:building', args=[pk])}{_partner_query(request)}")
    has_doors = Household.objects.inside(place).exists()
    return page(request, "members/lay_out.html", title=place.label, place=place, form=form, has_doors=has_doors)


def _partner_query(request: HttpRequest) -> str:
    """Return the query that keeps the household to be paired with, while the doors of this building are made."""
    picked = numbers([request.GET.get("with", "")])
    return f"?with={min(picked)}" if picked else ""


@require_POST
def member_doors(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the doors of members who moved in since the building was laid out."""
    place = _building(request, pk)
    try:
        added = housing.add_rooms(place)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("members:buildings")
    messages.success(request, f"补上 {added} 户。")
    return redirect("members:building", pk)


def door_add(request: HttpRequest, pk: int) -> HttpResponse:
    place = _building(request, pk)
    form = DoorForm(request.POST if request.method == "POST" else None, instance=Household(area=place))
    if form.is_valid() and done(form, lambda: housing.add_door(place, **form.cleaned_data)):
        messages.success(request, f"已加上 {fold_room(form.cleaned_data['room'])}。")
        return redirect("members:building", pk)
    return page(request, "members/door_form.html", title=f"加一户：{place.label}", form=form, place=place)


def household(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a door, rename it, list its pairings, and link to pairing it in another building and to its removal."""
    door = writable(request, Household, pk, "area")
    form = NameForm(request.POST if request.method == "POST" else None, instance=door)
    if form.is_valid() and done(form, lambda: housing.change_door(door, **form.cleaned_data)):
        messages.success(request, "称呼已保存。")
        return redirect("members:household", pk)
    pairings = Pairing.objects.for_user(request.user).of(door).select_related(*SIDES).order_by("until", "-since")
    behind = members_behind([(door.area_id, door.room)], user=request.user)
    near = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.HOUSEHOLD).current()
    near = near.filter(
        access.within("path", [access.subtree(compound_path(door.area))]), level=Area.Level.BUILDING_GROUP
    )
    return page(
        request,
        "members/household.html",
        title=str(door),
        door=door,
        form=form,
        names=behind.get((door.area_id, door.room), []),
        is_of_members=door.has_members,
        pairings=[(pairing, pairing.other_side(door)) for pairing in pairings],
        elsewhere=near.exclude(pk=door.area_id),
    )


def household_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then remove a door that was made by mistake."""
    door = writable(request, Household, pk, "area")
    if request.method == "POST":
        if tried(request, door.remove):
            messages.success(request, f"已去掉 {door.room}。")
            return redirect("members:building", door.area_id)
        return redirect("members:household", pk)
    question = f"确定要去掉 {door} 吗？只有登记错的、从来没有结对过的门才需要去掉。"
    return page(request, "members/confirm.html", title="去掉这一户", question=question, danger=True)
