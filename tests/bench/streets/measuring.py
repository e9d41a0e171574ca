"""Times of pages in installations of different sizes, in turns, so that a slow machine is slow for all of them."""

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection
from django.test import Client

from members.models import User
from tests.bench.streets.copying import Original
from tests.bench.streets.pages import Page
from tests.conftest import BACKEND

MOST = 1.5  # the highest ratio to the time with one street
NEAR = 1.25  # from this ratio on the page is timed again, longer: the machine may have been busy


class Installation(NamedTuple):
    """A database with a number of streets; the pages of the last one are timed."""

    streets: int
    database: str

    @contextmanager
    def open(self) -> Iterator[None]:
        """Connect to this database within the block."""
        before = connection.settings_dict["NAME"]
        self._turn_to(self.database)
        try:
            yield
        finally:
            self._turn_to(before)

    @staticmethod
    def _turn_to(name: str) -> None:
        connection.close()
        connection.settings_dict["NAME"] = name

    def own(self, page: Page, original: Original) -> Page:
        """Return the last street's counterpart of the first street's `page`."""
        name = page.user if self.streets == 1 else f"{page.user}{self.streets}"
        return Page(
            name, re.sub(r"(?<=/)\d+(?=/)", lambda key: str(original.key_in(self.streets, int(key[0]))), page.address)
        )


class Timed(NamedTuple):
    """A page's median times in seconds, by number of streets."""

    page: Page
    seconds: dict[int, float]

    @property
    def ratios(self) -> list[float]:
        first, *others = self.seconds.values()
        return [other / first for other in others]

    @property
    def is_met(self) -> bool:
        return max(self.ratios, default=1) <= MOST

    def __str__(self) -> str:
        times = "".join(f"{seconds * 1000:>9.0f} ms" for seconds in self.seconds.values())
        ratios = "".join(f"{ratio:>7.2f}" for ratio in self.ratios)
        return f"{self.page.address:<48}{times}{ratios}  {'ok' if self.is_met else 'MISSED':<7}{self.page.user}"


def measured(page: Page, installations: list[Installation], original: Original, runs: int) -> Timed:
    """Time the page; near the limit, time it again with three times the runs."""
    once = timed(page, installations, original, runs)
    return once if max(once.ratios, default=0) < NEAR else timed(page, installations, original, 3 * runs)


def timed(page: Page, installations: list[Installation], original: Original, runs: int) -> Timed:
    """Time the page in each installation in turns; `runs` times each."""
    seconds: dict[int, list[float]] = {each.streets: [] for each in installations}
    for _ in range(runs):
        for each in installations:
            with each.open():
                seconds[each.streets].append(_opened(each.own(page, original)))
    return Timed(page, {streets: statistics.median(some) for streets, some in seconds.items()})


def _opened(page: Page) -> float:
    """Return the seconds of the page's second request, when the connection's caches are warm."""
    client = Client()
    client.force_login(User.objects.get(username=page.user), backend=BACKEND)
    _get(client, page)
    start = time.perf_counter()
    _get(client, page)
    return time.perf_counter() - start


def _get(client: Client, page: Page) -> None:
    answer = client.get(page.address)
    assert answer.status_code == 200, (page, answer.status_code)
