"""What a district sees: streets beside each other, and the communities of one, from the figures kept by day.

Counts of streets and communities alone, never of a smaller place or a person (docs/design/privacy.md). Three queries,
whatever the size.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Case, Count, Exists, IntegerField, Min, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Substr

from louzu.models import FiguresOfDay
from louzu.rules.kept_periods import WEEKS, KeptPeriods
from louzu.rules.months import RATES
from members.ground.replica import from_replica
from members.models import Area
from members.models.areas import SEGMENT, AreaQuerySet

THIN_SHARE = 0.8  # below it, what was due is told in words
ANSWERED_SHARE = 0.5  # below it, so are needs that are not done and cards that are not received
STOCK = (
    "members", "local", "taking_part", "groups", "established", "communities", "households", "paired", "pairings",
)  # fmt: skip
HAPPENED = (
    "activities", "attendances", "residents_reached", "visits", "needs_opened", "needs_done", "cards_issued",
    "cards_received", "communities_due", "communities_done", "groups_due", "groups_done",
)  # fmt: skip
OF_WEEKS = ("stations_due", "stations_done")
OF_LAST_MONTH = {"last_month_due": "communities_due", "last_month_done": "communities_done"}
COUNTS = (*STOCK, *HAPPENED, *OF_WEEKS, *OF_LAST_MONTH)
SHARES = RATES | {"needs_share": ("needs_done", "needs_opened"), "received_share": ("cards_received", "cards_issued")}


class DistrictPlace(NamedTuple):
    """A street or community, and the id of its latest kept row."""

    pk: int
    path: str
    level: int
    name: str
    latest: int | None

    @property
    def is_street(self) -> bool:
        return self.level == Area.Level.STREET


@dataclass(slots=True)
class DistrictCounts:
    """Counts by name, and their rates."""

    counts: Counter[str]

    @property
    def shares(self) -> dict[str, float | None]:
        return {name: _share(self.counts[top], self.counts[bottom]) for name, (top, bottom) in SHARES.items()}


@dataclass(slots=True)
class DistrictMonth(DistrictCounts):
    """What there was on a month's last kept day, and what happened in it."""

    month: date

    def as_dict(self) -> dict[str, Any]:
        counts = {name: self.counts[name] for name in (*STOCK, *HAPPENED, *OF_WEEKS)}
        return {"month": f"{self.month:%Y-%m}", **counts, **self.shares}


@dataclass(slots=True)
class DistrictRow(DistrictCounts):
    """A place: counts of its latest kept day, and summed up in the periods; `first` is the year's first kept day."""

    place: DistrictPlace
    last: date | None = None
    first: date | None = None
    kept: int = 0
    months: list[DistrictMonth] = field(default_factory=list)

    @property
    def days_missing(self) -> int:
        """How many days between the year's first and the last have no figures."""
        return (self.last - self.first).days + 1 - self.kept if self.first and self.last else 0

    @property
    def missing(self) -> list[str]:
        """What is missing here, in words."""
        return list(_missing(self)) if self.last else ["还没有算好的数字"]

    def as_dict(self) -> dict[str, Any]:
        return {
            "area": self.place.name,
            "id": self.place.pk,
            "level": self.place.level,
            "day": self.last and self.last.isoformat(),
            "first": self.first and self.first.isoformat(),
            "days_missing": self.days_missing,
            **{name: self.counts[name] for name in COUNTS},
            **self.shares,
            "missing": self.missing if self.place.pk else [],
            "months": [month.as_dict() for month in self.months],
        }


@dataclass(slots=True)
class District:
    """Places beside each other; `total` is their sum, or the row of the street whose communities they are."""

    periods: KeptPeriods
    rows: list[DistrictRow]
    total: DistrictRow
    thin: list[tuple[DistrictPlace, str]] = field(init=False)

    def __post_init__(self) -> None:
        found = [(row, row.missing) for row in self.rows]
        told = sorted((each for each in found if each[1]), key=lambda each: (-len(each[1]), each[0].place.path))
        self.thin = [(row.place, "；".join(sentences)) for row, sentences in told]

    @property
    def late(self) -> list[DistrictRow]:
        """Rows that have figures, but none of yesterday yet."""
        return [row for row in self.rows if row.last and row.last < self.periods.yesterday]

    @property
    def since(self) -> list[DistrictRow]:
        """Rows whose figures begin after New Year: their sums of the year are not those of the whole year."""
        return [row for row in self.rows if row.first and row.first > self.periods.new_year]

    def as_dict(self) -> dict[str, Any]:
        return {
            "day": self.periods.yesterday.isoformat(),
            "year": self.periods.new_year.year,
            "total": self.total.as_dict(),
            "rows": [row.as_dict() for row in self.rows],
        }


