"""What is measured and how it is shown: medians, all within one run, so that a slow machine is slow for both sides."""

import gc
import statistics
import time
from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from members.access import Resource
from members.atomic import atomic_write
from members.coverage import coverage
from members.models import Area, Member, RosterImport
from members.roster import steps
from tests.bench import ground, stock_coverage, stock_roster


class Line(NamedTuple):
    """One line of the table: what, the slow and the fast figure, their ratio (or count) and what it must keep to."""

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
        return f"{self.what:<44}{self.other:>12}{self.ours:>12}{self.figure:>9.1f}{sign:>5}{self.target:<5g}{mark}"


def main(runs: int = 5) -> int:
    with ground.database() as street:
        lines = [*roster_lines(street, runs), *coverage_lines(street, runs)]
    print(f"{connection.vendor}, median of {runs} runs (stock roster: {stock_runs(runs)})")
    print(f"{'':<44}{'other':>12}{'ours':>12}{'figure':>9}  target")
    print(*lines, sep="\n")
    return 0 if all(line.is_met for line in lines) else 1


def roster_lines(street: Area, runs: int) -> list[Line]:
    content = ground.roster()
    stock = median(lambda: stock_roster.bring_in(content), stock_runs(runs), before=ground.without_people)
    floor = median(lambda: read_and_insert(content, street), runs, before=ground.without_people)
    ours = median(lambda: bring_in(content, street), runs, before=ground.without_people)
    return [
        Line("roster of 5,200, preview + apply, vs stock", shown(stock), shown(ours), stock / ours, 25, True),
        Line("the same, vs calamine + one bulk_create", shown(floor), shown(ours), ours / floor, 4, False),
    ]


def coverage_lines(street: Area, runs: int) -> list[Line]:
    officer, day = ground.with_leaders(), timezone.localdate()
    areas = Area.objects.for_user(officer, resource=Resource.REPORT)

    def ours(level: int = Area.Level.BUILDING_GROUP) -> dict:
        return coverage(street, areas=areas, day=day, level=level).as_dict()

    def drilled() -> list[dict]:
        return [ours(level) for level in (Area.Level.COMMUNITY, Area.Level.STATION, Area.Level.BUILDING_GROUP)]

    with CaptureQueriesContext(connection) as queries:
        report = ours()
    check_same(report, stock_coverage.by_joins(street, officer, day))
    fast, whole = median(ours, runs * 3), median(drilled, runs * 3)
    joins = median(lambda: stock_coverage.by_joins(street, officer, day), runs)
    annotated = median(lambda: stock_coverage.drilled(street, officer, day), runs)
    return [
        Line(
            "coverage drilled to 873 groups, vs annotate", shown(annotated), shown(whole), annotated / whole, 14, True
        ),
        Line("its lowest level alone, vs annotate by joins", shown(joins), shown(fast), joins / fast, 1, True),
        Line("queries a level", "", str(len(queries)), len(queries), 10, False),
    ]


def bring_in(content: bytes, street: Area) -> None:
    """What the pages do: upload, read and preview, then apply."""
    roster_import = RosterImport(area=street, file_name="street.xlsx")
    roster_import.file = content
    roster_import.save()
    steps.read_step(roster_import)
    roster_import.advance(RosterImport.Status.APPLYING)
    steps.apply_step(roster_import, only_good=False)
    assert roster_import.status == RosterImport.Status.APPLIED, roster_import.message
    assert roster_import.counts["new"] == 5_200


def read_and_insert(content: bytes, street: Area) -> None:
    """The floor: the file is read and its members inserted, nothing is checked, looked up, linked or kept of it."""
    columns = ("name", "sex", "birth_date", "id_digest", "phone_sealed", "standing", "party_since")
    _, *rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    with atomic_write():
        Member.objects.bulk_create(
            Member(street=street, affiliation="local", **dict(zip(columns, row[1:], strict=False))) for row in rows
        )


def check_same(report: dict, stock: list[dict]) -> None:
    """Both sides have to say the same before their times are worth comparing."""
    totals, *groups = stock
    assert totals.items() <= report["figures"].items(), (totals, report["figures"])
    mine = {row["id"]: row for row in report["rows"]}
    assert len(groups) == len(mine) == 873
    assert all(row.items() <= (mine[row["id"]] | {"groups": 1}).items() for row in groups)


def median(work: Callable[[], object], runs: int, before: Callable[[], object] = gc.collect) -> float:
    """Return the median of the seconds that `work` takes."""
    times = []
    for _ in range(runs):
        before()
        gc.collect()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def stock_runs(runs: int) -> int:
    return min(runs, 3)


def shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
