"""Counts of slips, by employer and by community; nobody is named."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from django.utils import timezone

from activities.models import Activity, Attendance
from feedback.models import Slip
from feedback.models.slip_rows import WAITING, SlipQuerySet
from members.ground.access import Right
from members.ground.history import batches
from members.ground.moments import moments_of
from members.ground.replica import from_replica
from members.models import Area, User

SLOW = 7
SOON = timedelta(days=90)
Status = Slip.Status


@dataclass(slots=True)
class UnitSlips:
    """An employer's counts: sent in the time, and of those accepted, waiting, ended; the median days to the receipt."""

    unit: str
    sent: int
    accepted: int
    waiting: int
    ended: int
    days: float | None


@dataclass(slots=True)
class CommunitySlips:
    """A community's counts: members reported in the time, and of them how many came to an activity within 90 days."""

    community: Area
    reported: int
    came: int


@dataclass(slots=True)
class SlipFigures:
    """The counts of an area: by employer and by community."""

    units: list[UnitSlips]
    communities: list[CommunitySlips]


@from_replica
def slip_figures(area: Area, first: date, last: date) -> SlipFigures:
    """Return the counts of an area's slips: by employer those sent between two days, by community those accepted."""
    return SlipFigures(_units(area, first, last), _communities(area, first, last))


def waiting_over(user: User, days: int = SLOW) -> SlipQuerySet:
    """Return the user's slips that have waited for over so many days."""
    since = timezone.now() - timedelta(days=days)
    return Slip.objects.for_user(user, Right.WRITE).waiting().filter(sent_at__lt=since)


def _units(area: Area, first: date, last: date) -> list[UnitSlips]:
    begin, end = moments_of(first, last)
    rows = Slip.objects.inside(area).filter(sent_at__gte=begin, sent_at__lt=end).order_by()
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    days: dict[str, list[int]] = defaultdict(list)
    for name, written, status, sent, accepted in rows.values_list(
        "employer__name", "employer_name", "status", "sent_at", "accepted_at"
    ):
        unit = name or written or "没有写单位"
        statuses[unit][status] += 1
        if accepted:
            days[unit].append((timezone.localdate(accepted) - timezone.localdate(sent)).days)
    return [_unit(unit, counts, days[unit]) for unit, counts in sorted(statuses.items())]


def _unit(unit: str, counts: Counter[str], days: list[int]) -> UnitSlips:
    return UnitSlips(
        unit=unit,
        sent=counts.total(),
        accepted=counts[Status.ACCEPTED],
        waiting=sum(counts[status] for status in WAITING),
        ended=counts[Status.ENDED],
        days=float(median(days)) if days else None,
    )


def _communities(area: Area, first: date, last: date) -> list[CommunitySlips]:
    begin, end = moments_of(first, last)
    rows = Slip.objects.inside(area).filter(accepted_at__gte=begin, accepted_at__lt=end).order_by("accepted_at")
    reported: dict[int, dict[int, date]] = defaultdict(dict)
    for community, member, accepted in rows.exclude(member=None).values_list("area", "member", "accepted_at"):
        reported[community].setdefault(member, timezone.localdate(accepted))
    came = _days_present(area, {member for members in reported.values() for member in members})
    communities = Area.objects.filter(pk__in=reported).order_by("path")
    return [CommunitySlips(each, len(reported[each.pk]), _soon(reported[each.pk], came)) for each in communities]


def _soon(reported: Mapping[int, date], came: Mapping[int, list[date]]) -> int:
    """Count the members who came to an activity within 90 days of the day on which they were accepted."""
    return sum(any(day <= held <= day + SOON for held in came.get(member, ())) for member, day in reported.items())


def _days_present(area: Area, members: Iterable[int]) -> Mapping[int, list[date]]:
    """Return by member (id) the days of the activities in the street that they came to."""
    street = Area.objects.get(path=area.street_path)
    came = Attendance.objects.filter(activity__in=Activity.objects.inside(street).held()).order_by()
    days: dict[int, list[date]] = defaultdict(list)
    for part in batches(sorted(members)):
        for member, held in came.filter(member__in=part).values_list("member", "activity__held_on"):
            days[member].append(held)
    return days
