"""A member says that something on record about them is wrong; the office puts it right, or says why it stays."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from members.ground.atomic import atomic_write
from members.models import CorrectionRequest, Member

MOST_OPEN = 10  # of one member
TOO_MANY = f"已经有 {MOST_OPEN} 条在等着办，请等办好几条再写。"
NO_REASON = "不改的，请写明原因，本人会看到。"
Status = CorrectionRequest.Status


def ask(member: Member, *, about: str, text: str, means: str, by: Any = None) -> CorrectionRequest:
    """Write down what a member says is wrong; `by` is None where they wrote it themselves.

    The same words that wait already are not written twice. ValidationError where too many wait.
    """
    new = CorrectionRequest(member=member, about=about, text=text.strip(), means=means, made_by=by)
    with atomic_write():
        member.queue()
        waiting = CorrectionRequest.objects.waiting().filter(member=member)
        if same := waiting.filter(about=about, text=new.text).first():
            return same
        if waiting.count() >= MOST_OPEN:
            raise ValidationError(TOO_MANY)
        new.full_clean()
        new.save()
    return new


def put_right(request: CorrectionRequest, *, reply: str = "", by: Any) -> None:
    """Say that what was wrong has been put right. Conflict where it is settled already."""
    _settle(request, Status.RIGHTED, reply.strip(), by)


def keep(request: CorrectionRequest, *, reply: str, by: Any) -> None:
    """Leave the record as it is, and say why; ValidationError without a reason, Conflict where it is settled."""
    if not reply.strip():
        raise ValidationError({"reply": NO_REASON})
    _settle(request, Status.KEPT, reply.strip(), by)


def _settle(request: CorrectionRequest, to: str, reply: str, by: Any) -> None:
    with atomic_write():
        request.advance(to, reply=reply, settled_by=by, settled_at=timezone.now())
