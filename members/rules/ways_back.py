"""How writes of this app are taken back."""

from typing import Any

from django.utils import timezone

from members.ground import ways_back
from members.ground.ways_back import WayBack, by, no_way
from members.models import Consent, Member, Move, Pairing, RosterImport, Transfer
from members.rules.row_names import REFUSED, WITHDRAWN

GONE = "已经不在了，或不在您的范围内。"
DONE = "已经撤销了。"


def register_all() -> None:
    ways_back.register(Pairing, "create", _pairing)
    ways_back.register(Pairing, "change", _end_of_pairing)
    ways_back.register(Consent, "create", _consent)
    ways_back.register(Consent, "change", _withdrawal)
    ways_back.register(RosterImport, "import", _roster)
    ways_back.register(Member, "create", _member)
    ways_back.register(Move, "create", _move)
    ways_back.register(Move, "change", _undo_of_move)
    ways_back.register(Transfer, "create", _transfer)
    ways_back.register(Transfer, "change", _end_of_transfer)


def _pairing(entry: Any, state: str | None) -> WayBack | None:
    if not entry.row:
        return no_way("一次登记了多对：请到结对名单逐对撤销。")
    if state is None:
        return no_way(DONE)
    if state:
        return no_way("这一对已经结束了。")
    if timezone.localdate(entry.at) < timezone.localdate():
        return no_way("只有当天登记的结对可以撤销：请到结对里填结束日期。")
    return by("撤销", "members:pairing_undo", entry.row)


def _end_of_pairing(entry: Any, state: str | None) -> WayBack | None:
    if "until" not in entry.changes:
        return None
    if not entry.row:
        return no_way("一次结束了多对：请打开结对，逐对恢复。")
    if not state:
        return no_way(GONE if state is None else "这一对又在结对了。")
    return by("恢复结对", "members:pairing_resume", entry.row)


def _consent(entry: Any, state: str | None) -> WayBack | None:
    if not entry.row:
        return no_way("一次登记了几个人：请逐人撤回。")
    if state == REFUSED:
        return no_way("不同意的意见不用撤回：本人改了主意，请登记同意。")
    if state is None or state == WITHDRAWN:
        return no_way("已经撤回了。" if state else GONE)
    return by("撤回同意", "members:consent_withdraw", entry.row, asks=True)


def _withdrawal(entry: Any, state: str | None) -> WayBack | None:
    return no_way("撤回的同意不能恢复：本人又同意的，请再登记一次。") if "withdrawn_at" in entry.changes else None


def _roster(entry: Any, state: str | None) -> WayBack | None:
    if state == RosterImport.Status.APPLIED:
        return by("撤销导入", "members:roster_undo", entry.row, asks=True)
    return no_way(DONE if state else GONE)


def _member(entry: Any, state: str | None) -> WayBack | None:
    return no_way("党员的记录不删除：登记错了请修改；不住在这里的，请办理迁出。")


def _move(entry: Any, state: str | None) -> WayBack | None:
    if state == "":
        return by("撤销", "members:move_undo", entry.row, whole=True)
    return no_way(DONE if state else GONE, whole=True)


def _undo_of_move(entry: Any, state: str | None) -> WayBack | None:
    return no_way("这是一次撤销；还要办的，请打开这位党员再办。", whole=True)


def _transfer(entry: Any, state: str | None) -> WayBack | None:
    if state == Transfer.Status.SENT:
        return by("撤回", "members:transfer_withdraw", entry.row, whole=True)
    return no_way("这次转接已经有了结果，不能再撤回。" if state else GONE, whole=True)


def _end_of_transfer(entry: Any, state: str | None) -> WayBack | None:
    if state == Transfer.Status.ACCEPTED:
        return no_way("接收以后不能撤销：接收错了的，请和原街道联系，再转回去。", whole=True)
    return no_way("转接没有一步撤销：还要转的，请原街道再转一次。", whole=True)
