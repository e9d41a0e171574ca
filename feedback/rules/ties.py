"""What of this app hangs on a member: the slips by which they were reported to the community that they leave."""

from typing import Any

from feedback.models import Slip
from feedback.rules import slips_closing
from feedback.rules.slips_reading import COMMUNITY
from members.ground import ties
from members.ground.access import Right
from members.ground.states import Conflict
from members.ground.ties import Going, Tie
from members.rules.latest import by_trail


def register_all() -> None:
    ties.register(Tie("slips", "{} 张报到单", _slips, _end_slips, _resume_slips))


def _slips(going: Going) -> list[Slip]:
    """Return the accepted slips of the communities that the member leaves."""
    mine = Slip.objects.for_user(going.by, Right.WRITE).filter(status=Slip.Status.ACCEPTED, member=going.member)
    if going.to is not None:
        mine = mine.exclude(area__path=going.to.path[:COMMUNITY])
    return list(mine.order_by("pk"))


def _end_slips(rows: list[Any], going: Going) -> list[Any]:
    stored = Slip.objects.with_facts().locked().filter(pk__in=[row.pk for row in rows], status=Slip.Status.ACCEPTED)
    ended = list(stored.order_by("pk"))
    for slip in ended:
        slips_closing.end_as(slip, Slip.End.MOVED_AWAY)
    return [slip.pk for slip in ended]


def _resume_slips(notes: list[Any], going: Going) -> None:
    for slip in Slip.objects.with_facts().locked().filter(pk__in=notes).order_by("pk"):
        if (slip.status, slip.ended_code) != (Slip.Status.ENDED, Slip.End.MOVED_AWAY):
            who = by_trail(slip, since=going.since) if going.since else "有人之后"
            raise Conflict(f"{who}改过报到单“{slip}”，没有撤销。")
        slips_closing.resume(slip)
