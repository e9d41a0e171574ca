"""Counts of calls, kept in the database where several hosts share it."""

from django.db import models


class CallCount(models.Model):
    """The calls of one caller in the latest window of time. Neither name nor address is stored."""

    caller = models.CharField("来访者", max_length=32, primary_key=True, editable=False)  # a digest
    begun = models.BigIntegerField("开始时刻", db_index=True, editable=False)  # in seconds since 1970
    used = models.PositiveIntegerField("次数", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "接口计数"

    def __str__(self) -> str:
        return f"{self.caller}: {self.used}"
