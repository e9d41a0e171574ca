"""Taking an import of activities back: what it made goes, what it changed is as before.

What was edited since stays and is listed. An activity that the import made and those who came to it go or stay
together. An activity was edited if the audit trail has a change of it after the import.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from activities.imports.report import unseal_made
from activities.models import Activity, ActivityImport, Attendance
from activities.rules import attendance
from members.ground import audit
from members.ground.access import Right
from members.ground.dependents import uses_of
from members.ground.history import batches
from members.models import AuditEntry, User

EDITED = "导入之后又有人改过"
EDITED_PRESENCE = "有 {} 位的参加、六员在导入之后又有人改过，没有撤销"
STILL_RECORDED = "还有别人登记的参加，没有改回“计划中”"
OUT_OF_REACH = "有 {} 次活动已经作废，或者不在您的岗位范围内，没有撤销"
REASON = "撤销活动导入"

Staying = list[tuple[str, str]]  # the name of what stays, and the reason


class PresenceNow(NamedTuple):
    """A member's presence as it is now: its row, the role, and whether it is still the import's record."""

    pk: int
    duty: str
    is_imports: bool


def take_back(upload: ActivityImport, user: User) -> Staying:
    """Undo within the caller's transaction, which has locked the street; return what stays."""
    undoing = ActivityUndoing(upload, user)
    rows = Activity.objects.filter(pk__in=undoing.touched).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    staying = undoing.staying()
    undoing.carry_out()
    audit.record("undo", upload, path=upload.area.path, changes={"kept": len(staying)})
    return staying


