"""Writing a workbook of activities in one transaction, behind the locks of its areas."""

from typing import Any

from django.core.exceptions import ValidationError

from activities.imports.known import Known, Places
from activities.imports.plan import days_of, make_plan
from activities.imports.planned import ActivityPlan
from activities.imports.report import Report, report_of
from activities.imports.sheets import ActivityBook
from activities.models import Activity, Attendance
from activities.rules import attendance, recording
from members.ground.atomic import atomic_write
from members.ground.audit import differences, record
from members.ground.history import batches
from members.models import Area, User
from members.roster.stages import ChangedMeanwhile

CHANGED = "预览之后有人登记或改动了这些活动、参加的人，已重新比对，请再核对一遍。"

Made = dict[str, Any]


def check(book: ActivityBook, user: User, area: Area) -> Report:
    """Return what the workbook would do, without a transaction that would keep others from writing."""
    return report_of(book, make_plan(book, Known(user, area, days_of(book))))


def write(book: ActivityBook, user: User, area: Area, *, seen: str) -> tuple[Report, Made]:
    """Write the rows without errors; a second time changes nothing. Return the report, and what was made.

    ChangedMeanwhile where the outcome is not the one that was `seen`, or a rule refuses it now.
    """
    with atomic_write():
        known = _locked(book, user, area)
        plan = make_plan(book, known)
        report = report_of(book, plan)
        if report.outcome != seen:
            raise ChangedMeanwhile(CHANGED)
        try:
            return report, _carry_out(plan, user)
        except ValidationError as refusal:
            raise ChangedMeanwhile("".join(refusal.messages)) from refusal


def _locked(book: ActivityBook, user: User, area: Area) -> Known:
    """Lock what the book names, and read it.

    Two imports at once of one street queue, so that neither makes what the other is making. Whoever records an activity
    by its page queues behind the area's row: those that the book names come next.
    """
    paths = Places(user, area).paths({book.organiser(row) for row in book.activities}) | {area.street_path}
    list(Area.objects.select_for_update(no_key=True).filter(path__in=paths).order_by("path"))
    return Known(user, area, days_of(book), lock=True)


def _carry_out(plan: ActivityPlan, user: User) -> Made:
    """Write the plan; return what it made and changed, as the undo needs it."""
    stored = _stored(plan)
    before = _statuses(stored)
    recording.add_all(plan.new, is_import=True)
    if names := sorted({name for _, changes in plan.changed for name in changes}):
        Activity.objects.bulk_update([activity for activity, _ in plan.changed], names)
    for activity, status in plan.transitions:
        activity.hold() if status == Activity.Status.HELD else activity.cancel()
    for presence in plan.presence.values():
        if presence.new:
            source = Attendance.Source.IMPORT
            attendance.enrol(presence.activity, presence.new, user=user, source=source, duties=presence.new)
        if presence.changed:
            attendance.note_duties(presence.activity, presence.changed, user=user)
    for activity, changes in plan.changed:
        record("change", activity, changes=_entry(changes))
    after = _statuses(stored)
    return _made(plan) | {"status": {str(pk): [before[pk], after[pk]] for pk in stored if before[pk] != after[pk]}}


def _made(plan: ActivityPlan) -> Made:
    presences = plan.presence.values()
    return {
        "activities": [activity.pk for activity in plan.new],
        "changed": {str(activity.pk): _texts(changes) for activity, changes in plan.changed},
        "came": {str(one.activity.pk): _keyed(one.new) for one in presences if one.new},
        "duties": {
            str(one.activity.pk): {str(pk): [one.before[pk], duty] for pk, duty in one.changed.items()}
            for one in presences
            if one.changed
        },
    }


def _texts(changes: dict[str, list[Any]]) -> dict[str, list[str | None]]:
    return {name: [None if value is None else str(value) for value in values] for name, values in changes.items()}


def _entry(changes: dict[str, list[Any]]) -> dict[str, Any]:
    """Return the changes as the trail writes them down."""
    before, after = ({name: values[at] for name, values in changes.items()} for at in (0, 1))
    return differences(before, after)


def _keyed(duties: dict[int, str]) -> dict[str, str]:
    return {str(pk): duty for pk, duty in duties.items()}


def _stored(plan: ActivityPlan) -> list[int]:
    """Return the ids of the stored activities whose status may change."""
    touched = [activity for activity, _ in plan.transitions] + [each.activity for each in plan.presence.values()]
    return sorted({activity.pk for activity in touched if activity.pk})


def _statuses(pks: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for batch in batches(pks):
        found |= dict(Activity.objects.filter(pk__in=batch).order_by().values_list("pk", "status"))
    return found
