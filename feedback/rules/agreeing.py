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

MOST_TRIES = 6
Status = RecordCard.Status
VERSION, NOTICE = NOTICES[Consent.Purpose.CARDS]


@dataclass(frozen=True, slots=True)
class MovedOn:
    """How many cards went on to their next state, and how many were in no state for it."""

    done: int
    skipped: int


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
        return _moved(ready, pks, Status.SHOWN, shown_at=timezone.now(), wrong_tries=0)


def correct_all(pks: Sequence[int]) -> MovedOn:
    """Take these cards (ids) back from their members, all at once: drafts again, and their links open nothing."""
    with atomic_write():
        return _moved(_locked(pks, Status.SHOWN), pks, Status.DRAFT, shown_at=None)


def agree_all(pks: Sequence[int], *, how: str, by: User | None = None, given_on: date | None = None) -> MovedOn:
    """The members agree to these cards (ids) that they were shown; `by` is who records their signatures.

    The consent is for this employer and purpose: one that stands already is the one that is meant.
    """
    with atomic_write():
        _queue(pks)
        standing = _consents(pks)
        cards = _locked(pks, Status.SHOWN)
        asked = {(card.member_id, card.employer_id): card for card in cards}
        means = Consent.Means.LINK if how == RecordCard.How.LINK else Consent.Means.PAPER
        new = [card for pair, card in asked.items() if pair not in standing]
        _give(new, means, by, given_on or timezone.localdate())
        meant = Consent.objects.in_force(Consent.Purpose.CARDS).filter(
            member=OuterRef("member"), employer=OuterRef("employer")
        )
        told = {"agreed_at": timezone.now(), "agreed_how": how, "agreed_by": by}
        return _moved(cards, pks, Status.AGREED, consent=Subquery(meant.values("pk")), **told)


def agree(card: RecordCard, *, how: str, by: User | None = None) -> None:
    """The member agrees to this card; Conflict where it is not before them."""
    if not agree_all([card.pk], how=how, by=by).done:
        card.refresh_from_db(fields=["status"])
        raise Conflict(f"这张卡现在是“{card.get_status_display()}”，不能再表示同意。")


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


def _locked(pks: Sequence[int], status: str) -> list[RecordCard]:
    """Those of these cards (ids) in this state, locked."""
    held = RecordCard.objects.filter(status=status).select_related("area").held()
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


def _moved(cards: list[RecordCard], pks: Sequence[int], to: str, **values: Any) -> MovedOn:
    """Move these locked cards on, with an entry for each community."""
    for part in batches([card.pk for card in cards]):
        RecordCard.objects.filter(pk__in=part).update(status=to, **values)
    by_place: dict[str, list[RecordCard]] = defaultdict(list)
    for card in cards:
        by_place[card.area.path].append(card)
    for path, some in by_place.items():
        changes = {"status": [some[0].status, to], "cards": [card.pk for card in some]}
        record("change", RecordCard, path=path, changes=changes)
    return MovedOn(done=len(cards), skipped=len(pks) - len(cards))
