"""Outcomes for neighbours and places in a period: pairings, needs, honours (docs/design/reports.md)."""

from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Count, Q
from django.utils import timezone

from activities.models import Honour, Need
from activities.models.visits import unvisited
from members.ground.dated import valid_on
from members.ground.moments import midnight
from members.ground.replica import from_replica
from members.models import Area, Pairing
from members.models.areas import AreaQuerySet


class Pairings(NamedTuple):
    """Pairings of the last day, those of them without a visit for 90 days, and those begun and ended in the period."""

    current: int
    unvisited: int
    begun: int
    ended: int


class Needs(NamedTuple):
    """Needs reported (`told`) in the period, open and claimed on its last day, done in it, and the days that took."""

    told: int
    open: int
    claimed: int
    done: int
    median_days: float | None


class Honoured(NamedTuple):
    """The number of honours of a theme, or of commendations, for a year."""

    year: int
    name: str
    given: int


@dataclass(slots=True)
class Outcomes:
    pairings: Pairings
    needs: Needs
    honours: list[Honoured]

    def as_dict(self) -> dict[str, Any]:
        honours = [each._asdict() for each in self.honours]
        return {"pairings": self.pairings._asdict(), "needs": self.needs._asdict(), "honours": honours}


@from_replica
def outcomes(area: Area, *, areas: AreaQuerySet, first: date, last: date) -> Outcomes:
    """Return the outcomes of an area from the first to the last day, both included. Three queries."""
    inside = areas.inside(area)
    pairings = Pairing.objects.of_streets([area.street_path])
    counted = pairings.filter(household__area__in=inside, neighbour__area__in=areas).aggregate(
        current=Count("pk", filter=valid_on(last)),
        unvisited=Count("pk", filter=valid_on(last) & unvisited(last)),
        begun=Count("pk", filter=Q(since__range=(first, last))),
        ended=Count("pk", filter=Q(until__range=(first, last))),
    )
    return Outcomes(Pairings(**counted), _needs(inside, first, last), _honours(inside, first, last))


def _needs(inside: AreaQuerySet, first: date, last: date) -> Needs:
    """Count needs as they were on the last day: one that was claimed or done later was open then."""
    begin = midnight(first)
    alive = Need.objects.filter(area__in=inside, opened_on__lte=last).filter(
        Q(done_at=None) | Q(done_at__gte=begin), Q(withdrawn_at=None) | Q(withdrawn_at__gte=begin)
    )
    reported = opened = claimed = 0
    days: list[int] = []
    for opened_on, *moments in alive.order_by().values_list("opened_on", "claimed_at", "done_at", "withdrawn_at"):
        claimed_on, done_on, withdrawn_on = (_day_of(moment, last) for moment in moments)
        reported += opened_on >= first
        if done_on:
            days.append((done_on - opened_on).days)
        elif not withdrawn_on:
            claimed += bool(claimed_on)
            opened += not claimed_on
    return Needs(reported, opened, claimed, len(days), median(days) if days else None)


def _day_of(moment: datetime | None, last: date) -> date | None:
    """Return the day of a moment; None where it is after the last day."""
    day = timezone.localdate(moment) if moment else None
    return day if day and day <= last else None


def _honours(inside: AreaQuerySet, first: date, last: date) -> list[Honoured]:
    given = (
        Honour.objects.standing()
        .filter(area__in=inside, year__range=(first.year, last.year))
        .order_by("-year", "kind", "theme")
    )
    counted = given.values_list("year", "kind", "theme").annotate(Count("pk"))
    names = dict(Honour.Theme.choices) | {"": Honour.Kind.COMMENDED.label}
    return [Honoured(year, names[theme], number) for year, _, theme, number in counted]
