"""What the columns of an area's workbooks mean: what was said before, and the names by which a column may be known."""

from collections.abc import Callable, Mapping

from members.ground.text import squeezed
from members.models import Area, Employer, RosterColumns, User
from members.models.uploads import Upload
from members.roster.columns import ColumnTerms, SheetChoice
from members.roster.headings import label
from members.roster.reading import SheetHead

Label = Callable[[str], str]

_labels: dict[str, Label] = {RosterColumns.Kind.ROSTER: label}
NAMES = {Area.Level.COMMUNITY: "community", Area.Level.STATION: "station"}


def terms_of(upload: Upload, *, asks: bool) -> ColumnTerms:
    """Return the terms of reading an upload, with the choices remembered for its area, or for one above it."""
    choices = {
        known.key: SheetChoice({int(at): name for at, name in known.columns.items()}, known.affiliation)
        for known in RosterColumns.objects.above(upload.area).filter(kind=upload.COLUMNS)
    }
    return ColumnTerms(choices, hidden_sheets=upload.hidden_sheets, asks=asks, always=asks and upload.asks_columns)


def known_names(area: Area) -> dict[str, set[str]]:
    """Return the names of the area's communities and compounds, and of its members' employers."""
    found: dict[str, set[str]] = {name: set() for name in (*NAMES.values(), "employer")}
    places = Area.objects.inside(area).lasting().filter(level__in=NAMES).values_list("level", "name")
    for level, name in places:
        found[NAMES[Area.Level(level)]].add(squeezed(name))
    units = Employer.objects.filter(members__street__path=area.street_path).order_by().distinct()
    found["employer"] = {squeezed(name) for name in units.values_list("name", flat=True)}
    return found


def remember(upload: Upload, heads: list[SheetHead], choices: Mapping[str, SheetChoice], *, user: User) -> None:
    """Remember what a user said of these heading rows, in place of what was said before for the upload's area."""
    for head in heads:
        choice = choices[head.key]
        same = {"area": upload.area, "kind": upload.COLUMNS, "key": head.key}
        known = RosterColumns.objects.select_for_update(no_key=True).filter(**same).first()
        row = known or RosterColumns(**same)
        row.headings = "、".join(column.heading for column in head.columns if column.heading)[:500]
        row.columns = {str(at): name for at, name in choice.columns.items()}
        row.affiliation, row.user = choice.affiliation, user
        row.save()


def call_columns(kind: str, by: Label) -> None:
    """Say what the fields of this kind of workbook are called; each app does so for its own in `ready()`."""
    _labels[kind] = by


def label_of(kind: str, field: str) -> str:
    """Return what a field is called on the columns page of its kind of workbook."""
    return _labels[kind](field)
