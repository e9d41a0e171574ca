"""The reckoning tells what was lost, doubled or left out; a sum that always comes out right proves nothing."""

from collections import Counter
from typing import Any

import pytest

from tests.cluster.reckoning import Acknowledged, Event, Failure, Outcome, Phase, gaps_in, longest_pause, reckon

PHASE = Phase("primary", 100.0, 140.0)
WRITES = [Acknowledged("activity", "a", 101), Acknowledged("activity", "b", 125), Acknowledged("answer", "a", 126)]
ALL = {"activity": Counter("ab"), "answer": Counter("a")}


def outcome(**changes: Any) -> Outcome:
    known: dict[str, Any] = {"writes": WRITES, "failures": [], "events": [], "stored": ALL}
    return reckon(PHASE, **known | changes)


def test_nothing_lost() -> None:
    found = outcome()
    assert (found.written, found.lost, found.doubled, found.gaps, found.pause) == (3, 0, 0, 0, 24.0)
    assert found.is_good


def test_a_write_that_is_not_there_is_lost() -> None:
    found = outcome(stored=ALL | {"answer": Counter()})
    assert (found.lost, found.is_good) == (1, False)


def test_a_write_that_is_there_twice_is_doubled() -> None:
    found = outcome(stored=ALL | {"activity": Counter("abb")})
    assert (found.doubled, found.is_good) == (1, False)


def test_a_phase_in_which_nothing_was_written_proves_nothing() -> None:
    assert not outcome(writes=[]).is_good
    assert outcome(writes=[]).pause == 40.0


def test_other_phases_have_their_own() -> None:
    before = Acknowledged("activity", "lost", 99.9)
    assert outcome(writes=[before, *WRITES]).lost == 0


def test_the_last_failure_is_told_by_its_distance_from_the_kill() -> None:
    found = outcome(failures=[Failure(104, "503"), Failure(119.5, "503"), Failure(141, "503")])
    assert (found.failures, found.last_failure) == (2, 19.5)
    assert "19.5 s after the kill" in str(found)


@pytest.mark.parametrize(
    ("seqs", "gaps"), [([1, 2, 3], 0), ([], 0), ([1, 3], 1), ([2, 3], 1), ([1, 2, 2, 3], 1), ([1, 3, 2], 2)]
)
def test_gaps_of_a_feed(seqs: list[int], gaps: int) -> None:
    assert gaps_in(PHASE, [Event(seq, 110) for seq in seqs]) == gaps


def test_a_gap_belongs_to_the_phase_in_which_it_shows() -> None:
    events = [Event(1, 110), Event(3, 150)]
    assert gaps_in(PHASE, events) == 0
    assert gaps_in(Phase("later", 140, 160), events) == 1


def test_the_longest_pause_counts_the_ends() -> None:
    assert longest_pause(PHASE, [110, 112]) == 28.0
    assert longest_pause(PHASE, [139]) == 39.0
