"""Lists of the pairings, the member households with and without one, and the neighbours without one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from members.forms.pairings import ReasonForm
from members.ground import access, audit
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.export import workbook
from members.models import Area, Household, Pairing, Residence, User
from members.rules.building_grid import ELSEWHERE, Behind, door_name, may_see, members_behind
from members.rules.pairing import SIDES
from members.web.files import download
from members.web.places import places
from members.web.shell import page

PAGE = 50
TABS = {
    "current": "正在结对",
    "paired": "已结对党员家庭",
    "unpaired": "未结对党员家庭",
    "neighbours": "未结对群众家庭",
}
HEADINGS = {
    "current": ("楼组", "党员家庭", "党员", "结对家庭所在楼组", "结对家庭", "称呼", "结对日期"),
    "paired": ("楼组", "室号", "党员", "结对户数", "结对家庭"),
    "unpaired": ("楼组", "室号", "党员"),
    "neighbours": ("楼组", "室号", "称呼"),
}


@dataclass(slots=True)
class PairedHome:
    """A member household, its members and the neighbours paired with it. It may have no door on the grid yet."""

    group: int
    label: str
    room: str
    names: list[str]
    neighbours: list[str]


def pairings(request: HttpRequest) -> HttpResponse:
    """Show one of the lists, for an area of the user's."""
    if not access.can(cast(User, request.user), Resource.HOUSEHOLD):
        raise PermissionDenied
    found = places(request, Resource.HOUSEHOLD)
    rows = {name: _rows(name, request.user, found.chosen) for name in TABS}
    chosen = _tab(request)
    page_rows = Paginator(rows[chosen], PAGE).get_page(request.GET.get("p"))
    return page(
        request,
        "members/pairings.html",
        title="结对名单",
        places=found,
        tabs=[(name, label, rows[name].count()) for name, label in TABS.items()],
        chosen=chosen,
        shown=page_rows,
        rows=_filled(chosen, list(page_rows), request.user),
        may_export=access.can(cast(User, request.user), Resource.EXPORT),
        may_end=access.can(cast(User, request.user), Resource.HOUSEHOLD, Right.WRITE),
    )


def pairings_export(request: HttpRequest) -> HttpResponse:
    """Download the list as a workbook; ask for a reason and record the export."""
    if not access.can(cast(User, request.user), Resource.EXPORT):
        raise PermissionDenied
    found, chosen = places(request, Resource.EXPORT), _tab(request)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return page(request, "members/pairings_export.html", title=f"导出：{TABS[chosen]}", form=form, places=found)
    rows = list(_rows(chosen, request.user, found.chosen, resource=Resource.EXPORT))
    lines = [_line(chosen, row) for row in _filled(chosen, rows, request.user)]
    content = workbook(TABS[chosen], HEADINGS[chosen], lines, formats={})
    path = found.chosen.path if found.chosen else access.scope_paths(cast(User, request.user), Resource.EXPORT)
    changes = {"report": TABS[chosen], "rows": len(lines)}
    with atomic_write():
        audit.record("export", Pairing, path=path, changes=changes, reason=form.cleaned_data["reason"])
    return download(content, f"{TABS[chosen]}.xlsx")


def _tab(request: HttpRequest) -> str:
    tab = request.GET.get("show", "")
    return tab if tab in TABS else next(iter(TABS))


def _rows(name: str, user: Any, area: Area | None, *, resource: Resource = Resource.HOUSEHOLD) -> QuerySet:
    """Return the rows of a list in the order of the tree, never ranked by the number of pairings."""
    if name == "current":
        current = Pairing.objects.for_user(user, resource=resource).current().select_related(*SIDES)
        current = current.inside(area) if area else current
        return current.order_by(
            "household__area__path", "household__unit", "household__floor", "household__number", "pk"
        )
    if name == "neighbours":
        today = timezone.localdate()
        doors = Household.objects.for_user(user, resource=resource).of_neighbours(today).unpaired(today)
        doors = (doors.inside(area) if area else doors).select_related("area")
        return doors.order_by("area__path", "unit", F("floor").asc(nulls_last=True), "number")
    return _homes(user, area, resource, is_paired=name == "paired")


def _homes(user: Any, area: Area | None, resource: Resource, *, is_paired: bool) -> QuerySet:
    """Return the homes of members by group and room, as the coverage report counts them."""
    homes = Residence.objects.current().filter(access.within("area__path", access.reach(user, resource)))
    homes = (homes.inside(area) if area else homes).exclude(room="")
    looking_after = Pairing.objects.current().filter(household__area=OuterRef("area"), household__room=OuterRef("room"))
    homes = homes.filter(Exists(looking_after) if is_paired else ~Exists(looking_after))
    rows = homes.annotate(length=Length("room")).order_by("area__path", "length", "room")
    return rows.values("area", "area__path", "area__label", "room", "length").distinct()


def _filled(name: str, rows: Sequence, user: Any) -> list:
    """Return the rows of a page with the names beside them, in one or two more queries."""
    if name == "neighbours":
        return list(rows)
    if name == "current":
        behind = members_behind([(row.household.area_id, row.household.room) for row in rows], user=user)
        return [(row, behind[row.household.area_id, row.household.room]) for row in rows]
    behind = members_behind([(row["area"], row["room"]) for row in rows], user=user)
    after = _looked_after({row["area"] for row in rows} if name == "paired" else (), user)
    doors = [(row, (row["area"], row["room"])) for row in rows]
    return [PairedHome(row["area"], row["area__label"], row["room"], behind[door], after[door]) for row, door in doors]


def _looked_after(groups: Iterable[int], user: Any) -> Behind:
    """Return the neighbours by member household of these groups; `ELSEWHERE` where the user may not see one."""
    after: Behind = defaultdict(list)
    for pairing in Pairing.objects.current().filter(household__area__in=groups).select_related(*SIDES):
        home, neighbour = pairing.household, pairing.neighbour
        after[home.area_id, home.room].append(
            door_name(neighbour, home.area_id) if may_see(neighbour, user) else ELSEWHERE
        )
    return after


def _line(name: str, row: Any) -> list:
    """Return a row as cells of the workbook."""
    if name == "current":
        pairing, names = row
        home, neighbour = pairing.household, pairing.neighbour
        sides = (home.area.label, home.room, "、".join(names), neighbour.area.label, neighbour.room, neighbour.name)
        return [*sides, pairing.since]
    if name == "neighbours":
        return [row.area.label, row.room, row.name]
    start = [row.label, row.room, "、".join(row.names)]
    return [*start, len(row.neighbours), "、".join(row.neighbours)] if name == "paired" else start
