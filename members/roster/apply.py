"""Writing a plan in one transaction, by bulk statements, with history and audit rows.

Encrypting phone numbers and spelling names takes time and no database, so it is done before the transaction begins.
"""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max

from members.ground import audit
from members.ground.history import batches, write_history
from members.ground.inserting import insert
from members.ground.paths import NextPaths
from members.ground.pinyin import spell
from members.ground.rows import maker
from members.models import Area, Employer, EmployerName, Member, Residence, RosterImport
from members.models.shells import new_token
from members.roster.planned import Plan, PlannedRow, Status
from members.roster.refusal import UnreadableFile
from members.roster.stages import ChangedMeanwhile

Filled = dict[str, Member]
new_member, new_home = maker(Member), maker(Residence)
AT_ONCE = 500
WRITTEN = (Status.NEW, Status.CHANGED)
CHANGED = "预览之后有 {} 行对应的资料被别人改动了，已重新比对，请再核对一遍。"


def refuse_if_changed(seen: Plan, now: Plan) -> None:
    """Raise ChangedMeanwhile where the plan about to be written has other outcomes than the one that the clerk saw."""
    before = seen.outcomes()
    changed = [key for key, outcome in now.outcomes().items() if before.get(key) != outcome]
    if changed:
        raise ChangedMeanwhile(CHANGED.format(len(changed)), changed)


def fill(plan: Plan) -> Filled:
    """Return by row key an unsaved member with the values to write, without an employer, which may have to be made.

    It turns values into columns, such as a phone into its digest.
    """
    return {row.key: _filled(row) for row in plan.rows if row.status in WRITTEN}


def _filled(row: PlannedRow) -> Member:
    filled = new_member()
    for name, value in row.writes.items():
        setattr(filled, name, value)
    if "name" in row.writes:
        filled.pinyin, filled.initials = spell(filled.name)
    return filled


def write(plan: Plan, roster_import: RosterImport, filled: Filled) -> dict[str, Any]:
    """Write the plan's new and changed rows; return the ids of the employers, codes, groups and names made for them."""
    rows = [row for row in plan.rows if row.status in WRITTEN]
    areas = {area.path: area for area in Area.objects.inside(roster_import.area)}
    groups = _make_groups(plan, areas)
    street = Area.objects.get(path=roster_import.area.street_path)
    employers, names = _make_employers(plan), _learn_names(plan, street)
    places = {path: area.pk for path, area in areas.items()} | {mark: area.pk for mark, area in groups.items()}
    members = _write_members(rows, roster_import, employers, filled)
    _write_residences(rows, roster_import, members, places)
    made = {
        "employers": list(employers.values()),
        "codes": {str(pk): code for pk, code in plan.employer_codes.items()},
        "groups": [area.pk for area in groups.values()],
        "names": names,
    }
    audit.record("import", roster_import, path=roster_import.area.path, changes={"counts": plan.counts(), "made": made})
    return made


def _make_groups(plan: Plan, areas: dict[str, Area]) -> dict[str, Area]:
    """Make the new building groups; return them by mark. `areas` are those of the street's locked tree, by path."""
    paths, made = NextPaths(areas), {}
    for mark, label in plan.new_groups.items():
        station = areas[_station(mark)]
        group = Area(name=label.removeprefix(f"{station.label} "), stage=Area.Stage.NONE)
        try:
            made[mark] = group.stand_at(paths.below(station.path), station)
        except ValidationError as error:
            raise UnreadableFile("".join(error.messages)) from error
    Area.objects.bulk_create(made.values())
    return made


def _station(mark: str) -> str:
    """Return the path of a new group's station: a mark is that path, "+" and the group's key."""
    return mark.partition("+")[0]


def _learn_names(plan: Plan, street: Area) -> list[int]:
    """Keep the names that the clerk said belong to known employers as the street's own; return their ids."""
    made = [EmployerName(street=street, employer_id=pk, name=name) for name, pk in plan.learned.items()]
    return [name.pk for name in EmployerName.objects.bulk_create(made)]


def _make_employers(plan: Plan) -> dict[str, int]:
    made = [
        Employer(name=employer["name"], credit_code=employer["credit_code"] or None)
        for employer in plan.new_employers.values()
    ]
    Employer.objects.bulk_create(made)
    known = [Employer(pk=pk, credit_code=code) for pk, code in plan.employer_codes.items()]
    Employer.objects.bulk_update(known, ["credit_code"])
    return {ref: employer.pk for ref, employer in zip(plan.new_employers, made, strict=True)}


