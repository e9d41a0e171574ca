"""Counts what there is in an area on each of some days, as the coverage counts it on one (docs/design/reports.md)."""

from collections import defaultdict
from typing import NamedTuple

from activities.rules.due import DueArea
from louzu.rules.tally import OpenSpan, Tally, merged
from members.ground import access
from members.ground.access import PostKind
from members.models import Area, AreaRole, Member, Pairing, Residence
from members.models.areas import SEGMENT


class CountedArea(NamedTuple):
    """An area as it is counted: what it owes, and its residents."""

    due: DueArea
    residents: int

    @property
    def path(self) -> str:
        return self.due.path

    @property
    def span(self) -> OpenSpan:
        """The days on which the area is open."""
        return OpenSpan(self.due.since, self.due.until)


def counted_areas(area: Area) -> list[CountedArea]:
    """Return the area and all below it, whenever they are open."""
    rows = Area.objects.inside(area).values_list(*DueArea._fields, "residents")
    return [CountedArea(DueArea(*values), residents or 0) for *values, residents in rows]


def count_stock(tally: Tally, area: Area, places: list[CountedArea]) -> None:
    """Count areas, members, homes, pairs and leaders of an area. Three queries."""
    stating = {place.path for place in places if place.residents}
    groups = {place.due.pk: place for place in places if place.due.level == Area.Level.BUILDING_GROUP}
    _count_areas(tally, places)
    _count_members(tally, area, groups, stating)
    _count_leaders(tally, area, groups)


def _count_areas(tally: Tally, places: list[CountedArea]) -> None:
    for place in places:
        if place.due.level == Area.Level.COMMUNITY:
            tally.during(place.path, "communities", place.span)
            tally.during(place.path, "residents", place.span, place.residents)
        elif place.due.level == Area.Level.BUILDING_GROUP:
            tally.during(place.path, "groups", place.span)
            if place.due.stage == Area.Stage.ESTABLISHED:
                founded = OpenSpan(place.due.established_on, None)
                tally.during(place.path, "established", place.span.within(founded))


def _count_members(tally: Tally, area: Area, groups: dict[int, CountedArea], stating: set[str]) -> None:
    """Count who lives where; doors are counted once, however many members live behind them."""
    homes: dict[tuple[int, str], list[OpenSpan]] = defaultdict(list)
    rows = Residence.objects.inside(area).order_by()
    for pk, room, since, until, joined_on, affiliation in rows.values_list(
        "area", "room", "since", "until", "joined_on", "member__affiliation"
    ):
        group = groups[pk]
        span = OpenSpan(since, until).within(group.span)
        tally.during(group.path, "members", span)
        if affiliation == Member.Affiliation.LOCAL:
            tally.during(group.path, "local", span)
        if joined_on:
            tally.during(group.path, "taking_part", span.within(OpenSpan(joined_on, None)))
        if (community := group.path[: 2 * SEGMENT]) in stating:
            tally.during(community, "stated", span)
        if room:
            homes[pk, room].append(span)
    _count_homes(tally, groups, homes, _pairings(tally, area))


def _count_homes(
    tally: Tally,
    groups: dict[int, CountedArea],
    homes: dict[tuple[int, str], list[OpenSpan]],
    pairings: dict[tuple[int, str], list[OpenSpan]],
) -> None:
    for door, spans in homes.items():
        path, paired = groups[door[0]].path, merged(pairings.get(door, ()))
        for span in merged(spans):
            tally.during(path, "households", span)
            for each in paired:
                tally.during(path, "paired", span.within(each))


def _pairings(tally: Tally, area: Area) -> dict[tuple[int, str], list[OpenSpan]]:
    """Count the pairings, and return their days by the member's door: its group (id) and room."""
    found: dict[tuple[int, str], list[OpenSpan]] = defaultdict(list)
    rows = Pairing.objects.inside(area).order_by()
    for path, group, room, since, until in rows.values_list(
        "household__area__path", "household__area", "household__room", "since", "until"
    ):
        span = OpenSpan(since, until)
        tally.during(path, "pairings", span)
        found[group, room].append(span)
    return found


def _count_leaders(tally: Tally, area: Area, groups: dict[int, CountedArea]) -> None:
    here = access.within("area__path", [access.subtree(area.path)])
    posts = AreaRole.objects.filter(here, kind=PostKind.LEADER).order_by()
    led: dict[int, list[OpenSpan]] = defaultdict(list)
    by_cadre: dict[int, list[OpenSpan]] = defaultdict(list)
    for pk, since, until, rank in posts.values_list("area", "since", "until", "user__member__rank"):
        if pk in groups:
            led[pk].append(OpenSpan(since, until))
            if rank:
                by_cadre[pk].append(OpenSpan(since, until))
    for name, found in (("led", led), ("led_by_cadre", by_cadre)):
        for pk, spans in found.items():
            for span in merged(spans):
                tally.during(groups[pk].path, name, span.within(groups[pk].span))
