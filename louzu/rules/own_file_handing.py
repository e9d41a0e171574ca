"""Handing a member all that is held about them: made once on request, for a reason, on paper or by a link.

The link opens one file for as long as a card's link does, by the last four digits of the member's phone and after no
more tries; the next file ends it. Only the street office makes one, because no community holds all of a member.
"""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from louzu.models import OwnFile
from louzu.rules.own_file import TITLE, content_of
from members.ground import access
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.tries import opens
from members.models import Member

NOT_YOURS = "本人资料由街道办理：只有街道看得到一位党员在各社区的记录。"
NO_PHONE = "这位党员没有登记电话，打不开链接。请当面交，或先登记电话。"


def may_make(user: Any, member: Member) -> bool:
    """Whether the user may export from the member's whole street."""
    return access.covers(user, Resource.EXPORT, member.street.path)


def make(member: Member, *, means: str, reason: str, by: Any) -> tuple[OwnFile, dict[str, Any]]:
    """Make the member's file; return its record and its content. Call it outside any transaction.

    The trail says who exported it and why. PermissionDenied below the street office; ValidationError where the
    member has no phone to open a link with.
    """
    if not may_make(by, member):
        raise PermissionDenied(NOT_YOURS)
    file = OwnFile(member=member, means=means, reason=reason.strip(), made_by=by)
    file.full_clean()
    if means == OwnFile.Means.LINK and len(member.phone) < 4:
        raise ValidationError({"means": NO_PHONE})
    content = content_of(member, user=by)
    if means == OwnFile.Means.LINK:
        file.fill(content)
    with atomic_write():
        member.queue()
        for earlier in OwnFile.objects.filled().filter(member=member).order_by("pk"):
            _empty(earlier)
        file.save()
        record("export", member, changes={"report": TITLE, "handed": file.get_means_display()}, reason=file.reason)
    return file, content


def _empty(file: OwnFile) -> None:
    file.content = None
    file.save(update_fields=["content"])


def link_token(file: OwnFile) -> str:
    """Return the signed part of the file's link."""
    return _signer().sign_object([file.pk, _made(file)])


def file_behind(token: str) -> OwnFile | None:
    """Return the file of a link; None where the token is forged, the link has ended or a later file was made."""
    try:
        pk, moment = _signer().unsign_object(token)
    except (BadSignature, ValueError):
        return None
    file = OwnFile.objects.filled().select_related("member__street").filter(pk=pk).first()
    return file if file and _made(file) == moment and file.is_open else None


def _signer() -> Signer:
    return Signer(salt="louzu.own_file")


def _made(file: OwnFile) -> int:
    """Return when the file was made, in milliseconds since 1970; its link is bound to it."""
    return round(file.made_at.timestamp() * 1000)


def knows(file: OwnFile, digits: str) -> bool:
    """Return whether these are the last four digits of the member's phone; wrong tries count and lock the link.

    The first time, note that the member has opened it.
    """
    is_right = opens(file, digits, phone=file.member.phone)
    with atomic_write():
        if not is_right:
            record("refuse", file, changes={"call": "digits"})
        elif file.opened_at is None:
            file.opened_at = timezone.now()
            file.save(update_fields=["opened_at"])
    return is_right