def _write_members(
    rows: list[PlannedRow], roster_import: RosterImport, employers: dict[str, int], filled: Filled
) -> dict[str, int]:
    """Write the members; return their ids by row key."""
    street = Area.objects.get(path=roster_import.area.street_path)
    members = {row.key: row.member for row in rows if row.member}
    for part in batches([row for row in rows if row.status == Status.NEW], AT_ONCE):
        new = [filled[row.key] for row in part]
        for row, member in zip(part, new, strict=True):
            member.token = new_token()
            member.street_id, member.employer_id = street.pk, _employer_of(row, employers)
        insert(new)
        write_history(Member, [member.pk for member in new], kind="+", roster_import=roster_import)
        members |= {row.key: member.pk for row, member in zip(part, new, strict=True)}
    altered = [row for row in rows if row.member and (row.writes or "employer" in row.changes)]
    blank = _values(Member())
    of_street = Member.objects.select_for_update(no_key=True).filter(street=street)
    for part in batches(altered, AT_ONCE):
        known = of_street.in_bulk([row.member for row in part])
        for row in part:
            _alter(known[row.member], _columns(row, filled[row.key], blank), _employer_of(row, employers))
        overwrite(Member, list(known.values()))
        write_history(Member, list(known), kind="~", roster_import=roster_import)
    return members


def _columns(row: PlannedRow, filled: Member, blank: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the row's values turn into."""
    return {name: value for name, value in _values(filled).items() if name in row.writes or value != blank[name]}


def _values(member: Member) -> dict[str, Any]:
    names = (field.attname for field in Member._meta.concrete_fields)
    return {name: getattr(member, name) for name in names if name != "token"}


def _alter(member: Member, columns: dict[str, Any], employer: int | None) -> None:
    for name, value in columns.items():
        setattr(member, name, value)
    member.employer_id = employer or member.employer_id


def _employer_of(row: PlannedRow, employers: dict[str, int]) -> int | None:
    return employers[row.employer] if isinstance(row.employer, str) else row.employer


def _write_residences(
    rows: list[PlannedRow], roster_import: RosterImport, members: dict[str, int], places: dict[str, int]
) -> None:
    day = roster_import.day
    locked = Residence.objects.select_for_update(no_key=True)
    for part in batches([row for row in rows if row.residence and row.home], AT_ONCE):
        known = locked.in_bulk([row.residence for row in part])
        for row in part:
            _mend(known[row.residence], row, day)
        overwrite(Residence, list(known.values()))
        write_history(Residence, list(known), kind="~", roster_import=roster_import)
    for part in batches([row for row in rows if row.home in ("in", "move")], AT_ONCE):
        ended = _last_ends([row.member for row in part if row.member])
        new = [_settle(row, members[row.key], places, max(day, ended.get(row.member or 0, day))) for row in part]
        insert(new)
        write_history(Residence, [home.pk for home in new], kind="+", roster_import=roster_import)


def _mend(home: Residence, row: PlannedRow, day: date) -> None:
    if row.home == "move":
        home.until = max(day, home.since)
        return
    home.room = row.room or home.room
    if "joined" in row.changes:
        home.joined_on = _joined_on(row, day)


def _last_ends(members: list[int]) -> dict[int, date]:
    """Return by member id when the last of their former homes ended: no home begins before that."""
    ends: dict[int, date] = {}
    for batch in batches(members):
        homes = Residence.objects.filter(member__in=batch, until__isnull=False).order_by()
        ends.update(homes.values_list("member").annotate(Max("until")))
    return ends


def _settle(row: PlannedRow, member: int, places: dict[str, int], day: date) -> Residence:
    assert row.place
    joined_on = _joined_on(row, day)
    # A new member who joined the group's party group on an earlier day lived there on that day.
    since = min(day, joined_on or day) if row.member is None else day
    home = new_home()
    home.member_id, home.area_id, home.room = member, places[row.place.path], row.room
    home.since, home.joined_on, home.is_since_known = since, joined_on, False
    return home


def _joined_on(row: PlannedRow, day: date) -> date | None:
    if row.joined in ("", "no"):
        return None
    return day if row.joined == "yes" else date.fromisoformat(row.joined)


def overwrite(model: Any, rows: list) -> None:
    """Write all columns of existing rows by an upsert; bulk_update would make the database compare row by row."""
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=names, batch_size=AT_ONCE
    )
