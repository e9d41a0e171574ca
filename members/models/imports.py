"""The import of a roster: uploaded, read, previewed, applied, perhaps undone."""

from datetime import date, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.ground import access, queue
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.sealing import decrypt, encrypt
from members.ground.states import WithStatus
from members.models.areas import Area

SILENCE = timedelta(seconds=90)
# The columns with personal data, emptied once they are no longer needed.
FORGOTTEN: dict[str, Any] = {"content": None, "reading": None, "plan": None}
TASKS = ("members.roster.job.read_roster_import", "members.roster.job.apply_roster_import")
INTERRUPTED = "处理中断了，没有写入任何数据。请重新上传这份花名册。"


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    def for_user(self, user: Any, right: Right = Right.WRITE) -> Self:
        """Imports whose whole scope the user covers: one by the street may have moved people between communities."""
        return self.filter(access.within("scope_path", access.reach(user, Resource.ROSTER, right)))

    def bury_the_silent(self) -> int:
        """Mark imports as failed that a worker began and no worker has now; return how many. None has committed.

        An import that waits in the queue, for the first time or again, is not lost. The first query takes no lock,
        since hardly ever is one found.
        """
        silent = self.filter(status__in=RosterImport.BUSY, beat_at__lt=timezone.now() - SILENCE)
        lost = queue.abandoned(silent.order_by().values_list("pk", flat=True), TASKS)
        if not lost:
            return 0
        with atomic_write():
            rows = list(silent.filter(pk__in=lost).order_by("pk").select_for_update(no_key=True).defer(*FORGOTTEN))
            for row in rows:
                row.advance(RosterImport.Status.FAILED, message=INTERRUPTED, **FORGOTTEN)
        return len(rows)

    def expired(self) -> Self:
        """Uploads kept longer than the retention allows."""
        kept_since = timezone.now() - timedelta(days=settings.RETENTION["upload"])
        return self.filter(created_at__lt=kept_since).exclude(**FORGOTTEN)

    def forget_expired(self) -> int:
        """Delete file and plan of expired uploads; return how many. The user, the times and the counts stay."""
        old = self.expired()
        if not old.exists():
            return 0
        with atomic_write():
            open_ones = (RosterImport.Status.COLUMNS, RosterImport.Status.REVIEW)
            reviewed = old.filter(status__in=open_ones).order_by("pk").select_for_update(no_key=True)
            for row in reviewed.defer(*FORGOTTEN):
                row.advance(RosterImport.Status.DISCARDED)
            return old.update(**FORGOTTEN)


class RosterImport(WithStatus):
    """One upload of a roster, its user and its result. The file and the plan are personal data: both are encrypted."""

    class Status(models.TextChoices):
        READING = "reading", "正在读取"
        COLUMNS = "columns", "待认列"
        REFUSED = "refused", "不能读取"
        REVIEW = "review", "待核对"
        APPLYING = "applying", "正在写入"
        APPLIED = "applied", "已写入"
        UNDONE = "undone", "已撤销"
        DISCARDED = "discarded", "已放弃"
        FAILED = "failed", "已中断"

    BUSY = (Status.READING, Status.APPLYING)
    TRANSITIONS: dict[str, set[str]] = {
        Status.READING: {Status.COLUMNS, Status.REVIEW, Status.REFUSED, Status.FAILED},
        Status.COLUMNS: {Status.READING, Status.DISCARDED},
        Status.REVIEW: {Status.READING, Status.APPLYING, Status.DISCARDED},
        Status.APPLYING: {Status.APPLIED, Status.REVIEW, Status.FAILED},
        Status.APPLIED: {Status.UNDONE},
    }

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the rows imported must stay traceable to their area
        verbose_name="导入到",
        related_name="roster_imports",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who did it must stay known
        null=True,
        verbose_name="操作人",
        related_name="+",
        help_text="上传的人；写入之后是写入的人。",
    )
    scope_path = models.CharField(max_length=16, editable=False, db_index=True)
    created_at = models.DateTimeField("上传时间", auto_now_add=True)
    file_name = models.CharField("文件名", max_length=200)
    content = models.BinaryField(null=True)
    reading = models.BinaryField(null=True)
    plan = models.BinaryField(null=True)
    create_groups = models.BooleanField("自动新建名单里没有登记过的楼组", default=False)
    hidden_sheets = models.BooleanField("隐藏的工作表也读取", default=False)
    asks_columns = models.BooleanField(default=False)  # whether the user wants to see the columns, certain or not
    choices = models.JSONField(default=dict)
    status = models.CharField("状态", max_length=20, choices=Status.choices, default=Status.READING)
    progress = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)  # the worker's last heartbeat; none before one has begun
    message = models.CharField("说明", max_length=300, blank=True)
    counts = models.JSONField("结果", default=dict)
    applied_at = models.DateTimeField("写入时间", null=True)
    undone_at = models.DateTimeField("撤销时间", null=True)
    kept = models.JSONField("撤销时保留的", default=list)

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "花名册导入"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["applied", "undone"], applied_at__isnull=False)
                | Q(~Q(status__in=["applied", "undone"]), applied_at=None),
                name="roster_applied_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status="undone", undone_at__isnull=False) | Q(~Q(status="undone"), undone_at=None),
                name="roster_undone_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} → {self.area}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.scope_path:
            self.scope_path = self._scope_of_user()
        super().save(*args, **kwargs)

    def _scope_of_user(self) -> str:
        """Return the path in which the import may move people: the user's post, or the street from the command line."""
        ranges = access.reach(self.user, Resource.ROSTER, Right.WRITE) if self.user else []
        lows = [low for low, high in ranges if low <= self.area.path < high]
        return max(lows, key=len, default="") or self.area.street_path

    @property
    def is_busy(self) -> bool:
        return self.status in self.BUSY

    def advance(self, to: str, *, only_from: str = "", **values: Any) -> None:
        """Change the status in a transaction of its own; while the import waits for a worker, it has no heartbeat."""
        beat_at = None if to in self.BUSY else timezone.now()
        with atomic_write():
            super().advance(to, only_from=only_from, beat_at=beat_at, **values)

    def _moved(self, names: list[str]) -> None:
        """Do nothing: each step leaves its own audit entry, and saving here would write the file a second time."""

    def begin(self, status: str, progress: int) -> None:
        """Record that a worker has begun this step; Conflict where the step is done, or was ended meanwhile."""
        if self.status != status or not self.beat(progress):
            self._refuse()

    def beat(self, progress: int | None = None) -> bool:
        """Record the worker's heartbeat and progress (per cent); return False where the step is not to go on."""
        values = {"beat_at": timezone.now()} | ({} if progress is None else {"progress": progress})
        mine = type(self).objects.filter(pk=self.pk, status=self.status, status__in=self.BUSY)
        with atomic_write():
            return bool(mine.update(**values))

    @property
    def day(self) -> date:
        """The day of the upload, which 是 stands for in the roster's column of joining days."""
        return timezone.localdate(self.created_at)

    @property
    def file(self) -> bytes:
        """The content of the uploaded file, as long as it is kept."""
        return decrypt(self.content)

    @file.setter
    def file(self, content: bytes) -> None:
        self.content = encrypt(content)
