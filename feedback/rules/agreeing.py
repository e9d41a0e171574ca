"""The member's agreement or objection: by a signed link on the phone, or on paper that the secretary records.

A link is bound to one card and the moment at which it was shown; once the card is shown again, older links open
nothing. The link's page asks for the last four digits of the member's phone, and allows a few tries.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from feedback.models import RecordCard
from feedback.rules import drafts
from feedback.rules.holding import note_held
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.history import batches
from members.ground.states import Conflict
from members.ground.tries import MOST_TRIES, opens
from members.models import Consent, Member, User
from members.models.consents import NOTICES
from members.models.households import FIRST_YEAR

Status = RecordCard.Status
VERSION, NOTICE = NOTICES[Consent.Purpose.CARDS]

UNSETTLED = "有本人的意见还没有办好，请点开看，改好再请本人确认。"
EMPTY = "还是空白的：请先写一句话，或至少写进一项活动，再请本人确认。"
SHOWN_ANEW = "社区刚才改过这张卡，请用新的链接打开，看过以后再同意。"
NO_REASON = "请写一句哪里不对；不想发的，点“不同意发”就可以，不用写。"
# Statuses from which the secretary can make one card a draft again. In bulk only SHOWN counts: no answer gets lost.
CORRECTABLE = (Status.SHOWN, Status.AGREED, Status.OBJECTED)


@dataclass(frozen=True, slots=True)
class MovedOn:
    """The outcome of a bulk step: how many cards changed status, and how many did not, by the reason in Chinese."""

    done: int
    left: dict[str, int]

    @property
    def skipped(self) -> int:
        return sum(self.left.values())

    def __add__(self, other: "MovedOn") -> "MovedOn":
        return MovedOn(self.done + other.done, dict(Counter(self.left) + Counter(other.left)))

    def __str__(self) -> str:
        """Return the reasons of the cards that kept their status, in Chinese; empty where there are none."""
        return "".join(f"{count} 张没有动：{why}" for why, count in self.left.items())


def link_token(card: RecordCard) -> str:
    """Return the signed part of the member's link."""
    return _signer().sign_object([card.pk, shown_moment(card)])


def card_behind(token: str) -> RecordCard | None:
    """Return the card of a link; None where the token is forged or expired, or the card was shown again since."""
    try:
        pk, moment = _signer().unsign_object(token)
    except (BadSignature, ValueError):
        return None
    card = RecordCard.objects.select_related("member", "employer", "area").filter(pk=pk).first()
    if card is None or card.shown_at is None or shown_moment(card) != moment:
        return None
    return card if timezone.now() < link_ends(card) else None


def _signer() -> Signer:
    return Signer(salt="feedback.card")


def shown_moment(card: RecordCard) -> int:
    """Return when the card was shown, in milliseconds since 1970; a link is bound to it."""
    assert card.shown_at
    return round(card.shown_at.timestamp() * 1000)


def link_ends(card: RecordCard) -> datetime:
    """Return when the member's link expires."""
    assert card.shown_at
    return card.shown_at + timedelta(days=settings.CARD_LINK_DAYS)


def is_locked(card: RecordCard) -> bool:
    """Return whether the link is locked after too many wrong tries; showing the card again unlocks it."""
    return card.wrong_tries >= MOST_TRIES


def knows(card: RecordCard, digits: str) -> bool:
    """Return whether these are the last four digits of the member's phone; False once locked. Wrong tries count."""
    return opens(card, digits, phone=card.member.phone)


def show_all(pks: Sequence[int], *, settled: bool = False) -> MovedOn:
    """Show these drafts (ids) to their members, in one transaction; skip empty cards and those that are no drafts.

    A draft with an objection is skipped too, unless the secretary has `settled` it; then the objection is over.
    """
    with atomic_write():
        drafts = _locked(pks, Status.DRAFT)
        waiting = {card.pk for card in drafts if card.said and not settled}
        ready = [card for card in drafts if not card.is_empty and card.pk not in waiting]
        left = left_behind([pk for pk in pks if pk not in waiting], ready, draft=EMPTY)
        left |= {UNSETTLED: len(waiting)} if waiting else {}
        again = {"objected_at": None, "objection": "", "wrong_tries": 0}
        return _advance(ready, left, Status.SHOWN, shown_at=timezone.now(), **again)


