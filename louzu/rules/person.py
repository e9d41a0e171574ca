"""What is on record of one member, in time's order: facts, never counted and never compared.

Each source returns the facts of its latest rows, at most as many as are asked for, so that the number of queries does
not grow with the history. A row is ranked by its latest fact: what is shown is then complete down to its last day.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import zip_longest
from typing import Any, NamedTuple

from django.db.models import DateField, DateTimeField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from activities.models import Activity, Attendance, Need, Visit
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard, Slip
from members.models import Duty, Member, Pairing, Residence, Transfer

# The moments of a row, the latest possible one first, with what happened then.
CARD_MOMENTS = {
    "withdrawn_at": "撤回", "returned_at": "被单位退回", "answered_at": "得到单位反馈", "received_at": "由单位签收",
    "issued_at": "发出", "created_at": "生成",
}  # fmt: skip
SLIP_MOMENTS = {"withdrawn_at": "撤回", "ended_at": "结束", "accepted_at": "接收", "sent_at": "发来"}
COLUMNS = ("kind", "pk", "whose", "by", "begin", "end", "rank", *(f"at{number}" for number in range(len(CARD_MOMENTS))))


class FactKind(StrEnum):
    HOME = "居住"
    DUTY = "六员"
    ACTIVITY = "活动"
    PAIRING = "结对"
    VISIT = "走访"
    NEED = "需求"
    CARD = "记录卡"
    SLIP = "报到单"


class Fact(NamedTuple):
    """Something that happened on a day; `row` is the id of what its page shows, 0 where it has none."""

    day: date
    kind: FactKind
    text: str
    row: int = 0


class PersonRecord(NamedTuple):
    """A member's homes in the user's scope, the present or last one first, and the latest facts."""

    homes: Sequence[Residence]
    duties: list[Duty]
    facts: list[Fact]
    has_more: bool

    @property
    def home(self) -> Residence:
        return self.homes[0]

    @property
    def member(self) -> Member:
        return self.home.member

    @property
    def is_leaving(self) -> bool:
        """Whether a transfer to another street waits."""
        return self.home.is_leaving  # type: ignore[attr-defined]


def on_record(user: Any, member: int, *, most: int) -> PersonRecord | None:
    """Return what is on record of a member (id), with the latest `most` facts, the latest first.

    None where the member is not in the user's scope.
    """
    rows = Residence.objects.for_user(user).filter(member__in=Member.objects.for_user(user).filter(pk=member))
    leaving = Exists(Transfer.objects.waiting().filter(member=OuterRef("member")))
    homes = sorted(
        rows.select_related("area", "member__employer", "member__street").annotate(is_leaving=leaving), key=_last_first
    )
    return _record_of(user, homes, most) if homes else None


def _record_of(user: Any, homes: Sequence[Residence], most: int) -> PersonRecord:
    member = homes[0].member
    duties = list(member.duties.order_by("-since", "-pk"))
    facts = [*_homes(homes), *_duties(duties)]
    for source in (_activities, _needs, _papers):
        facts += source(user, member, most + 1)
    for source_of_doors in (_pairings, _visits):
        facts += source_of_doors(user, homes, most + 1)
    ordered = sorted(facts, key=lambda fact: fact.day, reverse=True)
    return PersonRecord(homes, duties, ordered[:most], len(ordered) > most)


def _last_first(home: Residence) -> tuple[int, int]:
    return -home.since.toordinal(), -home.pk


def _homes(homes: Sequence[Residence]) -> Iterator[Fact]:
    begun = {home.since for home in homes}
    for home in homes:
        if home.until and home.until not in begun:
            yield Fact(home.until, FactKind.HOME, f"从{home}迁出")
        if home.joined_on:
            yield Fact(home.joined_on, FactKind.HOME, f"参加{home.area}党小组")
        yield Fact(home.since, FactKind.HOME, f"{'住进' if home.is_since_known else '登记住在'}{home}")


def _duties(duties: Iterable[Duty]) -> Iterator[Fact]:
    for duty in duties:
        if duty.until:
            yield Fact(duty.until, FactKind.DUTY, f"不再担任{duty}")
        yield Fact(duty.since, FactKind.DUTY, f"担任{duty}")


def _activities(user: Any, member: Member, most: int) -> Iterator[Fact]:
    held = Attendance.objects.for_user(user).filter(member=member, activity__status=Activity.Status.HELD)
    for row in held.select_related("activity__area").order_by("-activity__held_on", "-pk")[:most]:
        duty = f"，做{row.get_duty_display()}" if row.duty else ""
        text = f"参加“{row.activity}”（{row.activity.area}）{duty}"
        yield Fact(row.activity.held_on, FactKind.ACTIVITY, text, row.activity_id)


def _needs(user: Any, member: Member, most: int) -> Iterator[Fact]:
    claimed = Need.objects.for_user(user).filter(members=member).exclude(claimed_at=None)
    for need in claimed.order_by(Coalesce("done_at", "claimed_at").desc(), "-pk")[:most]:
        if need.done_at:
            yield Fact(timezone.localdate(need.done_at), FactKind.NEED, f"办结“{need}”", need.pk)
        yield Fact(timezone.localdate(need.claimed_at), FactKind.NEED, f"认领“{need}”", need.pk)


def _papers(user: Any, member: Member, most: int) -> Iterator[Fact]:
    """Tell of each card and slip when it was made, went out and came back, both in one query.

    What the member said to a card stays on its own page.
    """
    cards = RecordCard.objects.for_user(user).filter(member=member).order_by()
    slips = Slip.objects.for_user(user).filter(member=member).order_by()
    period, rest = Value(None, DateField()), Value(None, DateTimeField())
    rows = cards.annotate(
        kind=Value(FactKind.CARD.value), whose=F("employer__name"), by=Value(""), begin=F("first_day"),
        end=F("last_day"), rank=Coalesce(*CARD_MOMENTS), **{f"at{n}": F(name) for n, name in enumerate(CARD_MOMENTS)},
    ).values_list(*COLUMNS)  # fmt: skip
    more = slips.annotate(
        kind=Value(FactKind.SLIP.value), whose=Coalesce("employer__name", "employer_name"), by=F("origin"),
        begin=period, end=period, rank=Coalesce(*SLIP_MOMENTS),
        **{f"at{n}": F(name) if name else rest for n, name in zip_longest(range(len(CARD_MOMENTS)), SLIP_MOMENTS)},
    ).values_list(*COLUMNS)  # fmt: skip
    for kind, pk, unit, by, first, last, _, *moments in rows.union(more, all=True).order_by("-rank", "-pk")[:most]:
        is_slip = kind == FactKind.SLIP
        verbs = SLIP_MOMENTS.values() if is_slip else CARD_MOMENTS.values()
        for verb, moment in zip(verbs, moments, strict=False):
            if moment:
                text = (
                    _slip_text(verb, by, unit)
                    if is_slip
                    else f"{CardPeriod(first, last).label}的记录卡{verb}（{unit}）"
                )
                yield Fact(timezone.localdate(moment), FactKind(kind), text, pk)


def _slip_text(verb: str, origin: str, unit: str) -> str:
    by = Slip.Origin(origin).label
    return f"报到单{verb}（{by}，{unit}）" if unit else f"报到单{verb}（{by}）"


def paired_in(homes: Sequence[Residence]) -> Q:
    """Return the condition that a pairing is one of these doors, in the time of the home."""
    lived = Q(pk__in=[])
    for home in homes:
        there = Q(household__area=home.area_id, household__room=home.room)
        there &= Q(until=None) | Q(until__gt=home.since)
        lived |= there & Q(since__lt=home.until) if home.until else there
    return lived


def visited_from(homes: Sequence[Residence]) -> Q:
    """Return the condition that a visit was made from one of these doors, in the time of the home."""
    lived = Q(pk__in=[])
    for home in homes:
        there = Q(pairing__household__area=home.area_id, pairing__household__room=home.room, visited_on__gte=home.since)
        lived |= there & Q(visited_on__lt=home.until) if home.until else there
    return lived


def _pairings(user: Any, homes: Sequence[Residence], most: int) -> Iterator[Fact]:
    pairs = Pairing.objects.for_user(user).filter(paired_in(homes)).select_related("neighbour__area")
    for pair in pairs.order_by(Coalesce("until", "since").desc(), "-pk")[:most]:
        neighbour = f"{pair.neighbour.area.name} {pair.neighbour.room}"
        if pair.until:
            yield Fact(pair.until, FactKind.PAIRING, f"与{neighbour}的结对结束", pair.pk)
        yield Fact(pair.since, FactKind.PAIRING, f"与{neighbour}结对", pair.pk)


def _visits(user: Any, homes: Sequence[Residence], most: int) -> Iterator[Fact]:
    visits = Visit.objects.for_user(user).filter(visited_from(homes)).select_related("pairing__neighbour__area")
    for visit in visits.order_by("-visited_on", "-pk")[:most]:
        neighbour = visit.pairing.neighbour
        text = f"{visit.get_kind_display()}：{neighbour.area.name} {neighbour.room}"
        yield Fact(visit.visited_on, FactKind.VISIT, text, visit.pairing_id)
