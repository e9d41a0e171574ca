"""Benchmark of the street's desk: a year month by month, and last month's report with its three files."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from louzu.documents import making
from louzu.models import MonthlyReport
from louzu.rules import nightly
from louzu.rules.months import months
from members.ground.access import Resource
from members.models import Area, User
from tests.bench.ground import settle
from tests.bench.lines import BenchLine, median, shown

SECONDS = 3  # for a report that an office waits for


def desk_lines(street: Area, officer: User, runs: int) -> list[BenchLine]:
    """Return the lines on the months and on the report; the street has had a year of activities."""
    nightly.keep_figures.call()
    settle()
    today = timezone.localdate()
    areas = Area.objects.for_user(officer, resource=Resource.REPORT)

    def year() -> dict:
        return months(street, areas=areas, year=today.year, today=today).as_dict()

    def report() -> None:
        month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        assert making.make(street, month, by=officer).pk

    with CaptureQueriesContext(connection) as queries:
        assert len(year()["rows"]) == 8
    asked = len(queries)
    made = median(report, runs)
    ready = MonthlyReport.objects.get()
    assert ready.status == MonthlyReport.Status.READY
    return [
        BenchLine("a street's year by months: time, queries", "", shown(median(year, runs)), asked, 10, False),
        BenchLine("last month's report with its files: seconds", "", shown(made), made, SECONDS, False),
    ]