def show(card: RecordCard) -> None:
    """Show this draft to its member, who objected to nothing that is left; Conflict where it is empty, or no draft."""
    require(show_all([card.pk], settled=True))


def correct_all(pks: Sequence[int], *, only_from: Sequence[str] = (Status.SHOWN,)) -> MovedOn:
    """Make these cards (ids) drafts again, in one transaction; their links open nothing any more.

    A member who agreed must agree again; an objection stays on the draft. By default only cards without an answer
    change, so that an answer that came meanwhile stays.
    """
    with atomic_write():
        cards = _locked(pks, *only_from)
        cleared = {"agreed_at": None, "agreed_how": "", "agreed_by": None}
        left = left_behind(pks, cards)
        note_held(cards)
        moved = _advance(cards, left, Status.DRAFT, shown_at=None, consent=None, leaving=None, **cleared)
        drafts.drop_struck(cards)
    return moved


def correct(card: RecordCard) -> None:
    """Make this card a draft again, whatever its member answered; Conflict where it is issued, or a draft."""
    require(correct_all([card.pk], only_from=CORRECTABLE))


def object_to(card: RecordCard, *, reason: str) -> None:
    """Record the member's objection; ValidationError without a reason, Conflict where the status does not allow it."""
    if not reason.strip():
        raise ValidationError({"reason": NO_REASON})
    _object(card, reason.strip()[:200])


def refuse(card: RecordCard) -> None:
    """Record that the member does not want the card sent, for which they need no reason; Conflict as above."""
    _object(card, "")


def _object(card: RecordCard, objection: str) -> None:
    with atomic_write():
        note_held(_locked([card.pk], Status.AGREED))
        card.advance(
            Status.OBJECTED, objected_at=timezone.now(), objection=objection,
            agreed_at=None, agreed_how="", agreed_by=None, consent=None, leaving=None,
        )  # fmt: skip


def unsay(card: RecordCard) -> None:
    """Take the member's objection back: the card waits for them as before.

    Conflict where the secretary dealt with it, or the card was shown again meanwhile.
    """
    with atomic_write():
        card.advance(Status.SHOWN, only_from=Status.OBJECTED, objected_at=None, objection="")
        _require_as_read(card)


def agree_all(pks: Sequence[int], *, how: str, by: User | None = None, given_on: date | None = None) -> MovedOn:
    """Record that the members agree to these shown cards (ids); `by` is the user who records signatures on paper.

    Each card needs a consent for its employer; one in force is used again. ValidationError for an impossible day.
    """
    day = given_on or timezone.localdate()
    check_day(day)
    with atomic_write():
        _queue(pks)
        consented = _consents(pks)
        cards = _locked(pks, Status.SHOWN)
        by_pair = {(card.member_id, card.employer_id): card for card in cards}
        means = Consent.Means.LINK if how == RecordCard.How.LINK else Consent.Means.PAPER
        new = [card for pair, card in by_pair.items() if pair not in consented]
        _give(new, means, by, day)
        consents = Consent.objects.in_force(Consent.Purpose.CARDS).filter(
            member=OuterRef("member"), employer=OuterRef("employer")
        )
        consent = Subquery(consents.values("pk"))
        values = {"agreed_at": timezone.now(), "agreed_how": how, "agreed_by": by, "consent": consent}
        return _advance(cards, left_behind(pks, cards), Status.AGREED, **values)


def agree(card: RecordCard, *, how: str, by: User | None = None, given_on: date | None = None) -> None:
    """Record that the member agrees to this card; Conflict where it is not shown, or was shown again meanwhile."""
    with atomic_write():
        require(agree_all([card.pk], how=how, by=by, given_on=given_on))
        if how == RecordCard.How.LINK:
            _require_as_read(card)


def _require_as_read(card: RecordCard) -> None:
    """Raise Conflict where the card was shown again since it was read."""
    if not RecordCard.objects.filter(pk=card.pk, shown_at=card.shown_at).exists():
        raise Conflict(SHOWN_ANEW)


