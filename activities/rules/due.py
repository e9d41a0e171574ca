"""What is due where 四联动, and how often it was done: the periods of each tier and their states (reports.md).

Due are: in the street nothing fixed, in a community an activity each month, in a compound one each week, in a building
group an activity or a visit each quarter. An area's own activities count, not those of other areas. Places are
described, never persons.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, TextChoices

from activities.models import Activity, Visit
from members.models import Area
from members.models.areas import AreaQuerySet

GROUP = Area.Level.BUILDING_GROUP
DayCounts = defaultdict[int, Counter]


class DueState(TextChoices):
    """The state of an area's period."""

    DONE = "done", "已办"
    MISSING = "missing", "未办"
    NOT_DUE = "not_due", "未到期"
    NOT_APPLICABLE = "not_applicable", "不适用"


class DuePeriod(NamedTuple):
    """A week, month or quarter, first and last day included."""

    label: str
    first: date
    last: date

    @property
    def month(self) -> int:
        """The month of the first day; a week belongs to the month of its Thursday."""
        return (self.first + timedelta(days=3)).month

    def is_running(self, today: date) -> bool:
        return self.first <= today <= self.last

    def as_dict(self) -> dict[str, Any]:
        return {"label": self.label, "first": str(self.first), "last": str(self.last)}


def weeks(year: int) -> list[DuePeriod]:
    """Return the 52 or 53 ISO weeks of the year, Monday to Sunday; the first may begin before New Year."""
    mondays = [date.fromisocalendar(year, week, 1) for week in range(1, date(year, 12, 28).isocalendar().week + 1)]
    return [DuePeriod(f"第{week}周", day, day + timedelta(days=6)) for week, day in enumerate(mondays, start=1)]


def months(year: int) -> list[DuePeriod]:
    return [DuePeriod(f"{month}月", date(year, month, 1), _before(year, month + 1)) for month in range(1, 13)]


def quarters(year: int) -> list[DuePeriod]:
    return [DuePeriod(f"{q}季度", date(year, 3 * q - 2, 1), _before(year, 3 * q + 1)) for q in range(1, 5)]


