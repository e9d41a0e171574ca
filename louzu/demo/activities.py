"""A year of activities in the demonstration street, in the paper's rhythm (四联动), and who came to them.

Communities differ in zeal, compounds too: one held its activities weekly until it stopped, another began in spring. The
year has a shape: less in the summer and around February, more in autumn.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from heapq import nsmallest
from itertools import groupby
from random import Random
from typing import NamedTuple

from activities.models import Activity, Attendance
from louzu.demo.homes import DemoGround, moment
from louzu.demo.street import MEMBERS
from louzu.demo.words import OCCASIONS, PARTNERS, PLACES, Occasion
from members.models import Area, Duty, Member, Residence

ATTENDANCES = 60_000  # of 5,200 members in a year
CANCELLED, NOT_YET_RECORDED = 0.015, timedelta(days=3)
AHEAD = timedelta(days=21)
STREETS_ZEAL, AHEAD_OF_ALL, MOST, LEAST = 0.9, 0.95, 0.985, 0.5
STOPPED, STARTED = timedelta(weeks=11), timedelta(weeks=34)  # how long ago
SEASON = (0.9, 0.6, 1, 1.05, 1.1, 1, 0.7, 0.6, 1.2, 1.4, 1.25, 1)  # how much each month has, January first
Source, Status = Attendance.Source, Activity.Status


class DemoRhythm(NamedTuple):
    """How active the areas of a level are: their period, and how many members come."""

    period: Callable[[date], Hashable]
    again: float  # share of the periods with an activity that have another
    came: tuple[float, float]  # shares of the members
    residents: tuple[int, int]
    planned: float  # share of the areas that have something ahead


RHYTHMS: dict[int, DemoRhythm] = {
    Area.Level.STREET: DemoRhythm(lambda day: (day.year, day.month), 0.4, (0.04, 0.09), (200, 900), 1),
    Area.Level.COMMUNITY: DemoRhythm(lambda day: (day.year, day.month), 0.2, (0.10, 0.22), (40, 180), 1),
    Area.Level.STATION: DemoRhythm(lambda day: day.isocalendar()[:2], 0.03, (0.10, 0.22), (8, 45), 0.9),
    Area.Level.BUILDING_GROUP: DemoRhythm(lambda day: (day.year, (day.month - 1) // 3), 0.3, (0.4, 0.8), (3, 16), 0.06),
}


def hold(ground: DemoGround) -> list[Activity]:
    """Make the year's activities, most of them held, and those planned for the coming three weeks."""
    rng = Random(f"{ground.street.name} 活动")
    unsteady = _unsteady(ground)
    activities: list[Activity] = []
    for level, rhythm in RHYTHMS.items():
        periods = _periods(rhythm, ground)
        for area in ground.of_level(level):
            zeal = MOST if area.path in unsteady else _zeal(rng, area, ground)
            first, last = unsteady.get(area.path, (area.established_on or ground.first_day, ground.today + AHEAD))
            days = (*_days(rng, rhythm, zeal, periods), *_ahead(rng, rhythm, ground.today))
            activities += [_activity(rng, area, day, ground.today) for day in days if first <= day <= last]
    return Activity.objects.bulk_create(activities)


