"""Lines of a benchmark's table. All medians are of one run, so that a slow machine is slow for both sides."""

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from django.db import connection


class BenchLine(NamedTuple):
    """One line of the table: a label, the other time and ours, their ratio (or a count), and its target."""

    what: str
    other: str
    ours: str
    figure: float
    target: float
    at_least: bool

    @property
    def is_met(self) -> bool:
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    def __str__(self) -> str:
        sign, mark = "≥" if self.at_least else "≤", "ok" if self.is_met else "MISSED"
        return f"{self.what:<48}{self.other:>12}{self.ours:>12}{self.figure:>9.1f}{sign:>5}{self.target:<5g}{mark}"


def median(work: Callable[[], object], runs: int, before: Callable[[], object] = gc.collect) -> float:
    """Return the median time of `work`, in seconds; `before` runs untimed before each run."""
    times = []
    for _ in range(runs):
        before()
        gc.collect()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def target(usual: float, *, on_postgres: float) -> float:
    """Return the target of a line on the current database; stock is sometimes quicker on PostgreSQL than on SQLite."""
    return on_postgres if connection.vendor == "postgresql" else usual


def stock_runs(runs: int) -> int:
    return min(runs, 3)


def shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
