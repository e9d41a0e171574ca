"""What a workbook of activities would do, as the preview shows it and as it is kept between preview and writing."""

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from activities.imports.planned import AbsentRow, ActivityPlan, ImportProblem, RowCount
from activities.imports.sheets import ActivityBook, ImportRow
from activities.models import Activity
from members.ground.sealing import decrypt_data, encrypt_data

Sealed = bytes | memoryview | None


@dataclass(slots=True)
class NewActivity:
    """A new activity as the preview lists it, with the number of members who came."""

    title: str
    held_on: str
    area: str
    field: str
    status: str
    came: int

    @property
    def status_label(self) -> str:
        return str(Activity.Status(self.status).label)


@dataclass(slots=True)
class ChangedActivity:
    """A stored activity as the preview lists it: its name and place, and each change in words."""

    title: str
    held_on: str
    area: str
    changes: list[str]


@dataclass(slots=True)
class Report:
    """Counts, the new and the changed activities, every error, who did not come, and what of the file was not used.

    `outcome` stands for all that would be written: it differs where anything about that does.
    """

    activities: RowCount
    came: RowCount
    new: list[NewActivity] = field(default_factory=list)
    changed: list[ChangedActivity] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)
    absent: list[AbsentRow] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    hidden_sheets: list[str] = field(default_factory=list)
    unread_sheets: list[str] = field(default_factory=list)
    heading_rows: dict[str, int] = field(default_factory=dict)
    outcome: str = ""

    @property
    def has_news(self) -> bool:
        return any((self.activities.new, self.activities.changed, self.came.new, self.came.changed))

    @property
    def counts(self) -> dict[str, int]:
        """The counts that stay after the plan itself is deleted."""
        return {
            "new": self.activities.new,
            "changed": self.activities.changed,
            "came": self.came.new,
            "duties": self.came.changed,
            "absent": len(self.absent),
            "error": len(self.problems),
        }


def report_of(book: ActivityBook, plan: ActivityPlan) -> Report:
    return Report(
        plan.activities,
        plan.came,
        [_listed(activity, len(plan.new_at(activity))) for activity in plan.new],
        _changed(plan),
        plan.problems,
        plan.absent,
        book.not_taken,
        book.hidden_sheets,
        book.unread_sheets,
        book.heading_rows,
        _outcome(plan),
    )


def _listed(activity: Activity, came: int) -> NewActivity:
    day, area, label = activity.held_on.isoformat(), activity.area.label, activity.get_field_display()
    return NewActivity(activity.title, day, area, label, activity.status, came)


def _changed(plan: ActivityPlan) -> list[ChangedActivity]:
    changes: dict[int, tuple[Activity, list[str]]] = {}
    for activity, values in plan.changed:
        told = [_told(activity, name, old, new) for name, (old, new) in values.items()]
        changes[activity.pk] = activity, told
    for activity, status in plan.transitions:
        told = changes.setdefault(activity.pk, (activity, []))[1]
        told.append(f"状态：{activity.get_status_display()} → {Activity.Status(status).label}")
    return [
        ChangedActivity(activity.title, activity.held_on.isoformat(), activity.area.label, told)
        for activity, told in changes.values()
    ]


def _told(activity: Activity, name: str, old: Any, new: Any) -> str:
    field = Activity._meta.get_field(name)
    words = dict(getattr(field, "flatchoices", ()))
    before, after = (str(words.get(value, "（空）" if value in (None, "") else value)) for value in (old, new))
    return f"{getattr(field, 'verbose_name', name)}：{before} → {after}"


def _outcome(plan: ActivityPlan) -> str:
    """Return a digest of all that the plan would write."""
    parts: list[Any] = [_identity(activity) for activity in plan.new]
    parts += [[activity.pk, changes] for activity, changes in plan.changed]
    parts += [[activity.pk, status] for activity, status in plan.transitions]
    parts += [
        [_identity(presence.activity), presence.new, presence.changed, presence.before]
        for presence in plan.presence.values()
    ]
    packed = orjson.dumps(parts, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    return sha256(packed).hexdigest()


def _identity(activity: Activity) -> list[Any]:
    return [activity.pk, activity.area_id, activity.title, activity.held_on, activity.begins_at, activity.status]


def seal_book(book: ActivityBook) -> bytes:
    """Return the rows encrypted: they name people."""
    return encrypt_data(asdict(book))


def unseal_book(sealed: Sealed) -> ActivityBook:
    packed = decrypt_data(sealed)
    activities, came = ([ImportRow(**row) for row in packed.pop(name)] for name in ("activities", "came"))
    return ActivityBook(activities, came, **packed)


def seal_report(report: Report) -> bytes:
    return encrypt_data(asdict(report))


def unseal_report(sealed: Sealed) -> Report:
    packed = decrypt_data(sealed)
    lists = {"new": NewActivity, "changed": ChangedActivity, "problems": ImportProblem, "absent": AbsentRow}
    packed |= {name: [kind(**row) for row in packed[name]] for name, kind in lists.items()}
    packed |= {name: RowCount(**packed[name]) for name in ("activities", "came")}
    return Report(**packed)


def seal_made(made: dict[str, Any]) -> bytes:
    return encrypt_data(made)


def unseal_made(sealed: Sealed) -> dict[str, Any]:
    made: dict[str, Any] = decrypt_data(sealed)
    return made
