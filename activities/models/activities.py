"""Activities of an area of any tier, and the members who came (the paper, part one, 3: 抓活动)."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.ground.states import WithStatus
from members.ground.words import each_word
from members.models import Area, Duty, Member
from members.models.households import FIRST_YEAR
from members.models.people import OPINION_REMINDER

LONGEST_AHEAD = timedelta(days=366)
MOST_RESIDENTS = 99_999
WAY_BACK = timedelta(days=7)  # how long an activity that was voided, or an attendance that was struck, can be put back


class ActivityQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.ACTIVITY) -> Self:
        """Activities of the user's areas, without voided ones."""
        return self.within_reach(user, right, resource=resource).exclude(status=Activity.Status.VOIDED)

    def within_reach(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.ACTIVITY) -> Self:
        """Activities of the user's areas, voided ones too."""
        return self.filter(access.within("area__path", access.reach(user, resource, right)))

    def voided_lately(self) -> Self:
        """Voided activities that may still be put back."""
        return self.filter(status=Activity.Status.VOIDED, voided_at__gt=timezone.now() - WAY_BACK)

    def planned_or_held(self) -> Self:
        return self.filter(status__in=(Activity.Status.PLANNED, Activity.Status.HELD))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def held(self) -> Self:
        return self.filter(status=Activity.Status.HELD)

    def between(self, first: date, last: date) -> Self:
        """Activities on the days from `first` to `last`, both included."""
        return self.filter(held_on__range=(first, last))

    def called(self, words: str) -> Self:
        """Activities that have each of these words in their title, their place or their co-organisers."""
        return self.filter(each_word(words, "title", "place", "co_organisers"))

    def nearest_first(self, day: date) -> Self:
        """Plans of this day and later ones, the soonest first; then all others, the latest first."""
        is_ahead = When(status=Activity.Status.PLANNED, held_on__gte=day, then=F("held_on"))
        return self.order_by(Case(is_ahead).asc(nulls_last=True), "-held_on", "-pk")

    def with_came(self) -> Self:
        """Annotate the number of members who came as `came`."""
        attended = Attendance.objects.filter(activity=OuterRef("pk")).order_by().values("activity")
        return self.annotate(came=Coalesce(Subquery(attended.annotate(came=Count("pk")).values("came")), 0))

    def with_signing_in(self, code: str, day: date) -> Self:
        """The activity of this sign-in code, if it is on `day` and neither cancelled nor voided."""
        signable = self.filter(held_on=day).planned_or_held()
        return signable.filter(sign_in_code=code).exclude(sign_in_code="")


