"""The employer's steps on a card: acknowledge, answer, return; the same rules for its system and its contacts.

Each step checks in this order: the card is not withdrawn, the digest is the card's, the status allows the step.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.feed import feed, receipts
from feedback.models import Answer, EmployerKey, Feed, FeedEvent, Receipt, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.models.counterparts import Counterpart, among
from members.ground.atomic import atomic_write
from members.ground.audit import differences, record
from members.ground.states import Conflict
from members.models import User

Status = RecordCard.Status
TAKEN_BACK_WITHIN = timedelta(days=1)
NO_ANSWER = "请写一两句反馈。"
NO_WORD = "选了“其他”，请写一句为什么退回。"
GONE = "这张卡已经撤回，请删去您那里的内容。"
OTHER_TEXT = "校验码不对：您读到的内容和这张卡不一样，请重新取卡。"
NOT_NOW = "这张卡现在是“{}”，不能再做这一步。请刷新页面看看。"
TOO_LATE = "签收已超过一天，不能再撤回签收。卡上有不对的，请用“退回”。"


class ReceiptRefused(Conflict):
    """The step is refused; the message is a Chinese sentence that says why."""


class Withdrawn(ReceiptRefused):
    """The community or the member withdrew the card."""


class WrongDigest(ReceiptRefused):
    """The digest is not the card's: the employer read another text."""


class Closed(ReceiptRefused):
    """The time for amending the answer is over."""


class TooLate(ReceiptRefused):
    """The time for taking the receipt back is over."""


@dataclass(frozen=True, slots=True)
class By:
    """The actor for the employer: a key of its system or a contact's user."""

    key: EmployerKey | None = None
    user: User | None = None


@dataclass(slots=True)
class Replied:
    """The outcome of a step on many cards: how many were done, the receipts by card (id), the refusals by card."""

    done: int = 0
    receipts: dict[int, Receipt] = field(default_factory=dict)
    refused: dict[int, Conflict] = field(default_factory=dict)

    @property
    def left(self) -> Counter[str]:
        """Count the refused cards by the reason in Chinese."""
        return Counter(map(str, self.refused.values()))


def receive(card: RecordCard, *, digest: str) -> Receipt:
    """Acknowledge the body with this digest, and return the receipt; repeating it returns the same one."""
    replied = receive_all({card.pk: digest})
    for reason in replied.refused.values():
        raise reason
    return replied.receipts[card.pk]


def receive_all(digests: Mapping[int, str]) -> Replied:
    """Acknowledge the cards (ids) by the digests of what was read, in one transaction; each gets its own receipt.

    A card that was acknowledged before has its receipt returned again.
    """
    replied = Replied()
    with atomic_write():
        cards = _locked_all(digests, replied)
        replied.receipts = _known([card for card in cards if card.status != Status.ISSUED])
        replied.done = len(replied.receipts)
        new = [card for card in cards if card.pk not in replied.receipts]
        _receive(_allowed(new, Status.RECEIVED, replied), replied)
    return replied


def take_back(card: RecordCard, *, digest: str) -> Receipt:
    """Take the receipt for this body back, and return the signed statement of that; repeating it returns the same one.

    Conflict where the card is answered or was sent back, TooLate where a day is over. The feed tells of it.
    """
    with atomic_write():
        card = _locked(card, digest)
        last = Receipt.objects.filter(card=card).order_by("pk").last()
        if card.status == Status.ISSUED and last and last.kind == Receipt.Kind.TAKEN_BACK:
            return last
        if card.status == Status.RECEIVED and card.received_at and _is_over(card.received_at):
            raise TooLate(TOO_LATE)
        card.advance(Status.ISSUED, only_from=Status.RECEIVED, received_at=None)
        feed.add_events([card], FeedEvent.Type.REOPENED)
        (receipt,) = receipts.write([card], Receipt.Kind.TAKEN_BACK, feeds=Feed.lock({card.counterpart}))
    return receipt


def may_take_back(card: RecordCard) -> bool:
    """Return whether the receipt can still be taken back."""
    return bool(card.status == Status.RECEIVED and card.received_at and not _is_over(card.received_at))


def answer(card: RecordCard, *, text: str, thanks: bool, by: By) -> tuple[Answer, bool]:
    """Answer, or amend the answer; return it and whether it is the first. Repeating the last one changes nothing."""
    with atomic_write():
        card = _locked(card)
        last = Answer.objects.filter(card=card).order_by("version").last()
        if last is None:
            card.advance(Status.ANSWERED, answered_at=timezone.now())
        elif timezone.localdate() > card.amendable_until:
            raise Closed(f"反馈在 {card.amendable_until} 以后不能再改。")
        elif (last.text, last.thanks) == (text, thanks):
            return last, False
        version = last.version + 1 if last else 1
        new = Answer(card=card, version=version, text=text, thanks=thanks, key=by.key, user=by.user)
        new.full_clean()
        new.save()
        return new, last is None


