"""The periods of a month that areas owed an activity, and those done: as the rhythm counts them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from activities.models import Activity, Visit
from activities.rules.due import DueArea, DuePeriod, DueProgress
from louzu.models.monthly import last_day_of
from members.models import Area

COMMUNITY, STATION, GROUP = Area.Level.COMMUNITY, Area.Level.STATION, Area.Level.BUILDING_GROUP
Days = dict[int, set[date]]


def ended_in(first: date, last: date) -> dict[int, list[DuePeriod]]:
    """Return by level the months, weeks and quarters whose last day is one of these days of a month."""
    ends = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    weeks = [DuePeriod("周", day - timedelta(days=6), day) for day in ends if day.isoweekday() == 7]
    is_over = last == last_day_of(first)
    months = [DuePeriod("月", first, last)] if is_over else []
    quarters = [DuePeriod("季", first.replace(month=first.month - 2), last)] if is_over and first.month % 3 == 0 else []
    return {COMMUNITY: months, STATION: weeks, GROUP: quarters}


def due_in(area: Area, first: date, last: date, today: date) -> Iterator[tuple[str, int, DueProgress]]:
    """Yield (path, level, periods done of those due) of each area inside the area. Three queries at most."""
    periods = ended_in(first, last)
    begin = min([period.first for some in periods.values() for period in some], default=first)
    held, visited = _held(area, begin, last), _visited(area, begin, last) if periods[GROUP] else {}
    levels = [level for level, some in periods.items() if some]
    places = Area.objects.inside(area).filter(level__in=levels).values_list(*DueArea._fields)
    for place in map(DueArea._make, places):
        days = held.get(place.pk, set()) | visited.get(place.pk, set())
        progress = DueProgress()
        for period in filter(place.owes, periods[place.level]):
            is_done = any(period.first <= day <= period.last for day in days)
            # As in the grid, a period that ends today may still be done.
            progress.add(DueProgress(int(is_done), int(is_done or period.last < today)))
        yield place.path, place.level, progress


def _held(area: Area, first: date, last: date) -> Days:
    held = Activity.objects.held().inside(area).between(first, last).order_by()
    return _by_area(held.values_list("area", "held_on").distinct())


def _visited(area: Area, first: date, last: date) -> Days:
    """Return the days of visits by the building group of the member's household."""
    made = Visit.objects.inside(area).filter(visited_on__range=(first, last)).order_by()
    return _by_area(made.values_list("pairing__household__area", "visited_on").distinct())


def _by_area(rows: object) -> Days:
    found: Days = defaultdict(set)
    for pk, day in rows:  # type: ignore[attr-defined]
        found[pk].add(day)
    return found
