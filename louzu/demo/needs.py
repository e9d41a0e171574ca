"""Needs of the demonstration street's neighbours this year, and honours of last year and this one."""

from collections.abc import Sequence
from datetime import date, timedelta
from heapq import nsmallest
from random import Random

from activities.models import Honour, Need
from activities.models.honours import STATEMENTS
from activities.models.needs import EMPTIED
from louzu.demo.doors import Doors
from louzu.demo.homes import DemoGround, moment
from louzu.demo.words import DEEDS, NEEDS
from members.models import Area, Employer

GROUPS_A_NEED, GROUPS_AN_HONOUR = 873 / 150, 873 / 50
Status = Need.Status
LASTING = (Status.OPEN, Status.CLAIMED)


def ask(ground: DemoGround, doors: Doors) -> list[Need]:
    """Make about a need for every sixth group, in all statuses, claimed by able members or by an employer.

    Some communities have more needs than others, and more of them wait.
    """
    rng = Random(f"{ground.street.name} 群众需求")
    groups = ground.of_level(Area.Level.BUILDING_GROUP)
    drawn = [(rng.expovariate(ground.traits(group).needs), group.path, group) for group in groups]
    asking = [group for _, _, group in nsmallest(max(1, round(len(groups) / GROUPS_A_NEED)), drawn)]
    needs = Need.objects.bulk_create([_need(rng, group, ground, doors) for group in asking])
    _take_on(rng, ground, [need for need in needs if need.claimed_at])
    Need.objects.inside(ground.street).expired(moment(ground.today, 23)).update(text=EMPTIED)  # as the purge would
    return needs


def _need(rng: Random, group: Area, ground: DemoGround, doors: Doors) -> Need:
    text, skill = rng.choice(NEEDS)
    waiting = ground.traits(group).waiting
    status = rng.choices(Status.values, (waiting, *((1 - waiting) * share for share in (0.25, 0.6, 0.15))))[0]
    # Where many wait, they have waited long.
    days = rng.randint(1, round(25 + 100 * waiting)) if status in LASTING else rng.randint(12, 360)
    need = Need(text=text, skill=skill, status=status, opened_on=ground.today - timedelta(days=days))
    need.area = group if rng.random() < 0.75 else ground.above(group, Area.Level.STATION)
    if rng.random() < 0.4:
        need.household = rng.choice(doors[group.path])
    _follow(rng, need, days)
    return need


def _follow(rng: Random, need: Need, days: int) -> None:
    """Set the moments of the status, all before today; the need was opened `days` ago."""
    soon = need.opened_on + timedelta(days=rng.randint(0, min(5, days - 1)))
    if need.status in (Status.CLAIMED, Status.DONE):
        need.claimed_at = moment(soon, 9, rng.randrange(60))
    if need.status == Status.DONE:
        need.done_at = moment(soon + timedelta(days=rng.randint(0, 6)), 17)
    if need.status == Status.WITHDRAWN:
        need.withdrawn_at = moment(soon, 17)


def _take_on(rng: Random, ground: DemoGround, claimed: Sequence[Need]) -> None:
    employers = list(Employer.objects.order_by("name"))
    through = Need.members.through
    helpers = []
    for need in claimed:
        near = _able(ground, need)
        if near and rng.random() < 0.85:
            chosen = rng.sample(near, min(len(near), rng.choice((1, 1, 2))))
            helpers += [through(need_id=need.pk, member_id=pk) for pk in chosen]
        else:
            need.employer = rng.choice(employers)
    through.objects.bulk_create(helpers)
    Need.objects.bulk_update([need for need in claimed if need.employer], ["employer"])


def _able(ground: DemoGround, need: Need) -> list[int]:
    """Return the ids of members of the compound, else of the community, who can help."""
    for level in (Area.Level.STATION, Area.Level.COMMUNITY):
        homes = ground.homes_in[ground.above(need.area, level).path]
        if able := [home.member_id for home in homes if home.joined_on and need.skill in home.member.skills]:
            return able
    return []


def commend(ground: DemoGround) -> list[Honour]:
    """Make honours for about a hundred places, last year and this year."""
    rng = Random(f"{ground.street.name} 评优")
    groups = ground.of_level(Area.Level.BUILDING_GROUP)
    places = [*groups, *ground.of_level(Area.Level.STATION)]
    number = max(2, round(len(groups) / GROUPS_AN_HONOUR))
    return Honour.objects.bulk_create(
        honour
        for year in (ground.today.year - 1, ground.today.year)
        for place in rng.sample(places, number)
        for honour in [_honour(rng, place, year, ground)]
    )


def _honour(rng: Random, place: Area, year: int, ground: DemoGround) -> Honour:
    theme = "" if rng.random() < 0.45 else rng.choice([theme for theme in DEEDS if theme])
    awarded_on = min(date(year, 6, 28), max(date(year, 1, 1), ground.today - timedelta(days=7)))
    stated = STATEMENTS if rng.random() < 0.85 else rng.sample(STATEMENTS, 3)
    return Honour(
        area=place,
        year=year,
        kind=Honour.Kind.THEME if theme else Honour.Kind.COMMENDED,
        theme=theme,
        deeds=DEEDS[theme],
        awarded_on=awarded_on,
        stated_on=awarded_on - timedelta(days=rng.randint(10, 60)),
        **dict.fromkeys(stated, True),
    )
