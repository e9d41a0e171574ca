"""Taking an import of activities back: what it made goes, what it changed is as before.

What was edited since stays and is listed. An activity that the import made and those who came to it go or stay
together. An activity was edited if the audit trail has a change of it after the import.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from activities.models import Activity, ActivityImport, Attendance
from activities.rules import attendance
from members.ground import audit
from members.ground.access import Right
from members.ground.dependents import uses_of
from members.ground.history import batches
from members.models import AuditEntry, User

EDITED = "导入之后又有人改过"
STILL_RECORDED = "还有别人登记的参加，没有改回“计划中”"
REASON = "撤销活动导入"


@dataclass(slots=True)
class StayingActivities:
    """What an undo leaves: activities by id, each with its name and the reason."""

    activities: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, activity: Activity, why: str) -> None:
        self.activities.setdefault(activity.pk, (f"{activity.held_on:%Y-%m-%d} {activity.area} {activity}", why))

    def as_list(self) -> list[tuple[str, str]]:
        return sorted(self.activities.values())


def take_back(upload: ActivityImport, user: User) -> StayingActivities:
    """Undo within the caller's transaction, which has locked the street; return what stays."""
    list(
        Activity.objects.filter(pk__in=_touched(upload)).order_by("pk").select_for_update(no_key=True).values_list("pk")
    )
    undoing = ActivityUndoing(upload, user)
    undoing.carry_out()
    changes = {"kept": len(undoing.staying.activities)}
    audit.record("undo", upload, path=upload.area.path, changes=changes)
    return undoing.staying


class ActivityUndoing:
    """What an undo would do now; only `carry_out` writes."""

    def __init__(self, upload: ActivityImport, user: User):
        self.upload, self.user, self.made = upload, user, upload.made
        mine = Activity.objects.for_user(user, Right.WRITE).select_related("area")
        pks = _touched(upload)
        self.activities: dict[int, Activity] = {}
        for batch in batches(pks):
            self.activities |= mine.in_bulk(batch)
        self.edited = _edited(upload, pks)

    @cached_property
    def staying(self) -> StayingActivities:
        staying = StayingActivities()
        for pk in self._new:
            if pk in self.edited:
                staying.add(self.activities[pk], EDITED)
            elif pk in self._used:
                staying.add(self.activities[pk], self._used[pk])
        for pk in self._stored:
            if why := self._why_changed(pk):
                staying.add(self.activities[pk], why)
        return staying

    def carry_out(self) -> None:
        staying = self.staying.activities
        gone = [self.activities[pk] for pk in self._new if pk not in staying]
        for activity in (*gone, *(self.activities[pk] for pk in self._stored)):
            self._strike(activity)
            self._return_duties(activity)
        for pk in self._stored:
            if pk not in staying:
                self._restore(self.activities[pk])
        self._delete(gone)

    @property
    def _new(self) -> list[int]:
        return [pk for pk in self.made.get("activities", []) if pk in self.activities]

    @property
    def _stored(self) -> list[int]:
        return sorted(self.activities.keys() - set(self.made.get("activities", [])))

    @cached_property
    def _came(self) -> dict[int, list[int]]:
        """The members (ids) by activity whose attendance is as the import wrote it."""
        found: dict[int, list[int]] = {pk: [] for pk in self.activities}
        for batch in batches(sorted(self.activities)):
            rows = Attendance.objects.filter(activity__in=batch, source=Attendance.Source.IMPORT)
            for activity, member, duty in rows.filter(recorded_at__lte=self.upload.applied_at).values_list(
                "activity", "member", "duty"
            ):
                if self.made.get("came", {}).get(str(activity), {}).get(str(member)) == duty:
                    found[activity].append(member)
        return found

    @cached_property
    def _used(self) -> dict[int, str]:
        """The new activities (id: reason) that something else holds on to."""
        rows: set[int] = set()
        for batch in batches(self._new):
            going = Attendance.objects.filter(activity__in=batch).values_list("pk", "activity", "member")
            rows |= {pk for pk, activity, member in going if member in self._came[activity]}
        return uses_of(Activity, self._new, street_path=self.upload.area.street_path, but={Attendance: rows})

    def _why_changed(self, pk: int) -> str:
        """Return why a stored activity cannot be as it was before, "" where it can."""
        activity = self.activities[pk]
        for name, (_, new) in self.made.get("changed", {}).get(str(pk), {}).items():
            if _text(getattr(activity, name)) != new:
                return EDITED
        before, after = self.made.get("status", {}).get(str(pk), ("", ""))
        if after and activity.status != after:
            return EDITED
        others = activity.attendances.exclude(member__in=self._came[pk]) if before else None
        return STILL_RECORDED if others is not None and others.exists() else ""

    def _strike(self, activity: Activity) -> None:
        if members := self._came[activity.pk]:
            attendance.strike(activity, members, user=self.user)

    def _return_duties(self, activity: Activity) -> None:
        """Give those back their role whose role is as the import wrote it."""
        duties = self.made.get("duties", {}).get(str(activity.pk))
        if not duties:
            return
        now = dict(activity.attendances.filter(member__in=map(int, duties)).values_list("member", "duty"))
        back = {int(pk): old for pk, (old, new) in duties.items() if now.get(int(pk)) == new}
        if back:
            attendance.note_duties(activity, back, user=self.user)

    def _restore(self, activity: Activity) -> None:
        changes = self.made.get("changed", {}).get(str(activity.pk), {})
        for name, (old, _) in changes.items():
            setattr(activity, name, activity._meta.get_field(name).to_python(old))  # type: ignore[union-attr]
        if changes:
            activity.save(update_fields=list(changes))
        if str(activity.pk) in self.made.get("status", {}):
            activity.reopen()

    def _delete(self, activities: list[Activity]) -> None:
        """Delete activities that nothing holds on to, with an entry for each, because they have no history."""
        for activity in activities:
            audit.record("delete", activity, changes={"title": [activity.title, None]}, reason=REASON)
        for batch in batches([activity.pk for activity in activities]):
            rows = Activity.objects.filter(pk__in=batch)
            rows._raw_delete(rows.db)  # nothing refers to them: a cascade could only delete rows that were missed


def _touched(upload: ActivityImport) -> list[int]:
    """Return the ids of all activities that the import made or changed anything of."""
    keys = {key for name in ("changed", "came", "duties", "status") for key in upload.made.get(name, {})}
    return sorted({*upload.made.get("activities", []), *map(int, keys)})


def _edited(upload: ActivityImport, pks: Iterable[int]) -> set[int]:
    """Return the activities that somebody changed since, by the audit trail."""
    since = AuditEntry.objects.filter(model=Activity._meta.label, at__gte=upload.applied_at)
    changed = set(since.filter(action=AuditEntry.Action.CHANGE).values_list("row", flat=True))
    return {pk for pk in pks if str(pk) in changed}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
