"""Cards of a period, made in bulk from the records: activities, visits, needs met, duties.

Making is repeatable: it adds missing cards, refreshes drafts and leaves all others alone. A member without records gets
no card, so that nothing shows who did not come.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from activities.models import Activity, Attendance, Need, Visit
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.models.cards import ENDED
from feedback.models.senders import months_of
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.states import Conflict
from members.models import Area, Duty, Member, Residence
from members.models.areas import SEGMENT
from members.rules.dwellers import Dwellers

COMMUNITY = Area.Level.COMMUNITY * SEGMENT
HELP = str(Activity.Field.MUTUAL_HELP.label)
TIERS = dict(Area.Level.choices)
FIELDS, DUTIES, VISITS = dict(Activity.Field.choices), dict(Duty.Kind.choices), dict(Visit.Kind.choices)
Line = dict[str, Any]
PAST = 4  # how many periods back cards are still made for
NO_PLACE = "请选一个街道或社区。"
NO_PERIOD = "请从最近的五个时段里选一个，还没有开始的不能选。"


@dataclass(frozen=True, slots=True)
class Made:
    """The outcome of making: counts of new cards, of refreshed drafts, and of cards that stayed the same."""

    new: int
    refreshed: int
    same: int

    def __str__(self) -> str:
        counts = {"新生成 {} 张": self.new, "更新草稿 {} 张": self.refreshed, "其余 {} 张没有变化": self.same}
        return "，".join(label.format(count) for label, count in counts.items() if count) + "。"


class CardHome(NamedTuple):
    """The current or last home of an in-post member (ids and a path); it decides the card's community."""

    member: int
    employer: int
    path: str


def make(area: Area, period: CardPeriod) -> Made:
    """Make the cards of the in-post members of a street or community; ValidationError for the area or period."""
    with atomic_write():
        # of two calls at once the second waits, and finds the cards of the first
        street = Area.objects.select_for_update(no_key=True).get(path=area.street_path)
        _check(area, period)
        homes = _homes(area)
        lines = lines_of(area, period, homes)
        cards = _cards_of(period, homes.values("member"))
        new = _new_cards(_card_homes(homes), lines, cards, period, street)
        RecordCard.objects.bulk_create(new, batch_size=500)
        changed = [card for card in cards.values() if _is_stale(card, lines)]
        for card in changed:
            card.lines = lines[card.member_id]
        RecordCard.objects.filter(status=RecordCard.Status.DRAFT).bulk_update(changed, ["lines"], batch_size=500)
        made = Made(new=len(new), refreshed=len(changed), same=len(cards) - len(changed))
        if new or changed:
            changes = {"period": period.code, "new": made.new, "changed": made.refreshed}
            record("create", RecordCard, path=area.path, changes=changes)
    return made


def periods_of(street_path: str) -> list[CardPeriod]:
    """Return the periods that this street makes cards for, oldest first: the current one and `PAST` before it."""
    found = [CardPeriod.on(timezone.localdate(), months=months_of(street_path))]
    for _ in range(PAST):
        found.insert(0, found[0].previous)
    return found


def _check(area: Area, period: CardPeriod) -> None:
    if not Area.objects.current().filter(pk=area.pk, level__lte=Area.Level.COMMUNITY).exists():
        raise ValidationError({"area": NO_PLACE})
    if period not in periods_of(area.street_path):
        raise ValidationError({"period": NO_PERIOD})


def remake(card: RecordCard) -> RecordCard:
    """Make a draft that replaces a returned or withdrawn card.

    Conflict for another status; ValidationError where it was remade before, or the member has no employer now.
    """
    with atomic_write():
        Area.objects.select_for_update(no_key=True).get(path=card.area.street_path)
        card = RecordCard.objects.select_related("area", "supersedes").locked().get(pk=card.pk)
        if card.status not in ENDED:
            raise Conflict(f"这张卡现在是“{card.get_status_display()}”，退回或撤回以后才能重新生成。")
        if RecordCard.objects.filter(supersedes=card).exists():
            raise ValidationError("这张卡已经重新生成过，请到后来的那张卡上办。")
        homes = Residence.objects.last_homes().filter(member=card.member_id)
        member = Member.with_erased.select_related("employer").get(pk=card.member_id)
        if member.employer is None:
            raise ValidationError("这位党员现在没有登记单位，不能再生成卡。请先在党员资料里填好单位。")
        draft = RecordCard(
            member=member, employer=member.employer, area=card.area, first_day=card.first_day, last_day=card.last_day
        )
        draft.supersedes = _superseded(card) if card.employer_id == member.employer_id else None
        draft.lines = lines_of(card.area, card.period, homes)[member.pk]
        draft.sentence, draft.left_out = card.sentence, card.left_out
        draft.full_clean()
        draft.save()
    return draft


def _superseded(card: RecordCard) -> RecordCard | None:
    """Return the issued card that a successor of this card supersedes; a card never issued hands on its own."""
    if card.number:
        return card
    earlier, card.supersedes = card.supersedes, None
    if earlier:
        card.save(update_fields=["supersedes"])
    return earlier


def lines_of(area: Area, period: CardPeriod, homes: QuerySet[Residence]) -> dict[int, list[Line]]:
    """Return what the members of these homes did in the period, in the whole street: lines by member, oldest first."""
    members, street = homes.values("member"), Area.objects.get(path=area.street_path)
    found: dict[int, list[Line]] = defaultdict(list)
    for member, line in (
        *_attendances(members, street, period),
        *_visits(members, street, period),
        *_needs(members, street, period),
        *_duties(members, street, period),
    ):
        found[member].append(line)
    for lines in found.values():
        lines.sort(key=in_order)
    return found


