"""What visitors typed at a poster."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from activities.models.activities import Activity
from members.ground.access import Right


class SignInQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.WRITE) -> Self:
        """Sign-ins of the activities that the user may write."""
        return self.filter(activity__in=Activity.objects.for_user(user, right))

    def expired(self, now: datetime) -> Self:
        """Sign-ins older than the retention allows (`RETENTION["sign_in"]` days)."""
        return self.filter(typed_at__lt=now - timedelta(days=settings.RETENTION["sign_in"]))


class SignIn(models.Model):
    """A visitor's input at a poster: kept until it is matched to a member or the secretary settles it."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="sign_ins", verbose_name="活动")
    name = models.CharField("姓名", max_length=30)
    phone_end = models.CharField("手机后四位", max_length=4)
    typed_at = models.DateTimeField("签到时间", default=timezone.now)
    is_seen = models.BooleanField("已比对", default=False)

    objects = SignInQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "扫码签到"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["activity", "name", "phone_end"], name="sign_in_once"),
        ]

    def __str__(self) -> str:
        return self.name
