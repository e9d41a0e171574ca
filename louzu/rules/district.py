"""What a district sees: streets beside each other, and the communities of one, from the figures kept by day.

Counts of streets and communities alone, never of a smaller place or a person (docs/design/privacy.md). Three queries,
whatever the size.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Substr

from louzu.models import FiguresOfDay
from members.models import Area
from members.models.areas import SEGMENT, AreaQuerySet

WEEKS = 12
THIN_SHARE = 0.8  # below it, what was due is told in words
ANSWERED_SHARE = 0.5  # below it, so are needs that are not done and cards that are not received
STOCK = (
    "members", "local", "taking_part", "groups", "established", "communities", "households", "paired", "pairings",
)  # fmt: skip
OF_YEAR = (
    "activities", "attendances", "residents_reached", "visits", "needs_opened", "needs_done", "cards_issued",
    "cards_received", "communities_due", "communities_done", "groups_due", "groups_done",
)  # fmt: skip
OF_WEEKS = ("stations_due", "stations_done")
OF_LAST_MONTH = {"last_month_due": "communities_due", "last_month_done": "communities_done"}
COUNTS = (*STOCK, *OF_YEAR, *OF_WEEKS, *OF_LAST_MONTH)
SHARES = {
    "coverage": ("established", "groups"),
    "taking_part_share": ("taking_part", "members"),
    "paired_share": ("paired", "households"),
    "communities_share": ("communities_done", "communities_due"),
    "stations_share": ("stations_done", "stations_due"),
    "groups_share": ("groups_done", "groups_due"),
    "needs_share": ("needs_done", "needs_opened"),
    "received_share": ("cards_received", "cards_issued"),
}


class DistrictPlace(NamedTuple):
    """A street or community, and the number of its latest kept row."""

    pk: int
    path: str
    level: int
    name: str
    latest: int | None

    @property
    def is_street(self) -> bool:
        return self.level == Area.Level.STREET


class KeptPeriods(NamedTuple):
    """The days that are summed up: up to yesterday, since New Year, for twelve weeks, and of the last whole month."""

    yesterday: date
    new_year: date
    weeks_from: date
    month_from: date
    month_to: date

    @classmethod
    def until(cls, today: date) -> "KeptPeriods":
        yesterday = today - timedelta(days=1)
        month_to = today.replace(day=1) - timedelta(days=1)
        weeks_from = today - timedelta(weeks=WEEKS)
        return cls(yesterday, date(yesterday.year, 1, 1), weeks_from, month_to.replace(day=1), month_to)

    @property
    def first(self) -> date:
        return min(self.new_year, self.weeks_from, self.month_from)


@dataclass(slots=True)
class DistrictRow:
    """A place with its counts: of its latest kept day, and summed up in the periods; `first` is the year's first."""

    place: DistrictPlace
    counts: dict[str, int]
    last: date | None = None
    first: date | None = None
    kept: int = 0

    @property
    def shares(self) -> dict[str, float | None]:
        return {name: _share(self.counts[top], self.counts[bottom]) for name, (top, bottom) in SHARES.items()}

    @property
    def days_missing(self) -> int:
        """How many days between the year's first and the last have no figures."""
        return (self.last - self.first).days + 1 - self.kept if self.first and self.last else 0

    @property
    def missing(self) -> list[str]:
        """What is missing here, in words."""
        return _missing(self)

    def as_dict(self) -> dict[str, Any]:
        return {
            "area": self.place.name,
            "id": self.place.pk,
            "level": Area.Level(self.place.level).name,
            "day": self.last and self.last.isoformat(),
            "first": self.first and self.first.isoformat(),
            "days_missing": self.days_missing,
            **self.counts,
            **self.shares,
            "missing": self.missing,
        }


@dataclass(slots=True)
class District:
    """Places beside each other; `total` is their sum, or the row of the street whose communities they are."""

    periods: KeptPeriods
    rows: list[DistrictRow]
    total: DistrictRow | None = None
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
            "total": self.total.as_dict() if self.total else None,
            "rows": [row.as_dict() for row in self.rows],
        }


def streets_beside(areas: AreaQuerySet, *, today: date) -> District:
    """Return the open streets of `areas`, those that the reader may see counts of, beside each other."""
    periods = KeptPeriods.until(today)
    rows = _rows(areas.filter(level=Area.Level.STREET), periods, today)
    return District(periods, rows, _total(rows) if len(rows) > 1 else None)


