"""Recording and correcting of activities, the one rule behind the pages, the API, the admin and the import."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from activities.ground.periods import period_label
from activities.models import Activity
from activities.rules import correcting
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area

# The fields a user fills in. Two activities that agree in all of them are one activity sent twice.
FIELDS = (
    "title", "held_on", "area", "field", "begins_at", "place", "regularity", "visibility", "support",
    "co_organisers", "residents_reached", "result",
)  # fmt: skip


class AlreadyThere(ValidationError):
    """The area has activities of the same title, day and time already: `twins`."""

    def __init__(self, twins: Sequence[Activity]):
        day, title = period_label(twins[0].held_on.isoformat()), twins[0].title
        super().__init__(f"{day}“{title}”已经登记过了。确实是另一场，请填写开始时间，或在名称里写出区别。")
        self.twins = twins


def record(*, is_plan: bool = False, **fields: Any) -> tuple[Activity, bool]:
    """Record an activity; return it and whether it is new.

    The same fields sent again return the stored activity. AlreadyThere where other fields differ but area, title, day
    and time agree. It is marked as held if its day has come, unless `is_plan`.
    """
    with atomic_write():
        activity, is_new = Activity(**fields), True
        try:
            add_all([activity])
        except AlreadyThere as refusal:
            same = next((twin for twin in refusal.twins if _is_same(twin, activity)), None)
            if same is None:
                raise
            activity, is_new = same, False
        if activity.is_planned and activity.is_due and not is_plan:
            activity.hold()
    return activity, is_new


def add_all(activities: Sequence[Activity], *, is_import: bool = False) -> None:
    """Save new activities; their areas stay locked and open until the transaction ends.

    An import has checked its rows and leaves one audit entry for all of them. AlreadyThere where one has a twin,
    ValidationError where one is invalid.
    """
    with atomic_write():
        for activity in () if is_import else activities:
            activity.full_clean()
        _lock_open([(activity.area, activity) for activity in activities])
        if twins := twins_of(activities):
            raise AlreadyThere(twins)
        if is_import:
            Activity.objects.bulk_create(activities)
        else:
            for activity in activities:
                activity.save()


def correct(activity: Activity, **changes: Any) -> Activity:
    """Change these fields of an activity and no others; return the stored row."""
    return correcting.correct(activity, changes, require=_require_on_record)


def _require_on_record(activity: Activity) -> None:
    if activity.is_voided:
        raise Conflict(f"“{activity}”已经作废，不能再修改。请刷新页面看看。")


def _lock_open(used: Iterable[tuple[Area, Activity]]) -> None:
    """Lock the areas, so that they stay open; ValidationError where one was not in use on its activity's day."""
    used = list(used)
    rows = Area.objects.filter(pk__in={area.pk for area, _ in used}).order_by("path")
    areas = {area.pk: area for area in rows.select_for_update(no_key=True)}
    for area, activity in used:
        stored, day = areas.get(area.pk), activity.held_on
        since, until = (stored.since, stored.until) if stored else (None, day)
        if (since and day < since) or (until and until <= day):
            raise ValidationError({"area": f"“{area.label}”在 {day} 没有启用，请核对日期和主办。"})


def twins_of(activities: Sequence[Activity]) -> list[Activity]:
    """Return the planned and held activities with the same area, title, day and time; cancelled ones have none."""
    keys = {_key(activity) for activity in activities if activity.status != Activity.Status.CANCELLED}
    days, areas = {activity.held_on for activity in activities}, {activity.area_id for activity in activities}
    near = Activity.objects.filter(area__in=areas, held_on__in=days).planned_or_held()
    return [twin for twin in near.select_related("area") if _key(twin) in keys]


def _key(activity: Activity) -> tuple[Any, ...]:
    return activity.area_id, activity.title, activity.held_on, activity.begins_at


def _is_same(one: Activity, other: Activity) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in FIELDS)
