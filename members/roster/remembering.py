"""What the columns of an area's rosters mean: what was said before, and the names by which a column may be known."""

from collections.abc import Mapping

from members.ground.text import squeezed
from members.models import Area, Employer, RosterColumns, RosterImport, User
from members.roster.columns import ColumnTerms, SheetChoice
from members.roster.reading import SheetHead

NAMES = {Area.Level.COMMUNITY: "community", Area.Level.STATION: "station"}


def terms_of(roster_import: RosterImport, *, asks: bool) -> ColumnTerms:
    """Return the terms of reading an upload, with the choices remembered for its area, or for one above it."""
    choices = {
        known.key: SheetChoice({int(at): name for at, name in known.columns.items()}, known.affiliation)
        for known in RosterColumns.objects.above(roster_import.area)
    }
    return ColumnTerms(
        choices, hidden_sheets=roster_import.hidden_sheets, asks=asks, always=asks and roster_import.asks_columns
    )


def known_names(area: Area) -> dict[str, set[str]]:
    """Return the names of the area's communities and compounds, and of its members' employers."""
    found: dict[str, set[str]] = {name: set() for name in (*NAMES.values(), "employer")}
    places = Area.objects.inside(area).lasting().filter(level__in=NAMES).values_list("level", "name")
    for level, name in places:
        found[NAMES[Area.Level(level)]].add(squeezed(name))
    units = Employer.objects.filter(members__street__path=area.street_path).order_by().distinct()
    found["employer"] = {squeezed(name) for name in units.values_list("name", flat=True)}
    return found


def remember(area: Area, heads: list[SheetHead], choices: Mapping[str, SheetChoice], *, user: User) -> None:
    """Remember what a user said of these heading rows, in place of what was said before for this area."""
    for head in heads:
        choice = choices[head.key]
        known = RosterColumns.objects.select_for_update(no_key=True).filter(area=area, key=head.key).first()
        row = known or RosterColumns(area=area, key=head.key)
        row.headings = "、".join(column.heading for column in head.columns if column.heading)[:500]
        row.columns = {str(at): name for at, name in choice.columns.items()}
        row.affiliation, row.user = choice.affiliation, user
        row.save()
