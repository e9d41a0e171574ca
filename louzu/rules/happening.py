"""Counts what happened in an area on each of some days: activities, visits, needs, cards, periods that ended."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count, F, Q
from django.utils import timezone

from activities.models import Activity, Need, Visit
from activities.rules.due import DueArea, ended
from feedback.models import RecordCard
from louzu.rules.tally import Tally
from members.ground.moments import moments_of
from members.models import Area

QUARTER = timedelta(days=92)  # of an area whose period ends on a day, activities so long before it count
DUE = {
    Area.Level.COMMUNITY: ("communities_due", "communities_done"),
    Area.Level.STATION: ("stations_due", "stations_done"),
    Area.Level.BUILDING_GROUP: ("groups_due", "groups_done"),
}
CARDS = ("created_at", "shown_at", "agreed_at", "issued_at", "received_at", "answered_at")
CARD_NAMES = ("cards_made", "cards_shown", "cards_agreed", "cards_issued", "cards_received", "cards_answered")

DaysOf = dict[int, list[date]]


def count_happenings(tally: Tally, area: Area, places: Iterable[DueArea]) -> None:
    """Count what happened in an area on each day, and the periods that ended on it. Four queries."""
    last = tally.first + timedelta(days=tally.days - 1)
    days = _activities(tally, area, last)
    _count_visits(tally, area, last, days)
    _count_needs(tally, area, last)
    _count_cards(tally, area, last)
    _count_periods(tally, places, last, {pk: sorted(some) for pk, some in days.items()})


def _activities(tally: Tally, area: Area, last: date) -> DaysOf:
    """Count the activities held and who came; return their days by area (id), those of the quarter before too."""
    days: DaysOf = defaultdict(list)
    held = Activity.objects.held().inside(area).between(tally.first - QUARTER, last).with_came().order_by()
    for pk, path, day, came, residents in held.values_list(
        "area", "area__path", "held_on", F("came"), "residents_reached"
    ):
        days[pk].append(day)
        if day >= tally.first:
            tally.on(path, "activities", day)
            tally.on(path, "attendances", day, came)
            tally.on(path, "residents_reached", day, residents or 0)
    return days


def _count_visits(tally: Tally, area: Area, last: date, days: DaysOf) -> None:
    """Count the visits by the building group of the member's household, and add their days to those of activities."""
    made = Visit.objects.inside(area).filter(visited_on__range=(tally.first - QUARTER, last)).order_by()
    home = "pairing__household__area"
    for pk, path, day, number in made.values_list(home, f"{home}__path", "visited_on").annotate(Count("pk")):
        days[pk].append(day)
        if day >= tally.first:
            tally.on(path, "visits", day, number)


def _count_needs(tally: Tally, area: Area, last: date) -> None:
    begin, end = moments_of(tally.first, last)
    needs = Need.objects.inside(area).filter(
        Q(opened_on__range=(tally.first, last)) | Q(done_at__gte=begin, done_at__lt=end)
    )
    for path, opened_on, done_at in needs.order_by().values_list("area__path", "opened_on", "done_at"):
        _count_day(tally, path, "needs_opened", opened_on, last)
        if done_at:
            _count_day(tally, path, "needs_done", timezone.localdate(done_at), last)


def _count_cards(tally: Tally, area: Area, last: date) -> None:
    begin, end = moments_of(tally.first, last)
    lately = Q(pk__in=[])
    for field in CARDS:
        lately |= Q(**{f"{field}__gte": begin, f"{field}__lt": end})
    cards = RecordCard.objects.inside(area).filter(lately).order_by()
    for path, *moments in cards.values_list("area__path", *CARDS):
        for name, moment in zip(CARD_NAMES, moments, strict=True):
            if moment and begin <= moment < end:
                tally.on(path, name, timezone.localdate(moment))


def _count_day(tally: Tally, path: str, name: str, day: date, last: date) -> None:
    if tally.first <= day <= last:
        tally.on(path, name, day)


def _count_periods(tally: Tally, places: Iterable[DueArea], last: date, days: DaysOf) -> None:
    """Count on the last day of each period the areas that owed something in it, and those that did it.

    Only periods that are over count: until then an area may still do what it owes.
    """
    over = min(last, timezone.localdate() - timedelta(days=1))
    periods = {level: ended(level, tally.first, over) for level in DUE}
    for place in places:
        if place.level in DUE:
            due, done = DUE[Area.Level(place.level)]
            for period in filter(place.owes, periods[Area.Level(place.level)]):
                tally.on(place.path, due, period.last)
                if _is_any_between(days.get(place.pk, []), period.first, period.last):
                    tally.on(place.path, done, period.last)


def _is_any_between(days: list[date], first: date, last: date) -> bool:
    """Whether one of these days, in order, lies from the first to the last."""
    index = bisect_left(days, first)
    return index < len(days) and days[index] <= last
