"""Coverage: which building groups have a party group, who lives there, who takes part (docs/design/reports.md).

The figures of an area are sums over its building groups, so each level adds up to the one above, and the top of every
rate is part of its bottom.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from members.ground import access
from members.ground.access import PostKind
from members.ground.replica import from_replica
from members.models import Area, AreaRole, Member, Pairing, Residence
from members.models.areas import SEGMENT, AreaQuerySet


class Rate(NamedTuple):
    """A share of two counts of the same figures; None where the lower one is 0."""

    top: str
    bottom: str

    def __get__(self, figures: "CoverageFigures", _: type) -> float | None:
        bottom = getattr(figures, self.bottom)
        return getattr(figures, self.top) / bottom if bottom else None


@dataclass(slots=True)
class CoverageFigures:
    """Counts of one area on one day.

    `stated` are the members of the communities that state their `residents`; `households` are doors behind which a
    member lives, `paired` those of them that a pairing of the day names as the member's side.
    """

    members: int = 0
    local: int = 0
    in_post: int = 0
    taking_part: int = 0
    groups: int = 0
    established: int = 0
    communities: int = 0
    residents: int = 0
    stated: int = 0
    led: int = 0
    led_by_cadre: int = 0
    households: int = 0
    paired: int = 0

    @classmethod
    def total(cls, parts: Iterable["CoverageFigures"]) -> "CoverageFigures":
        """Return the parts added up."""
        return cls(*map(sum, zip(*map(_counts, parts), strict=True)))

    coverage = Rate("established", "groups")
    taking_part_share = Rate("taking_part", "members")
    local_share = Rate("local", "members")
    in_post_share = Rate("in_post", "members")
    share_of_residents = Rate("stated", "residents")
    cadre_share = Rate("led_by_cadre", "led")
    paired_share = Rate("paired", "households")

    def as_dict(self) -> dict[str, Any]:
        shown = dict(zip(SHOWN, _shown(self), strict=True))
        rates = [top / bottom if bottom else None for top, bottom in zip(_tops(self), _bottoms(self), strict=True)]
        shown.update(zip(RATES, rates, strict=True))
        return shown


COUNTS = tuple(item.name for item in fields(CoverageFigures))
RATES = {name: value for name, value in vars(CoverageFigures).items() if isinstance(value, Rate)}
SHOWN = tuple(name for name in COUNTS if name != "stated")
_counts, _shown = attrgetter(*COUNTS), attrgetter(*SHOWN)
_tops, _bottoms = (attrgetter(*(rate[side] for rate in RATES.values())) for side in (0, 1))


class CoverageArea(NamedTuple):
    """The columns of an area that a report needs; 922 of them are made faster than as many model instances."""

    pk: int
    path: str
    level: int
    name: str
    label: str
    residents: int | None
    stage: str | None
    established_on: date | None

    def __str__(self) -> str:
        return self.label

    def is_established_on(self, day: date) -> bool:
        """Whether the group's party group exists on this day; one without a date counts for every day."""
        return self.stage == Area.Stage.ESTABLISHED and (self.established_on is None or self.established_on <= day)


@dataclass(slots=True)
class CoverageRow:
    """An area of the level below the report's, with its figures."""

    area: CoverageArea
    figures: CoverageFigures


