"""How a member says yes or no: by a signed link on the phone, or on paper that the secretary records.

The link is for one card, as it was shown: shown again, an older link opens nothing. Behind it the last four digits of
the phone are asked for, a few times at most.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from feedback.models import RecordCard
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import Consent, Member, User
from members.models.consents import NOTICES
from members.models.households import FIRST_YEAR

MOST_TRIES = 6
Status = RecordCard.Status
VERSION, NOTICE = NOTICES[Consent.Purpose.CARDS]


EMPTY = "还是空白的：请先写一句话，或至少写进一项活动，再请本人确认。"
SHOWN_ANEW = "社区刚才改过这张卡，请用新的链接打开，看过以后再同意。"
NO_REASON = "请写一句：哪里不对，或者不想发。"
# From where the secretary takes a card back to a draft; a card that its member answered only when it is looked at.
CORRECTABLE = (Status.SHOWN, Status.AGREED, Status.OBJECTED)


@dataclass(frozen=True, slots=True)
class MovedOn:
    """How many cards went on to their next state, and how many did not for which reason, in a sentence each."""

    done: int
    left: dict[str, int]

    @property
    def skipped(self) -> int:
        return sum(self.left.values())

    def __add__(self, other: "MovedOn") -> "MovedOn":
        return MovedOn(self.done + other.done, dict(Counter(self.left) + Counter(other.left)))

    def __str__(self) -> str:
        """What stands against those that did not move."""
        return "".join(f"{count} 张没有动：{why}" for why, count in self.left.items())


def link_token(card: RecordCard) -> str:
    """The signed part of the member's link."""
    return _signer().sign_object([card.pk, shown_moment(card)])


def card_behind(token: str) -> RecordCard | None:
    """The card that a link opens; None where it is no link of ours, has expired, or the card was shown anew."""
    try:
        pk, shown = _signer().unsign_object(token)
    except (BadSignature, ValueError):
        return None
    card = RecordCard.objects.select_related("member", "employer", "area").filter(pk=pk).first()
    if card is None or card.shown_at is None or shown_moment(card) != shown:
        return None
    return card if timezone.now() < link_ends(card) else None


def _signer() -> Signer:
    return Signer(salt="feedback.card")


def shown_moment(card: RecordCard) -> int:
    """The moment at which the card was shown, in milliseconds: what a link is bound to."""
    assert card.shown_at
    return round(card.shown_at.timestamp() * 1000)


def link_ends(card: RecordCard) -> datetime:
    """The moment from which the member's link opens nothing."""
    assert card.shown_at
    return card.shown_at + timedelta(days=settings.CARD_LINK_DAYS)


def is_locked(card: RecordCard) -> bool:
    """Whether too many wrong digits were typed; the secretary shows the card again to open it."""
    return card.wrong_tries >= MOST_TRIES


def knows(card: RecordCard, digits: str) -> bool:
    """Whether these are the last four digits of the member's phone; a wrong try is counted."""
    tries = RecordCard.objects.filter(pk=card.pk, wrong_tries__lt=MOST_TRIES)
    with atomic_write():
        if not tries.update(wrong_tries=F("wrong_tries") + 1):
            return False
        end = card.member.phone[-4:]
        is_right = len(end) == 4 and constant_time_compare(end, digits)
        if is_right:
            RecordCard.objects.filter(pk=card.pk).update(wrong_tries=0)
    return is_right


def show_all(pks: Sequence[int]) -> MovedOn:
    """Put these drafts (ids) before their members, all at once; empty ones and what is no draft stay as they are."""
    with atomic_write():
        ready = [card for card in _locked(pks, Status.DRAFT) if not card.is_empty]
        left = left_behind(pks, ready, draft=EMPTY)
        return _moved(ready, left, Status.SHOWN, shown_at=timezone.now(), wrong_tries=0)


def show(card: RecordCard) -> None:
    """Put this draft before its member; Conflict where it is empty, or no draft."""
    require(show_all([card.pk]))


def correct_all(pks: Sequence[int], *, only_from: Sequence[str] = (Status.SHOWN,)) -> MovedOn:
    """Take these cards (ids) back from their members, all at once: drafts again, and their links open nothing.

    Whoever agreed is asked again. Of many cards only those that wait are meant: an answer that came meanwhile stays.
    """
    with atomic_write():
        cards = _locked(pks, *only_from)
        nothing = {"objected_at": None, "objection": "", "agreed_at": None, "agreed_how": "", "agreed_by": None}
        left = left_behind(pks, cards)
        return _moved(cards, left, Status.DRAFT, shown_at=None, consent=None, **nothing)


def correct(card: RecordCard) -> None:
    """Take this card back from its member, whatever they said; Conflict where it left, or is a draft."""
    require(correct_all([card.pk], only_from=CORRECTABLE))


def object_to(card: RecordCard, *, reason: str) -> None:
    """The member does not agree to this card; the secretary corrects or drops it."""
    if not reason.strip():
        raise ValidationError({"reason": NO_REASON})
    with atomic_write():
        card.advance(
            Status.OBJECTED, objected_at=timezone.now(), objection=reason.strip()[:200],
            agreed_at=None, agreed_how="", agreed_by=None, consent=None,
        )  # fmt: skip


