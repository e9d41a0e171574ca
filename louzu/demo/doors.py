"""Doors of the demonstration street: every household of its buildings, pairs of them, and their visits."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from activities.models import Visit
from louzu.demo.homes import DemoGround, between
from louzu.demo.street import HOUSING
from louzu.demo.words import CALLED, CALLED_BY, VISIT_NOTES
from members.ground.history import write_history
from members.ground.rooms import all_rooms
from members.models import Area, Household, Pairing, Residence

ENDED, NAMED = 0.08, 0.25
SHAPES = {housing.label: housing for housing in HOUSING}

Doors = dict[str, list[Household]]


def lay_out(ground: DemoGround) -> Doors:
    """Make the doors of all groups floor by floor, including members' rooms; return them by the group's path."""
    doors = {group.path: _doors(group, ground) for group in ground.of_level(Area.Level.BUILDING_GROUP)}
    Household.objects.bulk_create([door for row in doors.values() for door in row])
    return doors


def _doors(group: Area, ground: DemoGround) -> list[Household]:
    shape = SHAPES[ground.above(group, Area.Level.STATION).get_housing_display()]
    rooms = [*all_rooms(units=1, floors=shape.floors, doors=shape.doors)]
    rooms += [home.room for home in ground.homes_in[group.path] if home.room]
    return [Household(area=group, room=room).placed() for room in dict.fromkeys(rooms)]


def pair(ground: DemoGround, doors: Doors) -> list[Pairing]:
    """Pair about every third member household with a neighbour of the building, by community; some pairs have ended."""
    rng = Random(f"{ground.street.name} 结对")
    pairings = [
        pairing
        for group in ground.of_level(Area.Level.BUILDING_GROUP)
        for pairing in _pairs(rng, group, doors[group.path], ground)
    ]
    named = [pairing.neighbour for pairing in pairings if rng.random() < NAMED]
    for neighbour in named:
        neighbour.name = rng.choice(CALLED_BY) + rng.choice(CALLED)
    Household.objects.bulk_update(named, ["name"])
    Pairing.objects.bulk_create(pairings)
    write_history(Pairing, [pairing.pk for pairing in pairings], kind="+")
    return pairings


def _pairs(rng: Random, group: Area, doors: Sequence[Household], ground: DemoGround) -> Iterator[Pairing]:
    compound = ground.above(group, Area.Level.STATION)
    behind: dict[str, list[Residence]] = defaultdict(list)
    for home in ground.homes_in[group.path]:
        behind[home.room].append(home)
    neighbours = [door for door in doors if door.room not in behind]
    rng.shuffle(neighbours)
    for door in doors:
        if door.room in behind and neighbours and rng.random() < ground.traits(group).paired:
            since, until = _time(rng, min(home.since for home in behind[door.room]), ground.today)
            yield Pairing(
                household=door,
                neighbour=neighbours.pop(),
                compound=compound,
                neighbour_compound=compound,
                since=since,
                until=until,
            )


def _time(rng: Random, home_since: date, today: date) -> tuple[date, date | None]:
    """Return `since` and `until` of a pairing; most began within the last three years."""
    since = between(rng, max(home_since, today - timedelta(days=1100)), today - timedelta(days=10))
    if rng.random() >= ENDED:
        return min(since, today), None
    return min(since, today), between(rng, min(since, today), today)


def visit(ground: DemoGround, pairings: Sequence[Pairing]) -> list[Visit]:
    """Make visits of the pairs every few weeks of the year; some pairs have had none for a season."""
    rng = Random(f"{ground.street.name} 走访")
    visits = [visit for pairing in pairings for visit in _visits(rng, pairing, ground)]
    return Visit.objects.bulk_create(visits)


def _visits(rng: Random, pairing: Pairing, ground: DemoGround) -> Iterator[Visit]:
    traits = ground.traits(ground.areas[pairing.compound.path])
    every = rng.uniform(25, 70) / (0.5 + traits.zeal / 2)
    last = (pairing.until or ground.today) - timedelta(days=1)
    if rng.random() < traits.forgotten:
        last = min(last, ground.today - timedelta(days=rng.randint(95, 200)))
    day = max(pairing.since, ground.first_day) + timedelta(days=rng.randint(0, 30))
    while day <= last:
        kind = rng.choices(Visit.Kind.values, (45, 25, 20, 10))[0]
        note = rng.choice(VISIT_NOTES) if rng.random() < 0.15 else ""
        yield Visit(pairing=pairing, visited_on=day, kind=kind, note=note)
        day += timedelta(days=max(3, round(rng.gauss(every, every / 3))))
