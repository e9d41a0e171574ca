"""Participation in a period: how many members who live in an area came to an activity, and what was held.

Source: docs/design/reports.md.

Only members who lived in an area in the period count as having come, each once, so that no share exceeds one. The
activities held are those of the area itself and of the areas below it. No person is ever named.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Substr

from activities.models import Activity
from activities.models.activities import ActivityQuerySet
from members.ground.replica import from_replica
from members.models import Area, Residence
from members.models.areas import SEGMENT, AreaQuerySet

TIERS = tuple(Area.Level)
KINDS = {
    "field": Activity.Field,
    "regularity": Activity.Regularity,
    "visibility": Activity.Visibility,
    "support": Activity.Support,
}


@dataclass(slots=True)
class TookPlace:
    """Activities that took place, members who came and residents reached; both are counted anew at each activity."""

    activities: int = 0
    attendances: int = 0
    residents: int = 0

    def add(self, other: "TookPlace") -> None:
        self.activities += other.activities
        self.attendances += other.attendances
        self.residents += other.residents

    def as_dict(self) -> dict[str, int]:
        return {"activities": self.activities, "attendances": self.attendances, "residents": self.residents}


@dataclass(slots=True)
class ParticipationFigures:
    """An area's figures in a period: the members who lived there, those of them who came, and the activities held.

    `by_tier` counts those who came to an activity of a tier, wherever it was; it has the tiers that the reader sees.
    """

    members: int = 0
    participants: int = 0
    by_tier: dict[Area.Level, int] = field(default_factory=dict)
    held: TookPlace = field(default_factory=TookPlace)

    @property
    def share(self) -> float | None:
        return self._share(self.participants)

    @property
    def shares_by_tier(self) -> dict[Area.Level, float | None]:
        return {tier: self._share(count) for tier, count in self.by_tier.items()}

    def _share(self, top: int) -> float | None:
        return top / self.members if self.members else None

    def as_dict(self) -> dict[str, Any]:
        return {
            "members": self.members,
            "participants": self.participants,
            "share": self.share,
            "participants_by_tier": {tier.name: count for tier, count in self.by_tier.items()},
            "shares_by_tier": {tier.name: share for tier, share in self.shares_by_tier.items()},
            **self.held.as_dict(),
        }


@dataclass(slots=True)
class ParticipationRow:
    """An area of the level below the report's, with its figures."""

    area: Area
    figures: ParticipationFigures


@dataclass(slots=True)
class Participation:
    """The report: an area from the first to the last day, both included, and a row for each area one level down.

    `by_tier` and `by_kind` split the activities by the tier that held them, and by each of their four kinds.
    """

    area: Area
    first: date
    last: date
    figures: ParticipationFigures
    rows: list[ParticipationRow]
    by_tier: dict[Area.Level, TookPlace]
    by_kind: dict[str, dict[str, TookPlace]]

    def as_dict(self) -> dict[str, Any]:
        kinds = self.by_kind.items()
        return {
            "area": self.area.name,
            "level": Area.Level(self.area.level).name,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "figures": self.figures.as_dict(),
            "rows": [{"area": row.area.name, "id": row.area.pk, **row.figures.as_dict()} for row in self.rows],
            "by_tier": {tier.name: held.as_dict() for tier, held in self.by_tier.items()},
            "by_kind": {kind: {name: held.as_dict() for name, held in parts.items()} for kind, parts in kinds},
        }


@from_replica
def participation(area: Area, *, areas: AreaQuerySet, first: date, last: date) -> Participation:
    """Return the report of an area; `areas` are those the reader may see reports of. Four queries, whatever the size.

    Members count as having come to any activity in `areas`, even the street's where the reader sees the street.
    """
    inside, held = areas.inside(area), Activity.objects.held().between(first, last)
    near = list(areas.above(area) | inside.filter(level=area.level + 1))
    highest = min([area.level, *(each.level for each in near)])
    seen = [tier for tier in TIERS if tier >= highest]
    parts = defaultdict[str, ParticipationFigures](lambda: ParticipationFigures(by_tier=dict.fromkeys(seen, 0)))
    total = parts[""]
    by_tier = {tier: TookPlace() for tier in TIERS if tier >= area.level}
    by_kind = {kind: {choice: TookPlace() for choice in choices.values} for kind, choices in KINDS.items()}
    _count_people(_homes(inside, area, first, last), held.filter(area__in=areas), total, parts)
    for path, tier, kinds, found in _summed(held.filter(area__in=inside), area):
        sums = (by_kind[kind][choice] for kind, choice in zip(KINDS, kinds, strict=True))
        for each in (total.held, parts[path].held, by_tier[tier], *sums):
            each.add(found)
    below = [place for place in near if place.level > area.level]
    rows = [
        ParticipationRow(place, parts[place.path])
        for place in below
        if place.path in parts or _is_open(place, first, last)
    ]
    return Participation(area, first, last, total, rows, by_tier, by_kind)


def _count_people(
    homes: QuerySet, held: QuerySet, total: ParticipationFigures, parts: dict[str, ParticipationFigures]
) -> None:
    """Count the members who live in the area and in each area one level down, and those who came; each once."""
    came = defaultdict[int, set[int]](set)
    for member, tier in held.order_by().values_list("attendances__member", "area__level").distinct():
        came[member].add(tier)
    living = set(homes.values_list("part", "member"))
    for path, member in living:
        _count(parts[path], came.get(member))
    for member in {member for _, member in living}:
        _count(total, came.get(member))


def _count(figures: ParticipationFigures, tiers: set[int] | None) -> None:
    figures.members += 1
    if tiers:
        figures.participants += 1
        for tier in figures.by_tier.keys() & tiers:
            figures.by_tier[tier] += 1


def _homes(inside: AreaQuerySet, area: Area, first: date, last: date) -> QuerySet:
    """Return the homes of any of these days; `part` is the path of the area one level down."""
    lasting = Q(until=None) | Q(until__gt=first) & Q(until__gt=F("since"))
    homes = Residence.objects.filter(lasting, since__lte=last, area__in=inside).order_by()
    return homes.annotate(part=_part(area))


def _summed(held: ActivityQuerySet, area: Area) -> Iterator[tuple[str, Area.Level, tuple[str, ...], TookPlace]]:
    """Yield sums of the activities held, by the area one level down, the tier and the four kinds."""
    grouped = held.with_came().annotate(part=_part(area)).order_by().values_list("part", "area__level", *KINDS)
    sums = {"held": Count("pk"), "all_came": Sum("came"), "residents": Sum("residents_reached")}
    for path, tier, *kinds, activities, attendances, residents in grouped.annotate(**sums):
        yield path, Area.Level(tier), tuple(kinds), TookPlace(activities, attendances or 0, residents or 0)


def _part(area: Area) -> Substr:
    """Return an expression for the path of the area one level down, or of the area itself for its own rows."""
    return Substr("area__path", 1, (area.level + 1) * SEGMENT)


def _is_open(place: Area, first: date, last: date) -> bool:
    return (place.since or first) <= last and (place.until is None or place.until > first)
