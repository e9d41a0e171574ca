"""What the employer does with a card: acknowledge, answer, return; by key or by hand, under the same rules.

In this order: a withdrawn card is gone, a wrong digest means another text was read, then the state decides.
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
    """It cannot be done; the sentence says why."""


class Withdrawn(ReceiptRefused):
    """The community or the member took the card back."""


class WrongDigest(ReceiptRefused):
    """What was read is not what the card says."""


class Closed(ReceiptRefused):
    """The time for amending an answer is over."""


@dataclass(frozen=True, slots=True)
class By:
    """Who acts for the employer: a key or a contact."""

    key: EmployerKey | None = None
    user: User | None = None


def receive(card: RecordCard, *, digest: str) -> Receipt:
    """Acknowledge the body of this digest; again, the same receipt."""
    with atomic_write():
        card = _locked(card, digest)
        if known := Receipt.objects.filter(card=card).first():
            return known
        card.advance(Status.RECEIVED, received_at=timezone.now())
        feed = Feed.lock({card.counterpart})[card.counterpart]
        return receipts.write(card, feed=feed)


def answer(card: RecordCard, *, text: str, thanks: bool, by: By) -> tuple[Answer, bool]:
    """Answer, or amend the answer; return it and whether it is the first. Saying the same again changes nothing."""
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
        said = Answer(card=card, version=version, text=text, thanks=thanks, key=by.key, user=by.user)
        said.full_clean()
        said.save()
        return said, last is None


def give_back(card: RecordCard, *, digest: str, code: str, text: str) -> RecordCard:
    """Return the card with a reason; again with the same reason, nothing changes."""
    check_return(code=code, text=text)
    with atomic_write():
        card = _locked(card, digest)
        if (card.status, card.return_code, card.return_text) != (Status.RETURNED, code, text):
            card.advance(Status.RETURNED, returned_at=timezone.now(), return_code=code, return_text=text)
    return card


def check_return(*, code: str, text: str) -> None:
    """Raise ValidationError where the reason has to be written, and is not."""
    if code == RecordCard.Return.OTHER and not text.strip():
        raise ValidationError({"text": NO_WORD})


def held_by(*counterparts: Counterpart) -> RecordCardQuerySet:
    """The cards that these employers have from these streets, withdrawn ones among them."""
    return RecordCard.objects.ever_issued().filter(among(counterparts))


def _locked(card: RecordCard, digest: str | None = None) -> RecordCard:
    """The card as it now is, locked."""
    locked = RecordCard.objects.locked().select_related("area").get(pk=card.pk)
    if locked.status == Status.WITHDRAWN:
        raise Withdrawn("这张卡已经撤回，请删去您那里的内容。")
    if digest is not None and digest != locked.digest:
        raise WrongDigest("校验码不对：您读到的内容和这张卡不一样，请重新取卡。")
    return locked
