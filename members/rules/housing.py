"""The doors of a building: laid out at once or added one by one, renamed, corrected, removed."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.history import batches, write_history
from members.ground.rooms import Shape, all_rooms, fold_room, shape_of
from members.ground.rows import locked, save_with
from members.models import Area, Household, Residence

MOST_HOUSEHOLDS = 1_000  # more than this is a mistake in the form
BUILDING_GONE = "这个楼组刚刚去掉了，没有保存。请回到楼组列表，再看一遍。"
DOOR_GONE = "这一户刚刚去掉了，没有保存。请回到这栋楼，再看一遍。"


class LaidOut(NamedTuple):
    """The result of laying out a building: how many doors are new, and how many mistaken ones were removed."""

    added: int
    removed: int


def lay_out(group: Area, *, units: int, floors: int, doors: int) -> LaidOut:
    """Make all doors of a building group at once; done again, add the missing doors and remove the mistaken ones.

    The rooms of members are among them. Doors with any data, and those added by hand, stay.
    """
    if units * floors * doors > MOST_HOUSEHOLDS:
        raise ValidationError(f"算下来超过 {MOST_HOUSEHOLDS:,} 户，请核对单元、层数和每层户数。")
    with atomic_write():
        _lock_building(group)  # so that two people who lay out one building queue
        _, is_named = shape_of_building(group)
        rooms = [*all_rooms(units=units, floors=floors, doors=doors, is_unit_named=is_named)]
        return LaidOut(add_rooms(group, rooms), clear(group, keep=rooms))


def shape_of_building(group: Area) -> tuple[Shape, bool]:
    """Return the building's size as far as is known, and whether the rooms with members or data name the unit."""
    doors = Household.objects.filter(area=group)
    homes = Residence.objects.filter(area=group).current().exclude(room="").values_list("room", flat=True)
    sure = [*homes, *doors.exclude(pk__in=doors.idle()).values_list("room", flat=True)]
    shape = shape_of([*sure, *doors.values_list("room", flat=True)])
    return shape, shape_of(sure).is_unit_named


def add_rooms(group: Area, rooms: Iterable[str] = ()) -> int:
    """Add the missing doors of a building group, those of its members included; return how many."""
    with atomic_write():
        _lock_building(group)
        homes = Residence.objects.filter(area=group).current().exclude(room="")
        wanted = dict.fromkeys([*map(fold_room, rooms), *homes.values_list("room", flat=True)])
        there = set(Household.objects.filter(area=group).values_list("room", flat=True))
        new = [Household(area=group, room=room).placed() for room in wanted if room not in there]
        Household.objects.bulk_create(new)
        if new:
            write_history(Household, [door.pk for door in new], kind="+")
            record("create", Household, path=group.path, changes={"area": [None, group.pk], "doors": len(new)})
    return len(new)


def clear(group: Area, *, keep: Iterable[str]) -> int:
    """Remove the doors of a building group that are not in `keep` and have no data; return how many.

    A door without a floor was added by hand, and stays.
    """
    kept = set(map(fold_room, keep))
    with atomic_write():
        _lock_building(group)
        doors = Household.objects.filter(area=group, floor__isnull=False).idle().values_list("pk", "room")
        wrong = [pk for pk, room in doors if room not in kept]
        write_history(Household, wrong, kind="-")
        for batch in batches(wrong):
            rows = Household.objects.filter(pk__in=batch)
            rows._raw_delete(rows.db)  # the history is written; signals would write it again, row by row
        if wrong:
            record("delete", Household, path=group.path, changes={"area": [group.pk, None], "doors": len(wrong)})
    return len(wrong)


def add_door(group: Area, **values: Any) -> Household:
    """Add one door to a building group; ValidationError where it exists, or the group is closed."""
    with atomic_write():
        _lock_building(group)
        door = Household(area=group, **values)
        door.full_clean()
        Area.objects.lock_open(group)
        door.save()
    return door


def change_door(door: Household, **values: Any) -> Household:
    """Change a door's room or name; ValidationError where the door is gone. Its building stays."""
    with atomic_write():
        return save_with(locked(Household.objects.select_related("area"), door.pk, gone=DOOR_GONE), values)


def _lock_building(group: Area) -> None:
    if not Area.objects.select_for_update(no_key=True).filter(pk=group.pk):
        raise ValidationError(BUILDING_GONE)
