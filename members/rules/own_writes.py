"""What a user wrote in the last 24 hours, act by act, each with its way back."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from members.ground.ways_back import WayBack, way_back
from members.models import AuditEntry, User
from members.rules.trail_words import TrailLine, lines

SPAN = timedelta(hours=24)
AT_ONCE = 100
Action = AuditEntry.Action
WRITES = (Action.CREATE, Action.CHANGE, Action.DELETE, Action.IMPORT, Action.UNDO)


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """One write, in words, and how it is taken back."""

    line: TrailLine
    way: WayBack


@dataclass(frozen=True, slots=True)
class OwnAct:
    """What was written by one click; `also` are the writes that go back with the others, shown without buttons."""

    at: Any
    writes: list[OwnWrite]
    also: list[TrailLine]


def acts_of(user: User, *, before: int | None = None) -> tuple[list[OwnAct], int | None]:
    """Return the user's acts, newest first, and the entry before which the older ones follow, None at the end.

    Two queries, whatever the number.
    """
    entries = AuditEntry.objects.filter(user=user, at__gte=timezone.now() - SPAN, action__in=WRITES).order_by("-pk")
    entries = entries.filter(pk__lt=before) if before else entries
    found = list(entries[: AT_ONCE + 1])
    shown = found[:AT_ONCE]
    once = {(each.request_id, each.action, each.model, each.row, each.at): each for each in reversed(shown)}
    told = lines(sorted(once.values(), key=lambda each: -each.pk), user)
    acts = [_act(list(some)) for _, some in groupby(told, key=lambda line: line.entry.request_id)]
    return acts, shown[-1].pk if len(found) > AT_ONCE else None


def _act(told: list[TrailLine]) -> OwnAct:
    writes = [OwnWrite(line, way_back(line.entry, line.state)) for line in told]
    whole = next((write for write in writes if write.way.whole), None)
    if whole is None:
        return OwnAct(told[0].entry.at, writes, [])
    return OwnAct(told[0].entry.at, [whole], [write.line for write in writes if write is not whole])
