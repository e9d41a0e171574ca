"""Pairing many households at once: proposing pairs, and saving them in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from math import ceil
from operator import or_
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils import timezone

from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.history import batches, write_history
from members.ground.rows import locked
from members.ground.states import Conflict
from members.models import Area, Household, Pairing, Residence, User
from members.models.areas import SEGMENT
from members.models.households import PAIR_GONE

FAR = 99
SIDES = ("household__area", "neighbour__area")


class Proposal(NamedTuple):
    """A neighbour's household and the member household proposed for it, None where none has room left."""

    neighbour: Household
    household: Household | None


def propose(
    neighbours: Sequence[Household], households: Sequence[Household], *, load: dict[int, int], most: int | None = None
) -> list[Proposal]:
    """Propose the nearest member household for each neighbour, spread evenly, each with at most `most` neighbours.

    `load` is how many each household (id) has already. A building without members is spread over its compound; any
    other over its own member households.
    """
    load = dict(load)
    found: dict[int, Household] = {}
    homes = by_building(households)
    lonely = [door for door in neighbours if door.area_id not in homes]
    for area, doors in by_building(neighbours).items():
        if area in homes:
            found |= _spread(doors, homes[area], load, most)
    found |= _spread(lonely, households, load, most)
    return [Proposal(neighbour, found.get(neighbour.pk)) for neighbour in neighbours]


def by_building(doors: Iterable[Household]) -> dict[int, list[Household]]:
    """Return the doors by building (id)."""
    buildings: dict[int, list[Household]] = defaultdict(list)
    for door in doors:
        buildings[door.area_id].append(door)
    return dict(buildings)


def _spread(
    neighbours: Sequence[Household], households: Sequence[Household], load: dict[int, int], most: int | None
) -> dict[int, Household]:
    """Match the nearest first, no household with more than its even share; count the new ones in `load`."""
    if not households or not neighbours:
        return {}
    share = ceil((sum(load.get(home.pk, 0) for home in households) + len(neighbours)) / len(households))
    share = min(share, most) if most else share
    pairs = sorted(
        (_distance(door, home), i, j) for i, door in enumerate(neighbours) for j, home in enumerate(households)
    )
    found: dict[int, Household] = {}
    for _, i, j in pairs:
        door, home = neighbours[i], households[j]
        if door.pk not in found and load.get(home.pk, 0) < share:
            found[door.pk] = home
            load[home.pk] = load.get(home.pk, 0) + 1
    return found


def nearest(door: Household, others: Sequence[Household]) -> list[Household]:
    """Return the others of the compound, the nearest first."""
    return sorted(others, key=lambda other: _distance(door, other))


def _distance(one: Household, other: Household) -> tuple[int, bool, int, int]:
    """Return how far apart two doors of a compound are: buildings, then unit, floors, doors."""
    buildings = abs(int(one.area.path[-SEGMENT:]) - int(other.area.path[-SEGMENT:]))
    floors = FAR if one.floor is None or other.floor is None else abs(one.floor - other.floor)
    return buildings, one.unit != other.unit, floors, abs(_number(one) - _number(other))


def _number(door: Household) -> int:
    return int(door.number[:2]) if door.number[:2].isdecimal() else FAR


def loads(area: Area) -> dict[int, int]:
    """Return how many neighbours each member household (id) of the area has now."""
    pairings = Pairing.objects.inside(area).current().order_by()
    return dict(pairings.values_list("household").annotate(Count("pk")))


class PairingOutcome(NamedTuple):
    """The result of pairing many: how many pairings are new, and how many neighbours were paired already."""

    made: int
    skipped: int


def pair_chosen(chosen: Mapping[int, int], *, area: Area, since: date, by: User) -> PairingOutcome:
    """Pair each of these neighbours of a building or compound with the member household chosen for it (ids).

    Neighbours outside the user's scope are left out. ValidationError, and none is paired, where no neighbour is left or
    a chosen household is outside.
    """
    doors = Household.objects.for_user(by, Right.WRITE).select_related("area")
    compound = Area.objects.get(path=area.path[: Area.Level.STATION * SEGMENT])
    ticked = list(doors.inside(area).filter(pk__in=list(chosen)))
    homes = doors.inside(compound).in_bulk({chosen[neighbour.pk] for neighbour in ticked})
    if not ticked:
        raise ValidationError("请至少勾选一户。")
    if lost := next((door for door in ticked if chosen[door.pk] not in homes), None):
        raise ValidationError(f"{lost.room} 还没有选党员家庭，请选一户，或去掉它的勾。")
    pairs = {neighbour: homes[chosen[neighbour.pk]] for neighbour in ticked}
    return pair_all(pairs, compound=compound, since=since)