@from_replica
def streets_beside(areas: AreaQuerySet, *, today: date, by_month: bool = False) -> District:
    """Return the open streets of `areas`, those that the reader may see counts of, beside each other.

    Of a hundred streets the months take the database more than twice as long, so they are left out unless asked for.
    """
    periods = KeptPeriods.until(today)
    rows = _rows(areas.filter(level=Area.Level.STREET), periods, today, by_month=by_month)
    return District(periods, rows, _total(rows))


@from_replica
def communities_beside(areas: AreaQuerySet, pk: int, *, today: date) -> District | None:
    """Return the open communities of a street (id) of `areas`, the street's row as their total; None without it."""
    street = areas.filter(pk=pk, level=Area.Level.STREET, path=Substr(OuterRef("path"), 1, SEGMENT)).order_by()
    inside = areas.filter(Exists(street), level__lte=Area.Level.COMMUNITY)
    periods = KeptPeriods.until(today)
    rows = _rows(inside, periods, today, by_month=True)
    return District(periods, rows[1:], rows[0]) if rows and rows[0].place.is_street else None


def _rows(areas: AreaQuerySet, periods: KeptPeriods, today: date, *, by_month: bool) -> list[DistrictRow]:
    kept = FiguresOfDay.objects.filter(area=OuterRef("pk"), day__lt=today).order_by("-day")
    open_ = areas.on(today).annotate(latest=Subquery(kept.values("pk")[:1])).order_by("path")
    places = [DistrictPlace(*values) for values in open_.values_list(*DistrictPlace._fields)]
    rows = {place.pk: DistrictRow(Counter(), place) for place in places}
    ends = _add_stock(rows, periods.ends if by_month else [])
    if by_month:
        _add_months(rows, periods, ends)
    else:
        _add_sums(rows, periods)
    return list(rows.values())


def _add_stock(rows: dict[int, DistrictRow], ends_of: list[date]) -> dict[tuple[int, date], Counter[str]]:
    """Add what there was on the latest kept day of each place; return that of these ends by area (id) and month.

    The month of the latest day is not over, or its last day is missing yet: the latest stands for it.
    """
    latest = [row.place.latest for row in rows.values() if row.place.latest]
    kept = FiguresOfDay.objects.filter(Q(pk__in=latest) | Q(area__in=rows, day__in=ends_of)).order_by("day")
    ends: dict[tuple[int, date], Counter[str]] = {}
    for pk, key, day, *counts in kept.values_list("area", "pk", "day", *STOCK):
        named = dict(zip(STOCK, counts, strict=True))
        ends[pk, day.replace(day=1)] = Counter(named)
        if key == rows[pk].place.latest:
            rows[pk].last = day
            rows[pk].counts.update(named)
    return ends


def _add_sums(rows: dict[int, DistrictRow], periods: KeptPeriods) -> None:
    """Add the sums in the periods to each place."""
    of_year = None if periods.first == periods.new_year else Q(day__gte=periods.new_year)
    of_weeks = Q(day__gte=periods.weeks_from)
    of_month = Q(day__range=periods.days_of_last_month)
    summed = {name: Sum(name, filter=of_year) for name in HAPPENED}
    summed |= {name: Sum(name, filter=of_weeks) for name in OF_WEEKS}
    summed |= {name: Sum(column, filter=of_month) for name, column in OF_LAST_MONTH.items()}
    wanted = {"days": Count("pk", filter=of_year), "first_day": Min("day", filter=of_year)}
    wanted |= {f"sum_{name}": each for name, each in summed.items()}
    kept = FiguresOfDay.objects.filter(area__in=rows).between(periods.first, periods.yesterday).order_by()
    for pk, days, first, *values in kept.values_list("area").annotate(**wanted):
        rows[pk].kept, rows[pk].first = days, first
        rows[pk].counts.update(dict(zip(summed, (each or 0 for each in values), strict=True)))


