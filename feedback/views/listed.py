"""The work list: to which cards it is narrowed, and which of them are chosen for what is done in bulk."""

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
UNSETTLED: dict[str, str] = {RecordCard.Status.OBJECTED: "本人有异议", RecordCard.Status.RETURNED: "单位退回了"}
NOTHING_CHOSEN = "请先在名单里勾选，或勾选“全部”。"


@dataclass(slots=True)
class Listing:
    """The cards of a period and area, with some words in their names, in one state: as the address asks."""

    areas: list[Area]
    area: Area | None
    periods: list[CardPeriod]
    period: CardPeriod
    words: str
    status: str

    def narrowed(self, cards: RecordCardQuerySet) -> RecordCardQuerySet:
        """Those of these cards that the list is about, in whatever state."""
        cards = cards.of_period(self.period)
        if self.area:
            cards = cards.inside(self.area)
        return cards.filter(_named(self.words)) if self.words else cards

    def counts(self, cards: RecordCardQuerySet) -> Counter[str]:
        """How many of these there are in each state."""
        rows = self.narrowed(cards).order_by().values("status").annotate(count=Count("pk"))
        return Counter(dict(rows.values_list("status", "count")))

    def address(self, status: str = "") -> str:
        """Where the list is found, in this state or its own."""
        return f"{reverse('feedback:board')}?{self.question(status)}"

    def question(self, status: str = "") -> str:
        asked = {
            "period": self.period.code,
            "place": self.area.path if self.area else "",
            "show": status or self.status,
            "q": self.words,
        }
        return urlencode({name: value for name, value in asked.items() if value})


def require_cards(user: Any) -> None:
    if not access.can(user, Resource.CARD):
        raise PermissionDenied


def read_listing(user: Any, asked: QueryDict) -> Listing:
    """The list that is asked for; what makes no sense is as if it were not asked."""
    areas = list(Area.objects.for_user(user, resource=Resource.CARD).current().filter(level__lte=Area.Level.COMMUNITY))
    area = next((area for area in areas if area.path == asked.get("place")), None)
    periods, usual = _periods(user, area or next(iter(areas), None))
    period = _asked_period(asked) or usual
    return Listing(
        areas=areas,
        area=area,
        periods=sorted({*periods, period}, reverse=True),
        period=period,
        words=asked.get("q", "").replace("\0", "").strip()[:LONGEST],
        status=asked.get("show", "") if asked.get("show") in RecordCard.Status else "",
    )


def chosen(user: Any, asked: QueryDict, listing: Listing) -> list[int]:
    """The cards (ids) that were ticked, or all of the list; of those the user may write."""
    cards = RecordCard.objects.for_user(user, Right.WRITE)
    if "all" in asked:
        return list(listing.narrowed(cards).filter(status=listing.status).values_list("pk", flat=True))
    return list(cards.filter(pk__in=numbers(asked.getlist("card"))).values_list("pk", flat=True))


def in_parts(act: Callable[[Sequence[int]], MovedOn], pks: Sequence[int]) -> MovedOn:
    """Do it to some hundred cards a transaction, so that others get their turn in between."""
    return sum((act(part) for part in batches(pks, AT_ONCE)), MovedOn(0, {}))


class Unsettled(NamedTuple):
    """Something to settle, in a sentence, and where it is settled."""

    sentence: str
    address: str


def is_replaced() -> Exists:
    """Whether a newer card was made for the same member and period."""
    same = {name: OuterRef(name) for name in ("member", "first_day", "last_day")}
    return Exists(RecordCard.objects.filter(pk__gt=OuterRef("pk"), **same))


def unsettled(user: Any) -> list[Unsettled]:
    """What waits for the user: cards objected to, or returned of late with no newer one in their place.

    A few are told one by one, many by how many they are.
    """
    returned = Q(status=RecordCard.Status.RETURNED, returned_at__gte=timezone.now() - LATELY) & ~is_replaced()
    cards = RecordCard.objects.for_user(user, Right.WRITE).filter(Q(status=RecordCard.Status.OBJECTED) | returned)
    few = list(cards.select_related("member").defer("body")[: FEW + 1])
    return [_told(card) for card in few] if len(few) <= FEW else _counted(cards)


def _told(card: RecordCard) -> Unsettled:
    sentence = f"{card.member}，{card.period.label}的记录卡：{UNSETTLED[card.status]}。"
    return Unsettled(sentence, reverse("feedback:card", args=[card.pk]))


def _counted(cards: RecordCardQuerySet) -> list[Unsettled]:
    rows = cards.order_by("-last_day", "status").values_list("first_day", "last_day", "status")
    told = []
    for first, last, status, count in rows.annotate(count=Count("pk")):
        period = CardPeriod(first, last)
        address = reverse("feedback:board", query={"period": period.code, "show": status})
        told.append(Unsettled(f"{period.label}的记录卡：有 {count} 张{UNSETTLED[status]}。", address))
    return told


def _named(words: str) -> Q:
    return named(words, "member__") | Q(employer__name__contains=words)


def _asked_period(asked: QueryDict) -> CardPeriod | None:
    try:
        return CardPeriod.read(asked.get("period", ""))
    except ValueError:
        return None


def _periods(user: Any, area: Area | None) -> tuple[list[CardPeriod], CardPeriod]:
    """The periods to choose from, and the usual one: the last that has ended if it has cards, else the present."""
    now = CardPeriod.on(timezone.localdate(), months=months_of(area.street_path if area else ""))
    rows = RecordCard.objects.for_user(user).order_by().values_list("first_day", "last_day").distinct()
    known = {CardPeriod(*days) for days in rows}
    return [*known, now.previous, now], now.previous if now.previous in known else now
