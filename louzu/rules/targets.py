"""Targets of communities: set by the street office as one table, and where each community stands.

Groups and pairings are counted as of today, in a past year as of its last day. The activities of a month are all that
were held in the community: its own, its compounds' and its building groups'. Nothing here is about a person, and no
community is ranked.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.db.models.functions import ExtractMonth, Substr

from activities.models import Activity
from louzu.models import Target
from louzu.models.targets import MOST, NOT_A_NUMBER
from members.ground.atomic import atomic_write
from members.models import Area, Pairing
from members.models.areas import SEGMENT, AreaQuerySet

Kind = Target.Kind
COMMUNITY_PATH = Area.Level.COMMUNITY * SEGMENT
UNITS = {Kind.GROUPS: "个", Kind.ACTIVITIES: "次", Kind.PAIRINGS: "对"}
NOT_HERE = "有的社区不在这里，或者刚刚停用了，没有保存。请刷新页面再填。"
ONLY_SOON = "只能定今年和明年的目标。"
NO_SUCH_KIND = "没有这种目标。"


def cell_name(community: int, kind: str) -> str:
    """Return the name of a cell of the table, by the community's id: forms call their fields so, and errors name it."""
    return f"{kind}-{community}"


def set_targets(area: Area, year: int, values: Mapping[tuple[int, str], int | None], *, today: date) -> int:
    """Set the targets of communities in the area, by (community's id, kind); return how many were changed.

    None removes a target, what is not named stays. ValidationError by cell where a number is out of bounds.
    """
    with atomic_write():
        Area.objects.lock_street(area)
        inside = Area.objects.inside(area).filter(level=Area.Level.COMMUNITY).on(today)
        communities = {each.pk: each for each in inside}
        _check(communities, year, values, today)
        stored = {(row.area_id, row.kind): row for row in Target.objects.filter(area__in=communities, year=year)}
        changed = 0
        for (pk, kind), value in values.items():
            row = stored.get((pk, kind)) or Target(area=communities[pk], year=year, kind=kind)
            changed += _set(row, value)
    return changed


def _check(
    communities: Mapping[int, Area], year: int, values: Mapping[tuple[int, str], int | None], today: date
) -> None:
    if not today.year <= year <= today.year + 1:
        raise ValidationError({"year": ONLY_SOON})
    if any(pk not in communities for pk, _ in values):
        raise ValidationError(NOT_HERE)
    if any(kind not in Kind.values for _, kind in values):
        raise ValidationError(NO_SUCH_KIND)
    wrong = [cell for cell, value in values.items() if value is not None and not 1 <= value <= MOST]
    if wrong:
        raise ValidationError({cell_name(*cell): NOT_A_NUMBER for cell in wrong})


def _set(row: Target, value: int | None) -> bool:
    """Save or delete the target; return whether anything changed."""
    if value is None:
        if row.pk:
            row.delete()
            return True
        return False
    if row.pk and row.value == value:
        return False
    row.value = value
    row.full_clean()
    row.save()
    return True


class TargetPlace(NamedTuple):
    """The columns of a community that the table needs."""

    pk: int
    path: str
    name: str
    since: date | None


@dataclass(slots=True)
class TargetProgress:
    """A community's target of a kind, None where there is none, and what there is now; `missing` is what it lacks.

    Of activities, `now` is the number of this month, and `months` those that are over, with what was held in each.
    """

    kind: Kind
    value: int | None
    now: int
    is_over: bool = False
    is_ahead: bool = False
    months: Sequence[int] = ()

    @property
    def is_monthly(self) -> bool:
        return self.kind == Kind.ACTIVITIES

    @property
    def reached(self) -> int:
        """The number of months that are over in which the target was reached."""
        return sum(held >= (self.value or 0) for held in self.months)

    @property
    def missing(self) -> int:
        """How much is missing: of this month, or by the end of the year; 0 where nothing is, or no target is set."""
        is_due = self.value is not None and not (self.is_monthly and (self.is_over or self.is_ahead))
        return max(0, (self.value or 0) - self.now) if is_due else 0

    @property
    def is_reached(self) -> bool:
        return self.value is not None and not self.is_ahead and not self.missing and self.reached == len(self.months)

    @property
    def share(self) -> int:
        """What there is, as a part of the target, for a bar: never more than the target."""
        if self.is_monthly and self.is_over:
            return min(self.reached, len(self.months))
        return min(self.now, self.value or 0)

    @property
    def whole(self) -> int:
        return len(self.months) if self.is_monthly and self.is_over else self.value or 0

    @property
    def today(self) -> str:
        """What there is now, in words."""
        if self.is_monthly:
            return "" if self.is_over or self.is_ahead else f"本月 {self.now} 次"
        return f"{'年底' if self.is_over else '现在'} {self.now} {UNITS[self.kind]}"

    @property
    def words(self) -> str:
        """Where it stands, in words, beside a sign that it is reached."""
        return "；".join(_sentences(self))

    @property
    def sentence(self) -> str:
        """Where it stands, in words alone."""
        return "；".join(filter(None, ["已达到" if self.is_reached else "", self.words]))

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "value": self.value,
            "now": self.now,
            "missing": self.missing,
            "is_reached": self.is_reached,
            "months": list(self.months) if self.is_monthly else None,
            "sentence": self.sentence,
        }