def _before(year: int, month: int) -> date:
    return date(year + month // 13, (month - 1) % 12 + 1, 1) - timedelta(days=1)


PERIODS: dict[int, Callable[[int], list[DuePeriod]]] = {
    Area.Level.STREET: months,
    Area.Level.COMMUNITY: months,
    Area.Level.STATION: weeks,
    Area.Level.BUILDING_GROUP: quarters,
}


def latest(level: int, today: date, count: int) -> list[DuePeriod]:
    """Return the last `count` periods of this level, the one that is running last."""
    years = range(today.year - 1, today.year + 2)  # the last days of a year may lie in the next one's first week
    begun = [period for year in years for period in PERIODS[level](year) if period.first <= today]
    return begun[-count:]


def ended(level: int, first: date, last: date) -> list[DuePeriod]:
    """Return the periods of this level whose last day is one of these days."""
    years = range(first.year, last.year + 2)  # the first week of a year may end in it, and begin before
    return [period for year in years for period in PERIODS[level](year) if first <= period.last <= last]


class DueArea(NamedTuple):
    """The columns of an area that tell what is due there; 922 of them are made faster than as many model instances."""

    pk: int
    path: str
    level: int
    name: str
    label: str
    since: date | None
    until: date | None
    stage: str | None
    established_on: date | None

    def __str__(self) -> str:
        return self.label

    def is_open_in(self, first: date, last: date) -> bool:
        """Whether the area is open on any of these days."""
        return (self.since or first) <= last and (self.until is None or self.until > first)

    def has_rhythm(self, period: DuePeriod) -> bool:
        """Whether anything is due here: nothing is in a street, or in a group without a party group."""
        if self.level < GROUP:
            return self.level > Area.Level.STREET
        return self.stage == Area.Stage.ESTABLISHED and (self.established_on or period.last) <= period.last

    def owes(self, period: DuePeriod) -> bool:
        """Whether the area, and a group's party group, exists on all days of the period."""
        begins = max(self.since or period.first, self.established_on or period.first)
        lasts = self.until is None or self.until > period.last
        return self.has_rhythm(period) and begins <= period.first and lasts


class DueCell(NamedTuple):
    """An area's period: its state, the number of activities and visits in it, and whether one is still waited for."""

    state: DueState
    activities: int = 0
    visits: int = 0
    is_waiting: bool = False

    @property
    def held(self) -> int:
        return self.activities + self.visits

    def as_dict(self) -> dict[str, Any]:
        return {"state": self.state.value, "activities": self.activities, "visits": self.visits}


@dataclass(slots=True)
class DueProgress:
    """The number of periods that were due, and of those done."""

    done: int = 0
    due: int = 0

    def add(self, other: "DueProgress") -> None:
        self.done += other.done
        self.due += other.due

    @property
    def share(self) -> float | None:
        return self.done / self.due if self.due else None

    def as_dict(self) -> dict[str, Any]:
        return {"done": self.done, "due": self.due, "share": self.share}


def progress_of(level: int, cells: Iterable[DueCell]) -> DueProgress:
    """Return how many of the cells are done, of those due; a street has none due."""
    states = Counter(cell.state for cell in cells) if level > Area.Level.STREET else Counter()
    return DueProgress(states[DueState.DONE], states[DueState.DONE] + states[DueState.MISSING])


def due_areas(areas: AreaQuerySet) -> list[DueArea]:
    return [DueArea(*values) for values in areas.values_list(*DueArea._fields)]


def due_cells(
    place: DueArea, periods: Sequence[DuePeriod], activities: Counter, visits: Counter, today: date
) -> list[DueCell]:
    """Return a cell for each period, from the place's activities and visits by day."""
    held, called = _by_period(activities, periods), _by_period(visits, periods)
    return [_cell(place, period, held[i], called[i], today) for i, period in enumerate(periods)]


def _cell(place: DueArea, period: DuePeriod, held: int, called: int, today: date) -> DueCell:
    state = _state(place, period, bool(held or called), today)
    is_waiting = state == DueState.NOT_DUE and period.is_running(today) and place.owes(period)
    return DueCell(state, held, called, is_waiting)


def _state(place: DueArea, period: DuePeriod, is_held: bool, today: date) -> DueState:
    if not place.has_rhythm(period):
        return DueState.DONE if is_held and place.level == Area.Level.STREET else DueState.NOT_APPLICABLE
    if not place.owes(period):
        return DueState.NOT_DUE
    if is_held:
        return DueState.DONE
    return DueState.MISSING if period.last < today else DueState.NOT_DUE


def _by_period(days: Counter, periods: Sequence[DuePeriod]) -> Counter:
    """Sum daily counts by the period's index; days outside the periods do not count."""
    if not days:
        return Counter()
    firsts, found = [period.first for period in periods], Counter[int]()
    for day, count in days.items():
        if firsts[0] <= day <= periods[-1].last:
            found[bisect_right(firsts, day) - 1] += count
    return found


def activities_by_day(area: Area, first: date, last: date) -> DayCounts:
    """Count the activities held in the area and below it, by area and day."""
    held = Activity.objects.held().inside(area).between(first, last).order_by()
    return _by_area(held.values_list("area", "held_on").annotate(Count("pk")))


def visits_by_day(area: Area, first: date, last: date) -> DayCounts:
    """Count visits by the building group of the member's household, and day."""
    made = Visit.objects.inside(area).filter(visited_on__range=(first, last)).order_by()
    return _by_area(made.values_list("pairing__household__area", "visited_on").annotate(Count("pk")))


def _by_area(counted: Any) -> DayCounts:
    found: DayCounts = defaultdict(Counter)
    for pk, day, count in counted:
        found[pk][day] = count
    return found
