"""Coverage: which building groups have a party group, who lives there, who takes part (design: reports).

The figures of an area are sums over its building groups, so each level adds up to the one above, and the top of every
rate is part of its bottom.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from django.db.models import Count, Q

from members.access import Kind
from members.models import Area, AreaRole, Member, Residence
from members.models.areas import SEGMENT, AreaQuerySet


@dataclass(slots=True)
class Figures:
    """Counts of one area on one day. `stated` are the members of the communities that state their `residents`."""

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

    def add(self, other: "Figures") -> None:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))

    @property
    def coverage(self) -> float | None:
        return _share(self.established, self.groups)

    @property
    def taking_part_share(self) -> float | None:
        return _share(self.taking_part, self.members)

    @property
    def local_share(self) -> float | None:
        return _share(self.local, self.members)

    @property
    def in_post_share(self) -> float | None:
        return _share(self.in_post, self.members)

    @property
    def share_of_residents(self) -> float | None:
        return _share(self.stated, self.residents)

    @property
    def cadre_share(self) -> float | None:
        return _share(self.led_by_cadre, self.led)

    def as_dict(self) -> dict[str, Any]:
        counts = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "stated"}
        rates = ("coverage", "taking_part_share", "local_share", "in_post_share", "share_of_residents", "cadre_share")
        return counts | {name: getattr(self, name) for name in rates}


@dataclass(slots=True)
class Row:
    """An area of the level below the report's, with its figures."""

    area: Area
    figures: Figures


@dataclass(slots=True)
class Coverage:
    """The report: an area on a day, its figures, and a row for each area one level down."""

    area: Area
    day: date
    figures: Figures
    rows: list[Row] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        rows = [{"area": row.area.name, "id": row.area.pk} | row.figures.as_dict() for row in self.rows]
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
    open_areas = list(areas.inside(area).on(day))
    sums: dict[str, Figures] = defaultdict(Figures)
    for path, figures in _of_each_place(open_areas, area, day).items():
        for end in range(len(area.path), len(path) + 1, SEGMENT):
            sums[path[:end]].add(figures)
    rows = [Row(each, sums[each.path]) for each in open_areas if each.level == level and each.path != area.path]
    return Coverage(area, day, sums[area.path], rows)


def _of_each_place(open_areas: list[Area], area: Area, day: date) -> dict[str, Figures]:
    """Return what each community and building group brings by itself, before anything is added up."""
    own = {each.path: _of_the_place_itself(each, day) for each in open_areas}
    counted = {each.path[: 2 * SEGMENT] for each in open_areas if each.residents}
    for path, members, local, taking_part in _members_by_group(area, day):
        if path in own:
            figures = own[path]
            figures.members, figures.local, figures.in_post = members, local, members - local
            figures.taking_part = taking_part
            figures.stated = members if path[: 2 * SEGMENT] in counted else 0
    for path, ranks in _leaders_by_group(area, day).items():
        if path in own:
            own[path].led, own[path].led_by_cadre = 1, int(any(ranks))
    return {path: figures for path, figures in own.items() if figures != NOTHING}


def _of_the_place_itself(area: Area, day: date) -> Figures:
    if area.level == Area.Level.BUILDING_GROUP:
        return Figures(groups=1, established=int(area.is_established_on(day)))
    if area.level == Area.Level.COMMUNITY:
        return Figures(communities=1, residents=area.residents or 0)
    return Figures()


def _members_by_group(area: Area, day: date) -> Iterable[tuple[str, int, int, int]]:
    living = Residence.objects.inside(area).on(day).order_by()
    counted = {
        "members": Count("pk"),
        "local": Count("pk", filter=Q(member__affiliation=Member.Affiliation.LOCAL)),
        "taking_part": Count("pk", filter=Q(joined_on__lte=day)),
    }
    return living.values_list("area__path").annotate(**counted)


def _leaders_by_group(area: Area, day: date) -> dict[str, list[str | None]]:
    leaders = AreaRole.objects.filter(kind=Kind.LEADER, area__in=Area.objects.inside(area)).on(day).order_by()
    ranks: dict[str, list[str | None]] = defaultdict(list)
    for path, rank in leaders.values_list("area__path", "user__member__rank"):
        ranks[path].append(rank)
    return ranks


def _share(top: int, bottom: int) -> float | None:
    return top / bottom if bottom else None


NOTHING = Figures()