def check_day(given_on: date) -> None:
    """Raise ValidationError for a day in the future or long past, on which nobody can have signed."""
    if given_on > timezone.localdate():
        raise ValidationError("日期不能晚于今天。")
    if given_on < FIRST_YEAR:
        raise ValidationError(f"日期不能早于 {FIRST_YEAR.year} 年，请核对。")


def require(moved: MovedOn) -> None:
    """Raise Conflict with the reason where the one card kept its status."""
    for why in moved.left:
        raise Conflict(f"这张卡{why}")


def take_back(card: RecordCard) -> None:
    """Withdraw the consent behind this card, and with it every card that rests on it; ValidationError without one."""
    with atomic_write():
        consent = Consent.objects.in_force().select_for_update(no_key=True).filter(cards=card).first()
        if consent is None:
            raise ValidationError("没有在生效的同意，不用撤回。")
        consent.withdraw()


def _queue(pks: Sequence[int]) -> None:
    """Lock the members of these cards, so that two calls for one member queue; no_key spares foreign key checks."""
    for part in batches(pks):
        members = RecordCard.objects.filter(pk__in=part).values("member")
        list(Member.objects.select_for_update(no_key=True).filter(pk__in=members).order_by("pk").values_list("pk"))


def _locked(pks: Sequence[int], *statuses: str) -> list[RecordCard]:
    """Return those of these cards (ids) that have one of these statuses, locked."""
    rows = RecordCard.objects.filter(status__in=statuses).select_related("area").locked()
    return [card for part in batches(sorted(pks)) for card in rows.filter(pk__in=part).order_by("pk")]


def _consents(pks: Sequence[int]) -> set[tuple[int, int | None]]:
    """Return the members and employers (ids) of these cards whose consent is in force, and lock those consents."""
    consents = Consent.objects.in_force(Consent.Purpose.CARDS).order_by("pk").select_for_update(no_key=True)
    cards = RecordCard.objects.filter(member=OuterRef("member"), employer=OuterRef("employer"))
    rows = (consents.filter(Exists(cards.filter(pk__in=part))) for part in batches(sorted(pks)))
    return {pair for part in rows for pair in part.values_list("member", "employer")}


def _give(cards: list[RecordCard], means: str, by: User | None, day: date) -> None:
    """Save a consent for each of these cards; the audit entry says how many in each street, not whose."""
    values = {
        "purpose": Consent.Purpose.CARDS, "is_agreed": True, "notice": NOTICE, "version": VERSION, "means": means,
        "given_on": day, "recorded_by": by,
    }  # fmt: skip
    Consent.objects.bulk_create(
        Consent(member_id=card.member_id, employer_id=card.employer_id, **values) for card in cards
    )
    for path, count in Counter(card.area.street_path for card in cards).items():
        record("create", Consent, path=path, changes={"rows": count, "means": means})


def _advance(cards: list[RecordCard], left: dict[str, int], to: str, **values: Any) -> MovedOn:
    """Give these locked cards a new status, with an audit entry for each community and old status."""
    for part in batches([card.pk for card in cards]):
        RecordCard.objects.filter(pk__in=part).update(status=to, **values)
    by_place: dict[tuple[str, str], list[RecordCard]] = defaultdict(list)
    for card in cards:
        by_place[card.area.path, card.status].append(card)
    for (path, status), some in by_place.items():
        record("change", RecordCard, path=path, changes={"status": [status, to], "cards": [card.pk for card in some]})
    return MovedOn(len(cards), left)


def left_behind(
    pks: Sequence[int], cards: Sequence[RecordCard], *, otherwise: str = "不能再做这一步。", **by_status: str
) -> dict[str, int]:
    """Count the cards of `pks` that are not in `cards`, by the reason; `by_status` has the reasons of some statuses."""
    done, counts = {card.pk for card in cards}, Counter[str]()
    for part in batches([pk for pk in pks if pk not in done]):
        counts.update(RecordCard.objects.filter(pk__in=part).values_list("status", flat=True))
    return {
        by_status.get(status) or f"现在是“{Status(status).label}”，{otherwise}": count
        for status, count in counts.items()
    }
