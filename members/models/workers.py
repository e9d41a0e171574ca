"""The workers of the task queue, and their heartbeats."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone

DEAD_AFTER = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=7)


class WorkerBeatQuerySet(models.QuerySet):
    def alive(self) -> Self:
        return self.filter(ended_at=None, beat_at__gte=timezone.now() - DEAD_AFTER)

    def forgotten(self) -> Self:
        """Workers that have been silent for so long that their rows may be deleted."""
        return self.filter(beat_at__lt=timezone.now() - FORGOTTEN_AFTER)


class WorkerBeat(models.Model):
    """A worker: a process of `manage.py work`, or the thread beside a server while it has tasks to run."""

    name = models.CharField("名称", max_length=64, unique=True)
    started_at = models.DateTimeField("开始时间", default=timezone.now)
    beat_at = models.DateTimeField("最近动静", default=timezone.now)
    ended_at = models.DateTimeField("停止时间", null=True, blank=True)

    objects = WorkerBeatQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "后台任务进程"
        ordering = ["-beat_at", "pk"]

    def __str__(self) -> str:
        return self.name
