"""The rows that a workbook is compared with, read once: areas to write to, their activities, members in reach."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, time
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from activities.models import Activity, Attendance
from activities.rules.door_parts import is_at
from members.ground.access import Resource, Right
from members.ground.history import batches
from members.ground.names import fold_name
from members.ground.text import narrow, squeezed
from members.models import Area, AreaName, Member, Residence, User

# The export writes these in place of an address that there is not, or that the user may not see.
MOVED_AWAY, ELSEWHERE = "已迁出", "住在别处"
OUTSIDE = "“{text}”不是您可以登记活动的区域，或者不在第一步选的“{top}”里面。请写全称，如“第一社区 迎晖苑1期”"


class ActivityKey(NamedTuple):
    """The key of an activity: the full name of its area, its title, its day."""

    area: str
    title: str
    day: date


class ImportHome(NamedTuple):
    """A member's home, present or former: its area's full name and the folded room."""

    label: str
    room: str
    since: date
    until: date | None


@dataclass(slots=True)
class ImportMember:
    pk: int
    name: str
    homes: list[ImportHome] = field(default_factory=list)

    def lives_at(self, address: str) -> bool:
        """Whether one of the homes ends with this address, part by part: 302, 1号楼302, or all of it."""
        return not address or any(is_at(home.label, home.room, address) for home in self.homes)

    def may_come(self, day: date) -> bool:
        """Whether the member has a home here now, or had one on that day, as in `activities.rules.attendance`."""
        return any(home.until is None or home.since <= day < home.until for home in self.homes)


@dataclass(slots=True)
class RecordedPresence:
    """Who came to some activities: roles by (activity, member), members by (activity, name)."""

    duties: dict[tuple[int, int], str] = field(default_factory=dict)
    people: dict[tuple[int, str], list[ImportMember]] = field(default_factory=lambda: defaultdict(list))

    def person(self, activity: Activity, name: str) -> ImportMember | None:
        """Return the member of this name who came; None unless there is exactly one."""
        found = self.people.get((activity.pk, fold_name(name)), [])
        return found[0] if len(found) == 1 else None


class Ambiguous(ValueError):
    """More than one row fits; the sentence says what to add."""


class Places:
    """The areas that organise activities: those inside `top` that the user may write to, by their full name."""

    def __init__(self, user: User, top: Area):
        self.top = top
        self.areas: dict[str, list[Area]] = defaultdict(list)
        self.written: dict[str, set[str]] = defaultdict(set)
        mine = Area.objects.for_user(user, Right.WRITE, resource=Resource.ACTIVITY).inside(top)
        for each in mine:
            parts = each.label.split()
            self.areas[each.label].append(each)
            for start in range(len(parts)):
                self.written[squeezed("".join(parts[start:]))].add(each.label)
        for text, label in AreaName.objects.filter(area__in=mine).order_by().values_list("text", "area__label"):
            self.written[squeezed(text)].add(label)

    @property
    def names(self) -> set[str]:
        """The ways to write these areas, folded."""
        return set(self.written)

    def paths(self, texts: Iterable[str]) -> set[str]:
        """Return the paths of the areas that these cells name, as far as they do."""
        keys = set()
        for text in texts:
            with suppress(Ambiguous):
                keys.add(self.organiser(text))
        return {area.path for key in keys for area in self.areas.get(key, ())}

    def organiser(self, text: str) -> str:
        """Return the full name of the area that a cell names: in full, by the end of its name, or by another name.

        Ambiguous where several areas end so; the text itself where none does.
        """
        full = " ".join(narrow(text).split())
        found = {full} if full in self.areas else self.written.get(squeezed(text), {full})
        if len(found) > 1:
            raise Ambiguous(f"有 {len(found)} 个“{text}”，请写全称，如“第一社区 迎晖苑1期 1号楼”")
        return next(iter(found))

    def area(self, text: str, day: date) -> Area:
        """Return the area that a cell names on that day; ValueError with a sentence where there is not exactly one."""
        found = self.areas.get(self.organiser(text), [])
        if not found:
            raise ValueError(OUTSIDE.format(text=text, top=self.top))
        there = [area for area in found if _is_open(area, day)]
        if not there:
            raise ValueError(f"“{text}”在 {day} 没有启用，请核对日期和主办")
        if len(there) > 1:
            raise Ambiguous(f"有不止一个“{text}”，请先改名以便区分")
        return there[0]


class Known:
    """The user's part of the database, read in a few queries, whatever the number of rows."""

    def __init__(self, user: User, area: Area, days: Iterable[date], *, lock: bool = False):
        self.places = Places(user, area)
        self.activities: dict[ActivityKey, list[Activity]] = defaultdict(list)
        self.failed: set[ActivityKey] = set()  # of rows with errors
        self.of_file: dict[tuple[str, date], set[ActivityKey]] = defaultdict(set)  # by title and day
        self.people: dict[str, list[ImportMember]] = defaultdict(list)
        came = Attendance.objects.filter(activity=OuterRef("pk"))
        activities = Activity.objects.for_user(user, Right.WRITE).inside(area).annotate(has_come=Exists(came))
        activities = activities.select_related("area").order_by("pk")
        if lock:
            activities = activities.select_for_update(of=("self",), no_key=True)
        for batch in batches(sorted(set(days))):
            for activity in activities.filter(held_on__in=batch):
                self.add(activity)
        self._read_people(user, area)

    def add(self, activity: Activity) -> None:
        self.activities[key_of(activity.area.label, activity.title, activity.held_on)].append(activity)

    def activity(self, key: ActivityKey, begins_at: time | None = None, *, exactly: bool = False) -> Activity | None:
        """Return the activity of this key, None where there is none; Ambiguous where several fit.

        An activity that begins at `begins_at` goes first; where only one of the two has a time, it fits unless
        `exactly`.
        """
        found = self.activities.get(key, [])
        same = [activity for activity in found if activity.begins_at == begins_at]
        if not same and not exactly:
            same = [activity for activity in found if activity.begins_at is None or begins_at is None]
        return _only(same, key)

    def only_activity(self, key: ActivityKey) -> Activity | None:
        """Return the one activity of this key, whenever it began; None where there is none, Ambiguous for several."""
        return _only(self.activities.get(key, []), key)

    def person(self, name: str, address: str) -> ImportMember:
        """Return the member of this name and address; ValueError with a sentence where there is not exactly one."""
        found = self.people.get(fold_name(name), [])
        if not found:
            raise ValueError(f"没有找到“{name}”，请核对姓名；没有登记过的，请先登记这位党员")
        there = [person for person in found if person.lives_at(address)]
        if not there:
            raise Ambiguous(f"“{name}”登记的住址不是“{address}”，请核对；只有一位同名的，可以不填住址")
        if len(there) > 1:
            raise Ambiguous(f"有 {len(there)} 位“{name}”，请在“住址”里写清楚，如“第一社区 迎晖苑1期 1号楼 302”")
        return there[0]

    def recorded(self, activities: Iterable[Activity]) -> "RecordedPresence":
        """Return who is recorded at these activities."""
        recorded = RecordedPresence()
        columns = ("activity", "member", "member__name", "duty")
        for batch in batches(sorted({activity.pk for activity in activities if activity.pk})):
            for activity, pk, name, duty in Attendance.objects.filter(activity__in=batch).values_list(*columns):
                recorded.duties[activity, pk] = duty
                recorded.people[activity, fold_name(name)].append(ImportMember(pk, name))
        return recorded

    def _read_people(self, user: User, area: Area) -> None:
        members = Member.objects.for_user(user).filter(street__path=area.street_path)
        homes = Residence.objects.filter(member__in=members).order_by("member")
        people: dict[int, ImportMember] = {}
        columns = ("member", "member__name", "area__label", "room", "since", "until")
        for pk, name, label, room, since, until in homes.values_list(*columns):
            person = people.setdefault(pk, ImportMember(pk, name))
            person.homes.append(ImportHome(label, room or "", since, until))
        for person in people.values():
            self.people[fold_name(person.name)].append(person)


def _is_open(area: Area, day: date) -> bool:
    return (area.since is None or area.since <= day) and (area.until is None or day < area.until)


def _only(found: list[Activity], key: ActivityKey) -> Activity | None:
    if len(found) > 1:
        raise Ambiguous(f"{key.day} 有 {len(found)} 次同名活动，分不清是哪一次，请在活动页上登记这一次")
    return found[0] if found else None


def key_of(area: str, title: str, day: date) -> ActivityKey:
    """Return the key of an activity of the area with this full name."""
    return ActivityKey(area, squeezed(title), day)
