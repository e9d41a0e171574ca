"""The employer's steps on a card: acknowledge, answer, return; the same rules for its system and its contacts.

Each step checks in this order: the card is not withdrawn, the digest is the card's, the status allows the step.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.feed import receipts
from feedback.models import Answer, EmployerKey, Feed, Receipt, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.models.counterparts import Counterpart, among
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import User

Status = RecordCard.Status
NO_ANSWER = "请写一两句反馈。"
NO_WORD = "选了“其他”，请写一句为什么退回。"


class ReceiptRefused(Conflict):
    """The step is refused; the message is a Chinese sentence that says why."""


class Withdrawn(ReceiptRefused):
    """The community or the member withdrew the card."""


class WrongDigest(ReceiptRefused):
    """The digest is not the card's: the employer read another text."""


class Closed(ReceiptRefused):
    """The time for amending the answer is over."""


@dataclass(frozen=True, slots=True)
class By:
    """The actor for the employer: a key of its system or a contact's user."""

    key: EmployerKey | None = None
    user: User | None = None


def receive(card: RecordCard, *, digest: str) -> Receipt:
    """Acknowledge the body with this digest, and return the receipt; repeating it returns the same one."""
    with atomic_write():
        card = _locked(card, digest)
        if known := Receipt.objects.filter(card=card).first():
            return known
        card.advance(Status.RECEIVED, received_at=timezone.now())
        feed = Feed.lock({card.counterpart})[card.counterpart]
        return receipts.write(card, feed=feed)


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
    if locked.status == Status.WITHDRAWN:
        raise Withdrawn("这张卡已经撤回，请删去您那里的内容。")
    if digest is not None and digest != locked.digest:
        raise WrongDigest("校验码不对：您读到的内容和这张卡不一样，请重新取卡。")
    return locked
