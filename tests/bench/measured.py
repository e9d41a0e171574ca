"""The benchmark: roster, coverage, a secretary's week and record cards."""

from io import BytesIO

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from members.forms.roster_columns import RosterColumnsForm
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.models import Area, Member, RosterImport, User
from members.roster import steps
from members.roster.columns import ColumnTerms
from members.roster.reading import read_roster
from members.roster.stored import unseal_heads
from members.rules.coverage import coverage, drilled
from tests.bench import ground, stock_coverage, stock_roster
from tests.bench.activities import attendance_lines, rhythm_lines
from tests.bench.backing_up import backup_lines
from tests.bench.cards import card_lines
from tests.bench.desk import desk_lines
from tests.bench.lines import BenchLine, median, shown, stock_runs, target


def main(runs: int = 5) -> int:
    with ground.database() as street:
        lines = roster_lines(street, runs)
        officer = ground.with_leaders()
        lines += coverage_lines(street, officer, runs)
        lines += [*attendance_lines(officer, runs), *rhythm_lines(street, officer, runs)]
        lines += card_lines(street, runs)
        lines += desk_lines(street, officer, runs)
        lines += backup_lines()
    print(f"{connection.vendor}, median of {runs} runs (stock roster: {stock_runs(runs)})")
    print(f"{'':<48}{'other':>12}{'ours':>12}{'figure':>9}  target")
    print(*lines, sep="\n")
    return 0 if all(line.is_met for line in lines) else 1


def roster_lines(street: Area, runs: int) -> list[BenchLine]:
    content = ground.roster()
    columns = columns_line(content, street, runs)  # nobody is there after it
    stock = median(lambda: stock_roster.bring_in(content), stock_runs(runs), before=ground.without_people)
    floor = median(lambda: read_and_insert(content, street), runs, before=ground.without_people)
    ours = median(lambda: bring_in(content, street), runs, before=ground.without_people)
    addressed = ground.roster_with_addresses()
    floor_addressed = median(lambda: read_and_insert(addressed, street), runs, before=ground.without_people)
    ours_addressed = median(lambda: bring_in(addressed, street), runs, before=ground.without_people)
    return [
        BenchLine("roster of 5,200, preview + apply, vs stock", shown(stock), shown(ours), stock / ours, 25, True),
        BenchLine("the same, vs calamine + one bulk_create", shown(floor), shown(ours), ours / floor, 4, False),
        BenchLine(
            "with homes in one column, vs stock", shown(stock), shown(ours_addressed), stock / ours_addressed, 25, True
        ),
        BenchLine(
            "the same, vs calamine + one bulk_create",
            shown(floor_addressed),
            shown(ours_addressed),
            ours_addressed / floor_addressed,
            4,
            False,
        ),
        columns,
    ]


def columns_line(content: bytes, street: Area, runs: int) -> BenchLine:
    """The columns page against reading the same file: what is asked about must not be read twice."""
    asking = ColumnTerms(asks=True, always=True)
    reading = median(lambda: read_roster(content, today=timezone.localdate()), runs)
    page = median(lambda: asked(content, street, asking), runs, before=ground.without_people)
    return BenchLine(
        "columns page of the same roster, vs reading it", shown(reading), shown(page), page / reading, 1, False
    )


def asked(content: bytes, street: Area, terms: ColumnTerms) -> None:
    """Bring a roster as far as its columns page, and fill the page's form."""
    roster_import = RosterImport(area=street, file_name="street.xlsx")
    roster_import.file = content
    roster_import.save()
    steps.read_step(roster_import, terms)
    assert roster_import.status == RosterImport.Status.COLUMNS, roster_import.message
    assert RosterColumnsForm(asked=unseal_heads(roster_import.reading)).shown()


def coverage_lines(street: Area, officer: User, runs: int) -> list[BenchLine]:
    day = timezone.localdate()
    ground.with_pairings()
    ground.settle()
    areas = Area.objects.for_user(officer, resource=Resource.REPORT)

    def ours(level: int = Area.Level.BUILDING_GROUP) -> dict:
        return coverage(street, areas=areas, day=day, level=level).as_dict()

    def all_levels() -> list[dict]:
        return [report.as_dict() for report in drilled(street, areas=areas, day=day)]

    with CaptureQueriesContext(connection) as queries:
        report = ours()
    check_same(report, stock_coverage.by_joins(street, officer, day))
    fast, whole = median(ours, runs * 3), median(all_levels, runs * 3)
    joins = median(lambda: stock_coverage.by_joins(street, officer, day), runs)
    annotated = median(lambda: stock_coverage.drilled(street, officer, day), runs)
    return [
        BenchLine(
            "coverage drilled to 873 groups, vs annotate",
            shown(annotated),
            shown(whole),
            annotated / whole,
            target(14, on_postgres=8),
            True,
        ),
        BenchLine("its lowest level alone, vs annotate by joins", shown(joins), shown(fast), joins / fast, 1, True),
        BenchLine("queries a level", "", str(len(queries)), len(queries), 10, False),
    ]


def bring_in(content: bytes, street: Area) -> None:
    """Import a roster as the pages do: upload, read and preview, then apply."""
    roster_import = RosterImport(area=street, file_name="street.xlsx")
    roster_import.file = content
    roster_import.save()
    steps.read_step(roster_import)
    roster_import.advance(RosterImport.Status.APPLYING)
    steps.apply_step(roster_import, only_good=False)
    assert roster_import.status == RosterImport.Status.APPLIED, roster_import.message
    assert roster_import.counts["new"] == 5_200


def read_and_insert(content: bytes, street: Area) -> None:
    """The floor: read the file and insert its members, without checks, look-ups, links or history."""
    columns = ("name", "sex", "birth_date", "id_digest", "phone_sealed", "standing", "party_since")
    _, *rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    with atomic_write():
        Member.objects.bulk_create(
            Member(street=street, affiliation="local", **dict(zip(columns, row[1:], strict=False))) for row in rows
        )


def check_same(report: dict, stock: list[dict]) -> None:
    """Assert that both sides return the same figures."""
    totals, *groups = stock
    assert totals.items() <= report["figures"].items(), (totals, report["figures"])
    mine = {row["id"]: row for row in report["rows"]}
    assert len(groups) == len(mine) == 873
    assert all(row.items() <= (mine[row["id"]] | {"groups": 1}).items() for row in groups)
