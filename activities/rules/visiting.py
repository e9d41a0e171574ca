"""Visits of a pairing: recorded once, mended, taken back. Whoever writes them queues behind the pairing."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Visit
from activities.models.visits import REVERSIBLE
from members.ground.atomic import atomic_write
from members.models import Pairing


def record(pairing: Pairing, *, kind: str, visited_on: date | None = None, note: str = "") -> tuple[Visit, bool]:
    """Record a visit, today's if not said; return it, and whether it is new.

    The same visit again is the one that is there; one with another word on it is refused.
    """
    with atomic_write():
        visit = Visit(pairing=_locked(pairing.pk), kind=kind, visited_on=visited_on or timezone.localdate(), note=note)
        there = Visit.objects.filter(pairing=pairing, visited_on=visit.visited_on, kind=kind).first()
        if there and note in ("", there.note):
            return there, False
        visit.full_clean()
        visit.save()
    return visit, True


def mend(visit: Visit, **changes: Any) -> Visit:
    """Change the day, the kind or the word of a visit; return it as it now is."""
    with atomic_write():
        pairing = _locked(visit.pairing_id)
        stored = Visit.objects.filter(pk=visit.pk).first()
        if stored is None:
            raise ValidationError("这次走访刚刚被撤销，没有保存。需要的话，请重新登记。")
        stored.pairing = pairing
        for name, value in changes.items():
            setattr(stored, name, value)
        stored.full_clean()
        stored.save(update_fields=list(changes))
    return stored


def take_back(visit: Visit) -> None:
    """Delete a visit that was recorded by mistake these days; once it is gone, nothing is left to do."""
    with atomic_write():
        _locked(visit.pairing_id)
        for stored in Visit.objects.select_related("pairing__household__area").filter(pk=visit.pk):
            if not stored.is_reversible:
                raise ValidationError(f"超过 {REVERSIBLE.days} 天的走访不能撤销；记错了可以修改。")
            stored.delete()


def _locked(pairing: int) -> Pairing:
    """The pairing as it now is, so that each of two who write its visits sees what the other wrote."""
    rows = Pairing.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("household__area", "neighbour__area").get(pk=pairing)