@dataclass(slots=True)
class Coverage:
    """The report: an area on a day, its figures, and a row for each area one level down."""

    area: Area
    day: date
    figures: CoverageFigures
    rows: list[CoverageRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        rows = [{"area": row.area.name, "id": row.area.pk, **row.figures.as_dict()} for row in self.rows]
        return {
            "area": self.area.name,
            "level": Area.Level(self.area.level).name,
            "day": self.day.isoformat(),
            "figures": self.figures.as_dict(),
            "rows": rows,
        }


def coverage(area: Area, *, areas: AreaQuerySet, day: date, level: int | None = None) -> Coverage:
    """Return the coverage of an area on a day; `areas` are those the reader may see reports of.

    `level` is that of the rows, by default the one below the area. Three queries, whatever the size.
    """
    level = min(level or area.level + 1, Area.Level.BUILDING_GROUP)
    return drilled(area, areas=areas, day=day, levels=[level])[0]


@from_replica
def drilled(area: Area, *, areas: AreaQuerySet, day: date, levels: Sequence[int] = ()) -> list[Coverage]:
    """Return a coverage report of an area on a day for each of these levels of rows, by default all below the area.

    The database is queried once for all of them.
    """
    places = [*map(CoverageArea._make, areas.inside(area).on(day).values_list(*CoverageArea._fields))]
    sums = dict(_of_each_place(places, area, day))
    reports: list[Coverage] = []
    for level in sorted(levels or _levels_below(area), reverse=True):
        sums = _summed(sums, level)
        lower = [each for each in places if each.level == level and each.path != area.path]
        rows = [CoverageRow(each, sums.get(each.path) or CoverageFigures()) for each in lower]
        reports.insert(0, Coverage(area, day, CoverageFigures.total(sums.values()), rows))
    return reports


def _levels_below(area: Area) -> Sequence[int]:
    """Return the levels of rows that an area's report may have; a building group's has no rows."""
    return range(min(area.level + 1, Area.Level.BUILDING_GROUP), Area.Level.BUILDING_GROUP + 1)


def _summed(parts: dict[str, CoverageFigures], level: int) -> dict[str, CoverageFigures]:
    """Return by path the sums of the parts that lie in each area of a level; what lies higher stays."""
    below: dict[str, list[CoverageFigures]] = defaultdict(list)
    for path, figures in parts.items():
        below[path[: level * SEGMENT]].append(figures)
    return {path: CoverageFigures.total(some) if len(some) > 1 else some[0] for path, some in below.items()}


def _of_each_place(places: list[CoverageArea], area: Area, day: date) -> Iterator[tuple[str, CoverageFigures]]:
    """Yield (path, figures) of each community and building group by itself, before anything is added up."""
    stating = {each.path for each in places if each.residents}
    living, leading = _members_by_group(area, day), _leaders_by_group(area, day)
    community, group = Area.Level.COMMUNITY, Area.Level.BUILDING_GROUP  # looked up once, not for each of 922 places
    for each in places:
        if each.level == community:
            yield each.path, CoverageFigures(communities=1, residents=each.residents or 0)
        elif each.level == group:
            figures = CoverageFigures(groups=1, established=int(each.is_established_on(day)))
            if counts := living.get(each.pk):
                figures.members, figures.local, figures.taking_part, figures.households, figures.paired = counts
                figures.in_post = figures.members - figures.local
                figures.stated = figures.members if each.path[: 2 * SEGMENT] in stating else 0
            if ranks := leading.get(each.pk):
                figures.led, figures.led_by_cadre = 1, int(any(ranks))
            yield each.path, figures


def _members_by_group(area: Area, day: date) -> dict[int, list[int]]:
    """Return by group (id) its members, those that are local, those that take part, their doors, and those paired."""
    living = Residence.objects.inside(area).on(day).order_by()
    counted = {
        "members": Count("pk"),
        "local": Count("pk", filter=Q(member__affiliation=Member.Affiliation.LOCAL)),
        "taking_part": Count("pk", filter=Q(joined_on__lte=day)),
        "households": Count("room", distinct=True, filter=~Q(room="")),
        "paired": Count("room", distinct=True, filter=Exists(_pairings_of_the_door(area, day))),
    }
    return {group: counts for group, *counts in living.values_list("area").annotate(**counted)}


def _pairings_of_the_door(area: Area, day: date) -> QuerySet:
    """Return the pairings that name a residence's door as the member's side.

    They are those of the street: PostgreSQL reads them once instead of those of each door, or of all streets.
    """
    street = access.within("compound__path", [access.subtree(area.street_path)])
    door = {"household__area": OuterRef("area"), "household__room": OuterRef("room")}
    return Pairing.objects.filter(street, **door).on(day)


def _leaders_by_group(area: Area, day: date) -> dict[int, list[str | None]]:
    """Return by group (id) the ranks of its leaders."""
    leaders = AreaRole.objects.filter(access.within("area__path", [access.subtree(area.path)]), kind=PostKind.LEADER)
    ranks: dict[int, list[str | None]] = defaultdict(list)
    for group, rank in leaders.on(day).order_by().values_list("area", "user__member__rank"):
        ranks[group].append(rank)
    return ranks
