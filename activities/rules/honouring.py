"""Giving and correcting honours. The lock of the area keeps two users from giving the same honour."""

from typing import Any

from activities.models import Honour
from activities.rules import correcting
from members.ground.atomic import atomic_write
from members.models import Area


def give(*, area: Area, **fields: Any) -> Honour:
    """Give a building group or compound an honour; ValidationError where it has this one already."""
    with atomic_write():
        Area.objects.lock_open(area)
        honour = Honour(area=area, **fields)
        honour.full_clean()
        honour.save()
    return honour


def correct(honour: Honour, **changes: Any) -> Honour:
    """Change these fields of an honour; return the stored row."""
    return correcting.correct(honour, changes)