def _unsteady(ground: DemoGround) -> dict[str, tuple[date, date]]:
    """Return by path the first and last day of activities of two compounds: one stopped, one began late."""
    paths = [area.path for area in ground.of_level(Area.Level.STATION)]
    return {
        paths[len(paths) * 29 // 40]: (ground.today - STARTED, ground.today + AHEAD),
        paths[len(paths) * 17 // 40]: (ground.first_day, ground.today - STOPPED),
    }


def _zeal(rng: Random, area: Area, ground: DemoGround) -> float:
    """Return the share of the area's periods in which it does what is due."""
    if area.level == Area.Level.STREET:
        return STREETS_ZEAL
    zeal = ground.traits(area).zeal
    if area.level == Area.Level.COMMUNITY:
        return 1 if zeal > AHEAD_OF_ALL else zeal**0.6
    if area.level == Area.Level.STATION:
        return min(MOST, max(LEAST, zeal + rng.uniform(-0.12, 0.07)))
    return zeal * rng.uniform(0.75, 1)


def _periods(rhythm: DemoRhythm, ground: DemoGround) -> list[list[date]]:
    """Return the past days of the year, period by period."""
    past = (ground.first_day + timedelta(days=n) for n in range((ground.today - ground.first_day).days))
    return [list(days) for _, days in groupby(past, rhythm.period)]


def _days(rng: Random, rhythm: DemoRhythm, zeal: float, periods: Sequence[list[date]]) -> Iterator[date]:
    """Yield the days of an area's activities; the zealous do more than is due."""
    again = rhythm.again * (3 if zeal > AHEAD_OF_ALL else 1)
    whole = min((len(days) for days in periods[1:-1]), default=1)
    for days in periods:
        season = _season(days[len(days) // 2])
        # The year begins and ends within a period, of which only these days count.
        if rng.random() < zeal ** (1 / season) * len(days) / whole:
            times = 2 if rng.random() < again * season else 1
            # At the weekend three times as often as on a working day.
            weights = [(3 if day.weekday() > 4 else 1) * _season(day) for day in days]
            yield from sorted(set(rng.choices(days, weights, k=times)))


def _season(day: date) -> float:
    return SEASON[day.month - 1]


def _ahead(rng: Random, rhythm: DemoRhythm, today: date) -> Iterator[date]:
    if rng.random() < rhythm.planned:
        yield today + timedelta(days=rng.randint(0, AHEAD.days))


def _activity(rng: Random, area: Area, day: date, today: date) -> Activity:
    occasion = _occasion(rng, area.level, day.month)
    activity = Activity(
        area=area,
        title=occasion.title,
        held_on=day,
        begins_at=time(*rng.choice(((9, 0), (9, 30), (14, 0), (15, 0), (18, 30), (19, 0)))),
        place=rng.choice(PLACES[area.level]),
        field=occasion.field,
        regularity="occasional" if occasion.months else "regular",
        visibility="quiet" if occasion.is_quiet else "open",
        support="material" if occasion.is_material else "cultural",
        co_organisers=_partners(rng, area.level),
    )
    _settle(rng, activity, occasion, today)
    return activity


def _occasion(rng: Random, level: int, month: int) -> Occasion:
    """Return an occasion that fits the month, one of the season before one of all the year."""
    fitting = [one for one in OCCASIONS[level] if not one.months or month in one.months]
    return rng.choices(fitting, [3 if one.months else 1 for one in fitting])[0]


def _partners(rng: Random, level: int) -> str:
    number = rng.choices((0, 1, 2), (80, 15, 5) if level >= Area.Level.STATION else (30, 45, 25))[0]
    return "、".join(rng.sample(PARTNERS, number))


def _settle(rng: Random, activity: Activity, occasion: Occasion, today: date) -> None:
    """Set the activity's status: held and recorded in the evening; some of the last days' are not recorded yet."""
    day = activity.held_on
    lately = day >= today - NOT_YET_RECORDED
    if day >= today or (lately and rng.random() < 0.3):
        return
    if rng.random() < CANCELLED:
        activity.status, activity.cancelled_at = Status.CANCELLED, moment(day - timedelta(days=1), 16)
        return
    activity.status, activity.recorded_at = Status.HELD, moment(day, 20, rng.randrange(60))
    if rng.random() < 0.9:
        activity.residents_reached = rng.randint(*RHYTHMS[activity.area.level].residents)
    if rng.random() < 0.75:
        activity.result = occasion.result.format(rng.randint(3, 12 * (5 - activity.area.level)))


def attend(ground: DemoGround, activities: Iterable[Activity], duties: Mapping[int, Sequence[Duty]]) -> int:
    """Make attendances, about 60,000 in a street of 5,200 members; return their number.

    Some come more often than others, and a few never.
    """
    rng = Random(f"{ground.street.name} 参加")
    pace = {
        home.member_id: _pace(rng, home.member)
        for home in ground.homes
        if rng.random() >= ground.traits(home.area).idle
    }
    held = [activity for activity in activities if activity.status == Status.HELD]
    invited = [[pk for pk in _invited(ground, activity) if pk in pace] for activity in held]
    wanted = [
        len(members) * rng.uniform(*RHYTHMS[one.area.level].came) * _season(one.held_on) ** 0.5
        for one, members in zip(held, invited, strict=True)
    ]
    scale = ATTENDANCES * len(ground.homes) / MEMBERS / (sum(wanted) or 1)
    rows: list[Attendance] = []
    for activity, members, number in zip(held, invited, wanted, strict=True):
        came = nsmallest(round(number * scale), members, key=lambda pk: rng.expovariate(pace[pk]))
        rows += _attendances(rng, activity, came, duties)
    return len(Attendance.objects.bulk_create(rows))


def _pace(rng: Random, member: Member) -> float:
    """Return a weight for how often a member comes; local members, mostly retired, have more time."""
    return rng.lognormvariate(0, 0.6) * (1.5 if member.affiliation == Member.Affiliation.LOCAL else 1)


def _invited(ground: DemoGround, activity: Activity) -> list[int]:
    """Return the ids of members who lived in the area on that day and had joined their group."""
    homes: Iterable[Residence] = ground.homes_in[activity.area.path]
    return [home.member_id for home in homes if home.joined_on and home.joined_on <= activity.held_on]


def _attendances(
    rng: Random, activity: Activity, came: Iterable[int], duties: Mapping[int, Sequence[Duty]]
) -> Iterator[Attendance]:
    assert activity.recorded_at
    source = rng.choices((Source.TICK, Source.PASTE, Source.CODE), (60, 30, 10))[0]
    for pk in came:
        roles = [duty.kind for duty in duties.get(pk, ()) if duty.since <= activity.held_on]
        noted = rng.random() < (0.3 if roles else 0.02)
        yield Attendance(
            activity_id=activity.pk,
            member_id=pk,
            duty=rng.choice(roles or Duty.Kind.values) if noted else "",
            source=source,
            recorded_at=activity.recorded_at,
        )