def _sentences(cell: TargetProgress) -> list[str]:
    if cell.value is None or cell.is_reached:
        return [cell.today] if cell.today else []
    if cell.is_monthly and cell.is_ahead:
        return ["从 1 月起算"]
    over = f"{'' if cell.is_over else '过完的 '}{len(cell.months)} 个月里 {cell.reached} 个月达到"
    lacking = f"{'差' if cell.is_over else '还差'} {cell.missing} {UNITS[cell.kind]}"
    told = {over: bool(cell.months), cell.today: bool(cell.today), lacking: bool(cell.missing)}
    return [words for words, is_said in told.items() if is_said]


@dataclass(slots=True)
class TargetRow:
    """A community with its targets, in the order of the kinds."""

    place: TargetPlace
    cells: list[TargetProgress]

    def as_dict(self) -> dict[str, Any]:
        return {"area": self.place.name, "id": self.place.pk, "targets": [cell.as_dict() for cell in self.cells]}


@dataclass(slots=True)
class TargetReport:
    """The targets of the communities in an area for a year."""

    area: Area
    year: int
    rows: list[TargetRow]

    @property
    def is_empty(self) -> bool:
        return not any(cell.value for row in self.rows for cell in row.cells)

    def as_dict(self) -> dict[str, Any]:
        return {"area": self.area.name, "year": self.year, "rows": [row.as_dict() for row in self.rows]}


def progress(area: Area, *, areas: AreaQuerySet, year: int, today: date) -> TargetReport:
    """Return the targets of the communities in an area, the area itself if it is one, and where each stands.

    `areas` are those the reader may see targets of. Five queries, whatever the size.
    """
    day = min(today, date(year, 12, 31))
    found = areas.inside(area).filter(level=Area.Level.COMMUNITY).on(day)
    places = [TargetPlace(*values) for values in found.values_list(*TargetPlace._fields)]
    stored = Target.objects.inside(area).filter(year=year).order_by()
    values = {(pk, kind): value for pk, kind, value in stored.values_list("area", "kind", "value")}
    counted = {Kind.GROUPS: _groups(area, day), Kind.PAIRINGS: _pairings(area, day)}
    held = _activities(area, year, day)
    rows = []
    for place in places:
        cells = {
            kind: TargetProgress(kind, values.get((place.pk, kind)), by[place.path]) for kind, by in counted.items()
        }
        cells[Kind.ACTIVITIES] = _monthly(place, values.get((place.pk, Kind.ACTIVITIES)), held[place.path], year, today)
        for cell in cells.values():
            cell.is_over, cell.is_ahead = year < today.year, year > today.year
        rows.append(TargetRow(place, [cells[kind] for kind in Kind]))
    return TargetReport(area, year, rows)


def _monthly(place: TargetPlace, value: int | None, held: Counter[int], year: int, today: date) -> TargetProgress:
    """Return the progress of activities: a month counts from the first one that the community existed all through."""
    over = 12 if year < today.year else today.month - 1 if year == today.year else 0
    begun = [month for month in range(1, over + 1) if place.since is None or place.since <= date(year, month, 1)]
    now = held[today.month] if year == today.year else 0
    return TargetProgress(Kind.ACTIVITIES, value, now, months=[held[month] for month in begun])


def _groups(area: Area, day: date) -> Counter[str]:
    """Count by community (path) the building groups with an established party group, as the coverage does."""
    established = Q(stage=Area.Stage.ESTABLISHED) & (Q(established_on=None) | Q(established_on__lte=day))
    groups = Area.objects.inside(area).filter(established, level=Area.Level.BUILDING_GROUP).on(day).order_by()
    return Counter(dict(groups.values_list(Substr("path", 1, COMMUNITY_PATH)).annotate(Count("pk"))))


def _pairings(area: Area, day: date) -> Counter[str]:
    pairings = Pairing.objects.inside(area).on(day).order_by()
    community = Substr("household__area__path", 1, COMMUNITY_PATH)
    return Counter(dict(pairings.values_list(community).annotate(Count("pk"))))


def _activities(area: Area, year: int, day: date) -> defaultdict[str, Counter[int]]:
    """Count by community (path) and month the activities held in it."""
    held = Activity.objects.held().inside(area).between(date(year, 1, 1), day).order_by()
    community, month = Substr("area__path", 1, COMMUNITY_PATH), ExtractMonth("held_on")
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for path, number, count in held.values_list(community, month).annotate(Count("pk")):
        found[path][number] = count
    return found
