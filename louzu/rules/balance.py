"""Balance 分类指导: compounds of one kind beside each other, the middle half of each figure, and who stands outside it.

Source: docs/design/reports.md. A kind is a type of housing and a size. Beside a compound below the middle half stands
what its neighbours of the same kind did. Places are described, never ranked and never persons.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from statistics import quantiles
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Substr

from activities.models import Activity, Need, Visit
from activities.rules.due import DueArea, DuePeriod
from members.ground.moments import midnight
from members.ground.replica import from_replica
from members.models import Area, Pairing, Residence
from members.models.areas import SEGMENT, AreaQuerySet
from members.rules.coverage import CoverageFigures, drilled

WEEKS = 12
FEWEST = 4  # fewer compounds have no middle half
STATION = Area.Level.STATION
# Each figure with the digits it is shown and compared by: two places that read the same are never told apart.
FIGURES = {"joined": 3, "came": 3, "paired": 3, "weeks": 3, "visits": 1, "needs": 3}
NO_HOUSING = "没有填住宅类型"


class SizeClass(NamedTuple):
    """A class of sizes by the number of building groups, both bounds included."""

    name: str
    bounds: str
    most: float


SIZES = (
    SizeClass("小", "不到 10 个楼组", 9),
    SizeClass("中", "10 到 29 个楼组", 29),
    SizeClass("大", "30 个楼组以上", float("inf")),
)


class Ratio(NamedTuple):
    """A top and a bottom; nothing can be said where the bottom is 0."""

    top: int = 0
    bottom: int = 0

    @property
    def value(self) -> Fraction | None:
        return Fraction(self.top, self.bottom) if self.bottom else None

    def as_dict(self) -> dict[str, Any]:
        value = self.value
        return {"top": self.top, "bottom": self.bottom, "value": None if value is None else float(value)}


class MiddleHalf(NamedTuple):
    """The lower and the upper quartile of a figure among the compounds of a kind."""

    low: Fraction
    high: Fraction

    def side_of(self, value: Fraction | None) -> str:
        """Return "below" or "above" for a value outside, "" for one inside and for none."""
        if value is None or self.low <= value <= self.high:
            return ""
        return "below" if value < self.low else "above"


def _middle_half(values: Iterable[Fraction | None], digits: int) -> MiddleHalf | None:
    """Return the quartiles of the values that there are, rounded as they are shown; None for fewer than four."""
    known = [value for value in values if value is not None]
    if len(known) < FEWEST:
        return None
    low, _, high = quantiles(known, n=4, method="inclusive")
    return MiddleHalf(round(low, digits), round(high, digits))


@dataclass(slots=True)
class CompoundFigures:
    """A compound with its figures by name, where each stands, and its activities by field of work."""

    area: DueArea
    groups: int
    ratios: dict[str, Ratio]
    sides: dict[str, str] = field(default_factory=dict)
    fields: Counter[str] = field(default_factory=Counter)

    def shown(self, name: str) -> Fraction | None:
        """Return a figure as it is shown and compared: a rate by a tenth of a per cent, visits by a tenth."""
        value = self.ratios[name].value
        return None if value is None else round(value, FIGURES[name])

    def as_dict(self) -> dict[str, Any]:
        figures = {name: ratio.as_dict() | {"side": self.sides.get(name, "")} for name, ratio in self.ratios.items()}
        named = {"area": self.area.name, "label": self.area.label, "id": self.area.pk, "groups": self.groups}
        return named | {"figures": figures, "fields": {each: self.fields[each] for each in Activity.Field.values}}


@dataclass(slots=True)
class CompoundKind:
    """Compounds of one type of housing and size; a figure that fewer than four of them have gets no middle half.

    `middles` are by figure, `usual` the middle halves of the number of activities by field of work.
    """

    housing: str | None
    size: SizeClass
    compounds: list[CompoundFigures]
    middles: dict[str, MiddleHalf] = field(default_factory=dict)
    usual: dict[str, MiddleHalf] = field(default_factory=dict)

    @property
    def name(self) -> str:
        housing = Area.Housing(self.housing).label if self.housing else NO_HOUSING
        return f"{housing} · {self.size.name}"

    @property
    def is_compared(self) -> bool:
        return len(self.compounds) >= FEWEST

    @property
    def fields(self) -> Counter[str]:
        """The activities by field of work, of all compounds of the kind."""
        return sum((each.fields for each in self.compounds), Counter[str]())

    def compare(self) -> None:
        """Find the middle half of each figure, and which compounds stand outside it."""
        for name, digits in FIGURES.items():
            values = [each.shown(name) for each in self.compounds]
            if half := _middle_half(values, digits):
                self.middles[name] = half
                for each, value in zip(self.compounds, values, strict=True):
                    each.sides[name] = half.side_of(value)
        for name in Activity.Field.values:
            if half := _middle_half([Fraction(each.fields[name]) for each in self.compounds], 2):
                self.usual[name] = half

    def ideas_for(self, compound: CompoundFigures) -> list[str]:
        """Return the fields of work in which the compound did less than the middle half of the kind."""
        return [name for name, half in self.usual.items() if half.side_of(Fraction(compound.fields[name])) == "below"]

    def as_dict(self) -> dict[str, Any]:
        middles = {name: {"low": float(low), "high": float(high)} for name, (low, high) in self.middles.items()}
        compounds = [each.as_dict() | {"ideas": self.ideas_for(each)} for each in self.compounds]
        size = {"size": self.size.name, "bounds": self.size.bounds}
        return {"kind": self.name, "housing": self.housing, **size, "middles": middles, "compounds": compounds}


@dataclass(slots=True)
class Balance:
    """The report: an area's compounds of a day by kind; `first` and `last` bound the twelve full weeks before it."""

    area: Area
    day: date
    first: date
    last: date
    kinds: list[CompoundKind]

    def as_dict(self) -> dict[str, Any]:
        return {
            "area": self.area.name,
            "level": Area.Level(self.area.level).name,
            "day": self.day.isoformat(),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "kinds": [kind.as_dict() for kind in self.kinds],
        }


