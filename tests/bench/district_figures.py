"""The lines of `tests.bench.district`: figures, one query over kept ones, annotated querysets over raw rows."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity, Attendance, Need, Visit
from feedback.models import RecordCard
from louzu.models import FiguresOfDay
from louzu.rules.district import HAPPENED, OF_WEEKS, STOCK, streets_beside
from louzu.rules.figures import keep_days
from members.ground.access import PostKind, Resource
from members.models import Area, AreaRole, Pairing, Residence, User
from tests.bench.ground import settle
from tests.bench.lines import BenchLine, median, shown, stock_runs
from tests.bench.streets.copying import Original
from tests.bench.streets.running import built, installation
from tests.conftest import BACKEND

COPIED = """
    INSERT INTO louzu_figuresofday (area_id, day, {columns})
    SELECT t.area_id + s.shift, t.day, {columns} FROM louzu_figuresofday t
    CROSS JOIN (SELECT number * %s AS shift FROM generate_series(1, %s) number) s ORDER BY t.day, t.area_id
"""


def main(streets: int = 100, runs: int = 5) -> int:
    """Print the lines and return 1 where a target is missed."""
    made = setup_databases(verbosity=0, interactive=False)
    try:
        original = built()
        with installation(original, streets).open():
            keep_year(original, streets)
            lines = measured(runs)
    finally:
        teardown_databases(made, verbosity=0)
    print(f"A district of {streets} streets on {connection.vendor}, median of {runs} runs")
    print(*lines, sep="\n")
    return 0 if all(line.is_met for line in lines) else 1


def keep_year(original: Original, streets: int) -> None:
    """Keep the first street's figures of this year, and copy them to the others."""
    yesterday = timezone.localdate() - timedelta(days=1)
    keep_days(original.street, date(yesterday.year, 1, 1), yesterday)
    names = [field.column for field in FiguresOfDay._meta.concrete_fields if field.name not in ("id", "area", "day")]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(COPIED.format(columns=", ".join(names)), [original.shift, streets - 1])
    settle()


def measured(runs: int) -> list[BenchLine]:
    user, today = overseer(), timezone.localdate()
    areas = Area.objects.for_user(user, resource=Resource.DISTRICT)
    pks = list(areas.streets().values_list("pk", flat=True))
    check_same(streets_beside(areas, today=today), by_annotations(pks, today))
    one = median(lambda: one_query(pks, today), runs)
    rule = median(lambda: streets_beside(areas, today=today).as_dict(), runs)
    page = median(page_of(user), runs)
    raw = median(lambda: by_annotations(pks, today), stock_runs(runs))
    return [
        BenchLine("its figures, vs one indexed query", shown(one), shown(rule), rule / one, 3, False),
        BenchLine("its whole page, vs one indexed query", shown(one), shown(page), page / one, 3, False),
        BenchLine("its figures, vs annotate over the raw rows", shown(raw), shown(rule), raw / rule, 100, True),
    ]


def overseer() -> User:
    """Return a user of the district, with a post in each street."""
    user = User.objects.create_user("district", name="区级", must_change_password=False)
    posts = [AreaRole(user=user, area=street, kind=PostKind.DISTRICT) for street in Area.objects.streets()]
    AreaRole.objects.bulk_create(posts)
    return user


def page_of(user: User) -> Callable[[], None]:
    """Return what asks for the district's page as this user, who is logged in."""
    client = Client()
    client.force_login(user, backend=BACKEND)

    def ask() -> None:
        assert client.get(reverse("district")).status_code == 200

    ask()  # the first one finds the templates
    return ask


def one_query(pks: list[int], today: date) -> list[Any]:
    """The year's sums of each street, by the index of area and day."""
    rows = FiguresOfDay.objects.filter(area__in=pks, day__range=(date(today.year, 1, 1), today)).order_by()
    summed = {f"sum_{name}": Sum(name) for name in (*STOCK, *HAPPENED, *OF_WEEKS)}
    return list(rows.values_list("area").annotate(**summed))


def by_annotations(pks: list[int], today: date) -> list[dict[str, int]]:
    """A part of the figures as Django's documentation counts them: a subquery for each, over the rows below a street.

    Which periods were due and done is left out, as are doors: they would make it slower still.
    """
    year = date(today.year, 1, 1), today - timedelta(days=1)
    day = year[1]
    inside = {"area__path__startswith": OuterRef("path")}
    groups = Area.objects.on(day).filter(level=Area.Level.BUILDING_GROUP, path__startswith=OuterRef("path"))
    established = Q(established_on=None) | Q(established_on__lte=day)
    living, held = (
        Residence.objects.on(day).filter(**inside),
        Activity.objects.held().filter(held_on__range=year, **inside),
    )
    came = Attendance.objects.filter(
        activity__status="held", activity__held_on__range=year, activity__area__path__startswith=OuterRef("path")
    )
    counted = {
        "members": living,
        "local": living.filter(member__affiliation="local"),
        "taking_part": living.filter(joined_on__lte=day),
        "groups": groups,
        "established": groups.filter(established, stage=Area.Stage.ESTABLISHED),
        "pairings": Pairing.objects.on(day).filter(household__area__path__startswith=OuterRef("path")),
        "activities": held,
        "attendances": came,
        "visits": Visit.objects.filter(
            visited_on__range=year, pairing__household__area__path__startswith=OuterRef("path")
        ),
        "needs_opened": Need.objects.filter(opened_on__range=year, **inside),
        "cards_issued": RecordCard.objects.filter(issued_at__date__range=year, street=OuterRef("pk")),
    }
    # The fields of an area have some of these names.
    found = Area.objects.filter(pk__in=pks).annotate(
        **{f"count_{name}": _count(rows) for name, rows in counted.items()}
    )
    return [{name.removeprefix("count_"): value for name, value in row.items()} for row in found.values()]


COMPARED = (
    "members", "local", "taking_part", "groups", "established", "pairings", "activities", "attendances", "visits",
    "needs_opened",
)  # fmt: skip


def check_same(found: Any, stock: list[dict[str, int]]) -> None:
    """Assert that both sides count the same."""
    ours = {row.place.pk: row.counts for row in found.rows}
    for row in stock:
        assert {name: ours[row["id"]][name] for name in COMPARED} == {name: row[name] for name in COMPARED}


def _count(rows: QuerySet) -> Coalesce:
    counted = rows.order_by().annotate(one=Count("*")).values("one")
    counted.query.group_by = ()
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
