"""The first answers to calls that must not be done twice."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from feedback.models.counterparts import GivenQuerySet
from members.models import Area, Employer

KEPT = timedelta(days=30)


class Replay(models.Model):
    """The answer to a call that bore an Idempotency-Key: the same call again gets it again, byte for byte."""

    employer = models.ForeignKey(Employer, on_delete=models.CASCADE, verbose_name="单位", related_name="+")
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street whose key it came by
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    key = models.CharField("幂等键", max_length=255)
    request = models.CharField("请求摘要", max_length=64)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField("状态码", default=0)
    answer = models.BinaryField(default=b"")
    created_at = models.DateTimeField("时间", default=timezone.now, db_index=True)

    objects = GivenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "幂等记录"
        constraints = [models.UniqueConstraint(fields=["employer", "street", "key"], name="replay_once_a_street")]

    def __str__(self):
        return self.key
