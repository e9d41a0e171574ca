"""An employer's steps on slips: those it sent, and those of members who let it know; the same for its system and inbox.

The sender of a slip answers what is asked and withdraws it. A member's own slip is answered and withdrawn by the
member; their employer says whose they are, and later that they left.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from feedback.feed.slips import facts
from feedback.models import Slip
from feedback.models.counterparts import Counterpart
from feedback.models.slip_rows import SlipQuerySet
from feedback.rules import slips_asking, slips_closing
from feedback.rules.receiving import By, Withdrawn
from members.ground.atomic import atomic_write
from members.ground.states import Conflict

Status, End = Slip.Status, Slip.End
LEAVING = (End.LEFT_UNIT, End.RETIRED)
GONE = "这张报到单已经撤回，请删去您那里的内容。"
NOT_SENT_BY_YOU = "这张报到单是党员本人发来的，只能由本人回答、撤回。"
WORD_FIRST = "请先答复是不是贵单位的人。"
NO_LEAVING = "请选“已调离”或“已退休”。"


def slips_of(*counterparts: Counterpart) -> SlipQuerySet:
    """Return the slips that these employers know of, with what they read of them."""
    return Slip.objects.of_counterpart(*counterparts).with_facts()


def with_status(slips: SlipQuerySet, status: str) -> SlipQuerySet:
    """Return those that their employers see in this status: of one that they are told no more of, withdrawn."""
    if status == Status.WITHDRAWN:
        return slips.filter(Q(status=status) | Q(untold_at__isnull=False))
    return slips.filter(status=status, untold_at=None)


def shown_status(slip: Slip) -> Slip.Status:
    """Return the status as the employer sees it."""
    return Status.WITHDRAWN if slip.untold_at else Status(slip.status)


def facts_and_name(slip: Slip) -> dict[str, Any]:
    """Return what an employer reads of a slip by its number; of a withdrawn one, nobody's name.

    Its address and phone are not in it: the sender has them, and another employer has no need of them.
    """
    is_over = shown_status(slip) == Status.WITHDRAWN
    return facts(slip) | {
        "sent_at": slip.sent_at,
        "name": None if is_over else slip.name or None,
        "employer_number": None if is_over else slip.employer_number or None,
    }


def answer_own(slip: Slip, *, text: str = "", home: str = "", phone: str = "", by: By) -> Slip:
    """Answer what the community asked of a slip that the employer sent. Raises what `answer_question` does."""
    with atomic_write():
        _require_sender(slip)
        return slips_asking.answer_question(slip, text=text, home=home, phone=phone, by=by)


def withdraw_own(slip: Slip, *, by: By) -> Slip:
    """Withdraw a slip that the employer sent; repeated, nothing changes."""
    _require_sender(slip)  # who sent a slip never changes, and consents are locked before slips
    return slips_closing.withdraw(slip, withdrawer=Slip.Withdrawer.SENDER, by=by)


def end_own(slip: Slip, *, code: str, text: str = "", by: By) -> Slip:
    """Say that the member left the employer or retired (LEAVING). Conflict where it did not say yet that they are."""
    if code not in LEAVING:
        raise ValidationError({"code": NO_LEAVING})
    with atomic_write():
        now = slips_asking.locked(slip)
        _require_told(now)
        if now.origin != Slip.Origin.EMPLOYER and now.employer_says != Slip.Ours.OURS:
            raise Conflict(WORD_FIRST)
        return slips_closing.end(now, code=code, text=text, by=by)


def _require_sender(slip: Slip) -> None:
    if slip.origin != Slip.Origin.EMPLOYER:
        raise Conflict(NOT_SENT_BY_YOU)


def _require_told(slip: Slip) -> None:
    if slip.untold_at or slip.status == Status.WITHDRAWN:
        raise Withdrawn(GONE)
