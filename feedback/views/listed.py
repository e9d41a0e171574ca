"""The filters of the work list, and the cards chosen on it for a bulk step."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.models.senders import months_of
from feedback.rules.agreeing import MovedOn
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.history import batches
from members.models import Area
from members.rules.finding import named
from members.web.acts import numbers

LONGEST = 30
AT_ONCE = 500
FEW, LATELY = 5, timedelta(days=60)
UNSETTLED: dict[str, str] = {
    RecordCard.Status.OBJECTED: "本人有异议",
    RecordCard.Status.DRAFT: "本人的意见还没有办好",
    RecordCard.Status.RETURNED: "单位退回了",
}
NOTHING_CHOSEN = "请先在名单里勾选，或勾选“全部”。"


@dataclass(slots=True)
class Listing:
    """The filters of the list, from the address: area, period, words in names, status."""

    areas: list[Area]
    area: Area | None
    periods: list[CardPeriod]
    period: CardPeriod
    words: str
    status: str

    @property
    def is_running(self) -> bool:
        """Whether the period has not ended."""
        return self.period.last >= timezone.localdate()

    def narrowed(self, cards: RecordCardQuerySet) -> RecordCardQuerySet:
        """Return those of these cards that match the list, in every status."""
        cards = cards.of_period(self.period)
        if self.area:
            cards = cards.inside(self.area)
        return cards.filter(_named(self.words)) if self.words else cards

    def counts(self, cards: RecordCardQuerySet) -> Counter[str]:
        """Return how many of these cards match, by status."""
        rows = self.narrowed(cards).order_by().values("status").annotate(count=Count("*"))
        return Counter(dict(rows.values_list("status", "count")))

    def address(self, status: str = "") -> str:
        """Return the address of the list, with this status or its own."""
        return f"{reverse('feedback:board')}?{self.query(status)}"

    def query(self, status: str = "") -> str:
        """Return the query string of that address."""
        values = {
            "period": self.period.code,
            "place": self.area.path if self.area else "",
            "show": status or self.status,
            "q": self.words,
        }
        return urlencode({name: value for name, value in values.items() if value})


def require_cards(user: Any) -> None:
    if not access.can(user, Resource.CARD):
        raise PermissionDenied


def read_listing(user: Any, query: QueryDict) -> Listing:
    """Return the list of this query; invalid filters are ignored."""
    areas = list(Area.objects.for_user(user, resource=Resource.CARD).current().filter(level__lte=Area.Level.COMMUNITY))
    area = next((area for area in areas if area.path == query.get("place")), None)
    periods, usual = _periods(user, area or next(iter(areas), None))
    period = _period_of(query) or usual
    return Listing(
        areas=areas,
        area=area,
        periods=sorted({*periods, period}, reverse=True),
        period=period,
        words=query.get("q", "").replace("\0", "").strip()[:LONGEST],
        status=query.get("show", "") if query.get("show") in RecordCard.Status else "",
    )


def chosen(user: Any, query: QueryDict, listing: Listing) -> list[int]:
    """Return the ids of the ticked cards, or of all on the list, as far as the user may write them."""
    cards = RecordCard.objects.for_user(user, Right.WRITE)
    if "all" in query:
        return list(listing.narrowed(cards).filter(status=listing.status).values_list("pk", flat=True))
    return list(cards.filter(pk__in=numbers(query.getlist("card"))).values_list("pk", flat=True))


def in_parts(act: Callable[[Sequence[int]], MovedOn], pks: Sequence[int]) -> MovedOn:
    """Run a bulk step on 500 cards a transaction, so that others get the locks in between."""
    return sum((act(part) for part in batches(pks, AT_ONCE)), MovedOn(0, {}))


class Unsettled(NamedTuple):
    """A sentence about cards that need attention, and the address of their page."""

    sentence: str
    address: str


def is_replaced() -> Exists:
    """Return the condition that a newer card exists for the same member and period."""
    same = {name: OuterRef(name) for name in ("member", "first_day", "last_day")}
    return Exists(RecordCard.objects.filter(pk__gt=OuterRef("pk"), **same))


def unsettled(user: Any) -> list[Unsettled]:
    """Return what waits for the user: objections not settled, and cards returned of late without a newer one.

    Up to five cards are listed one by one, more are counted by period and status.
    """
    returned = Q(status=RecordCard.Status.RETURNED, returned_at__gte=timezone.now() - LATELY) & ~is_replaced()
    said = Q(status__in=(RecordCard.Status.OBJECTED, RecordCard.Status.DRAFT), objected_at__isnull=False)
    cards = RecordCard.objects.for_user(user, Right.WRITE).filter(said | returned)
    few = list(cards.select_related("member").defer("body")[: FEW + 1])
    return [_unsettled(card) for card in few] if len(few) <= FEW else _counted(cards)


def _unsettled(card: RecordCard) -> Unsettled:
    sentence = f"{card.member}，{card.period.label}的记录卡：{UNSETTLED[card.status]}。"
    return Unsettled(sentence, reverse("feedback:card", args=[card.pk]))


def _counted(cards: RecordCardQuerySet) -> list[Unsettled]:
    rows = cards.order_by("-last_day", "status").values_list("first_day", "last_day", "status")
    items = []
    for first, last, status, count in rows.annotate(count=Count("pk")):
        period = CardPeriod(first, last)
        address = reverse("feedback:board", query={"period": period.code, "show": status})
        items.append(Unsettled(f"{period.label}的记录卡：有 {count:,} 张{UNSETTLED[status]}。", address))
    return items


def _named(words: str) -> Q:
    return named(words, "member__") | Q(employer__name__contains=words)


def _period_of(query: QueryDict) -> CardPeriod | None:
    try:
        return CardPeriod.read(query.get("period", ""))
    except ValueError:
        return None


def _periods(user: Any, area: Area | None) -> tuple[list[CardPeriod], CardPeriod]:
    """Return the periods to choose from, and the default: the previous one if it has cards, else the current one."""
    now = CardPeriod.on(timezone.localdate(), months=months_of(area.street_path if area else ""))
    rows = RecordCard.objects.for_user(user).order_by().values_list("first_day", "last_day").distinct()
    known = {CardPeriod(*days) for days in rows}
    return [*known, now.previous, now], now.previous if now.previous in known else now
