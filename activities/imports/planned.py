"""What a workbook of activities would do: the parts of a plan."""

from dataclasses import dataclass, field
from typing import Any

from activities.models import Activity


@dataclass(slots=True)
class ImportProblem:
    """An error in one cell, by its heading as written ("" for none); the message says what to do."""

    sheet: str
    row: int
    column: str
    value: str
    message: str


@dataclass(slots=True)
class AbsentRow:
    """A row of somebody who did not come: its place, and what it says."""

    sheet: str
    row: int
    name: str
    title: str
    words: str


@dataclass(slots=True)
class RowCount:
    new: int = 0
    changed: int = 0
    same: int = 0


@dataclass(slots=True)
class Presence:
    """The members of one activity to record, and those whose role changes, as {id: role}; `before` are their roles."""

    activity: Activity
    new: dict[int, str] = field(default_factory=dict)
    changed: dict[int, str] = field(default_factory=dict)
    before: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class ActivityPlan:
    """What a workbook would do.

    `changed` are stored activities with their new values set, each with {field: [old, new]}; `transitions` are stored
    activities with the status that they get, `cancelled` those that are cancelled; `presence` is who came: both by the
    identity of the activity.
    """

    activities: RowCount = field(default_factory=RowCount)
    came: RowCount = field(default_factory=RowCount)
    new: list[Activity] = field(default_factory=list)
    changed: list[tuple[Activity, dict[str, list[Any]]]] = field(default_factory=list)
    transitions: list[tuple[Activity, str]] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)
    presence: dict[int, Presence] = field(default_factory=dict)
    problems: list[ImportProblem] = field(default_factory=list)
    absent: list[AbsentRow] = field(default_factory=list)

    def new_at(self, activity: Activity) -> dict[int, str]:
        """Return who is to be recorded at an activity, as {id: role}."""
        found = self.presence.get(id(activity))
        return found.new if found else {}
