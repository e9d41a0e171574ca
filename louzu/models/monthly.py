"""The monthly report of a street or a community, and its three files (docs/design/desk.md, "The monthly report")."""

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from activities.ground.periods import month_of
from members.ground import access, queue
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.ground.states import WithStatus
from members.models import Area
from members.models.uploads import SILENCE

LONGEST_TEXT = 800
TASKS = ("louzu.documents.making.make_files",)
INTERRUPTED = "生成中断了，请再点一次“重新生成”。"
NAMES_NOBODY = "只写区域和工作，不写任何人的姓名、住址、电话。"


class MonthlyReportQuerySet(models.QuerySet["MonthlyReport"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("area__path", access.reach(user, Resource.MONTHLY, right)))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def closed(self) -> Self:
        return self.filter(status=MonthlyReport.Status.CLOSED)

    def bury_the_silent(self) -> int:
        """Mark as failed the reports whose worker died; return how many.

        One that waits in the queue is left alone. The rows are read before the transaction, because one is hardly
        ever found.
        """
        last_sign = Coalesce("beat_at", "begun_at")
        making = self.filter(status=MonthlyReport.Status.MAKING)
        silent = making.alias(last_sign=last_sign).filter(last_sign__lt=timezone.now() - SILENCE)
        lost = queue.abandoned(silent.order_by().values_list("pk", flat=True), TASKS)
        if not lost:
            return 0
        with atomic_write():
            rows = list(silent.filter(pk__in=lost).order_by("pk").select_for_update(no_key=True, of=("self",)))
            for report in rows:
                report.advance(MonthlyReport.Status.FAILED, message=INTERRUPTED)
        return len(rows)


class MonthlyReport(WithStatus, Audited):
    """An area's month as it is handed upward. It names no person.

    `figures` are those of the moment of making, with what the documents say of them. `text` is the office's paragraph;
    where it is empty, the documents have the sentence that the figures make. Once closed, nothing of it changes:
    `digest` binds figures, paragraph and files, which are kept byte for byte.
    """

    class Status(models.TextChoices):
        MAKING = "making", "正在生成"
        READY = "ready", "未定稿"
        FAILED = "failed", "没有生成"
        CLOSED = "closed", "已定稿"

    TRANSITIONS = {
        Status.MAKING: {Status.READY, Status.FAILED},
        Status.READY: {Status.MAKING, Status.CLOSED},
        Status.FAILED: {Status.MAKING},
    }

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # what was handed upward stays on record
        related_name="+",
        verbose_name="区域",
        limit_choices_to={"level__lte": Area.Level.COMMUNITY},
    )
    month = models.DateField("月份", help_text="这个月的第一天。")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.MAKING)
    figures = models.JSONField("数字", null=True, editable=False)
    text = models.CharField("情况说明", max_length=LONGEST_TEXT, blank=True, help_text=NAMES_NOBODY)
    message = models.CharField("说明", max_length=300, blank=True, editable=False)
    progress = models.PositiveSmallIntegerField("进度", default=0, editable=False)
    begun_at = models.DateTimeField("开始生成的时间", default=timezone.now, editable=False)
    beat_at = models.DateTimeField("最近动静", null=True, editable=False)  # None until a worker begins
    made_at = models.DateTimeField("生成时间", null=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who made it stays known
        related_name="+",
        verbose_name="填表人",
    )
    closed_at = models.DateTimeField("定稿时间", null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who closed it stays known
        null=True,
        editable=False,
        related_name="+",
        verbose_name="定稿人",
    )
    digest = models.CharField("校验码", max_length=64, blank=True, editable=False)

    objects = MonthlyReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "月报"
        ordering = ["-month", "area"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "month"],
                name="monthly_once",
                violation_error_message="这个月的月报已经有了。",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False, closed_by__isnull=False) & ~Q(digest="")
                | ~Q(status="closed") & Q(closed_at=None, closed_by=None, digest=""),
                name="monthly_closed_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area}{self.month.year}年{self.month.month}月月报"

    def clean(self) -> None:
        if self.month and self.month.day != 1:
            raise ValidationError({"month": "月份请写成每月的第一天。"})

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Leave figures and progress out of the trail: they are large, or change every second."""
        values = super()._values(names)
        return {name: value for name, value in values.items() if name not in ("figures", "progress", "beat_at")}

    def beat(self, progress: int | None = None) -> bool:
        """Record that the worker is alive, and how far; return False where the making is over."""
        values = {"beat_at": timezone.now()} | ({} if progress is None else {"progress": progress})
        with atomic_write():
            mine = type(self).objects.filter(pk=self.pk, status=self.Status.MAKING)
            return bool(mine.update(**values))

    @property
    def code(self) -> str:
        """The month as addresses have it: 2026-10."""
        return f"{self.month:%Y-%m}"

    @property
    def seen_as(self) -> str:
        """The moment of its making as a page sends it back, so that nobody decides on another one than they saw."""
        return self.made_at.isoformat() if self.made_at else ""

    @property
    def last_day(self) -> date:
        return last_day_of(self.month)

    @property
    def is_busy(self) -> bool:
        return self.status == self.Status.MAKING

    @property
    def is_closed(self) -> bool:
        return self.status == self.Status.CLOSED

    @property
    def has_files(self) -> bool:
        return self.status in (self.Status.READY, self.Status.CLOSED)

    @property
    def is_whole(self) -> bool:
        """Whether the figures were counted after the month was over."""
        return bool((self.figures or {}).get("is_whole"))

    @property
    def paragraph(self) -> str:
        return self.text or (self.figures or {}).get("summary", "")


class MonthlyFileQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(report__in=MonthlyReport.objects.for_user(user, right))


class MonthlyFile(models.Model):
    """A file of a report, as it was made. Each making replaces it; after the report is closed, none does."""

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF 文件"
        XLSX = "xlsx", "Excel 文件"
        DOCX = "docx", "Word 文件"

    report = models.ForeignKey(
        MonthlyReport,
        on_delete=models.PROTECT,  # a report is not deleted
        related_name="files",
        verbose_name="月报",
    )
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    content = models.BinaryField("内容")
    digest = models.CharField("校验码", max_length=64)

    objects = MonthlyFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "月报文件"
        ordering = ["report", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "kind"],
                name="monthly_file_once",
                violation_error_message="这份月报已经有这种文件了。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.get_kind_display()}"


def last_day_of(month: date) -> date:
    return month_of(month).last