def in_order(line: Line) -> tuple[str, str, int]:
    """Return what lines are sorted by: their day, then as they were recorded."""
    return line["day"], line["key"][0], int(line["key"][1:])


def _homes(area: Area) -> QuerySet[Residence]:
    in_post = {"member__affiliation": Member.Affiliation.IN_POST, "member__employer__isnull": False}
    return Residence.objects.inside(area).last_homes().filter(**in_post)


def _card_homes(homes: QuerySet[Residence]) -> Iterable[CardHome]:
    return map(CardHome._make, homes.order_by("area__path").values_list("member", "member__employer", "area__path"))


def _cards_of(period: CardPeriod, members: Any) -> dict[tuple[int, int], RecordCard]:
    """Return the last card of each member and employer in this period, whatever its status."""
    rows = RecordCard.objects.of_period(period).filter(member__in=members).defer("body").order_by("pk")
    return {(card.member_id, card.employer_id): card for card in rows}


def _new_cards(
    homes: Iterable[CardHome], lines: dict, cards: dict, period: CardPeriod, street: Area
) -> list[RecordCard]:
    communities = dict(Area.objects.filter(level=Area.Level.COMMUNITY).values_list("path", "pk"))
    now = timezone.now()
    return [
        RecordCard(
            member_id=home.member,
            employer_id=home.employer,
            street_id=street.pk,
            area_id=communities[home.path[:COMMUNITY]],
            first_day=period.first,
            last_day=period.last,
            lines=lines[home.member],
            created_at=now,
        )
        for home in homes
        if lines.get(home.member) and (home.member, home.employer) not in cards
    ]


def _is_stale(card: RecordCard, lines: dict[int, list[Line]]) -> bool:
    return card.status == RecordCard.Status.DRAFT and card.lines != lines.get(card.member_id, [])


def _line(key: str, kind: str, day: date, title: str, *, tier: str = "", field: str = "", duty: str = "") -> Line:
    return {
        "key": key, "kind": kind, "day": day.isoformat(), "title": title, "tier": tier, "field": field, "duty": duty,
    }  # fmt: skip


def _attendances(members: Any, street: Area, period: CardPeriod) -> Iterable[tuple[int, Line]]:
    held = Activity.objects.inside(street).held().between(*period)
    return attendance_lines(Attendance.objects.filter(member__in=members, activity__in=held))


def attendance_lines(attendances: QuerySet[Attendance]) -> Iterable[tuple[int, Line]]:
    """Yield the member (id) and the line of each of these attendances."""
    values = attendances.order_by().values_list(
        "pk", "member", "duty", "activity__held_on", "activity__title", "activity__area__level", "activity__field"
    )
    for pk, member, duty, day, title, level, field in values:
        tier = str(TIERS[level])
        yield member, _line(f"a{pk}", "activity", day, title, tier=tier, field=FIELDS[field], duty=DUTIES.get(duty, ""))


def _visits(members: Any, street: Area, period: CardPeriod) -> Iterable[tuple[int, Line]]:
    """Yield the visits of members: a household's visit counts for all its members of that day.

    The line does not say which household was visited.
    """
    rows = Visit.objects.inside(street).filter(visited_on__range=period).order_by()
    door = "pairing__household__area", "pairing__household__room"
    visits = list(rows.values_list("pk", "visited_on", "kind", *door))
    if not visits:
        return
    dwellers = Dwellers(street, rows.values("pairing__household__area"), *period)
    wanted = set(members.values_list("member", flat=True))
    for pk, day, kind, area, room in visits:
        title = f"走访结对家庭（{VISITS[kind]}）"
        for member in dwellers.on(day, area, room) & wanted:
            yield member, _line(f"v{pk}", "visit", day, title, tier=str(TIERS[4]), field=HELP)


def _needs(members: Any, street: Area, period: CardPeriod) -> Iterable[tuple[int, Line]]:
    """Yield the needs met by members; a line names the skill only, because a need's text may be about neighbours."""
    done = Need.objects.inside(street).filter(status=Need.Status.DONE, done_at__date__range=period)
    rows = Need.members.through.objects.filter(need__in=done, member__in=members)
    for pk, member, moment, level, skill in rows.values_list(
        "need", "member", "need__done_at", "need__area__level", "need__skill"
    ):
        title = f"帮助办好群众需求（{skill}）" if skill else "帮助办好群众需求"
        yield member, _line(f"n{pk}", "need", timezone.localdate(moment), title, tier=str(TIERS[level]), field=HELP)


def _duties(members: Any, street: Area, period: CardPeriod) -> Iterable[tuple[int, Line]]:
    """Yield the members' duties, from when they lived in this street on; an earlier street's duties stay there."""
    duties = Duty.objects.filter(member__in=members, since__lte=period.last).exclude(until__lte=period.first)
    dated = duties.annotate(came=Subquery(_ends_elsewhere(street)))
    for pk, member, kind, since, until, arrived in dated.values_list("pk", "member", "kind", "since", "until", "came"):
        day = max(since, period.first, arrived or since)
        if day <= period.last and (until is None or day < until):
            yield member, _line(f"d{pk}", "duty", day, DUTIES[kind])


def _ends_elsewhere(street: Area) -> QuerySet:
    """Return a subquery: the day on which the outer query's member last moved out of another street."""
    here = Area.objects.inside(street)
    homes = Residence.objects.filter(member=OuterRef("member")).exclude(area__in=here).order_by()
    return homes.values("member").annotate(last=Max("until")).values("last")
