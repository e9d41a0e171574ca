"""What this app has of a member who is erased: cards, slips, answers, replies kept for repeated calls.

Whatever an employer holds is withdrawn through its feed before it is emptied, so that the employer hears of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.db.models import Q
from django.utils import timezone

from feedback.models import Answer, RecordCard, Replay, Slip
from feedback.models.cards import BEFORE
from feedback.models.counterparts import Counterpart, among
from feedback.models.slip_rows import EMPTIED, LIVE, PERSONAL, WAITING
from feedback.rules import slips_closing, withdrawing
from members.ground.sealing import digest
from members.models import Member
from members.rules import erasing
from members.rules.erasing import KnownPerson

TEXTS = dict.fromkeys((*PERSONAL, "ended_text"), "")
POINTERS = dict.fromkeys(("home", "member", "consent", "consent_to_tell"))
CARD = {"lines": [], "left_out": [], "sentence": "", "objection": "", "return_text": "", "body": ""}
GONE = 410
FORGOTTEN = orjson.dumps(
    {
        "type": "about:blank",
        "title": "Gone",
        "status": GONE,
        "detail": "这次提交涉及的个人信息已按规定删除，不再重复回答。",
    }
)


def register_all() -> None:
    erasing.goes_along(erasing.Part(lambda member: (), _ends, _end, _empty))


def _ends(member: Member) -> Iterator[str]:
    cards = RecordCard.objects.filter(member=member)
    if out := cards.with_employer().count():
        yield f"{out} 张已发给单位的记录卡（通知单位撤回）"
    if before := cards.filter(status__in=BEFORE).count():
        yield f"{before} 张还没有发的记录卡"
    if live := _slips(erasing.what_is_known(member)).filter(status__in=LIVE).count():
        yield f"{live} 张报到单"


def _slips(known: KnownPerson) -> Any:
    """Return the slips about this person in the street: accepted as them, or of the same name and phone."""
    digests = [digest(phone, purpose="phone") for phone in known.phones]
    same = Q(member=known.member) | Q(name__in=known.names, phone_digest__in=digests)
    return Slip.objects.filter(same, street=known.member.street_id)


def _end(known: KnownPerson) -> None:
    """Withdraw the cards and slips that did not fall with a consent."""
    live = RecordCard.objects.filter(member=known.member).exclude(status=RecordCard.Status.WITHDRAWN)
    withdrawing.withdraw_all(live.filter(status__in=BEFORE), RecordCard.Withdrawal.DROPPED)
    withdrawing.withdraw_all(live, RecordCard.Withdrawal.CONSENT)
    rows = _slips(known).with_facts().locked().order_by("pk")
    slips_closing.withdraw_all(list(rows.filter(status__in=(*WAITING, Slip.Status.ACCEPTED))))


def _empty(known: KnownPerson) -> Mapping[type[Any], Any]:
    cards = RecordCard.objects.filter(member=known.member)
    slips = _with_those_before(list(_slips(known)))
    _forget_replies(known, cards, slips)
    Answer.objects.filter(card__in=cards).update(text="")
    cards.update(**CARD)
    told = Slip.objects.filter(pk__in=[slip.pk for slip in slips])
    now = timezone.now()
    told.filter(status__in=EMPTIED).update(**TEXTS, **POINTERS, emptied_at=now)
    told.exclude(status__in=EMPTIED).update(**TEXTS, emptied_at=now)
    return {Slip: [slip.pk for slip in slips]}


def _with_those_before(slips: list[Slip]) -> list[Slip]:
    """Return these slips with those that other streets handed on to them."""
    found, before = list(slips), slips
    while before := list(Slip.objects.filter(pk__in=[slip.continues_id for slip in before if slip.continues_id])):
        found += before
    return found


def _forget_replies(known: KnownPerson, cards: Any, slips: list[Slip]) -> None:
    """Let the replies that name the person, or their papers, say no more than that they are gone."""
    papers = list(cards.exclude(number=None).values_list("number", "employer", "street"))
    papers += [(slip.number, slip.employer_id, slip.sent_to_id) for slip in slips if slip.employer_id]
    parties = {Counterpart(employer, street) for _, employer, street in papers}
    words = [word.encode() for word in (*known.words, *(number for number, _, _ in papers))]
    kept = Replay.objects.filter(among(parties)).only("answer")
    naming = [row.pk for row in kept if any(word in bytes(row.answer) for word in words)]
    Replay.objects.filter(pk__in=naming).update(answer=FORGOTTEN, status=GONE)
