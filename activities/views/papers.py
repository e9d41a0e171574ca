"""PDFs to print: the booklet of a year's honours, and the plates for stairwells."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from activities.documents import booklet as set_booklet
from activities.documents import named_homes
from activities.documents import plates as set_plates
from activities.forms.honours import HonourPlaceForm
from activities.models import Honour
from members.ground import access
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Area, Member
from members.web.files import download
from members.web.shell import page

PDF = "application/pdf"


@require_GET
def booklet(request, year):
    """Download the honours of a year in the user's scope, or in one area of it."""
    if not access.can(request.user, Resource.HONOUR):
        raise PermissionDenied
    area = HonourPlaceForm(request.GET, user=request.user).chosen
    found = Honour.objects.for_user(request.user).standing().filter(year=year).select_related("area")
    rows = list(found.inside(area) if area else found)
    if not rows:
        messages.error(request, "这一年还没有评优，没有可以印的。")
        return redirect("activities:honours")
    paths = [area.path] if area else access.scope_paths(request.user, Resource.HONOUR)
    place = Area.objects.filter(path=paths[0]).first() if len(paths) == 1 else None
    content = set_booklet(rows, year=year, place=str(place or ""), day=timezone.localdate())
    with atomic_write():
        record("export", Honour, path=paths, changes={"rows": len(rows)})
    return download(content, f"{year}年度楼组评优事迹册.pdf", content_type=PDF)


@require_GET
def plate(request, pk):
    """Download the plate of one building group."""
    group = _place(request, pk, Area.Level.BUILDING_GROUP)
    return _plates(request, group, Area.objects.filter(pk=group.pk))


@require_GET
def plates(request, pk):
    """Download the plates of a compound's building groups, one a page."""
    compound = _place(request, pk, Area.Level.STATION)
    return _plates(request, compound, Area.objects.children_of(compound))


def _place(request, pk: int, level: Area.Level) -> Area:
    return get_object_or_404(Area.objects.for_user(request.user, resource=Resource.MEMBER).filter(level=level), pk=pk)


def _plates(request, area: Area, groups: QuerySet[Area]) -> HttpResponse:
    """Download plates, or show a page where nobody is named. It is audited like every export of members' names."""
    day = timezone.localdate()
    homes = named_homes(request.user, groups, day=day)
    if not homes:
        return page(request, "activities/no_plate.html", title=f"公示牌：{area}", area=area)
    content = set_plates(homes, day=day)
    with atomic_write():
        record("export", Member, path=area.path, changes={"rows": len(homes)}, reason="打印楼道公示牌")
    return download(content, f"公示牌-{area}.pdf", content_type=PDF)