class Activity(WithStatus, Audited):
    """An event of an area on one day. Members attend voluntarily; residents are only counted.

    A cancelled one was a plan; a voided one was recorded by mistake, and keeps its moments for whoever puts it back.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", "计划中"
        HELD = "held", "已举办"
        CANCELLED = "cancelled", "已取消"
        VOIDED = "voided", "已作废"

    ON_RECORD = [choice for choice in Status.choices if choice[0] != "voided"]

    class Field(models.TextChoices):
        CULTURE = "culture", "楼组文化"
        MUTUAL_HELP = "mutual_help", "互帮互助"
        NEIGHBOURHOOD = "neighbourhood", "邻里和睦"
        SURROUNDINGS = "surroundings", "居住环境"
        SCIENCE = "science", "文明科学"
        STABILITY = "stability", "社会稳定"

    class Regularity(models.TextChoices):
        REGULAR = "regular", "经常性"
        OCCASIONAL = "occasional", "阶段性"

    class Visibility(models.TextChoices):
        OPEN = "open", "显性"
        QUIET = "quiet", "隐性"

    class Support(models.TextChoices):
        MATERIAL = "material", "物质帮助"
        CULTURAL = "cultural", "精神文化"

    TRANSITIONS = {
        Status.PLANNED: {Status.HELD, Status.CANCELLED, Status.VOIDED},
        Status.HELD: {Status.PLANNED, Status.VOIDED},
        Status.CANCELLED: {Status.PLANNED, Status.VOIDED},
    }

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # an area with activities is closed, not deleted
        verbose_name="主办",
        related_name="activities",
    )
    title = models.CharField("活动名称", max_length=60)
    held_on = models.DateField("日期", default=timezone.localdate)
    begins_at = models.TimeField("开始时间", null=True, blank=True)
    place = models.CharField("地点", max_length=60, blank=True)
    field = models.CharField("工作领域", max_length=20, choices=Field.choices)
    regularity = models.CharField(
        "经常性/阶段性", max_length=20, choices=Regularity.choices, default=Regularity.REGULAR
    )
    visibility = models.CharField("显性/隐性", max_length=10, choices=Visibility.choices, default=Visibility.OPEN)
    support = models.CharField("物质/精神文化", max_length=10, choices=Support.choices, default=Support.CULTURAL)
    co_organisers = models.CharField("协办", max_length=200, blank=True, help_text="多个用顿号隔开，如：工会、妇联。")
    residents_reached = models.PositiveIntegerField(
        "参加的群众人数", null=True, blank=True, help_text="只填人数，不登记群众姓名。"
    )
    result = models.CharField("活动结果", max_length=500, blank=True, help_text=OPINION_REMINDER)
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.PLANNED, editable=False, db_index=True
    )
    recorded_at = models.DateTimeField("登记举办的时间", null=True, editable=False)
    cancelled_at = models.DateTimeField("取消的时间", null=True, editable=False)
    voided_at = models.DateTimeField("作废的时间", null=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who voided it must stay known
        null=True,
        editable=False,
        verbose_name="作废的人",
        related_name="+",
    )
    sign_in_code = models.CharField(max_length=32, blank=True, editable=False, db_index=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "活动"
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="held", recorded_at__isnull=False)
                | Q(~Q(status="held"), recorded_at=None)
                | Q(status="voided"),
                name="activity_held_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | Q(~Q(status="cancelled"), cancelled_at=None)
                | Q(status="voided"),
                name="activity_cancelled_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status="voided", voided_at__isnull=False) | Q(~Q(status="voided"), voided_at=None),
                name="activity_voided_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(held_on__gte=FIRST_YEAR),
                name="activity_not_before_2000",
                violation_error_message="日期太早了，请检查年份。",
            ),
        ]
        indexes = [models.Index(fields=["area", "held_on"], name="activity_area_day")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        today = timezone.localdate()
        if self.held_on and self.held_on < FIRST_YEAR:
            raise ValidationError({"held_on": "日期太早了，请检查年份。"})
        if self.held_on and self.held_on > today + LONGEST_AHEAD:
            raise ValidationError({"held_on": "日期太远了，最多提前一年登记，请检查年份。"})
        if self.held_on and self.held_on > today and self.status == self.Status.HELD:
            raise ValidationError({"held_on": "已举办的活动，日期不能晚于今天。"})
        if self.pk and self.held_on and self.held_on > today and self.attendances.exists():
            raise ValidationError({"held_on": "已经登记了参加的人，日期不能晚于今天。"})
        if (self.residents_reached or 0) > MOST_RESIDENTS:
            raise ValidationError({"residents_reached": f"参加的群众人数最多填 {MOST_RESIDENTS}，请核对。"})

    @property
    def is_planned(self) -> bool:
        return self.status == self.Status.PLANNED

    @property
    def is_held(self) -> bool:
        return self.status == self.Status.HELD

    @property
    def is_voided(self) -> bool:
        return self.status == self.Status.VOIDED

    @property
    def voided_until(self) -> datetime:
        """Until when a voided activity may be put back."""
        assert self.voided_at
        return self.voided_at + WAY_BACK

    @property
    def is_voided_lately(self) -> bool:
        """Whether it may still be put back."""
        return self.is_voided and self.voided_until > timezone.now()

    @property
    def is_due(self) -> bool:
        """Whether its day has come; only then can it be marked as held and attendances be recorded."""
        return self.held_on <= timezone.localdate()

    def hold(self, **outcome: Any) -> None:
        """Mark the activity as held and save its outcome; signing in by the poster ends.

        `outcome` holds new values of `residents_reached` and `result`. ValidationError before the activity's day,
        Conflict unless it is planned.
        """
        with atomic_write():
            self.lock("held_on")
            if not self.is_due:
                raise ValidationError("活动的日期还没到，不能登记为已举办。")
            for name, value in outcome.items():
                setattr(self, name, value)
            self.clean()
            self.advance(self.Status.HELD, recorded_at=timezone.now(), sign_in_code="", **outcome)

    def cancel(self) -> None:
        with atomic_write():
            self.advance(self.Status.CANCELLED, cancelled_at=timezone.now(), sign_in_code="")
            self._require_no_attendances("不能取消。登记错了的，请先去掉。")

    def reopen(self) -> None:
        """Return a held or cancelled activity to planned; ValidationError where attendances are recorded."""
        with atomic_write():
            self.advance(self.Status.PLANNED, recorded_at=None, cancelled_at=None)
            self._require_no_attendances("不能改回计划中。")

    def _require_no_attendances(self, consequence: str) -> None:
        """Raise ValidationError if members came. Call after advance(): its lock keeps new attendances out meanwhile."""
        if self.attendances.exists():
            raise ValidationError(f"已经登记了参加的人，{consequence}")

    def open_signing_in(self) -> None:
        """Create the code of the poster, if there is none yet; ValidationError unless planned for today or later."""
        with atomic_write():
            self.lock("held_on", "sign_in_code")
            if self.status != self.Status.PLANNED or self.held_on < timezone.localdate():
                raise ValidationError("只有还没办的活动可以扫码签到。")
            if not self.sign_in_code:
                self.sign_in_code = secrets.token_urlsafe(16)
                self.save(update_fields=["sign_in_code"])

    def close_signing_in(self) -> None:
        with atomic_write():
            self.lock("sign_in_code")
            self.sign_in_code = ""
            self.save(update_fields=["sign_in_code"])

    def again(self) -> "Activity":
        """Return an unsaved copy for today, with the same title, area, place, time and kinds."""
        same = ("area", "title", "begins_at", "place", "field", "regularity", "visibility", "support", "co_organisers")
        return Activity(**{name: getattr(self, name) for name in same})


class AttendanceQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.ACTIVITY) -> Self:
        """Attendances of activities that the user may access, within areas whose members the user may read.

        Those of voided activities are left out.
        An instructor may read activities but not members, and so has no attendances.
        """
        activities = access.within("activity__area__path", access.reach(user, resource, right))
        people = access.within("activity__area__path", access.reach(user, Resource.MEMBER))
        return self.filter(activities, people).exclude(activity__status=Activity.Status.VOIDED)


class Attendance(Audited):
    """A member's presence at an activity, perhaps in one of the six roles 六员.

    Only `activities.rules.attendance` writes it.
    """

    class Source(models.TextChoices):
        TICK = "tick", "勾选"
        PASTE = "paste", "粘贴名单"
        CODE = "code", "扫码签到"
        IMPORT = "import", "导入"
        API = "api", "接口"

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, verbose_name="活动", related_name="attendances")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="attendances")
    duty = models.CharField("六员", max_length=20, choices=Duty.Kind.choices, blank=True)
    source = models.CharField("登记方式", max_length=10, choices=Source.choices, editable=False)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参加"
        ordering = ["member__pinyin", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "member"],
                name="attendance_once",
                violation_error_message="这位党员已经登记过参加这次活动。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.activity}"

    def audit_path(self) -> str:
        return self.activity.area.path
