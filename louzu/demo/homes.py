"""Homes, duties and consents of the demonstration street's members."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import cycle
from random import Random

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from louzu.demo.communities import TRAITS, DemoCommunity
from members.ground.history import write_history
from members.models import Area, Consent, Duty, Residence
from members.models.areas import SEGMENT
from members.models.consents import BY_HAND, NOTICES
from members.roster.apply import overwrite

YEAR, TWO_YEARS = timedelta(days=365), timedelta(days=730)
NEWCOMERS, LATE_TO_JOIN = 0.06, 0.15
REFUSING, WITHDRAWING = 0.02, 0.04


@dataclass(frozen=True)
class DemoGround:
    """The street before the year is made: its open areas by path, its present homes in the tree's order."""

    street: Area
    today: date

    @property
    def first_day(self) -> date:
        return self.today - YEAR

    @property
    def yesterday(self) -> date:
        return self.today - timedelta(days=1)

    @cached_property
    def areas(self) -> dict[str, Area]:
        return {area.path: area for area in Area.objects.inside(self.street).on(self.today)}

    def of_level(self, level: int) -> list[Area]:
        return [area for area in self.areas.values() if area.level == level]

    def above(self, area: Area, level: int) -> Area:
        return self.areas[area.path[: level * SEGMENT]]

    @cached_property
    def traits_by_path(self) -> dict[str, DemoCommunity]:
        return {area.path: one for area, one in zip(self.of_level(Area.Level.COMMUNITY), cycle(TRAITS))}

    def traits(self, area: Area) -> DemoCommunity:
        """Return what is own to the community in which the area lies."""
        return self.traits_by_path[area.path[: Area.Level.COMMUNITY * SEGMENT]]

    @cached_property
    def homes(self) -> list[Residence]:
        homes = Residence.objects.inside(self.street).on(self.today).select_related("area", "member")
        return list(homes.order_by("area__path", "pk"))

    @cached_property
    def homes_in(self) -> dict[str, list[Residence]]:
        """The homes in each area, of any level, by path."""
        found: dict[str, list[Residence]] = {path: [] for path in self.areas}
        for home in self.homes:
            for path in (*home.area.paths_above, home.area.path):
                found[path].append(home)
        return found


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def between(rng: Random, first: date, last: date) -> date:
    """Return a random day from the first to the last, both included; the first where they are the wrong way round."""
    return first + timedelta(days=rng.randint(0, max(0, (last - first).days)))


def found(ground: DemoGround) -> list[Area]:
    """Let a share of each community's groups be founded in the last two years, later than the paper tells.

    Otherwise every line over time would be flat. Call it before the homes are read.
    """
    rng = Random(f"{ground.street.name} 建组")
    young = [group for group in ground.of_level(Area.Level.BUILDING_GROUP) if rng.random() < ground.traits(group).young]
    for group in young:
        group.established_on = _lately(rng, ground.today - TWO_YEARS, ground.today)
    Area.objects.bulk_update(young, ["established_on"], batch_size=200)
    return young


def _lately(rng: Random, first: date, today: date) -> date:
    """Return a day from the first to ten days ago, more often an early one; today where there is none."""
    days = (today - timedelta(days=10) - first).days
    return min(first + timedelta(days=round(max(0, days) * rng.betavariate(1.1, 2))), today)


def move_in(ground: DemoGround) -> None:
    """Give homes an earlier first day: a roster does not state it, so the import sets the day of the upload.

    The history rows that the import wrote are changed likewise.
    """
    rng = Random(f"{ground.street.name} 入住")
    for home in ground.homes:
        _date(rng, home, ground.today)
    overwrite(Residence, ground.homes)
    known = Residence.objects.filter(pk=OuterRef("id"))
    Residence.history.filter(id__in=Residence.objects.inside(ground.street).values("pk")).update(
        since=Subquery(known.values("since")), joined_on=Subquery(known.values("joined_on")), is_since_known=True
    )


def _date(rng: Random, home: Residence, today: date) -> None:
    """Set the first day after the member's admission; a few moved in this year, some joined the group lately."""
    party_since = date.fromisoformat(home.member.party_since)
    founded_on = home.area.established_on or party_since
    # Where a group is young, its members may have lived there before.
    earliest = max(min(founded_on, today - 6 * YEAR), party_since)
    is_new = rng.random() < NEWCOMERS
    latest = today - timedelta(days=20) if is_new else today - YEAR - timedelta(days=30)
    first = max(earliest, today - YEAR) if is_new else earliest
    home.since = min(first + timedelta(days=round(max(0, (latest - first).days) * rng.betavariate(1, 2))), today)
    home.is_since_known = True
    if home.joined_on:
        able_on = max(home.since, founded_on)
        home.joined_on = min(able_on + timedelta(days=rng.choice((0, 0, 15, 40, 90))), today)
        if rng.random() < LATE_TO_JOIN:
            home.joined_on = _lately(rng, max(able_on, today - TWO_YEARS), today)


def take_up(ground: DemoGround) -> dict[int, list[Duty]]:
    """Give about every sixth member one of the six roles, some a second one; return the duties by member id."""
    rng = Random(f"{ground.street.name} 六员")
    taken: dict[int, list[Duty]] = {}
    for home in ground.homes:
        if home.joined_on and rng.random() < 0.17:
            kinds = rng.sample(Duty.Kind.values, rng.choices((1, 2), (80, 20))[0])
            taken[home.member_id] = [_duty(rng, home, kind, ground) for kind in kinds]
    duties = Duty.objects.bulk_create([duty for both in taken.values() for duty in both])
    write_history(Duty, [duty.pk for duty in duties], kind="+")
    return taken


def _duty(rng: Random, home: Residence, kind: str, ground: DemoGround) -> Duty:
    assert home.joined_on
    since = between(rng, max(home.joined_on, ground.first_day - 2 * YEAR), ground.today)
    until = between(rng, since, ground.today) if rng.random() < 0.1 else None
    return Duty(member_id=home.member_id, kind=kind, since=since, until=until)


def ask_consent(ground: DemoGround, recorders: Mapping[str, int]) -> list[Consent]:
    """Make answers on the stairwell plates, by community; `recorders` are user ids by the path of their post."""
    rng = Random(f"{ground.street.name} 本人意见")
    consents: list[Consent] = []
    for community in ground.of_level(Area.Level.COMMUNITY):
        share = ground.traits(community).consenting
        recorder = recorders.get(community.path) or recorders.get(ground.street.path)
        consents += _answers(rng, ground.homes_in[community.path], share, recorder, ground)
    return Consent.objects.bulk_create(consents)


def _answers(
    rng: Random, homes: Iterable[Residence], share: float, recorder: int | None, ground: DemoGround
) -> Iterable[Consent]:
    version, notice = NOTICES[Consent.Purpose.STAIRWELL]
    for home in homes:
        draw = rng.random()
        if draw < share or draw > 1 - REFUSING * share:
            given_on = min(between(rng, max(home.since, ground.first_day), ground.today), ground.today)
            is_agreed = draw < share
            is_withdrawn = is_agreed and given_on < ground.today and rng.random() < WITHDRAWING
            yield Consent(
                member_id=home.member_id,
                is_agreed=is_agreed,
                notice=notice,
                version=version,
                means=rng.choices(list(BY_HAND), (70, 20, 10))[0],
                given_on=given_on,
                recorded_by_id=recorder,
                withdrawn_at=moment(between(rng, given_on, ground.yesterday), 17) if is_withdrawn else None,
            )
