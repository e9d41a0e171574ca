"""Recording, correcting and deleting of visits. Each write locks the pairing, so that writes follow one another."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Visit
from activities.models.visits import REVERSIBLE
from members.ground.atomic import atomic_write
from members.ground.rows import locked, save_with
from members.models import Pairing

VISIT_GONE = "这次走访刚刚被撤销，没有保存。需要的话，请重新登记。"


def record(pairing: Pairing, *, kind: str, visited_on: date | None = None, note: str = "") -> tuple[Visit, bool]:
    """Record a visit, of today by default; return it and whether it is new.

    The same visit again returns the stored one; ValidationError where its note differs.
    """
    with atomic_write():
        visit = Visit(pairing=_locked(pairing.pk), kind=kind, visited_on=visited_on or timezone.localdate(), note=note)
        known = Visit.objects.filter(pairing=pairing, visited_on=visit.visited_on, kind=kind).first()
        if known and note in ("", known.note):
            return known, False
        visit.full_clean()
        visit.save()
    return visit, True


def mend(visit: Visit, **changes: Any) -> Visit:
    """Change the day, kind or note of a visit; return the stored row. ValidationError where it was deleted."""
    with atomic_write():
        pairing = _locked(visit.pairing_id)
        stored = locked(Visit.objects.all(), visit.pk, gone=VISIT_GONE)
        stored.pairing = pairing
        return save_with(stored, changes, only=True)


def take_back(visit: Visit) -> None:
    """Delete a visit recorded by mistake; do nothing where it is gone. ValidationError where it is too old."""
    with atomic_write():
        _locked(visit.pairing_id)
        for stored in Visit.objects.select_related("pairing__household__area").filter(pk=visit.pk):
            if not stored.is_reversible:
                raise ValidationError(f"超过 {REVERSIBLE.days} 天的走访不能撤销；记错了可以修改。")
            stored.delete()


def _locked(pairing: int) -> Pairing:
    """Lock and return the pairing, so that a later writer sees the visits of an earlier one."""
    rows = Pairing.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("household__area", "neighbour__area").get(pk=pairing)