def answer_all(digests: Mapping[int, str], *, text: str, thanks: bool, by: By) -> Replied:
    """Answer the cards (ids) by one sentence, in one transaction; those not acknowledged yet are so first.

    Nobody's answer is amended: cards that have one are refused. ValidationError for the sentence.
    """
    replied = Replied()
    with atomic_write():
        cards = _locked_all(digests, replied)
        _receive([card for card in cards if card.status == Status.ISSUED], replied)
        cards = _allowed(cards, Status.ANSWERED, replied)
        answers = [Answer(card=card, version=1, text=text, thanks=thanks, key=by.key, user=by.user) for card in cards]
        for new in answers[:1]:  # they say the same
            new.full_clean()
        _advance(cards, Status.ANSWERED, answered_at=timezone.now())
        Answer.objects.bulk_create(answers)
        for new in answers:
            record("create", new, changes=differences({}, new._values()))
        replied.done = len(answers)
    return replied


def give_back(card: RecordCard, *, digest: str, code: str, text: str) -> RecordCard:
    """Send the card back with a reason; repeating it with the same reason changes nothing."""
    check_return(code=code, text=text)
    with atomic_write():
        card = _locked(card, digest)
        if (card.status, card.return_code, card.return_text) != (Status.RETURNED, code, text):
            card.advance(Status.RETURNED, returned_at=timezone.now(), return_code=code, return_text=text)
    return card


def check_return(*, code: str, text: str) -> None:
    """Raise ValidationError where the code is "other" and no text explains it."""
    if code == RecordCard.Return.OTHER and not text.strip():
        raise ValidationError({"text": NO_WORD})


def issued_to(*counterparts: Counterpart) -> RecordCardQuerySet:
    """Return the cards ever issued to these employers by these streets, withdrawn ones included."""
    return RecordCard.objects.ever_issued().filter(among(counterparts))


def _locked(card: RecordCard, digest: str | None = None) -> RecordCard:
    """Return the card read again and locked; Withdrawn, or WrongDigest for another digest."""
    locked = RecordCard.objects.locked().select_related("area").get(pk=card.pk)
    if reason := _refusal(locked, digest):
        raise reason
    return locked


def _locked_all(digests: Mapping[int, str], replied: Replied) -> list[RecordCard]:
    """Return the cards that are not withdrawn and have these digests, locked; the others are refused."""
    rows = RecordCard.objects.locked().select_related("area").filter(pk__in=digests).defer("body", "lines", "left_out")
    cards = list(rows.order_by("pk"))
    for card in cards:
        if reason := _refusal(card, digests[card.pk]):
            replied.refused[card.pk] = reason
    return [card for card in cards if card.pk not in replied.refused]


def _refusal(card: RecordCard, digest: str | None) -> Conflict | None:
    if card.status == Status.WITHDRAWN:
        return Withdrawn(GONE)
    return WrongDigest(OTHER_TEXT) if digest is not None and digest != card.digest else None


def _allowed(cards: Sequence[RecordCard], to: str, replied: Replied) -> list[RecordCard]:
    """Return the locked cards whose status allows the step; the others are refused."""
    for card in cards:
        if to not in RecordCard.TRANSITIONS.get(card.status, ()):
            replied.refused[card.pk] = Conflict(NOT_NOW.format(card.get_status_display()))
    return [card for card in cards if card.pk not in replied.refused]


def _known(cards: Sequence[RecordCard]) -> dict[int, Receipt]:
    """Return the last receipts of these cards, which were acknowledged once."""
    rows = Receipt.objects.filter(card__in=cards, kind=Receipt.Kind.RECEIVED).exclude(card__received_at=None)
    return {receipt.card_id: receipt for receipt in rows.order_by("pk")}


def _receive(cards: Sequence[RecordCard], replied: Replied) -> None:
    """Acknowledge these locked, issued cards."""
    if not cards:
        return
    _advance(cards, Status.RECEIVED, received_at=timezone.now())
    feeds = Feed.lock({card.counterpart for card in cards})
    made = receipts.write(cards, Receipt.Kind.RECEIVED, feeds=feeds)
    replied.receipts |= {receipt.card_id: receipt for receipt in made}
    replied.done += len(made)


def _advance(cards: Sequence[RecordCard], to: str, **values: Any) -> None:
    """Give these locked cards a new status by one UPDATE, with an entry in the trail for each."""
    RecordCard.objects.filter(pk__in=[card.pk for card in cards]).update(status=to, **values)
    for card in cards:
        before = card._values({"status", *values})
        for name, value in {"status": to, **values}.items():
            setattr(card, name, value)
        record("change", card, changes=differences(before, card._values({"status", *values})))


def _is_over(received_at: Any) -> bool:
    return timezone.now() > received_at + TAKEN_BACK_WITHIN
