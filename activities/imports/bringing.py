"""Bringing a workbook of activities into the database: a preview that writes nothing, then all of it or nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from import_export.resources import ModelResource
from import_export.results import Result

from activities.imports.attending import UNCLEAR, AbsentRow, absent, came_only, unclear
from activities.imports.known import Known
from activities.imports.resources import ActivitiesIn, CameIn, read_key
from activities.imports.sheets import ACTIVITIES, ATTENDED, CAME, ActivityBook, ImportTable
from activities.models import Activity, Attendance
from activities.rules import attendance
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import differences, record
from members.ground.paths import SEGMENT
from members.ground.text import squeezed
from members.models import Area, User
from members.roster.columns import Headings


@dataclass(slots=True)
class ImportProblem:
    """An error in one cell; the message says what to do."""

    sheet: str
    row: int
    column: str
    value: str
    message: str


@dataclass(slots=True)
class RowCount:
    new: int = 0
    changed: int = 0
    same: int = 0


@dataclass(slots=True)
class Report:
    """The result of an import, or of its preview: counts, the new activities with the number who came, every error.

    `absent` are those who did not come by the workbook, `not_taken` the headings of columns that were not used.
    """

    activities: RowCount = field(default_factory=RowCount)
    came: RowCount = field(default_factory=RowCount)
    new: list[tuple[Activity, int]] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)
    absent: list[AbsentRow] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        return any((self.activities.new, self.activities.changed, self.came.new, self.came.changed))


class Unfit(Exception):
    """The workbook has errors; nothing of it is written."""

    def __init__(self, report: Report):
        super().__init__(f"{len(report.problems)} problems")
        self.report = report


def check(book: ActivityBook, user: User) -> Report:
    """Return the report of a dry run, without a transaction that would keep others from writing."""
    return _Import(book, user, dry_run=True).report


def bring_in(book: ActivityBook, user: User) -> Report:
    """Write the whole workbook; a second time changes nothing.

    Raises Unfit where there are errors, ValidationError or Conflict where somebody else was faster.
    """
    with atomic_write():
        _lock_areas(book, user)
        work = _Import(book, user, dry_run=False)
        if work.report.problems:
            raise Unfit(work.report)
        work.finish()
    return work.report


def _lock_areas(book: ActivityBook, user: User) -> None:
    """Two imports at once of one street queue, so that neither makes what the other is making.

    Whoever records an activity by its page queues behind the area's row: those that the book names come next.
    """
    reached = Area.objects.for_user(user, Right.WRITE, resource=Resource.ACTIVITY)
    named = {squeezed(row.get("area", "")) for row in book.activities.rows}
    labels = dict(reached.values_list("path", "label"))
    paths = {path[:SEGMENT] for path in labels} | {path for path, label in labels.items() if squeezed(label) in named}
    list(Area.objects.select_for_update(no_key=True).filter(path__in=paths).order_by("path"))


class _Import:
    """One run over the rows: first the activities, then who came to them."""

    def __init__(self, book: ActivityBook, user: User, *, dry_run: bool):
        self.user, self.dry_run, self.report = user, dry_run, Report()
        self.known = Known(user, _days(book), lock=not dry_run)
        self.activities, self.came = ActivitiesIn(self.known), CameIn(self.known)
        self._run(self.activities, book.activities, ACTIVITIES, self.report.activities)
        self._run(self.came, came_only(book.came), CAME, self.report.came)
        self._tell(book)
        self.report.new = [(activity, len(self._new_at(activity))) for activity in self.activities.new]

    def _tell(self, book: ActivityBook) -> None:
        """Tell what is not recorded: who did not come, and columns that were not used."""
        self.report.problems += [
            ImportProblem(row.sheet, row.row, ATTENDED[0], row.words, UNCLEAR) for row in unclear(book.came)
        ]
        self.report.absent, self.report.not_taken = list(absent(book.came)), book.not_taken

    def finish(self) -> None:
        """Write what depends on the saved activities: their status, who came, the entries of the trail."""
        for activity, status in self.activities.transitions:
            activity.hold() if status == Activity.Status.HELD else activity.cancel()
        for one in self.came.gathered.values():
            if one.new:
                source = Attendance.Source.IMPORT
                attendance.enrol(one.activity, one.new, user=self.user, source=source, duties=one.new)
            if one.changed:
                attendance.note_duties(one.activity, one.changed, user=self.user)
        for path in access.scope_paths(self.user, Resource.ACTIVITY, Right.WRITE):
            changes = self._changes(path)
            if any(changes.values()):
                record("import", Activity, path=path, changes=changes)

    def _run(self, resource: ModelResource, table: ImportTable, headings: Headings, count: RowCount) -> None:
        dataset = table.dataset(headings)
        if self.dry_run:
            result = resource.import_data_inner(
                dataset, dry_run=True, raise_errors=False, using_transactions=False, collect_failed_rows=False
            )
        else:
            result = resource.import_data(dataset, use_transactions=False)
        _raise_unexpected(result)
        count.new, count.changed, count.same = (result.totals[kind] for kind in ("new", "update", "skip"))
        self.report.problems += _problems(result, table, headings)

    def _new_at(self, activity: Activity) -> dict[int, str]:
        gathered = self.came.gathered.get(id(activity))
        return gathered.new if gathered else {}

    def _changes(self, path: str) -> dict[str, Any]:
        """Return the new and changed activities in this part of the tree, for the trail."""
        names = [name for name in self.activities.fields if name not in self.activities.get_import_id_fields()]
        changed = {
            str(activity.pk): differences(activity._loaded, {name: getattr(activity, name) for name in names})
            for activity in self.activities.changed
            if activity.area.path.startswith(path)
        }
        new = [activity.pk for activity in self.activities.new if activity.area.path.startswith(path)]
        return {"new": new, "changed": changed}


def _days(book: ActivityBook) -> Iterable[date]:
    """Yield the days of the rows, as far as they can be read."""
    for table, headings, day in ((book.activities, ACTIVITIES, "日期"), (book.came, CAME, "活动日期")):
        yield from (key.day for row in table.dataset(headings).dict if (key := read_key(row, day=day)))


def _problems(result: Result, table: ImportTable, headings: Headings) -> Iterator[ImportProblem]:
    for invalid in result.invalid_rows:
        sheet, number = table.places[invalid.number - 1]
        cells = table.rows[invalid.number - 1]
        for name, messages in invalid.error.message_dict.items():
            column = headings[name][0] if name in headings else ""
            yield ImportProblem(sheet, number, column, cells.get(name, ""), "".join(messages))


def _raise_unexpected(result: Result) -> None:
    """Raise any error that is not the file's: it is a fault of ours."""
    for error in (*result.base_errors, *(error for _, errors in result.row_errors() for error in errors)):
        raise error.error
