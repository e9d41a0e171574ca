"""The periods of a month that areas owed an activity, and those done: as the rhythm counts them."""

from collections.abc import Iterator
from datetime import date

from activities.rules.due import DueProgress, activities_by_day, due_areas, ended, visits_by_day
from members.models import Area

LEVELS = (Area.Level.COMMUNITY, Area.Level.STATION, Area.Level.BUILDING_GROUP)


def due_in(area: Area, first: date, last: date, today: date) -> Iterator[tuple[str, int, DueProgress]]:
    """Yield (path, level, periods done of those due) of each area inside the area. Three queries at most."""
    periods = {level: some for level in LEVELS if (some := ended(level, first, last))}
    begin = min([period.first for some in periods.values() for period in some], default=first)
    held = activities_by_day(area, begin, last)
    visited = visits_by_day(area, begin, last) if Area.Level.BUILDING_GROUP in periods else {}
    for place in due_areas(Area.objects.inside(area).filter(level__in=periods)):
        days = {*held.get(place.pk, ()), *visited.get(place.pk, ())}
        progress = DueProgress()
        for period in filter(place.owes, periods[Area.Level(place.level)]):
            is_done = any(period.first <= day <= period.last for day in days)
            # As in the grid, a period that ends today may still be done.
            progress.add(DueProgress(int(is_done), int(is_done or period.last < today)))
        yield place.path, place.level, progress
