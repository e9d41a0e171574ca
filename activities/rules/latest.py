"""Who changed an activity last, and what, as the trail has it: for whoever is about to undo something older."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from activities.models import Activity
from members.models import AuditEntry


def entries_of(activity: Activity) -> QuerySet[AuditEntry]:
    """Return the activity's entries, the newest first."""
    return AuditEntry.objects.filter(model=Activity._meta.label, row=str(activity.pk)).select_related("user")


def newest(activity: Activity) -> int:
    """Return the id of the newest entry, 0 where there is none."""
    return entries_of(activity).values_list("pk", flat=True).first() or 0


def told(entry: AuditEntry) -> str:
    """Return who did what and when: 李四 6月3日 10:20 登记了 2 人."""
    at = timezone.localtime(entry.at)
    return f"{entry.user or '系统'} {at.month}月{at.day}日 {at:%H:%M} {_what(entry.changes)}"


def _what(changes: dict[str, Any]) -> str:
    if "attendances" in changes:
        gone, come = changes["attendances"]
        return f"登记了 {len(come)} 人" if come else f"去掉了 {len(gone)} 人"
    if "status" in changes:
        old, new = changes["status"]
        if old == Activity.Status.VOIDED:
            return "撤销了作废"
        return f"把它改成了“{Activity.Status(new).label}”"
    return "改了六员" if "duties" in changes else "改了内容"
