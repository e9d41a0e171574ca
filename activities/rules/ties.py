"""What of this app hangs on a member: the needs that they claimed."""

from typing import Any

from activities.models import Need
from activities.rules import needing
from members.ground import ties
from members.ground.access import Right
from members.ground.states import Conflict
from members.ground.ties import Going, Tie
from members.rules.latest import by_trail


def register_all() -> None:
    ties.register(Tie("claims", "{} 条认领", _claims, _end_claims, _resume_claims))


def _claims(going: Going) -> list[Need]:
    mine = Need.objects.for_user(going.by, Right.WRITE).filter(status=Need.Status.CLAIMED, members=going.member)
    return list(mine.select_related("area").order_by("pk"))


def _end_claims(rows: list[Any], going: Going) -> list[Any]:
    """Return [id, the moment of the claim, or None where others keep it] of each."""
    released = [(need, needing.let_go(need, going.member)) for need in rows]
    return [[need.pk, moment and moment.isoformat()] for need, moment in released]


def _resume_claims(notes: list[Any], going: Going) -> None:
    for pk, moment in notes:
        need = Need.objects.for_user(going.by, Right.WRITE).select_related("area").filter(pk=pk).first()
        if need is None or not needing.take_again(need, going.member, claimed_at=moment):
            who = by_trail(need, since=going.since) if need and going.since else "有人之后"
            raise Conflict(f"{who}改过认领的需求“{need or pk}”，没有撤销。")