@from_replica
def balance(area: Area, *, areas: AreaQuerySet, day: date) -> Balance:
    """Return the compounds of an area by kind; `areas` are those the reader may see reports of.

    Eleven queries, whatever the size. Activities and visits count in the twelve full weeks that ended by the day.
    """
    weeks = weeks_before(day)
    first, last = weeks[0].first, weeks[-1].last
    inside = areas.inside(area)
    covered = _covered(area, areas, day)
    own_weeks = _weeks_held(inside, weeks)
    counted = {
        "came": _came(inside, areas, day, first, last),
        "visits": _visits(inside, areas, day, first, last),
        "needs": _needs(inside, first, last),
    }
    fields = _fields(inside, first, last)
    kinds: dict[tuple[str, int], CompoundKind] = {}
    for housing, place in _compounds(inside, day):
        covers = covered[place.pk]
        found = {name: ratios.get(place.path, Ratio()) for name, ratios in counted.items()}
        found |= _from_coverage(covers) | {"weeks": _weeks_done(place, weeks, own_weeks[place.pk])}
        ratios = {name: found[name] for name in FIGURES}
        compound = CompoundFigures(place, covers.groups, ratios, fields=fields[place.path])
        size = next(each for each in SIZES if compound.groups <= each.most)
        key = (housing or "", SIZES.index(size))
        kinds.setdefault(key, CompoundKind(housing, size, [])).compounds.append(compound)
    order = sorted(kinds, key=lambda key: (_rank(key[0]), key[1]))
    for kind in kinds.values():
        kind.compare()
    return Balance(area, day, first, last, [kinds[key] for key in order])


