"""Honours of places: given once, and corrected. Two who give the same one queue behind its area."""

from typing import Any

from activities.models import Honour
from activities.rules import correcting
from members.ground.atomic import atomic_write
from members.models import Area


def give(*, area: Area, **words: Any) -> Honour:
    """Give a building group or compound an honour; one that it has already is refused."""
    with atomic_write():
        Area.objects.lock_open(area)
        honour = Honour(area=area, **words)
        honour.full_clean()
        honour.save()
    return honour


def correct(honour: Honour, **changes: Any) -> Honour:
    """Change these words of an honour; return it as it now is."""
    return correcting.correct(honour, changes)
