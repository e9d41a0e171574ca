"""What reading the heaviest files that are allowed takes: of the process that asks, and of its confined child."""

from collections.abc import Callable
from pathlib import Path

import pytest

from members.roster import refusal
from members.roster.sheet import MAX_ROWS, TOO_MANY_ROWS
from tests.members.roster import heavy

MINE, CHILDS = 64, 768  # MiB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel's mark is Linux's")
@pytest.mark.parametrize(
    ("file", "said"),
    [
        (heavy.wide, heavy.ROWS),
        (heavy.sparse, 9),
        (heavy.tall, TOO_MANY_ROWS.format(sheet="Sheet", most=MAX_ROWS)),
        (lambda: heavy.full(13_900), 13_900),
        (lambda: heavy.full(15_500, 30), refusal.UNPACKS_TOO_LARGE),
        (heavy.commas, 19_001),
    ],
    ids=["wide", "sparse", "tall", "full", "too full", "commas"],
)
def test_the_heaviest_files_stay_within_bounds(file: Callable[[], bytes], said: int | str) -> None:
    ended, mine, child = heavy.measured(file())
    assert ended == said
    assert mine <= MINE
    assert child <= CHILDS
