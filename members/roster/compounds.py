"""The step "which compound is this?": one answer settles every row with the same unknown name."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from members.ground.address_text import ends_as_address, fold
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, AreaName, RosterImport
from members.roster.planned import OUTSIDE, UNKNOWN, Plan, Status
from members.roster.steps import choose_step
from members.rules import naming

DONE = "这份花名册已经处理过了。请刷新页面看看。"


class UnknownCompound(NamedTuple):
    """A name that nobody knows, in how many rows it stands, and whether those rows are left out as lying elsewhere."""

    name: str
    rows: int
    is_outside: bool


def unknown_compounds(plan: Plan) -> list[UnknownCompound]:
    """Return the unknown names of a plan, those still open first, then by how many rows have them."""
    doubtful = [row for row in plan.rows if row.unknown and row.place is None and not row.problems]
    rows = Counter(row.unknown for row in doubtful)
    outside = {row.unknown for row in doubtful if row.status == Status.SKIPPED}
    found = [UnknownCompound(name, count, name in outside) for name, count in rows.items()]
    return sorted(found, key=lambda each: (each.is_outside, -each.rows, each.name))


def settle_compounds(
    roster_import: RosterImport, *, named: Mapping[str, Area], outside: Collection[str] = (), plan: Plan
) -> int:
    """Keep unknown names of the plan as names of areas, leave the rows of those `outside` out, and plan again.

    Return how many names were settled. The names are kept all or none; ValidationError where one means another area
    already, Conflict where the roster was written meanwhile.
    """
    unknown = {each.name for each in unknown_compounds(plan)}
    places = {name: area for name, area in named.items() if name in unknown}
    with atomic_write():
        Area.objects.lock_street(roster_import.area)
        waiting = RosterImport.objects.select_for_update(no_key=True).filter(pk=roster_import.pk)
        if not list(waiting.filter(status=RosterImport.Status.REVIEW).values_list("pk")):
            raise Conflict(DONE)
        for name, area in places.items():
            if AreaName.objects.filter(area=area, key=fold(name)).exists():
                continue  # somebody else gave the same answer for their list
            kind = AreaName.Kind.ADDRESS if ends_as_address(name) else AreaName.Kind.OTHER
            naming.name_area(area=area, text=name, kind=kind)
    elsewhere = {UNKNOWN + name: OUTSIDE for name in outside if name in unknown}
    choose_step(roster_import, elsewhere)
    return len(places) + len(elsewhere)
