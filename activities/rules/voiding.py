"""Voiding an activity that was recorded by mistake, and putting it back for a week.

Its row and its attendances stay; lists and figures leave it out. Drafts of record cards follow at once. A card that is
past a draft stops it, since its member has answered for what it says, or its employer has it.
"""

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Activity, Attendance
from activities.models.activities import WAY_BACK
from activities.rules import latest, resting
from activities.rules.recording import twins_of
from members.ground.atomic import atomic_write
from members.ground.rows import locked
from members.ground.states import Conflict
from members.models import Area, AuditEntry, User

TOO_LATE = f"作废已经超过 {WAY_BACK.days} 天，不能撤销了。确实办过的，请重新登记。"


def void(activity: Activity, *, user: User, seen: int | None = None) -> None:
    """Void the activity; Conflict where it is voided already, or a record card past a draft tells of it.

    `seen` is the newest entry of the trail that the user knew of (`latest.newest`): what came later is a Conflict that
    says who did what.
    """
    with atomic_write():
        Area.objects.lock_street(activity.area)
        activity.lock("held_on")
        entry = latest.entries_of(activity).first()
        if activity.is_voided:
            raise Conflict(f"“{activity}”已经作废过了{_by(entry)}。请刷新页面看看。")
        if entry and seen is not None and entry.pk > seen:
            raise Conflict(f"刚才又有改动，没有作废：{latest.told(entry)}。请看过再决定。")
        resting.lose(activity, activity.attendances.all(), is_whole=True)
        activity.advance(Activity.Status.VOIDED, voided_at=timezone.now(), voided_by=user)
        resting.has_changed(activity)


def unvoid(activity: Activity) -> None:
    """Put a voided activity back as it was; Conflict where it is not voided (any more).

    ValidationError after a week, or where the same activity was recorded anew meanwhile.
    """
    with atomic_write():
        Area.objects.lock_street(activity.area)
        locked(Area.objects.all(), activity.area_id, gone=TOO_LATE)  # as recording does, before it looks for twins
        activity.lock("held_on", "title", "begins_at", "recorded_at", "cancelled_at", "voided_at")
        if not activity.is_voided:
            raise Conflict(f"“{activity}”没有作废，或者已经撤销了作废{_by(latest.entries_of(activity).first())}。")
        if not activity.is_voided_lately:
            raise ValidationError(TOO_LATE)
        activity.status = _before(activity)
        if twins := twins_of([activity]):
            again = latest.entries_of(twins[0]).last()
            raise ValidationError(f"“{activity}”后来重新登记过{_by(again)}，没有恢复。两次只能留一次，请先作废那一次。")
        activity.voided_at = activity.voided_by = None
        activity.save(update_fields=["status", "voided_at", "voided_by"])
        resting.regain(activity, Attendance.objects.filter(activity=activity))
        resting.has_changed(activity)


def _before(activity: Activity) -> str:
    """Return the status that a voided activity had, by the moments that it kept."""
    if activity.recorded_at:
        return Activity.Status.HELD
    return Activity.Status.CANCELLED if activity.cancelled_at else Activity.Status.PLANNED


def _by(entry: AuditEntry | None) -> str:
    return f"（{latest.told(entry)}）" if entry else ""
