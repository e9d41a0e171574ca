"""The resources for import-export: they clean cells, look up rows, and report each error as a sentence."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils import timezone
from import_export.fields import Field
from import_export.resources import ModelResource

from activities.imports.cells import Clock, CountWidget, DayWidget, Label, Text
from activities.imports.known import ActivityKey, Ambiguous, ImportMember, Known, key_of
from activities.models import Activity, Attendance
from activities.rules import recording
from members.ground.text import squeezed
from members.models import Duty, Member

T = TypeVar("T")
Status = Activity.Status
STATUSES = {str(label): value for value, label in Status.choices}
NEEDED = {
    "主办": "没有填主办，请写区域的全称，如“第一社区 迎晖苑1期”",
    "活动名称": "没有填活动名称，请补上",
    "工作领域": f"没有填工作领域，请填：{'、'.join(map(str, Activity.Field.labels))}",
}
TWICE = "这次活动在表里写了两遍，请删去一行；确实办了两场的，请填写不同的开始时间"
NO_SUCH_ACTIVITY = "没有找到 {day} {area}的“{title}”，请把这次活动写进“活动”表，或核对日期、名称和主办"


class ActivitiesIn(ModelResource):
    """Activities, identified by area, title and day. An empty cell leaves the stored value as it is."""

    area = Field("area", "主办")
    title = Field("title", "活动名称", Text("title"))
    held_on = Field("held_on", "日期", DayWidget())
    begins_at = Field("begins_at", "开始时间", Clock(), saves_null_values=False)
    place = Field("place", "地点", Text("place"), saves_null_values=False)
    field = Field("field", "工作领域", Label(Activity.Field), saves_null_values=False)
    regularity = Field("regularity", "经常性/阶段性", Label(Activity.Regularity), saves_null_values=False)
    visibility = Field("visibility", "显性/隐性", Label(Activity.Visibility), saves_null_values=False)
    support = Field("support", "物质/精神文化", Label(Activity.Support), saves_null_values=False)
    co_organisers = Field("co_organisers", "协办", Text("co_organisers"), saves_null_values=False)
    residents_reached = Field("residents_reached", "参加的群众人数", CountWidget(), saves_null_values=False)
    result = Field("result", "活动结果", Text("result"), saves_null_values=False)

    class Meta:
        model = Activity
        use_bulk = skip_unchanged = skip_html_diff = True
        import_id_fields = ["area", "title", "held_on"]
        fields = (
            "area", "title", "held_on", "begins_at", "place", "field", "regularity", "visibility", "support",
            "co_organisers", "residents_reached", "result",
        )  # fmt: skip

    def __init__(self, known: Known):
        super().__init__()
        self.known = known
        self.new: list[Activity] = []
        self.changed: list[Activity] = []
        self.transitions: list[tuple[Activity, str]] = []
        self.seen: set[tuple[ActivityKey, time | None]] = set()

    def before_import(self, dataset, **kwargs):
        self.times = Counter(read_key(row, day="日期") for row in dataset.dict)

    def get_instance(self, instance_loader, row):
        """Return the stored activity of the row, if there is one."""
        key, begins_at = read_key(row, day="日期"), Clock().read(row["开始时间"])
        if key is None:
            return None
        if (key, begins_at) in self.seen:
            raise ValidationError({"title": TWICE})
        self.seen.add((key, begins_at))
        try:
            return self.known.activity(key, begins_at, exactly=self.times[key] > 1)
        except Ambiguous as problem:
            raise ValidationError({"title": str(problem)}) from problem

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """Read one cell; the fields that identify a stored activity stay as they are stored."""
        if instance.pk is None:
            if field.column_name in NEEDED and not row[field.column_name]:
                raise ValueError(NEEDED[field.column_name])
            if field.attribute == "area":
                day = DayWidget().read(row["日期"]) or timezone.localdate()
                instance.area = self.known.area(row["主办"], day)
                return
        elif field.attribute in self._meta.import_id_fields:
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def import_instance(self, instance, row, **kwargs):
        errors: dict[str, Any] = {}
        _collect_errors(errors, lambda: super(ActivitiesIn, self).import_instance(instance, row, **kwargs))
        status = _collect_errors(errors, lambda: _status(instance, row["状态"]))
        if errors:
            raise ValidationError(errors)
        if instance.pk is None:
            _begin(instance, status)
        elif status and status != instance.status:
            self.transitions.append((instance, status))

    def skip_row(self, instance, original, row, import_validation_errors=None):
        has_transition = any(instance is other for other, _ in self.transitions)
        return not has_transition and super().skip_row(instance, original, row, import_validation_errors)

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """Check the model's rules, except for those that query the database row by row."""
        errors = dict(import_validation_errors or {})
        try:
            instance.full_clean(exclude={*errors, "area"}, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def bulk_create(self, using_transactions, dry_run, raise_errors, batch_size=None, result=None):
        """Write the new ones by the rule that every door calls; it judges again what somebody wrote meanwhile."""
        if self.create_instances and not dry_run:
            recording.add_all(self.create_instances, is_import=True)
        self.create_instances.clear()

    def after_save_instance(self, instance, row, **kwargs):
        if instance.pk is None:
            self.new.append(instance)
            self.known.add(instance)
        else:
            self.changed.append(instance)


@dataclass(slots=True)
class Gathered:
    """The members of one activity to record, and those whose role changes, as {id: role}."""

    activity: Activity
    new: dict[int, str] = field(default_factory=dict)
    changed: dict[int, str] = field(default_factory=dict)


class CameIn(ModelResource):
    """Who came. The rows are gathered for `activities.rules.attendance`, which alone writes them."""

    duty = Field("duty", "六员", Label(Duty.Kind), saves_null_values=False)

    class Meta:
        model = Attendance
        use_bulk = skip_diff = True
        fields = ("duty",)

    def __init__(self, known: Known):
        super().__init__()
        self.known = known
        self.gathered: dict[int, Gathered] = {}

    def before_import(self, dataset, **kwargs):
        keys = {read_key(row, day="活动日期") for row in dataset.dict} - {None}
        self.recorded = self.known.recorded(activity for key in keys for activity in self.known.activities.get(key, ()))

    def get_or_init_instance(self, instance_loader, row):
        """Return the attendance as it is recorded, or a new one of a member who may have come."""
        errors: dict[str, Any] = {}
        activity = _collect_errors(errors, lambda: self._activity(row))
        person = _collect_errors(errors, lambda: self._person(row, activity))
        _collect_errors(errors, lambda: _check_role(row["六员"]))
        if activity and person and self._duty(activity, person.pk) is None:
            _collect_errors(errors, lambda: _check_may_come(activity, person))
        if errors or not activity or not person:
            raise ValidationError(errors)
        duty = self._duty(activity, person.pk)
        member = Member(pk=person.pk, name=person.name)
        return Attendance(activity=activity, member=member, duty=duty or ""), duty is None

    def skip_row(self, instance, original, row, import_validation_errors=None):
        return not import_validation_errors and self._duty(instance.activity, instance.member_id) == instance.duty

    def save_instance(self, instance, is_create, row, **kwargs):
        activity = instance.activity
        gathered = self.gathered.setdefault(id(activity), Gathered(activity))
        rows = gathered.new if is_create or instance.member_id in gathered.new else gathered.changed
        rows[instance.member_id] = instance.duty

    def _duty(self, activity: Activity, member: int) -> str | None:
        """Return the member's role at the activity ("" for none); None where no record and no row above has them."""
        above = self.gathered.get(id(activity))
        for rows in (above.new, above.changed) if above else ():
            if member in rows:
                return rows[member]
        return self.recorded.duties.get((activity.pk, member))

    def _activity(self, row: dict) -> Activity:
        for heading, name in (("活动名称", "title"), ("主办", "area")):
            if not row[heading]:
                raise ValidationError({name: NEEDED[heading]})
        try:
            day = DayWidget().clean(row["活动日期"])
        except ValueError as problem:
            raise ValidationError({"held_on": str(problem)}) from problem
        try:
            found = self.known.activity(key_of(row["主办"], row["活动名称"], day))
        except Ambiguous as problem:
            raise ValidationError({"title": str(problem)}) from problem
        if found is None:
            message = NO_SUCH_ACTIVITY.format(day=day, area=row["主办"], title=row["活动名称"])
            raise ValidationError({"title": message})
        return found

    def _person(self, row: dict, activity: Activity | None) -> ImportMember:
        if not row["姓名"]:
            raise ValidationError({"member": "没有填姓名，请补上"})
        try:
            return self.known.person(row["姓名"], row["住址"])
        except Ambiguous as problem:
            raise ValidationError({"home": str(problem)}) from problem
        except ValueError as problem:
            # A member who moved out of the user's reach since stays on the list of those who came.
            if activity and (person := self.recorded.person(activity, row["姓名"])):
                return person
            raise ValidationError({"member": str(problem)}) from problem


def read_key(row: dict, *, day: str) -> ActivityKey | None:
    """Return the key of the row's activity; None where the row lacks a part of it."""
    return _key(row["主办"], row["活动名称"], row[day])


@lru_cache(maxsize=1024)  # few activities, many who came
def _key(area: str, title: str, day: str) -> ActivityKey | None:
    held_on = DayWidget().read(day)
    return key_of(area, title, held_on) if held_on and area and title else None


def _status(activity: Activity, text: str) -> str:
    """Return the row's status, "" where it has none; ValidationError where the activity cannot have it."""
    label = squeezed(text)
    if label and label not in STATUSES:
        raise ValidationError({"status": f"“{label}”不在可选范围内，请填：{'、'.join(STATUSES)}"})
    status = STATUSES.get(label, "")
    if activity.pk and status and status != activity.status:
        _check_transition(activity, status)
    return status


def _begin(activity: Activity, status: str | None) -> None:
    """Set a new activity's status and its moment; without one in the row, its day decides."""
    activity.status = status or (Status.HELD if activity.is_due else Status.PLANNED)
    activity.recorded_at = timezone.now() if activity.is_held else None
    activity.cancelled_at = timezone.now() if activity.status == Status.CANCELLED else None


def _check_transition(activity: Activity, status: str) -> None:
    """Let a row only make a planned activity held or cancelled; other transitions are made on the activity's page."""
    if not activity.is_planned:
        now, then = activity.get_status_display(), Status(status).label
        raise ValidationError({"status": f"这次活动现在是“{now}”，不能从表里改成“{then}”，请在活动页上改"})
    if status == Status.HELD and not activity.is_due:
        raise ValidationError({"status": "活动的日期还没到，不能登记为已举办"})


def _check_may_come(activity: Activity, person: ImportMember) -> None:
    """Check the rule of `attendance.enrol` ahead, so that the error belongs to a row."""
    if activity.status == Status.CANCELLED:
        raise ValidationError({"title": "这次活动已经取消，不能登记参加的人"})
    if not activity.is_due:
        raise ValidationError({"held_on": "活动的日期还没到，不能登记参加的人"})
    if not person.may_come(activity.held_on):
        raise ValidationError({"member": f"“{person.name}”那时不住在这里，请核对姓名和住址"})


def _check_role(text: str) -> None:
    try:
        Label(Duty.Kind).clean(text)
    except ValueError as problem:
        raise ValidationError({"duty": str(problem)}) from problem


def _collect_errors(errors: dict[str, Any], look_up: Callable[[], T]) -> T | None:
    """Return the value of `look_up`; on a ValidationError add it to `errors` and return None."""
    try:
        return look_up()
    except ValidationError as error:
        error.update_error_dict(errors)
        return None
