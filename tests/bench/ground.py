"""The data of the benchmark: the street of `tests/rosters/`, in a database of its own."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone
from python_calamine import CalamineWorkbook

from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.export import workbook
from members.models import (
    Area,
    AreaRole,
    AuditEntry,
    Employer,
    Household,
    Member,
    Pairing,
    Residence,
    RosterImport,
    User,
)  # fmt: skip
from members.roster.tree import import_tree, street_named
from tests import factories

ROSTERS = Path(__file__).resolve().parent.parent / "rosters"
STREET = "新成路街道"


@contextmanager
def database() -> Iterator[Area]:
    """Make a database with the street's tree only, and yield the street."""
    made = setup_databases(verbosity=0, interactive=False)
    try:
        import_tree((ROSTERS / "areas.xlsx").read_bytes(), street=street_named(STREET), today=timezone.localdate())
        gc.freeze()  # as the server does, see louzu/wsgi.py
        gc.set_threshold(50_000, 20, 20)
        yield Area.objects.get(level=Area.Level.STREET)
    finally:
        teardown_databases(made, verbosity=0)


def settle(how: str = "VACUUM ANALYZE") -> None:
    """Refresh PostgreSQL's statistics; autovacuum, which would do it in time, is off on the benchmark's server."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(how)


def roster() -> bytes:
    return (ROSTERS / "street.xlsx").read_bytes()


def roster_with_addresses() -> bytes:
    """Return the same roster with the homes in one column, as in 第一社区迎晖苑1期12号楼302室."""
    headings, *rows = CalamineWorkbook.from_filelike(BytesIO(roster())).get_sheet_by_index(0).to_python()
    places = [headings.index(name) for name in ("社区", "小区", "楼组", "室号")]
    others = [at for at in range(len(headings)) if at not in places]
    cells = [[*(row[at] for at in others), f"嘉定区{''.join(str(row[at]) for at in places)}"] for row in rows]
    return workbook("在册党员", [*(headings[at] for at in others), "家庭住址"], cells, formats={})


def without_people() -> None:
    """Empty the tables that a roster fills."""
    with atomic_write():
        for model in (
            *(Residence.history.model, Member.history.model, Residence, Member),
            *(Employer, RosterImport, AuditEntry),
        ):
            rows = model._base_manager.all()
            rows._raw_delete(rows.db)
    settle()


def with_leaders() -> User:
    """Give every building group a leader who lives there; return the street's officer."""
    officer = factories.official("officer", PostKind.STREET, Area.objects.get(level=Area.Level.STREET))
    homes = {home.area_id: home.member_id for home in Residence.objects.filter(until=None)}
    unusable = make_password(None)
    with transaction.atomic():
        leaders = [
            User(username=f"leader{area}", name="组长", member_id=member, password=unusable)
            for area, member in homes.items()
        ]
        User.objects.bulk_create(leaders)
        AreaRole.objects.bulk_create(
            AreaRole(user=leader, area_id=area, kind=PostKind.LEADER, since=factories.EARLY)
            for leader, area in zip(leaders, homes, strict=True)
        )
    return officer


def with_pairings() -> None:
    """Make the households of all members and ten more a group; pair every second member's with two of the ten."""
    rooms: dict[int, set[str]] = defaultdict(set)
    for area, room in Residence.objects.current().exclude(room="").values_list("area", "room"):
        rooms[area].add(room)
    stations = {station.path: station for station in Area.objects.filter(level=Area.Level.STATION)}
    doors, pairings = [], []
    for group in Area.objects.filter(pk__in=rooms):
        homes = [Household(area=group, room=room).placed() for room in sorted(rooms[group.pk])]
        neighbours = [Household(area=group, room=f"99{door:02}").placed() for door in range(10)]
        doors += [*homes, *neighbours]
        pairs = zip(sorted(homes[::2] * 2, key=homes.index), neighbours, strict=False)
        pairings += [_pairing(*pair, stations[group.parent_path]) for pair in pairs]
    with transaction.atomic():
        Household.objects.bulk_create(doors)
        Pairing.objects.bulk_create(pairings)


def _pairing(household: Household, neighbour: Household, compound: Area) -> Pairing:
    compounds = {"compound": compound, "neighbour_compound": compound}
    return Pairing(household=household, neighbour=neighbour, since=factories.EARLY, **compounds)