class ActivityUndoing:
    """What an undo would do now; only `carry_out` writes."""

    def __init__(self, upload: ActivityImport, user: User):
        self.upload, self.user, self.made = upload, user, unseal_made(upload.made)
        keys = {key for name in ("changed", "came", "duties", "status") for key in self.made[name]}
        assert upload.applied_at
        self.applied_at = upload.applied_at
        self.touched = sorted({*self.made["activities"], *map(int, keys)})

    def staying(self) -> Staying:
        """Return what stays, each with its reason."""
        kept = [(_named(self.activities[pk]), why) for pk, why in self._kept.items()]
        counts = {pk: len(self._kept_presence(pk)) for pk in self._going_back}
        kept += [(_named(self.activities[pk]), EDITED_PRESENCE.format(n)) for pk, n in counts.items() if n]
        away = Activity.objects.filter(pk__in=set(self.touched) - self.activities.keys()).count()
        return sorted(kept) + ([(self.upload.file_name, OUT_OF_REACH.format(away))] if away else [])

    def carry_out(self) -> None:
        for pk in self._going_back:
            self._strike(self.activities[pk])
            self._return_duties(self.activities[pk])
        for pk in set(self._stored) - self._kept.keys():
            self._restore(self.activities[pk])
        self._delete([self.activities[pk] for pk in self._new if pk not in self._kept])

    @cached_property
    def activities(self) -> dict[int, Activity]:
        """Those activities that the user may write, by id."""
        mine = Activity.objects.for_user(self.user, Right.WRITE).select_related("area")
        return {pk: row for batch in batches(self.touched) for pk, row in mine.in_bulk(batch).items()}

    @property
    def _new(self) -> list[int]:
        return [pk for pk in self.made["activities"] if pk in self.activities]

    @property
    def _stored(self) -> list[int]:
        return sorted(self.activities.keys() - set(self.made["activities"]))

    @property
    def _going_back(self) -> list[int]:
        """The activities (ids) whose presences go back to what they were: stored ones, and new ones that go."""
        return [*self._stored, *(pk for pk in self._new if pk not in self._kept)]

    @cached_property
    def _came(self) -> dict[int, dict[int, PresenceNow]]:
        """Who came to each activity, as it is now."""
        found: dict[int, dict[int, PresenceNow]] = {pk: {} for pk in self.activities}
        for batch in batches(sorted(self.activities)):
            rows = Attendance.objects.filter(activity__in=batch)
            for activity, member, pk, duty, source, at in rows.values_list(
                "activity", "member", "pk", "duty", "source", "recorded_at"
            ):
                is_imports = source == Attendance.Source.IMPORT and at <= self.applied_at
                found[activity][member] = PresenceNow(pk, duty, is_imports)
        return found

    @cached_property
    def _kept(self) -> dict[int, str]:
        """The activities (id: reason) that stay as they are."""
        edited = _edited(self.upload, self.touched)
        kept = {pk: EDITED for pk in self._new if pk in edited}
        kept |= {pk: why for pk, why in self._used.items() if pk not in kept}
        return kept | {pk: why for pk in self._stored if (why := self._why_kept(pk))}

    @cached_property
    def _used(self) -> dict[int, str]:
        """The new activities (id: reason) that something else holds on to."""
        rows = {self._came[pk][member].pk for pk in self._new for member in self._as_written(pk)}
        return uses_of(Activity, self._new, street_path=self.upload.area.street_path, but={Attendance: rows})

    def _why_kept(self, pk: int) -> str:
        """Return why a stored activity cannot be as it was before, "" where it can."""
        activity = self.activities[pk]
        for name, (_, new) in self.made["changed"].get(str(pk), {}).items():
            if _text(getattr(activity, name)) != new:
                return EDITED
        before, after = self.made["status"].get(str(pk), ("", ""))
        if after and activity.status != after:
            return EDITED
        return STILL_RECORDED if before and set(self._came[pk]) - set(self._as_written(pk)) else ""

    def _as_written(self, pk: int) -> list[int]:
        """Return the members (ids) whose presence is as the import wrote it."""
        made, now = self.made["came"].get(str(pk), {}), self._came[pk]
        return [member for member, came in now.items() if came.is_imports and made.get(str(member)) == came.duty]

    def _back_to(self, pk: int) -> dict[int, str]:
        """Return the roles (by member's id) that go back to what they were."""
        duties, now = self.made["duties"].get(str(pk), {}), self._came[pk]
        return {int(key): old for key, (old, new) in duties.items() if int(key) in now and now[int(key)].duty == new}

    def _kept_presence(self, pk: int) -> set[int]:
        """Return the members (ids) whose presence or role the import wrote, and somebody changed since."""
        made, duties, now = self.made["came"].get(str(pk), {}), self.made["duties"].get(str(pk), {}), self._came[pk]
        written = {int(key) for key in made} - set(self._as_written(pk))
        changed = {int(key) for key, (old, _) in duties.items() if int(key) in now and now[int(key)].duty != old}
        return {member for member in written if member in now} | (changed - self._back_to(pk).keys())

    def _strike(self, activity: Activity) -> None:
        if members := self._as_written(activity.pk):
            attendance.strike(activity, members, user=self.user, is_final=True)

    def _return_duties(self, activity: Activity) -> None:
        if back := self._back_to(activity.pk):
            attendance.note_duties(activity, back, user=self.user)

    def _restore(self, activity: Activity) -> None:
        changes = self.made["changed"].get(str(activity.pk), {})
        for name, (old, _) in changes.items():
            setattr(activity, name, activity._meta.get_field(name).to_python(old))  # type: ignore[union-attr]
        if changes:
            activity.save(update_fields=list(changes))
        if str(activity.pk) in self.made["status"]:
            activity.reopen()

    def _delete(self, activities: list[Activity]) -> None:
        """Delete activities that nothing holds on to, with an entry for each, because they have no history."""
        for activity in activities:
            audit.record("delete", activity, changes={"title": [activity.title, None]}, reason=REASON)
        for batch in batches([activity.pk for activity in activities]):
            rows = Activity.objects.filter(pk__in=batch)
            rows._raw_delete(rows.db)  # nothing refers to them: a cascade could only delete rows that were missed


def _edited(upload: ActivityImport, pks: Iterable[int]) -> set[int]:
    """Return the activities that somebody changed since, by the audit trail."""
    since = AuditEntry.objects.filter(model=Activity._meta.label, at__gte=upload.applied_at)
    changed = since.filter(action=AuditEntry.Action.CHANGE)
    found: set[int] = set()
    for batch in batches([str(pk) for pk in pks]):
        found |= {int(row) for row in changed.filter(row__in=batch).values_list("row", flat=True)}
    return found


def _named(activity: Activity) -> str:
    return f"{activity.held_on:%Y-%m-%d} {activity.area} {activity}"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