def communities_beside(areas: AreaQuerySet, pk: int, *, today: date) -> District | None:
    """Return the open communities of a street (id) of `areas`, the street's row as their total; None without it."""
    street = areas.filter(pk=pk, level=Area.Level.STREET, path=Substr(OuterRef("path"), 1, SEGMENT)).order_by()
    inside = areas.filter(Exists(street), level__lte=Area.Level.COMMUNITY)
    periods = KeptPeriods.until(today)
    rows = _rows(inside, periods, today)
    return District(periods, rows[1:], rows[0]) if rows and rows[0].place.is_street else None


def _rows(areas: AreaQuerySet, periods: KeptPeriods, today: date) -> list[DistrictRow]:
    kept = FiguresOfDay.objects.filter(area=OuterRef("pk"), day__lt=today).order_by("-day")
    open_ = areas.on(today).annotate(latest=Subquery(kept.values("pk")[:1])).order_by("path")
    places = [DistrictPlace(*values) for values in open_.values_list(*DistrictPlace._fields)]
    stock = {pk: counts for pk, *counts in _latest(places)}
    sums = {pk: found for pk, *found in _sums(places, periods)}
    return [_row(place, stock.get(place.pk), sums.get(place.pk)) for place in places]


def _row(place: DistrictPlace, stock: list[Any] | None, sums: list[Any] | None) -> DistrictRow:
    last, *counts = stock or [None, *(0 for _ in STOCK)]
    first, kept, *summed = sums or [None, 0, *(0 for _ in COUNTS[len(STOCK) :])]
    return DistrictRow(
        place, dict(zip(COUNTS, [*counts, *(each or 0 for each in summed)], strict=True)), last, first, kept
    )


def _latest(places: Sequence[DistrictPlace]) -> Any:
    """Return (area's id, day, counts of the day) of the latest row of each place."""
    rows = FiguresOfDay.objects.filter(pk__in=[place.latest for place in places if place.latest]).order_by()
    return rows.values_list("area", "day", *STOCK)


def _sums(places: Sequence[DistrictPlace], periods: KeptPeriods) -> Any:
    """Return (area's id, first day of the year, its number of days, sums in the periods) of each place."""
    rows = FiguresOfDay.objects.filter(area__in=[place.pk for place in places]).order_by()
    of_year, of_weeks = Q(day__gte=periods.new_year), Q(day__gte=periods.weeks_from)
    of_month = Q(day__range=(periods.month_from, periods.month_to))
    wanted: dict[str, Any] = {"first_day": Min("day", filter=of_year), "days": Count("pk", filter=of_year)}
    wanted |= {f"sum_{name}": Sum(name, filter=of_year) for name in OF_YEAR}
    wanted |= {f"sum_{name}": Sum(name, filter=of_weeks) for name in OF_WEEKS}
    wanted |= {f"sum_{name}": Sum(column, filter=of_month) for name, column in OF_LAST_MONTH.items()}
    return rows.between(periods.first, periods.yesterday).values_list("area").annotate(**wanted)


def _total(rows: Sequence[DistrictRow]) -> DistrictRow:
    """Return the sum of the rows."""
    counts = {name: sum(row.counts[name] for row in rows) for name in COUNTS}
    return DistrictRow(DistrictPlace(0, "", 0, "合计", None), counts)


def _missing(row: DistrictRow) -> list[str]:
    if row.last is None:
        return ["还没有算好的数字"]
    counts, shares = row.counts, row.shares
    told = []
    if lacking := counts["groups"] - counts["established"]:
        told.append(f"{lacking} 个楼组还没有建立党小组")
    if idle := counts["last_month_due"] - counts["last_month_done"]:
        told.append(f"{idle} 个社区上月没有办活动" if row.place.is_street else "上月没有办活动")
    for name, words in {"stations_share": f"小区周活动近 {WEEKS} 周", "groups_share": "楼组季度活动今年"}.items():
        done = shares[name]
        if done is not None and done < THIN_SHARE:
            told.append(f"{words}完成 {done:.0%}")
    if _is_below(shares["needs_share"]):
        told.append(f"今年提出的需求 {counts['needs_opened']} 条，办结 {counts['needs_done']} 条")
    if _is_below(shares["received_share"]):
        told.append(f"今年发出的记录卡 {counts['cards_issued']} 张，签收 {counts['cards_received']} 张")
    return told


def _is_below(share: float | None) -> bool:
    return share is not None and share < ANSWERED_SHARE


def _share(top: int, bottom: int) -> float | None:
    """Return a share, at most 1: what was opened or issued last year may be done or received this year."""
    return min(top / bottom, 1.0) if bottom else None
