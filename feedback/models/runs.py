"""Issuing in bulk, its delay and its progress."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Min, Q
from django.utils import timezone

from feedback.models.cards import RecordCard
from members.ground import access, queue
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.states import WithStatus
from members.models import Area
from members.models.uploads import SILENCE

TASKS = ("feedback.rules.issuing.run_issue",)
INTERRUPTED = "处理中断了。已发出的都已发出，没有发完的请再发一次，不会重复。"


class IssueRunQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.WRITE) -> Self:
        """Runs in the user's scope, and the user's own for several communities at once, whose area lies above it."""
        ranges = access.reach(user, Resource.CARD, right)
        return self.filter(
            access.within("area__path", ranges) | Q(user=user, area__path__in=access.paths_above(ranges))
        )

    def waiting(self) -> Self:
        """Runs whose cards have not begun to leave."""
        return self.filter(status=IssueRun.Status.WAITING)

    def under_way(self) -> Self:
        return self.filter(status__in=(IssueRun.Status.WAITING, IssueRun.Status.RUNNING))

    def next_at(self) -> datetime | None:
        """Return when the cards of the first waiting run leave; None where no run waits."""
        return self.waiting().order_by().aggregate(first=Min("leaves_at"))["first"]

    def bury_the_silent(self) -> int:
        """Mark as stopped the runs whose worker died; return how many. Their issued cards stay issued.

        A run that waits in the queue, for the first time or again, is left alone. The rows are read before the
        transaction, because one is hardly ever found.
        """
        silent = self.filter(status=IssueRun.Status.RUNNING, beat_at__lt=timezone.now() - SILENCE)
        lost = queue.abandoned(silent.order_by().values_list("pk", flat=True), TASKS)
        if not lost:
            return 0
        with atomic_write():
            stopped = silent.filter(pk__in=lost).update(status=IssueRun.Status.STOPPED, message=INTERRUPTED)
            RecordCard.objects.filter(leaving__in=lost, leaving__status=IssueRun.Status.STOPPED).update(leaving=None)
            return stopped


class IssueRun(WithStatus):
    """A background run that issues the agreed cards of an area, a few hundred a transaction.

    Its cards point at it by `leaving` until they are issued. A card that was stopped, or changed its status meanwhile,
    points at no run any more, and is skipped.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "等候发出"
        RUNNING = "running", "正在发出"
        DONE = "done", "已完成"
        HELD = "held", "已停止发出"
        STOPPED = "stopped", "已中断"

    TRANSITIONS = {
        Status.WAITING: {Status.RUNNING, Status.HELD},
        Status.RUNNING: {Status.DONE, Status.STOPPED},
    }

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name="区域")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who issued stays known
        related_name="+",
        verbose_name="操作人",
    )
    cards = models.JSONField("卡片", default=list)  # ids, in the order of issuing
    issued = models.PositiveIntegerField("已发出", default=0)
    skipped = models.PositiveIntegerField("没有发出", default=0)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.RUNNING)
    message = models.CharField("说明", max_length=300, blank=True)
    created_at = models.DateTimeField("开始时间", default=timezone.now)
    leaves_at = models.DateTimeField("发出时间", null=True)  # None where the cards leave at once
    beat_at = models.DateTimeField("最近动静", null=True)  # None until a worker begins

    objects = IssueRunQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "批量发卡"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(status="waiting") | Q(leaves_at__isnull=False), name="run_waits_until")
        ]
        indexes = [models.Index(fields=["leaves_at"], condition=Q(status="waiting"), name="run_waiting")]

    def __str__(self) -> str:
        return f"{self.area} {self.get_status_display()}"

    def beat(self) -> bool:
        """Record that the worker is alive; return False where the run is over."""
        with atomic_write():
            mine = type(self).objects.filter(pk=self.pk, status=self.Status.RUNNING)
            return bool(mine.update(beat_at=timezone.now()))

    @property
    def is_busy(self) -> bool:
        return self.status == self.Status.RUNNING

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.WAITING

    @property
    def progress(self) -> int:
        """The percentage of the cards that are issued or skipped."""
        return 100 * (self.issued + self.skipped) // (len(self.cards) or 1)