def pair_all(pairs: dict[Household, Household], *, compound: Area, since: date) -> PairingOutcome:
    """Pair these neighbours (keys) with these member households of one compound, all in one transaction.

    A neighbour that has a pairing keeps it, so that the same list sent twice adds nothing.
    """
    _refuse_day_to_come(since)
    with atomic_write():
        doors = {door.pk for pair in pairs.items() for door in pair}
        Household.objects.lock(doors)
        of_members = _of_members(doors)
        if any(neighbour.pk in of_members or home.pk not in of_members for neighbour, home in pairs.items()):
            raise ValidationError("有的家庭里党员已经迁入或迁出，没有保存。请刷新页面，再看一遍。")
        there = Pairing.objects.filter(neighbour__area__in={neighbour.area_id for neighbour in pairs}, until=None)
        taken = set(there.values_list("neighbour", flat=True))
        new = [
            Pairing(household=home, neighbour=neighbour, compound=compound, neighbour_compound=compound, since=since)
            for neighbour, home in pairs.items()
            if neighbour.pk not in taken
        ]
        Pairing.objects.bulk_create(new)
        if new:
            write_history(Pairing, [pairing.pk for pairing in new], kind="+")
            record("create", Pairing, path=compound.path, changes={"since": [None, str(since)], "pairings": len(new)})
    return PairingOutcome(len(new), len(pairs) - len(new))


def _refuse_day_to_come(day: date) -> None:
    if day > timezone.localdate():
        raise ValidationError("结对、结束的日期都不能晚于今天。")


def _of_members(pks: Iterable[int]) -> set[int]:
    """Return the ids of those doors behind which members live."""
    today = timezone.localdate()
    of_members: set[int] = set()
    for batch in batches(sorted(pks)):
        doors = Household.objects.filter(pk__in=batch).of_members(today)
        of_members |= set(doors.values_list("pk", flat=True))
    return of_members


def end_all(pairings: Iterable[Pairing], *, on: date, paths: Iterable[str]) -> int:
    """End these pairings in one transaction; return how many were current. ValidationError where one began later.

    `paths` are the areas of the acting user's posts; the trail gets an entry for each of them.
    """
    _refuse_day_to_come(on)
    pks = sorted(pairing.pk for pairing in pairings)
    with atomic_write():
        current = Pairing.objects.filter(pk__in=pks, until=None).select_related("household__area", "neighbour")
        rows = list(current.order_by("pk").select_for_update(of=("self",), no_key=True))
        if late := next((row for row in rows if row.since > on), None):
            raise ValidationError(f"{late}是 {late.since} 才结对的，结束日期不能更早。")
        Pairing.objects.filter(pk__in=[row.pk for row in rows]).update(until=on)
        if rows:
            write_history(Pairing, [row.pk for row in rows], kind="~")
        for path in paths:
            if count := sum(row.household.area.path.startswith(path) for row in rows):
                record("change", Pairing, path=path, changes={"until": [None, str(on)], "pairings": count})
    return len(rows)


def lock_doors(homes: Iterable[Residence | None], notes: Collection[Sequence[Any]] = ()) -> None:
    """Lock the doors of these homes, and of the pairings (ids, first in each note), in the order of ids."""
    behind = Q(pk__in=[])
    for home in filter(None, homes):
        behind |= Q(area=home.area_id, room=home.room)
    pairs = Pairing.objects.filter(pk__in=[note[0] for note in notes])
    sides = (Q(pk__in=pairs.values(side)) for side in ("household", "neighbour")) if notes else ()
    doors = Household.objects.filter(reduce(or_, sides, behind)).order_by("pk")
    list(doors.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def resume(pairing: Pairing) -> Pairing:
    """Let an ended pairing go on as if it had not ended. Conflict where it has not ended, or a side has changed since.

    ValidationError where it is gone.
    """
    with atomic_write():
        Household.objects.lock({pairing.household_id, pairing.neighbour_id})
        row = locked(Pairing.objects.select_related(*SIDES), pairing.pk, gone=PAIR_GONE)
        if row.until is None:
            raise Conflict("这一对正在结对，不用恢复。")
        of_members = _of_members({row.household_id, row.neighbour_id})
        if row.household_id not in of_members:
            raise Conflict(f"{row.household}现在没有党员居住，不能恢复结对。")
        if row.neighbour_id in of_members:
            raise Conflict(f"{row.neighbour}现在住着党员，不能恢复结对。")
        if other := Pairing.objects.filter(neighbour=row.neighbour, until=None).select_related(*SIDES).first():
            raise Conflict(f"{row.neighbour}已和{other.household}结对，不能恢复。")
        row.until = None
        row.save()
    return row
