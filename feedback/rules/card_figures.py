"""The figures of a period's cards: how far they came, how long that took, what each employer did with them.

Source: docs/design/reports.md. A card counts in its community; one made anew is another card. What came as far as a
step came as far as each step before it, so the top of every rate is part of its bottom. Places and units are
described, never persons.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import Feed, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.models.senders import months_of
from members.ground import access
from members.ground.replica import from_replica
from members.models import Area
from members.models.areas import AreaQuerySet

Status = RecordCard.Status
STEP_LABELS = {
    "made": "生成", "shown": "请本人确认", "agreed": "本人同意", "issued": "发给单位", "received": "单位签收",
    "answered": "单位反馈",
}  # fmt: skip
STEPS = tuple(STEP_LABELS)
ASIDE = {Status.OBJECTED: "有异议", Status.RETURNED: "单位退回", Status.WITHDRAWN: "已撤回"}


def reached(step: str) -> Q:
    """Return the condition that a card came as far as this step, whatever became of it since."""
    moments = [f"{each}_at" for each in STEPS[1 : STEPS.index(step) + 1]]
    return Q(**{f"{moment}__isnull": False for moment in moments})


@dataclass(slots=True)
class CardCounts:
    """Counts of cards by step; `now` is by present status.

    `to_receipt` and `to_answer` are the days from issue to receipt and from receipt to answer, of each card that came
    so far.
    """

    steps: Counter[str] = field(default_factory=Counter)
    now: Counter[str] = field(default_factory=Counter)
    to_receipt: list[int] = field(default_factory=list)
    to_answer: list[int] = field(default_factory=list)

    @classmethod
    def total(cls, parts: Iterable["CardCounts"]) -> "CardCounts":
        """Return the parts added up."""
        whole = cls()
        for part in parts:
            whole.steps.update(part.steps)
            whole.now.update(part.now)
            whole.to_receipt += part.to_receipt
            whole.to_answer += part.to_answer
        return whole

    @property
    def receipt_share(self) -> float | None:
        return _share(self.steps["received"], self.steps["issued"])

    @property
    def answer_share(self) -> float | None:
        return _share(self.steps["answered"], self.steps["received"])

    @property
    def days_to_receipt(self) -> float | None:
        return median(self.to_receipt) if self.to_receipt else None

    @property
    def days_to_answer(self) -> float | None:
        return median(self.to_answer) if self.to_answer else None

    def as_dict(self) -> dict[str, Any]:
        return {
            **{step: self.steps[step] for step in STEPS},
            "now": {status.value: self.now[status] for status in Status},
            "receipt_share": self.receipt_share,
            "answer_share": self.answer_share,
            "days_to_receipt": self.days_to_receipt,
            "days_to_answer": self.days_to_answer,
        }


class CommunityCards(NamedTuple):
    """A community with the counts of its cards."""

    area: Area
    counts: CardCounts


@dataclass(slots=True)
class EmployerCards:
    """An employer with the counts of its cards.

    `fetched_at` is when it last fetched, `replied_at` when it last acknowledged or returned one of these cards;
    `waits_since` is the first issue of those that it has not acknowledged.
    """

    pk: int
    name: str
    counts: CardCounts = field(default_factory=CardCounts)
    fetched_at: datetime | None = None
    replied_at: datetime | None = None
    waits_since: datetime | None = None

    @property
    def is_unfetched(self) -> bool:
        """Whether cards wait for the employer, and it never fetched or replied since the first of them was issued."""
        since = self.waits_since
        return since is not None and not any(at and at >= since for at in (self.fetched_at, self.replied_at))

    def as_dict(self) -> dict[str, Any]:
        fetched = self.fetched_at.isoformat() if self.fetched_at else None
        named = {"employer": self.name, "id": self.pk, "fetched_at": fetched, "is_unfetched": self.is_unfetched}
        return named | self.counts.as_dict()


@dataclass(slots=True)
class CardFigures:
    """The report: the cards of an area's period, a row a community, and a row an employer where those are asked for."""

    area: Area
    period: CardPeriod
    counts: CardCounts
    rows: list[CommunityCards]
    employers: list[EmployerCards] | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "area": self.area.name,
            "level": Area.Level(self.area.level).name,
            "period": self.period.code,
            "first": self.period.first.isoformat(),
            "last": self.period.last.isoformat(),
            "figures": self.counts.as_dict(),
            "rows": [{"area": area.name, "id": area.pk, **counts.as_dict()} for area, counts in self.rows],
            "employers": None if self.employers is None else [each.as_dict() for each in self.employers],
        }


