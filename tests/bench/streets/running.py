"""The benchmark's run: build the street, copy it, time its pages."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from feedback.models import EmployerKey, NumberSeries, Sender
from feedback.rules import practising
from members.ground.access import PRACTICE
from members.models import Area, User
from members.rules.tree import misfits
from tests.bench.backing_up import backed_up
from tests.bench.ground import settle
from tests.bench.streets.copying import Original, orphans
from tests.bench.streets.measuring import Installation, measured
from tests.bench.streets.pages import pages


def main(streets: int = 10, runs: int = 5) -> int:
    """Print the table and return 1 where a page takes too long."""
    made = setup_databases(verbosity=0, interactive=False)
    try:
        original = built()
        sizes = sorted({1, min(10, streets), streets})
        installations = [installation(original, size) for size in sizes]
        lines = [measured(page, installations, original, runs) for page in pages()]
        backups = [_backed_up(each) for each in installations]
    finally:
        teardown_databases(made, verbosity=0)
    print(f"Pages of a street in an installation of {sizes} streets, median of {runs} runs; ratios to the first")
    print(*lines, *backups, sep="\n")
    return 0 if all(line.is_met for line in lines) else 1


def built() -> Original:
    """Make the demonstration street through the rules; its users need not change their passwords first."""
    with _told("the demonstration street"):
        call_command("demo", no_serve=True)
    User.objects.update(must_change_password=False)
    _forget_tests()
    settle()
    return Original.found()


def installation(original: Original, streets: int) -> Installation:
    """Return an installation of this many streets, copied from the current database."""
    first = connection.settings_dict["NAME"]
    if streets == 1:
        return Installation(1, first)
    made = Installation(streets, f"{first}_{streets}")
    with Installation(1, "postgres").open(), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f'CREATE DATABASE "{made.database}" TEMPLATE "{first}"')
    with made.open(), _told(f"{streets} streets"):
        original.copy_to(2, streets)
        settle()
        assert not misfits(), misfits()[:3]
        assert not orphans(), orphans()
    return made


def _backed_up(installation: Installation) -> str:
    with installation.open(), _told(f"backup and restore of {installation.streets} streets"):
        return f"{installation.streets} streets: {backed_up()}"


def _forget_tests() -> None:
    """Delete the practice street with its key: an installation has one, which is not copied with each street."""
    EmployerKey.objects.tests().delete()
    practising.clear_unused()
    Sender.objects.filter(area__path__gte=PRACTICE).delete()
    NumberSeries.objects.filter(street__path=PRACTICE).delete()
    Area.objects.filter(path__gte=PRACTICE).delete()


@contextmanager
def _told(what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
