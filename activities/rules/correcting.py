"""Correction of activities, needs and honours: only the changed fields of the stored row are written."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from activities.models import Activity, Honour, Need
from members.ground.atomic import atomic_write
from members.ground.rows import locked, save_with
from members.models import Area

GONE = "这一条已经没有了，请刷新页面看看。"
R = TypeVar("R", Activity, Honour, Need)


def correct(row: R, changes: Mapping[str, Any], *, require: Callable[[R], None] | None = None) -> R:
    """Lock the stored row, set these fields, save and return it; ValidationError where it is gone or invalid.

    A new area is locked, so that it stays open until the transaction ends. `require` is called with the locked row and
    raises where it must not be changed.
    """
    with atomic_write():
        area = changes.get("area", row.area)
        if area.pk != row.area_id:
            Area.objects.lock_open(area)
        stored = locked(type(row)._default_manager.select_related("area"), row.pk, gone=GONE)
        if require:
            require(stored)
        return save_with(stored, changes, only=True)