class CardTally(NamedTuple):
    """The cards of one community, employer and status; the earliest issue among them, the last receipt and return."""

    area: int
    employer: int
    name: str
    status: str
    made: int
    shown: int
    agreed: int
    issued: int
    received: int
    answered: int
    first_issue: datetime | None
    last_receipt: datetime | None
    last_return: datetime | None


@from_replica
def card_figures(area: Area, *, areas: AreaQuerySet, period: CardPeriod, by_employer: bool) -> CardFigures:
    """Return the figures of a street's or community's cards; `areas` are those the reader may see counts of cards of.

    Four queries with employers, three without, whatever the size.
    """
    cards = RecordCard.objects.filter(area__in=areas).inside(area).of_period(period).order_by()
    places = defaultdict[int, CardCounts](CardCounts)
    units: dict[int, EmployerCards] = {}
    for each in _tallies(cards):
        _add(places[each.area], each)
        _add_to(units.setdefault(each.employer, EmployerCards(each.employer, each.name)), each)
    for place, employer, to_receipt, to_answer in _days(cards):
        for counts in (places[place], units[employer].counts):
            counts.to_receipt.append(to_receipt)
            counts.to_answer += [] if to_answer is None else [to_answer]
    total = CardCounts.total(places.values())
    communities = areas.inside(area).filter(level=Area.Level.COMMUNITY)
    shown = [each for each in communities if each.pk in places or _is_open(each, period)]
    rows = [CommunityCards(each, places[each.pk]) for each in shown]
    return CardFigures(area, period, total, rows, _with_fetches(units, area) if by_employer else None)


def card_periods(area: Area, *, areas: AreaQuerySet, today: date) -> list[CardPeriod]:
    """Return the periods of an area's cards, the last first; without any card, the street's last full period alone."""
    cards = RecordCard.objects.filter(area__in=areas).inside(area).order_by()
    known = sorted((CardPeriod(*days) for days in cards.values_list("first_day", "last_day").distinct()), reverse=True)
    return known or [CardPeriod.on(today, months=months_of(area.street_path)).previous]


def _tallies(cards: RecordCardQuerySet) -> Iterator[CardTally]:
    counted = {f"{step}_count": Count("pk", filter=reached(step)) for step in STEPS[1:]}
    grouped = cards.values_list("area", "employer", "employer__name", "status").annotate(
        made_count=Count("pk"), **counted, first=Min("issued_at"), last=Max("received_at"), back=Max("returned_at")
    )
    return map(CardTally._make, grouped)


def _add(counts: CardCounts, tally: CardTally) -> None:
    counts.steps.update({step: getattr(tally, step) for step in STEPS})
    counts.now[tally.status] += tally.made


def _add_to(unit: EmployerCards, tally: CardTally) -> None:
    _add(unit.counts, tally)
    replies = [at for at in (unit.replied_at, tally.last_receipt, tally.last_return) if at]
    unit.replied_at = max(replies, default=None)
    if tally.status == Status.ISSUED and tally.first_issue:
        unit.waits_since = min(unit.waits_since or tally.first_issue, tally.first_issue)


def _days(cards: RecordCardQuerySet) -> Iterator[tuple[int, int, int, int | None]]:
    """Yield of each card that was acknowledged its community and employer (ids), and its days to receipt and answer."""
    moments = ("issued_at", "received_at", "answered_at")
    for place, employer, issued, received, answered in cards.filter(reached("received")).values_list(
        "area", "employer", *moments
    ):
        receipt_on = timezone.localdate(received)
        to_answer = (timezone.localdate(answered) - receipt_on).days if answered else None
        yield place, employer, (receipt_on - timezone.localdate(issued)).days, to_answer


def _with_fetches(units: dict[int, EmployerCards], area: Area) -> list[EmployerCards]:
    """Return the employers by name, with the time of each one's last fetch of this street's cards."""
    feeds = Feed.objects.filter(access.within("street__path", [access.subtree(area.street_path)]))
    for employer, fetched_at in feeds.values_list("employer", "fetched_at"):
        if employer in units:
            units[employer].fetched_at = fetched_at
    return sorted(units.values(), key=lambda unit: (unit.name, unit.pk))


def _is_open(place: Area, period: CardPeriod) -> bool:
    return (place.since or period.first) <= period.last and (place.until is None or place.until > period.first)


def _share(top: int, bottom: int) -> float | None:
    return top / bottom if bottom else None
