"""How far this database has seen each host's journal."""

from django.db import models


class JournalMark(models.Model):
    """Up to which byte a journal was applied; a restored backup brings its own, older mark along."""

    journal = models.CharField("日志", max_length=32, unique=True)
    position = models.PositiveBigIntegerField("位置", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "恢复日志的位置"

    def __str__(self):
        return f"{self.journal} {self.position}"