def agree_all(pks: Sequence[int], *, how: str, by: User | None = None, given_on: date | None = None) -> MovedOn:
    """The members agree to these cards (ids) that they were shown; `by` is who records their signatures.

    The consent is for this employer and purpose: one that stands already is the one that is meant.
    """
    day = given_on or timezone.localdate()
    check_day(day)
    with atomic_write():
        _queue(pks)
        standing = _consents(pks)
        cards = _locked(pks, Status.SHOWN)
        asked = {(card.member_id, card.employer_id): card for card in cards}
        means = Consent.Means.LINK if how == RecordCard.How.LINK else Consent.Means.PAPER
        new = [card for pair, card in asked.items() if pair not in standing]
        _give(new, means, by, day)
        meant = Consent.objects.in_force(Consent.Purpose.CARDS).filter(
            member=OuterRef("member"), employer=OuterRef("employer")
        )
        told = {"agreed_at": timezone.now(), "agreed_how": how, "agreed_by": by}
        return _moved(cards, left_behind(pks, cards), Status.AGREED, consent=Subquery(meant.values("pk")), **told)


def agree(card: RecordCard, *, how: str, by: User | None = None, given_on: date | None = None) -> None:
    """The member agrees to this card; Conflict where it is not before them, or was shown anew since they read it."""
    with atomic_write():
        require(agree_all([card.pk], how=how, by=by, given_on=given_on))
        as_read = RecordCard.objects.filter(pk=card.pk, shown_at=card.shown_at)
        if how == RecordCard.How.LINK and not as_read.exists():
            raise Conflict(SHOWN_ANEW)


def check_day(given_on: date) -> None:
    """Raise ValidationError for a day on which nobody can have signed."""
    if given_on > timezone.localdate():
        raise ValidationError("日期不能晚于今天。")
    if given_on < FIRST_YEAR:
        raise ValidationError(f"日期不能早于 {FIRST_YEAR.year} 年，请核对。")


def require(moved: MovedOn) -> None:
    """Raise Conflict with the reason why the one card did not move."""
    for why in moved.left:
        raise Conflict(f"这张卡{why}")


def take_back(card: RecordCard) -> None:
    """The member takes their consent back: every card that rests on it is withdrawn at once."""
    with atomic_write():
        consent = Consent.objects.in_force().select_for_update(no_key=True).filter(cards=card).first()
        if consent is None:
            raise ValidationError("没有在生效的同意，不用撤回。")
        consent.withdraw()


def _queue(pks: Sequence[int]) -> None:
    """Let two who record for one member queue. Locks of the key itself would meet the checks of foreign keys."""
    for part in batches(pks):
        members = RecordCard.objects.filter(pk__in=part).values("member")
        list(Member.objects.select_for_update(no_key=True).filter(pk__in=members).order_by("pk").values_list("pk"))


def _locked(pks: Sequence[int], *statuses: str) -> list[RecordCard]:
    """Those of these cards (ids) in one of these states, locked."""
    held = RecordCard.objects.filter(status__in=statuses).select_related("area").locked()
    return [card for part in batches(sorted(pks)) for card in held.filter(pk__in=part).order_by("pk")]


def _consents(pks: Sequence[int]) -> set[tuple[int, int | None]]:
    """Of which members and employers of these cards (ids) a consent stands; it is locked."""
    held = Consent.objects.in_force(Consent.Purpose.CARDS).order_by("pk").select_for_update(no_key=True)
    cards = RecordCard.objects.filter(member=OuterRef("member"), employer=OuterRef("employer"))
    rows = (held.filter(Exists(cards.filter(pk__in=part))) for part in batches(sorted(pks)))
    return {pair for part in rows for pair in part.values_list("member", "employer")}


def _give(cards: list[RecordCard], means: str, by: User | None, day: date) -> None:
    """Keep the consents that come with these cards; the trail has how many in each street, and not whose."""
    said = {
        "purpose": Consent.Purpose.CARDS, "is_agreed": True, "notice": NOTICE, "version": VERSION, "means": means,
        "given_on": day, "recorded_by": by,
    }  # fmt: skip
    Consent.objects.bulk_create(
        Consent(member_id=card.member_id, employer_id=card.employer_id, **said) for card in cards
    )
    for path, count in Counter(card.area.street_path for card in cards).items():
        record("create", Consent, path=path, changes={"rows": count, "means": means})


def _moved(cards: list[RecordCard], left: dict[str, int], to: str, **values: Any) -> MovedOn:
    """Move these locked cards on, with an entry for each community."""
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
    """Say why those of these cards (ids) stay that are not among the cards, and of how many; some states have a why."""
    done, counts = {card.pk for card in cards}, Counter[str]()
    for part in batches([pk for pk in pks if pk not in done]):
        counts.update(RecordCard.objects.filter(pk__in=part).values_list("status", flat=True))
    return {
        by_status.get(status) or f"现在是“{Status(status).label}”，{otherwise}": count
        for status, count in counts.items()
    }
