"""Benchmark of a secretary's week: the attendance of an activity, and the rhythm of a street's year."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Activity, Attendance
from activities.rules.attendance import enrol
from activities.rules.rhythm import rhythm
from louzu.demo.activities import hold
from louzu.demo.doors import visit
from louzu.demo.homes import DemoGround
from members.ground import access
from members.ground.access import Resource
from members.models import Area, Member, Pairing, User
from tests import factories
from tests.bench import stock_activities
from tests.bench.ground import settle
from tests.bench.lines import BenchLine, median, shown, stock_runs
from tests.conftest import BACKEND

CAME = 60


def attendance_lines(officer: User, runs: int) -> list[BenchLine]:
    """Return the lines on enrolling 60 members: our rule against the stock inline."""
    compound = Area.objects.filter(level=Area.Level.STATION)[0]
    members = list(Member.objects.living_in(compound, timezone.localdate()).values_list("pk", flat=True)[:CAME])
    client = Client()
    client.force_login(factories.user("stock", is_superuser=True), backend=BACKEND)  # the stock admin needs no posts
    access.posts_of(officer)  # a page reads them before it calls the rule

    def ours(activity: Activity) -> None:
        enrol(activity, members, user=officer, source=Attendance.Source.TICK)

    def stock(activity: Activity) -> None:
        stock_activities.record(client, activity, members)

    activity = factories.activity(compound)
    with CaptureQueriesContext(connection) as queries:
        ours(activity)
    asked = len(queries)  # before a request empties the log
    fast = _each(compound, ours, runs)
    slow = _each(compound, stock, stock_runs(runs))
    with stock_activities.without_entries():
        spared = _each(compound, stock, stock_runs(runs))
    assert {each.attendances.count() for each in Activity.objects.all()} == {CAME}
    return [
        BenchLine("60 who came, to ten activities, vs stock inline", shown(slow), shown(fast), slow / fast, 12, True),
        BenchLine("the same, stock without audit entries", shown(spared), shown(fast), spared / fast, 6, True),
        BenchLine("queries of the same", "", str(asked), asked, 8, False),
    ]


def rhythm_lines(street: Area, officer: User, runs: int) -> list[BenchLine]:
    """Return the lines on the rhythm of a believable year: all levels of the street in one grid."""
    today = timezone.localdate()
    ground = DemoGround(street, today)
    hold(ground)
    visit(ground, list(Pairing.objects.all()))
    settle()
    areas = Area.objects.for_user(officer, resource=Resource.REPORT)

    def ours() -> dict:
        return rhythm(street, areas=areas, year=today.year, today=today, level=Area.Level.BUILDING_GROUP).as_dict()

    with CaptureQueriesContext(connection) as queries:
        grid = ours()
    assert len(grid["grids"][-1]["rows"]) == 873
    return [
        BenchLine("rhythm of a street's year: time, queries", "", shown(median(ours, runs)), len(queries), 6, False)
    ]


def _each(place: Area, work: Callable[[Activity], None], runs: int) -> float:
    """Return the median seconds of the work on ten activities, which are made untimed."""
    waiting: list[Activity] = []

    def ten() -> None:
        while waiting:
            work(waiting.pop())

    return median(ten, runs, before=lambda: waiting.extend(factories.activity(place) for _ in range(10)))
