"""The backups that were made, and whether they could be restored."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone

REMEMBERED = timedelta(days=400)  # a little longer than the oldest backup that is kept


class BackupRunQuerySet(models.QuerySet):
    def good(self) -> Self:
        """Backups that were written whole."""
        return self.filter(trouble="")

    def proven(self) -> Self:
        """Backups that were restored for a trial, with the same rows as were written."""
        return self.good().filter(checked_at__isnull=False, check_trouble="")

    def forgotten(self) -> Self:
        return self.filter(made_at__lt=timezone.now() - REMEMBERED)


class BackupRun(models.Model):
    """One backup that was tried: its file, or what stood in the way; and its trial restore. It names no person."""

    made_at = models.DateTimeField("备份时间", default=timezone.now, db_index=True)
    name = models.CharField("文件", max_length=100, blank=True)
    size = models.PositiveBigIntegerField("字节", default=0)
    trouble = models.CharField("没有备份成的原因", max_length=300, blank=True)
    checked_at = models.DateTimeField("试恢复时间", null=True, blank=True)
    check_trouble = models.CharField("试恢复的问题", max_length=300, blank=True)

    objects = BackupRunQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "备份记录"
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.name or self.trouble
