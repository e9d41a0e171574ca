"""What a building group or compound did in a year, for whoever writes its honour: of places, never of persons."""

from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count, Q
from django.utils import timezone

from activities.models import Activity, Need, Visit
from members.ground.moments import midnight
from members.models import Area, Pairing

LISTED = 30
DAY = "{0.month}月{0.day}日 "


class DoneInYear(NamedTuple):
    """One kind of what was done: how often, and what it was, the first LISTED of it."""

    label: str
    lines: list[str]
    besides: int = 0


def in_the_year(user: Any, area: Area, year: int) -> list[DoneInYear]:
    """Return what was done at or below the area in the year, by kind, in four queries."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return [
        _activities(user, area, first, last),
        _visits(user, area, first, last),
        _needs(user, area, first, last),
        _pairings(user, area, first, last),
    ]


def _activities(user: Any, area: Area, first: date, last: date) -> DoneInYear:
    held = Activity.objects.for_user(user).inside(area).held().between(first, last).with_came()
    rows: list[Any] = list(held.order_by("held_on", "pk"))
    lines = [f"{DAY.format(row.held_on)}{row}，{row.came} 名党员参加" for row in rows[:LISTED]]
    return DoneInYear(f"活动 {len(rows)} 次", lines, len(rows) - len(lines))


def _visits(user: Any, area: Area, first: date, last: date) -> DoneInYear:
    visits = Visit.objects.for_user(user).inside(area).filter(visited_on__range=(first, last)).order_by()
    counts = dict(visits.values_list("kind").annotate(Count("pk")))
    lines = [f"{label} {counts[kind]} 次" for kind, label in Visit.Kind.choices if kind in counts]
    return DoneInYear(f"走访 {sum(counts.values())} 次", lines)


def _needs(user: Any, area: Area, first: date, last: date) -> DoneInYear:
    done = Need.objects.for_user(user).inside(area).filter(status=Need.Status.DONE)
    in_time = done.filter(done_at__gte=midnight(first), done_at__lt=midnight(date(last.year + 1, 1, 1)))
    rows = list(in_time.order_by("done_at", "pk").values_list("done_at", "text"))
    lines = [f"{DAY.format(timezone.localdate(moment))}{text}" for moment, text in rows[:LISTED]]
    return DoneInYear(f"办结的需求 {len(rows)} 条", lines, len(rows) - len(lines))


def _pairings(user: Any, area: Area, first: date, last: date) -> DoneInYear:
    of_the_year = Pairing.objects.for_user(user).inside(area).filter(Q(until=None) | Q(until__gte=first))
    begun = Count("pk", filter=Q(since__gte=first))
    counts = of_the_year.filter(since__lte=last).aggregate(all=Count("pk"), begun=begun)
    return DoneInYear(f"结对 {counts['all']} 对", [f"这一年新结对 {counts['begun']} 对"] if counts["begun"] else [])
