"""What waits for a user: counts by place of what nobody has done yet, and the figures beside it (docs/design/desk.md).

Each count is that of the page on which it is done. Places are counted, never persons.
"""

from collections import Counter
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from activities.ground.periods import DaySpan, month_before, month_of
from activities.models import Activity, Need, Visit
from activities.models.activities import ActivityQuerySet
from activities.models.visits import unvisited
from feedback.models import EmployerKey, RecordCard
from feedback.rules.slips_counting import waiting_over
from louzu.models import FiguresOfDay
from louzu.rules import health
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.moments import midnight
from members.models import Area, AuditEntry, CorrectionRequest, Pairing, Transfer
from members.models.areas import SEGMENT
from members.rules.coverage import CoverageFigures

OLD_NEED = timedelta(days=14)
UNRECORDED = timedelta(days=60)
WEEK = timedelta(days=7)
ALARMS_KEPT = 60  # seconds
STOCK = ("members", "taking_part", "established", "paired")
FLOWS = ("activities", "visits")
CARD_STEPS = (RecordCard.Status.DRAFT, RecordCard.Status.AGREED)  # what an office does next with a card
AUDITED = ("export", "reveal", "refuse", "login_failed")

ByPlace = Counter[str]  # counts by a path


def unrecorded(user: Any, today: date) -> ActivityQuerySet:
    """Return planned activities whose day has come, for which nobody has recorded what happened and who came."""
    return _planned(user, today - UNRECORDED, today).order_by("held_on", "pk")


def planned(user: Any, today: date) -> ActivityQuerySet:
    """Return what the user's areas plan for the days from tomorrow to a week from today, the nearest first."""
    return _planned(user, today + timedelta(days=1), today + WEEK).order_by("held_on", "begins_at", "pk")


def _planned(user: Any, first: date, last: date) -> ActivityQuerySet:
    rows = Activity.objects.for_user(user, Right.WRITE).filter(status=Activity.Status.PLANNED)
    return rows.between(first, last)


def old_needs(user: Any, today: date) -> ByPlace:
    """Count by place the needs that have been open for two weeks or longer."""
    waiting = Need.objects.for_user(user, Right.WRITE).filter(status=Need.Status.OPEN, opened_on__lte=today - OLD_NEED)
    return _by_path(waiting, "area__path")


def lonely_pairings(user: Any, today: date) -> ByPlace:
    """Count by compound the pairings without a visit for 90 days."""
    late = Pairing.objects.for_user(user, Right.WRITE).current().filter(unvisited(today))
    return _by_path(late, "compound__path")


def waiting_cards(user: Any) -> dict[str, ByPlace]:
    """Count by status and community the cards that wait for the office: drafts to show, agreed ones to issue."""
    cards = RecordCard.objects.for_user(user, Right.WRITE).filter(status__in=CARD_STEPS, leaving=None).order_by()
    found: dict[str, ByPlace] = {status: Counter() for status in CARD_STEPS}
    for status, path, count in cards.values_list("status", "area__path").annotate(Count("pk")):
        found[status][path] = count
    return found


def arriving(user: Any) -> ByPlace:
    """Count by street the members whom other streets sent and who wait to be accepted."""
    return _by_path(Transfer.objects.arriving(user).waiting(), "to_street__path")


def corrections(user: Any) -> ByPlace:
    """Count by where the members live, or lived last, what they say is wrong and nobody has settled."""
    return _by_path(CorrectionRequest.objects.for_user(user).waiting().with_place(), "place")


def ending_keys(user: Any) -> ByPlace:
    """Count by street the keys of units that expire within 30 days."""
    return _by_path(EmployerKey.objects.for_user(user, Right.WRITE).ending(), "street__path")


def slow_slips(user: Any) -> ByPlace:
    """Count by community the slips that have waited for over a week; by street those whose community is not known."""
    return _by_path(waiting_over(user), Coalesce("area__path", "street__path"))


def audited_today(user: Any, today: date) -> Counter[str]:
    """Count by action today's exports, reveals, refusals and failed logins."""
    begin = midnight(today)
    entries = AuditEntry.objects.for_user(user).filter(at__gte=begin, action__in=AUDITED).order_by()
    return Counter(dict(entries.values_list("action").annotate(Count("pk"))))


def alarms(user: Any) -> list[health.Found]:
    """Return what is wrong with the installation and has to be dealt with now, for who may read its status.

    It is the same for every reader, and one answer serves a process for a minute.
    """
    if not access.can(user, Resource.STATUS):
        return []
    return cache.get_or_set("alarms", _alarms, ALARMS_KEPT) or []


def _alarms() -> list[health.Found]:
    return [each for each in health.found(health.ON_THE_DESK) if each.is_bad]


def _by_path(rows: Any, path: str | Coalesce) -> ByPlace:
    return Counter(dict(rows.order_by().values_list(path).annotate(Count("pk"))))


def gathered(counts: ByPlace, level: int) -> ByPlace:
    """Sum counts by the area of a level that their places lie in; what lies higher stays by itself."""
    found: ByPlace = Counter()
    for path, count in counts.items():
        found[path[: level * SEGMENT]] += count
    return found


class DeskFigure(NamedTuple):
    """A figure of today or of this month; `month_ago` and `year_ago` are None where nothing is kept of then.

    Of what happens, the month so far stands beside the whole month before and the whole month a year ago.
    """

    name: str
    value: int
    of: int | None
    month_ago: int | None
    year_ago: int | None


def desk_figures(area: Area, figures: CoverageFigures, today: date) -> list[DeskFigure]:
    """Return six figures of an area beside those of a month and a year ago. Three queries."""
    month, year = month_of(month_before(today)), month_of(_year_ago(today))
    kept = _kept(area, today, month, year)
    bottoms = {"taking_part": figures.members, "established": figures.groups, "paired": figures.households}
    found = [
        DeskFigure(name, getattr(figures, name), bottoms.get(name), *(each.get(name) for each in kept))
        for name in STOCK
    ]
    first = today.replace(day=1)
    counts = (
        Activity.objects.held().inside(area).between(first, today).count(),
        Visit.objects.inside(area).filter(visited_on__range=(first, today)).count(),
    )
    return found + [
        DeskFigure(name, count, None, *(each.get(name) for each in kept))
        for name, count in zip(FLOWS, counts, strict=True)
    ]


def _kept(area: Area, today: date, month: DaySpan, year: DaySpan) -> list[dict[str, int]]:
    """Return what is kept of the month before and of a year ago: the stock of a day, the sums of a month."""
    days = (month.last, _year_ago(today))
    rows = FiguresOfDay.objects.filter(area=area).filter(Q(day__range=month) | Q(day__range=year) | Q(day=days[1]))
    found: list[dict[str, int]] = []
    values = list(rows.order_by().values("day", *STOCK, *FLOWS))
    for span, day in zip((month, year), days, strict=True):
        stock = {name: row[name] for row in values if row["day"] == day for name in STOCK}
        inside = [row for row in values if span.first <= row["day"] <= span.last]
        sums = {name: sum(row[name] for row in inside) for name in FLOWS} if inside else {}
        found.append(stock | sums)
    return found


def _year_ago(today: date) -> date:
    """Return the same day a year ago; of 29 February the last of that month."""
    last = month_of(today.replace(year=today.year - 1, day=1)).last
    return last.replace(day=min(today.day, last.day))
