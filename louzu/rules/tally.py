"""Sums by place and day: what lasts a span of days, and what happens on one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from members.models.areas import SEGMENT

LOWEST = 3 * SEGMENT  # of a building group the compound's row counts


class OpenSpan(NamedTuple):
    """Days from `since` up to, not including, `until`; None is without an end on that side."""

    since: date | None
    until: date | None

    def contains(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def within(self, other: "OpenSpan") -> "OpenSpan":
        """Return the days of both; they may be none."""
        since = max(self.since, other.since) if self.since and other.since else self.since or other.since
        until = min(self.until, other.until) if self.until and other.until else self.until or other.until
        return OpenSpan(since, until)


def merged(spans: Sequence[OpenSpan]) -> list[OpenSpan]:
    """Return the days of any of these spans, each day once."""
    found: list[OpenSpan] = []
    for span in sorted(spans, key=lambda span: span.since or date.min):
        last = found[-1] if found else None
        if last and (last.until is None or (span.since or date.min) <= last.until):
            until = last.until and span.until and max(last.until, span.until)
            found[-1] = OpenSpan(last.since, until)
        else:
            found.append(span)
    return found


class Tally:
    """Counts of each day from `first` to `last`, both included, by the path of a place and a name."""

    def __init__(self, first: date, last: date):
        self.first, self.days = first, (last - first).days + 1
        self._changes: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(self._nothing))

    def during(self, path: str, name: str, span: OpenSpan, number: int = 1) -> None:
        """Count something on each day of the span."""
        begin = max(self._index(span.since), 0) if span.since else 0
        end = min(self._index(span.until), self.days) if span.until else self.days
        if begin < end:
            changes = self._changes[path[:LOWEST]][name]
            changes[begin] += number
            changes[end] -= number

    def on(self, path: str, name: str, day: date, number: int = 1) -> None:
        """Count something on one day."""
        self.during(path, name, OpenSpan(day, day + timedelta(days=1)), number)

    def add_up(self) -> None:
        """Add what was counted at each place to every place above it."""
        for path in sorted(self._changes, key=len, reverse=True):
            for name, changes in self._changes[path].items() if len(path) > SEGMENT else ():
                above = self._changes[path[:-SEGMENT]][name]
                above[:] = map(int.__add__, above, changes)

    def of(self, path: str) -> dict[str, list[int]]:
        """Return the counts of a place by name, one for each day."""
        return {name: list(accumulate(changes))[: self.days] for name, changes in self._changes[path].items()}

    def each_day(self) -> Iterator[date]:
        return (self.first + timedelta(days=index) for index in range(self.days))

    def _index(self, day: date) -> int:
        return (day - self.first).days

    def _nothing(self) -> list[int]:
        return [0] * (self.days + 1)
