"""Who changed a row last, and when, in words for a refusal."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from members.models import AuditEntry


def by_history(row: Any) -> str:
    """Return who made this entry of a row's history, and when."""
    return _said(row.history_user, row.history_date)


def by_trail(row: Any, *, since: datetime) -> str:
    """Return who changed the row last after this moment, and when, as the trail has it."""
    entries = AuditEntry.objects.filter(model=row._meta.label, row=str(row.pk), at__gt=since)
    last = entries.select_related("user").order_by("-pk").first()
    return _said(last.user, last.at) if last else "有人之后"


def _said(user: Any, moment: datetime) -> str:
    return f"{user.name if user else '系统'}于 {timezone.localtime(moment):%Y-%m-%d %H:%M} "
