"""Giving, correcting and withdrawing honours. The lock of the area keeps two users from giving the same honour."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Honour
from activities.rules import correcting
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area

LONGEST_REASON = 100
WITHDRAWN = "这项评优已经撤回，不能再做这一步。请刷新页面看看。"


def give(*, area: Area, **fields: Any) -> Honour:
    """Give a building group or compound an honour; ValidationError where it has this one already."""
    with atomic_write():
        Area.objects.lock_open(area)
        honour = Honour(area=area, **fields)
        honour.full_clean()
        honour.save()
    return honour


def correct(honour: Honour, **changes: Any) -> Honour:
    """Change these fields of an honour and return the stored row; Conflict where it was withdrawn."""
    return correcting.correct(honour, changes, require=_require_standing)


def withdraw(honour: Honour, *, reason: str) -> None:
    """Withdraw an honour given to the wrong place; of two users, one gets Conflict.

    ValidationError without a reason, or with one that is too long.
    """
    why = reason.strip()
    if not why:
        raise ValidationError({"reason": "请写上撤回的原因。"})
    if len(why) > LONGEST_REASON:
        raise ValidationError({"reason": f"撤回的原因最多写 {LONGEST_REASON} 个字。"})
    with atomic_write():
        rows = Honour.objects.select_for_update(no_key=True)
        honour.refresh_from_db(fields=["withdrawn_at"], from_queryset=rows)
        _require_standing(honour)
        honour.withdrawn_at, honour.withdrawal_reason = timezone.now(), why
        honour.save(update_fields=["withdrawn_at", "withdrawal_reason"])


def _require_standing(honour: Honour) -> None:
    if honour.withdrawn_at:
        raise Conflict(WITHDRAWN)
