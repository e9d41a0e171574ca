"""The rows of a workbook of activities, held against what is recorded: what they would make, change, or get wrong.

Nothing here writes. `write` carries a plan out, by the rules that every door calls.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, time
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.imports.came import CameRows
from activities.imports.headings import ACTIVITIES
from activities.imports.known import ActivityKey, Known
from activities.imports.planned import ActivityPlan
from activities.imports.rows import NEEDED, Errors, Rows, attempt, day_of, value_of
from activities.imports.sheets import ActivityBook, ImportRow
from activities.models import Activity

Status = Activity.Status
VALUES = [name for name in ACTIVITIES if name not in ("area", "status")]
IDENTITY = ("title", "held_on")
TWICE = "这次活动在表里写了两遍，请删去一行；确实办了两场的，请填写不同的开始时间"


def make_plan(book: ActivityBook, known: Known) -> ActivityPlan:
    """Plan the activities first, then who came to them."""
    plan = ActivityPlan()
    activities = _Activities(book, known, plan)
    for row in book.activities:
        activities.take(row)
    came = CameRows(book, known, plan)
    for row in book.came:
        came.take(row)
    return plan


def days_of(book: ActivityBook) -> Iterator[date]:
    """Yield the days of the rows, as far as they can be read."""
    for row in (*book.activities, *book.came):
        if (day := day_of(row)) is not None:
            yield day


class _Activities(Rows):
    """Activities, identified by area, title, day and, where a file has several, time.

    An empty cell leaves the stored value as it is.
    """

    def __init__(self, book: ActivityBook, known: Known, plan: ActivityPlan):
        super().__init__(book, known, plan)
        self.times = Counter(key for row in book.activities if (key := self.key(row)))
        self.seen: set[tuple[ActivityKey, time | None]] = set()

    def take(self, row: ImportRow) -> None:
        errors: Errors = {}
        values = {name: attempt(errors, name, partial(value_of, row, name)) for name in VALUES}
        if key := self.key(row):
            self.known.of_file[key.title, key.day].add(key)
        try:
            stored = self._stored(row, values["begins_at"])
        except ValueError as problem:
            self._fail(row, {"title": str(problem)} | errors)
            return
        if stored:
            self._change(row, stored, values, errors)
        else:
            self._add(row, values, errors)

    def _fail(self, row: ImportRow, errors: Errors) -> None:
        self.tell(row, _in_order(errors))
        if key := self.key(row):
            self.known.failed.add(key)

    def _stored(self, row: ImportRow, begins_at: time | None) -> Activity | None:
        key = self.key(row)
        if key is None:
            return None
        if (key, begins_at) in self.seen:
            raise ValueError(TWICE)
        self.seen.add((key, begins_at))
        return self.known.activity(key, begins_at, exactly=self.times[key] > 1)

    def _add(self, row: ImportRow, values: dict[str, Any], errors: Errors) -> None:
        told = row.cells | {"area": self.book.organiser(row)}
        for name in NEEDED:
            if not told.get(name):
                errors.setdefault(name, NEEDED[name])
        activity = Activity(**{name: value for name, value in values.items() if value is not None})
        day = values["held_on"] or timezone.localdate()
        area = attempt(errors, "area", lambda: self.known.places.area(told["area"], day))
        if area:
            activity.area = area
        status = attempt(errors, "status", lambda: value_of(row, "status"))
        if values["held_on"]:
            _begin(activity, status)
            _check(activity.full_clean, errors, validate_unique=False, validate_constraints=False)
        if errors:
            self._fail(row, errors)
            return
        self.plan.new.append(activity)
        self.plan.activities.new += 1
        self.known.add(activity)

    def _change(self, row: ImportRow, stored: Activity, values: dict[str, Any], errors: Errors) -> None:
        new = {name: value for name, value in values.items() if value is not None and name not in IDENTITY}
        changes = {
            name: [getattr(stored, name), value] for name, value in new.items() if getattr(stored, name) != value
        }
        for name, (_, value) in changes.items():
            setattr(stored, name, value)
        status = attempt(errors, "status", lambda: _transition(stored, value_of(row, "status")))
        _check(stored.clean_fields, errors)  # the rest of its rules is about the day, which stays
        if errors:
            self._fail(row, errors)
            return
        if status:
            self.plan.transitions.append((stored, status))
            self.plan.cancelled.update({id(stored)} if status == Status.CANCELLED else ())
        if changes:
            self.plan.changed.append((stored, changes))
        self.plan.activities.changed += bool(changes or status)
        self.plan.activities.same += not (changes or status)


def _check(clean: Callable[..., None], errors: Errors, **options: bool) -> None:
    """Check the model's rules, except for those that query the database row by row."""
    try:
        clean(exclude={*errors, "area"}, **options)
    except ValidationError as refusal:
        for name, sentences in refusal.message_dict.items():
            errors.setdefault(name, "".join(sentences))


def _begin(activity: Activity, status: str | None) -> None:
    """Set a new activity's status and its moment; without one in the row, its day decides."""
    activity.status = status or (Status.HELD if activity.is_due else Status.PLANNED)
    activity.recorded_at = timezone.now() if activity.is_held else None
    activity.cancelled_at = timezone.now() if activity.status == Status.CANCELLED else None


def _transition(activity: Activity, status: str | None) -> str | None:
    """Return the status that a row gives a stored activity, None where it stays; other transitions are the page's."""
    if not status or status == activity.status:
        return None
    if not activity.is_planned:
        now, then = activity.get_status_display(), Status(status).label
        raise ValueError(f"这次活动现在是“{now}”，不能从表里改成“{then}”，请在活动页上改")
    if status == Status.HELD and not activity.is_due:
        raise ValueError("活动的日期还没到，不能登记为已举办")
    if status == Status.CANCELLED and activity.has_come:  # type: ignore[attr-defined]
        raise ValueError("已经登记了参加的人，不能取消。登记错了的，请先在活动页上去掉")
    return status


def _in_order(errors: Errors) -> Errors:
    return {name: errors[name] for name in (*ACTIVITIES, *errors) if name in errors}
