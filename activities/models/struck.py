"""Attendances that were struck as a mistake, kept for a week so that they can be put back as they were."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.utils import timezone

from activities.models.activities import WAY_BACK, Activity, Attendance
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Duty, Member


class StruckQuerySet(models.QuerySet["StruckAttendance"]):
    def for_user(self, user: Any, right: Right = Right.WRITE) -> Self:
        """Those of activities that the user may access, within areas whose members the user may read."""
        people = access.within("activity__area__path", access.reach(user, Resource.MEMBER))
        return self.filter(people, activity__in=Activity.objects.for_user(user, right))

    def lately(self) -> Self:
        return self.filter(struck_at__gt=timezone.now() - WAY_BACK)

    def expired(self, now: datetime) -> Self:
        return self.filter(struck_at__lte=now - WAY_BACK)


class StruckAttendance(models.Model):
    """An attendance that was struck; `attendance` is the number it had, and has again once it is put back."""

    attendance = models.BigIntegerField("参加的编号", primary_key=True)
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, verbose_name="活动", related_name="struck")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="+")
    duty = models.CharField("六员", max_length=20, choices=Duty.Kind.choices, blank=True)
    source = models.CharField("登记方式", max_length=10, choices=Attendance.Source.choices)
    recorded_at = models.DateTimeField("登记时间")
    struck_at = models.DateTimeField("去掉的时间", default=timezone.now)

    objects = StruckQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "去掉的参加"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.member} {self.activity}"
