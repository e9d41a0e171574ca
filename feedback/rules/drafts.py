"""Drafts follow the attendances that they tell of; cards past a draft keep what their member was asked about."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from activities.models import Activity, Attendance
from activities.rules.resting import Hanging
from feedback.models import RecordCard
from feedback.models.cards import ENDED, RecordCardQuerySet
from feedback.rules.making import Line, attendance_lines, in_order
from members.ground import access
from members.ground.access import Resource
from members.ground.audit import record
from members.ground.history import batches
from members.ground.states import Conflict

LISTED = 20
AT_ONCE = 100  # cards of one UPDATE: its cases are gone through for each of them
DRAFT = RecordCard.Status.DRAFT
SETTLED = "没发出的退回草稿，发出的撤回（内容有误）。"
FIRM = "{} 张记录卡写着它，已经请本人确认或者发出。请先打开卡：" + SETTLED
FIRM_ELSEWHERE = "别的社区也有记录卡写着它，已经请本人确认或者发出。请找街道先处理那些卡。"
FIRM_UNSEEN = "现在不能作废：有记录卡用到了这次活动。请找社区书记，先处理记录卡，再作废。"
NOT_VOIDED = "没有作废：有记录卡写着它，已经请本人确认或者发出。要由社区书记先处理记录卡：" + SETTLED


def hanging(activity: Activity, attendances: QuerySet[Attendance], user: Any) -> Iterator[Hanging]:
    """Tell of the user's drafts that will follow, and of the cards past a draft, with links to the user's.

    Of cards that the user may not see no count is told, only whom to ask.
    """
    keys = _keys(attendances)
    cards = list(_cards(activity, attendances).only(*NEEDED)) if keys else []
    own = set(_cards(activity, attendances).for_user(user).values_list("pk", flat=True)) if cards else set()
    if drafts := sum(card.pk in own and card.status == DRAFT and _tells(card.lines, keys) for card in cards):
        yield Hanging(f"{drafts} 张记录卡草稿会去掉这一条，撤销时补回来。")
    firm = _firm(cards, keys)
    if mine := [pk for pk in firm if pk in own]:
        yield Hanging(FIRM.format(len(mine)), is_firm=True, links=_links(mine))
    if len(firm) > len(mine):
        sees_cards = access.covers(user, Resource.CARD, activity.area.path)
        yield Hanging(FIRM_ELSEWHERE if sees_cards else FIRM_UNSEEN, is_firm=True)


def _links(firm: list[int]) -> tuple[tuple[str, str], ...]:
    rows = RecordCard.objects.filter(pk__in=firm).select_related("member").defer("body", "lines")[:LISTED]
    return tuple((f"{card}（{card.get_status_display()}）", reverse("feedback:card", args=[card.pk])) for card in rows)


def lose(activity: Activity, attendances: QuerySet[Attendance], *, is_whole: bool) -> None:
    """Take the lines of these attendances out of the drafts; Conflict for `is_whole` where a card past a draft has one.

    The caller has locked the street, as whoever makes cards does: none is made meanwhile.
    """
    keys = _keys(attendances)
    firm, changed = False, 0
    for cards in _locked(_cards(activity, attendances)) if keys else ():
        firm = firm or bool(_firm(cards, keys))
        changed += _strip([card for card in cards if card.status == DRAFT], keys)
    if is_whole and firm:
        raise Conflict(NOT_VOIDED)
    _record(activity, changed)


def regain(activity: Activity, attendances: QuerySet[Attendance]) -> None:
    """Add the lines of these attendances to the drafts of the members."""
    if not activity.is_held:
        return
    lines = dict(attendance_lines(attendances))
    of_that_day = {"first_day__lte": activity.held_on, "last_day__gte": activity.held_on}
    changed = 0
    for cards in _locked(_cards(activity, attendances).filter(status=DRAFT, **of_that_day)) if lines else ():
        drafts = [card for card in cards if not _tells(card.lines, {lines[card.member_id]["key"]})]
        for card in drafts:
            card.lines = sorted([*card.lines, lines[card.member_id]], key=in_order)
        changed += _save(drafts)
    _record(activity, changed)


def drop_struck(cards: Sequence[RecordCard]) -> None:
    """Take out of new drafts the lines of attendances that are not on record any more, as after an objection.

    They were struck, or their activity was voided, while the card was past a draft.
    """
    keys = [int(line["key"][1:]) for card in cards for line in card.lines if line["key"].startswith("a")]
    there = Attendance.objects.exclude(activity__status=Activity.Status.VOIDED)
    kept = {pk for some in batches(keys) for pk in there.filter(pk__in=some).values_list("pk", flat=True)}
    gone = {f"a{pk}" for pk in keys if pk not in kept}
    _strip(cards, gone)


NEEDED = ("status", "member", "lines", "left_out")


def _cards(activity: Activity, attendances: QuerySet[Attendance]) -> RecordCardQuerySet:
    """Return the live cards of these members in the activity's street, of any period: its day may have changed."""
    cards = RecordCard.objects.filter(street__path=activity.area.street_path)
    return cards.filter(member__in=attendances.order_by().values("member")).exclude(status__in=ENDED)


def _keys(attendances: QuerySet[Attendance]) -> set[str]:
    return {f"a{pk}" for pk in attendances.order_by().values_list("pk", flat=True)}


def _firm(cards: list[RecordCard], keys: set[str]) -> list[int]:
    """Return the cards (ids) past a draft that tell of these attendances."""
    return [card.pk for card in cards if card.status != DRAFT and _tells(card.kept_lines, keys)]


def _tells(lines: list[Line], keys: set[str]) -> bool:
    return any(line["key"] in keys for line in lines)


def _locked(cards: RecordCardQuerySet) -> Iterator[list[RecordCard]]:
    """Yield the cards by parts, locked in the order of their keys: what is done with a part is soon SQL again."""
    for some in batches(list(cards.order_by("pk").values_list("pk", flat=True)), 5 * AT_ONCE):
        yield list(cards.filter(pk__in=some).locked().only(*NEEDED).order_by("pk"))


def _strip(cards: Iterable[RecordCard], keys: set[str]) -> int:
    """Take the lines with these keys out of the cards; return how many cards had one."""
    telling = [card for card in cards if _tells(card.lines, keys)]
    for card in telling:
        card.lines = [line for line in card.lines if line["key"] not in keys]
    return _save(telling)


def _save(drafts: list[RecordCard]) -> int:
    return RecordCard.objects.bulk_update(drafts, ["lines"], batch_size=AT_ONCE)


def _record(activity: Activity, changed: int) -> None:
    if changed:
        changes = {"activity": activity.pk, "changed": changed}
        record("change", RecordCard, path=activity.area.street_path, changes=changes)
