"""How writes of this app are taken back."""

from typing import Any

from django.utils import timezone

from activities.models import Activity, ActivityImport, Honour, Need, Visit
from activities.models.visits import REVERSIBLE
from members.ground import ways_back
from members.ground.ways_back import WayBack, by, no_way
from members.rules.ways_back import DONE, GONE

LATER = "后来又改过了，请打开看看。"
TAKEN_UP = (Need.Status.OPEN, Need.Status.CLAIMED)


def register_all() -> None:
    ways_back.register(Activity, "create", _activity)
    ways_back.register(Activity, "change", _attendances)
    ways_back.register(Activity, "change", _activity_status)
    ways_back.register(ActivityImport, "import", _import)
    ways_back.register(Honour, "create", _honour)
    ways_back.register(Need, "create", _need)
    ways_back.register(Need, "change", _need_status)
    ways_back.register(Visit, "create", _visit)


def _activity(entry: Any, state: str | None) -> WayBack | None:
    return _of_what_stands(state) or by("作废", "activities:void", entry.row, asks=True)


def _attendances(entry: Any, state: str | None) -> WayBack | None:
    if "attendances" not in entry.changes:
        return None
    return _of_what_stands(state) or by("撤销", "activities:take_back", entry.row, entry.pk)


def _of_what_stands(state: str | None) -> WayBack | None:
    """Return why nothing of the activity is taken back: it is out of reach, or voided as a whole."""
    return no_way("这次活动已经作废了。" if state else GONE) if state in (None, Activity.Status.VOIDED) else None


def _activity_status(entry: Any, state: str | None) -> WayBack | None:
    _before, after = entry.changes.get("status", ("", ""))
    if not after or after == Activity.Status.PLANNED:
        return None
    if state != after:
        return no_way(LATER if state else GONE)
    if after == Activity.Status.VOIDED:
        return by("撤销作废", "activities:unvoid", entry.row)
    return by("改回计划中", "activities:reopen", entry.row)


def _honour(entry: Any, state: str | None) -> WayBack | None:
    return by("撤回", "activities:honour_withdraw", entry.row, asks=True)


def _import(entry: Any, state: str | None) -> WayBack | None:
    if state == ActivityImport.Status.APPLIED:
        return by("撤销导入", "activities:import_undo", entry.row, asks=True)
    return no_way(DONE if state else GONE)


def _need(entry: Any, state: str | None) -> WayBack | None:
    if state in TAKEN_UP:
        return by("撤回需求", "activities:need_withdraw", entry.row)
    return no_way("这条需求已经办结或撤回了。" if state else GONE)


def _need_status(entry: Any, state: str | None) -> WayBack | None:
    before, after = entry.changes.get("status", ("", ""))
    if not after:
        return None
    if state != after:
        return no_way(LATER if state else GONE)
    if after == Need.Status.CLAIMED and before == Need.Status.OPEN:
        return by("取消认领", "activities:need_unclaim", entry.row)
    if after == Need.Status.OPEN and before == Need.Status.CLAIMED:
        return by("再登记认领", "activities:need", entry.row, asks=True)
    if after in (Need.Status.DONE, Need.Status.WITHDRAWN):
        return by("恢复", "activities:need_resume", entry.row)
    return by("打开需求", "activities:need", entry.row, asks=True)


def _visit(entry: Any, state: str | None) -> WayBack | None:
    if not state:
        return no_way(DONE)
    if state <= (timezone.localdate() - REVERSIBLE).isoformat():
        return no_way(f"超过 {REVERSIBLE.days} 天的走访不能撤销；记错了可以修改。")
    return by("撤销", "activities:visit_undo", entry.row)
