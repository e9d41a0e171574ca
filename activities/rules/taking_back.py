"""Taking one write back by which somebody recorded or struck members, however many."""

from collections.abc import Set as AbstractSet
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Activity
from activities.models.activities import WAY_BACK
from activities.rules import latest
from activities.rules.attendance import put_back, strike
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, AuditEntry, User

NOT_YOURS = f"没有可以撤销的：不是您登记的，或者已经超过 {WAY_BACK.days} 天。"
NOT_ALL = "有的人不在了，或者不在您的岗位范围内，没有撤销。请打开活动看看。"
Status = Activity.Status


def take_back(activity: Activity, entry: int, *, user: User) -> tuple[int, int]:
    """Take back the user's own write of this entry of the trail, whole; return how many were struck and put back.

    Conflict where somebody touched one of its members since, with who and what; ValidationError where the entry is
    nothing to take back, or lies a week behind.
    """
    with atomic_write():
        Area.objects.lock_street(activity.area)
        activity.lock("held_on", "sign_in_code")
        written = _own(activity, entry, user)
        gone, come = map(set, written.changes["attendances"])
        _require_untouched(activity, written, gone | come)
        if come and strike(activity, come, user=user) < len(come):
            raise Conflict(NOT_ALL)
        if gone:
            put_back(activity, gone, user=user)
        _move_back(activity, written)
    return len(come), len(gone)


def _own(activity: Activity, entry: int, user: User) -> AuditEntry:
    since = timezone.now() - WAY_BACK
    written = latest.entries_of(activity).filter(pk=entry, user=user, at__gt=since).first()
    if written is None or "attendances" not in written.changes:
        raise ValidationError(NOT_YOURS)
    return written


def _require_untouched(activity: Activity, written: AuditEntry, members: AbstractSet[int]) -> None:
    for entry in latest.entries_of(activity).filter(pk__gt=written.pk):
        if members & _touched(entry.changes):
            raise Conflict(f"后来又有改动，没有撤销：{latest.told(entry)}。请打开活动看看。")


def _touched(changes: dict[str, Any]) -> set[int]:
    """Return the members (ids) whose attendance or role an entry tells of."""
    listed = {pk for some in changes.get("attendances", ()) for pk in some}
    return listed | {int(pk) for pk in changes.get("duties", ())}


def _move_back(activity: Activity, written: AuditEntry) -> None:
    """Undo what the same click did to the status: a plan became held by its first names, or a plan again without."""
    together = latest.entries_of(activity).filter(request_id=written.request_id, action=AuditEntry.Action.CHANGE)
    moves = [entry.changes["status"] for entry in together if "status" in entry.changes]
    if [Status.PLANNED, Status.HELD] in moves and activity.is_held and not activity.attendances.exists():
        activity.reopen()
    elif [Status.HELD, Status.PLANNED] in moves and activity.is_planned and activity.attendances.exists():
        activity.hold()