def weeks_before(day: date) -> list[DuePeriod]:
    """Return the twelve weeks, Monday to Sunday, the last of which ended on the day or before."""
    monday = day - timedelta(days=(day.weekday() + 1) % 7 + 6)
    mondays = [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    return [DuePeriod(f"{each:%m-%d}", each, each + timedelta(days=6)) for each in mondays]


def _rank(housing: str) -> int:
    """Return the place of a type of housing in their list; one that is not stated comes last."""
    return Area.Housing.values.index(housing) if housing else len(Area.Housing.values)


def _compounds(inside: AreaQuerySet, day: date) -> Iterator[tuple[str | None, DueArea]]:
    rows = inside.filter(level=STATION).on(day).order_by("path")
    for *values, housing in rows.values_list(*DueArea._fields, "housing"):
        yield housing, DueArea._make(values)


def _covered(area: Area, areas: AreaQuerySet, day: date) -> dict[int, CoverageFigures]:
    """Return by compound (id) its figures of the coverage; of a compound's own report, its own."""
    if area.level > STATION:
        return {}
    report = drilled(area, areas=areas, day=day, levels=[STATION])[0]
    return {row.area.pk: row.figures for row in report.rows} or {area.pk: report.figures}


def _from_coverage(figures: CoverageFigures) -> dict[str, Ratio]:
    return {
        "joined": Ratio(figures.taking_part, figures.members),
        "paired": Ratio(figures.paired, figures.households),
    }


def _weeks_done(place: DueArea, weeks: Sequence[DuePeriod], held: set[date]) -> Ratio:
    """Return how many of the weeks due had an activity of the compound's own."""
    due = [week for week in weeks if place.owes(week)]
    return Ratio(sum(week.first in held for week in due), len(due))


def _weeks_held(inside: AreaQuerySet, weeks: Sequence[DuePeriod]) -> dict[int, set[date]]:
    """Return by compound (id) the Mondays of the weeks in which it held an activity itself."""
    found = defaultdict[int, set[date]](set)
    held = Activity.objects.held().between(weeks[0].first, weeks[-1].last).filter(area__in=inside, area__level=STATION)
    for place, day in held.order_by().values_list("area", "held_on").distinct():
        found[place].add(day - timedelta(days=day.weekday()))
    return found


def _came(inside: AreaQuerySet, areas: AreaQuerySet, day: date, first: date, last: date) -> dict[str, Ratio]:
    """Return by compound (path) the members living there on the day, and those of them who came to an activity."""
    held = Activity.objects.held().between(first, last).filter(area__in=areas).order_by()
    came = set(held.values_list("attendances__member", flat=True).distinct())
    living = Residence.objects.on(day).filter(area__in=inside).annotate(part=_part("area__path")).order_by()
    every, some = Counter[str](), Counter[str]()
    for path, member in living.values_list("part", "member"):
        every[path] += 1
        some[path] += member in came
    return {path: Ratio(some[path], every[path]) for path in every}


def _visits(inside: AreaQuerySet, areas: AreaQuerySet, day: date, first: date, last: date) -> dict[str, Ratio]:
    """Return by compound (path) the pairings of the day, and the visits that these had in the period."""
    pairings = Pairing.objects.on(day).filter(household__area__in=inside, neighbour__area__in=areas).order_by()
    by_path = pairings.annotate(part=_part("household__area__path")).values_list("part")
    visits = Visit.objects.filter(pairing__in=pairings, visited_on__range=(first, last)).order_by()
    made = visits.annotate(part=_part("pairing__household__area__path")).values_list("part").annotate(Count("pk"))
    found = dict(made)
    return {path: Ratio(found.get(path, 0), pairs) for path, pairs in by_path.annotate(Count("pk"))}


def _needs(inside: AreaQuerySet, first: date, last: date) -> dict[str, Ratio]:
    """Return by compound (path) the needs that were open in the period or became so, and those done in it."""
    begin, end = (midnight(day) for day in (first, last + timedelta(days=1)))
    alive = Need.objects.filter(area__in=inside, area__level__gte=STATION, opened_on__lte=last).filter(
        Q(done_at=None) | Q(done_at__gte=begin), Q(withdrawn_at=None) | Q(withdrawn_at__gte=end)
    )
    counted = alive.annotate(part=_part("area__path")).order_by().values_list("part")
    done = Count("pk", filter=Q(done_at__lt=end))
    return {path: Ratio(some, every) for path, some, every in counted.annotate(done=done, all=Count("pk"))}


def _fields(inside: AreaQuerySet, first: date, last: date) -> dict[str, Counter[str]]:
    """Return by compound (path) its activities and those of its building groups, by field of work."""
    held: QuerySet = Activity.objects.held().between(first, last).filter(area__in=inside, area__level__gte=STATION)
    found = defaultdict[str, Counter[str]](Counter)
    grouped = held.annotate(part=_part("area__path")).order_by().values_list("part", "field")
    for path, name, count in grouped.annotate(Count("pk")):
        found[path][name] = count
    return found


def _part(column: str) -> Substr:
    """Return an expression for the path of the compound that a path lies in."""
    return Substr(column, 1, STATION * SEGMENT)