def _add_months(rows: dict[int, DistrictRow], periods: KeptPeriods, ends: dict[tuple[int, date], Counter[str]]) -> None:
    """Add the months of each place, and their sums in the periods."""
    months = periods.months
    of_weeks = {f"weeks_{name}": Sum(name, filter=Q(day__gte=periods.weeks_from)) for name in OF_WEEKS}
    summed = {f"sum_{name}": Sum(name) for name in (*HAPPENED, *OF_WEEKS)}
    whens = [When(day__gte=month, then=Value(index)) for index, month in reversed(list(enumerate(months)))]
    kept = FiguresOfDay.objects.filter(area__in=rows).between(periods.first, periods.yesterday).order_by()
    grouped = kept.values_list("area", Case(*whens, output_field=IntegerField()))
    wanted = {"days": Count("pk"), "first_day": Min("day"), **of_weeks, **summed}
    for pk, index, days, first, *values in grouped.annotate(**wanted):
        row, month = rows[pk], months[index]
        row.counts.update(dict(zip(OF_WEEKS, (each or 0 for each in values), strict=False)))
        counts = Counter(dict.fromkeys(STOCK, 0) | ends.get((pk, month), {}))
        counts.update(dict(zip((*HAPPENED, *OF_WEEKS), values[len(OF_WEEKS) :], strict=True)))
        _add_month(row, periods, DistrictMonth(counts, month), (days, first))


def _add_month(row: DistrictRow, periods: KeptPeriods, month: DistrictMonth, kept: tuple[int, date]) -> None:
    counts = month.counts
    if month.month == periods.last_month:
        row.counts.update({name: counts[column] for name, column in OF_LAST_MONTH.items()})
    if month.month >= periods.new_year:
        row.counts.update({name: counts[name] for name in HAPPENED})
        row.kept += kept[0]
        row.first = min(row.first or kept[1], kept[1])
        row.months.append(month)
        row.months.sort(key=lambda each: each.month)


def _total(rows: Sequence[DistrictRow]) -> DistrictRow:
    """Return the sum of the rows, month by month too."""
    months: dict[date, list[Counter[str]]] = defaultdict(list)
    for month in (month for row in rows for month in row.months):
        months[month.month].append(month.counts)
    summed = [DistrictMonth(_sum(some), month) for month, some in sorted(months.items())]
    return DistrictRow(_sum(row.counts for row in rows), DistrictPlace(0, "", 0, "合计", None), months=summed)


def _sum(some: Iterable[Counter[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for counts in some:
        found.update(counts)
    return found


def _missing(row: DistrictRow) -> Iterator[str]:
    counts, shares = row.counts, row.shares
    if lacking := counts["groups"] - counts["established"]:
        yield f"{lacking} 个楼组还没有建立党小组"
    if idle := counts["last_month_due"] - counts["last_month_done"]:
        yield f"{idle} 个社区上月没有办活动" if row.place.is_street else "上月没有办活动"
    for name, words in {"stations_share": f"小区周活动近 {WEEKS} 周", "groups_share": "楼组季度活动今年"}.items():
        if _is_below(share := shares[name], THIN_SHARE):
            yield f"{words}完成 {share:.0%}"
    if _is_below(shares["needs_share"], ANSWERED_SHARE):
        yield f"今年提出的需求 {counts['needs_opened']:,} 条，办结 {counts['needs_done']:,} 条"
    if _is_below(shares["received_share"], ANSWERED_SHARE):
        yield f"今年发出的记录卡 {counts['cards_issued']:,} 张，签收 {counts['cards_received']:,} 张"


def _is_below(share: float | None, limit: float) -> bool:
    return share is not None and share < limit


def _share(top: int, bottom: int) -> float | None:
    """Return a share, at most 1: what was opened or issued last year may be done or received this year."""
    return min(top / bottom, 1.0) if bottom else None
