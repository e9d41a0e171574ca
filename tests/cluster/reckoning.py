"""What is left after the kills: writes lost, writes doubled, gaps in a feed, seconds without writes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Acknowledged(NamedTuple):
    """A write that the portal said is done: its kind, what names it in the database, and when that was said."""

    kind: str
    key: str
    at: float  # seconds of a clock that never goes back


class Event(NamedTuple):
    """An event that the feed's reader got, and when."""

    seq: int
    at: float


class Failure(NamedTuple):
    """A call that was not answered as it should be: when, and the status or error."""

    at: float
    what: str


@dataclass(frozen=True)
class Phase:
    """The time from one kill to the next, in seconds of the same clock."""

    name: str
    begin: float
    end: float

    def holds(self, moment: float) -> bool:
        return self.begin <= moment < self.end


@dataclass(frozen=True)
class Outcome:
    """A phase's figures. `last_failure` is how many seconds after the kill the last call failed; None without one."""

    phase: Phase
    written: int
    lost: int
    doubled: int
    gaps: int
    pause: float
    failures: int
    last_failure: float | None

    @property
    def is_good(self) -> bool:
        return self.written > 0 and not (self.lost or self.doubled or self.gaps)

    def __str__(self) -> str:
        last = "" if self.last_failure is None else f", the last {self.last_failure:.1f} s after the kill"
        return (
            f"{self.phase.name:<24} writes {self.written:>5}   lost {self.lost}   doubled {self.doubled}   "
            f"feed gaps {self.gaps}   {self.pause:5.1f} s without writes   calls failed {self.failures}{last}"
        )


def reckon(
    phase: Phase,
    *,
    writes: Sequence[Acknowledged],
    failures: Sequence[Failure],
    events: Sequence[Event],
    stored: Mapping[str, Counter[str]],
) -> Outcome:
    """Return the figures of a phase; `stored` counts, for each kind, the rows in the database by key."""
    mine = [write for write in writes if phase.holds(write.at)]
    failed = [failure.at for failure in failures if phase.holds(failure.at)]
    counts = {(write.kind, write.key): stored[write.kind][write.key] for write in mine}
    return Outcome(
        phase,
        written=len(counts),
        lost=sum(count == 0 for count in counts.values()),
        doubled=sum(count > 1 for count in counts.values()),
        gaps=gaps_in(phase, events),
        pause=longest_pause(phase, (write.at for write in mine)),
        failures=len(failed),
        last_failure=max(failed) - phase.begin if failed else None,
    )


def longest_pause(phase: Phase, moments: Iterable[float]) -> float:
    """Return the longest time in a phase, in seconds, in which nothing was acknowledged."""
    return max(later - earlier for earlier, later in pairwise([phase.begin, *sorted(moments), phase.end]))


def gaps_in(phase: Phase, events: Sequence[Event]) -> int:
    """Return how many of the events read in a phase did not follow the one read before; the first event is 1."""
    read = [Event(0, phase.begin), *events]
    return sum(later.seq != earlier.seq + 1 for earlier, later in pairwise(read) if phase.holds(later.at))
