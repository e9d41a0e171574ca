"""How writes of this app are taken back."""

from typing import Any

from feedback.models import RecordCard
from members.ground import ways_back
from members.ground.ways_back import WayBack, by, no_way


def register_all() -> None:
    ways_back.register(RecordCard, "create", _made)
    ways_back.register(RecordCard, "change", _moved_on)


def _made(entry: Any, state: str | None) -> WayBack | None:
    return no_way("草稿不会自己发出去；不想发的，打开点“不发这张卡”。")


def _moved_on(entry: Any, state: str | None) -> WayBack | None:
    _, run = entry.changes.get("leaving_id", (None, None))
    if run:
        return by("停止发出", "feedback:run_stop", run)
    _, after = entry.changes.get("status", ("", ""))
    if after == RecordCard.Status.ISSUED:
        return no_way("已经发给单位：写错了，打开卡片点“撤回”。")
    return no_way("打开卡片点“退回草稿”。") if after == RecordCard.Status.SHOWN else None
