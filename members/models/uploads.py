"""A workbook on its way into the database: uploaded, read, previewed, applied, perhaps undone."""

import re
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Replace
from django.utils import timezone

from members.ground import access, queue
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.sealing import KeyLost, decrypt, decrypt_packed, encrypt
from members.ground.states import WithStatus
from members.models.areas import Area

SILENCE = timedelta(seconds=90)
QUEUED = timedelta(hours=1)
# The columns with personal data, emptied once they are no longer needed.
FORGOTTEN: dict[str, Any] = {"content": None, "reading": None, "plan": None}
INTERRUPTED = "处理中断了，没有写入任何数据。请重新上传这份{}。"


class UploadQuerySet(models.QuerySet[Any]):
    """Uploads of one kind, see `Upload`."""

    def for_user(self, user: Any, right: Right = Right.WRITE) -> Self:
        """Uploads whose whole scope the user covers: one by the street may have moved people between communities."""
        return self.filter(access.within("scope_path", access.reach(user, self.model.RESOURCE, right)))

    def bury_the_silent(self) -> int:
        """Mark uploads as failed that a worker began and no worker has now; return how many. None has committed.

        An upload that waits in the queue, for the first time or again, is not lost. The first query takes no lock,
        since hardly ever is one found.
        """
        silent = self.filter(status__in=Upload.BUSY, beat_at__lt=timezone.now() - SILENCE)
        lost = queue.abandoned(silent.order_by().values_list("pk", flat=True), self.model.TASKS)
        if not lost:
            return 0
        with atomic_write():
            rows = list(silent.filter(pk__in=lost).order_by("pk").select_for_update(no_key=True).light())
            for row in rows:
                row.advance(Upload.Status.FAILED, message=INTERRUPTED.format(row.BOOK), **FORGOTTEN)
        return len(rows)

    def at_work(self) -> Self:
        """Uploads that a worker has now, or soon will; one that was forgotten in the queue is none of them."""
        now = timezone.now()
        alive = Q(beat_at__gt=now - SILENCE) | Q(beat_at=None, created_at__gt=now - QUEUED)
        return self.filter(alive, status__in=Upload.BUSY)

    def waiting(self) -> Self:
        """Uploads at which the user has something to do, without their content."""
        return self.filter(status__in=Upload.WAITING).light()

    def light(self) -> Self:
        """Leave the columns with personal data in the database until they are asked for: they are large."""
        return self.defer(*self.model.SEALED)

    def expired(self) -> Self:
        """Uploads kept longer than the retention allows."""
        kept_since = timezone.now() - timedelta(days=settings.RETENTION["upload"])
        return self.filter(created_at__lt=kept_since).exclude(**self.model.SEALED)

    def forget_about(self, street: Area, words: Collection[str]) -> int:
        """Delete what is kept of uploads to this street in which one of these words stands; return how many.

        The rows of a file that was not read through cannot be looked at; it goes as well. The names of files lose the
        words.
        """
        here = self.filter(access.within("area__path", [access.subtree(street.path)]))
        for word in words:
            named = here.filter(file_name__contains=word)
            named.update(file_name=Replace("file_name", models.Value(word), models.Value("＊＊")))
        kept = here.exclude(**FORGOTTEN).order_by("pk").values_list("pk", flat=True)
        found = [row for pk in kept if (row := self.get(pk=pk)).may_tell_of(words)]  # one in memory at a time
        for row in found:
            if row.is_busy:
                row.advance(Upload.Status.FAILED, message=INTERRUPTED.format(row.BOOK))
            elif row.status in Upload.WAITING:
                row.advance(Upload.Status.DISCARDED)
        self.filter(pk__in=[row.pk for row in found]).update(**FORGOTTEN)
        return len(found)

    def forget_expired(self) -> int:
        """Delete file and plan of expired uploads; return how many. The user, the times and the counts stay."""
        old = self.expired()
        if not old.exists():
            return 0
        with atomic_write():
            reviewed = old.filter(status__in=Upload.WAITING).order_by("pk").select_for_update(no_key=True)
            for row in reviewed.light():
                row.advance(Upload.Status.DISCARDED)
            return old.update(**self.model.SEALED)


class Upload(WithStatus):
    """One uploaded workbook, its user and its result. The file and the plan are personal data: both are encrypted.

    A kind of upload says which `RESOURCE` its writers need, what its file is called (`BOOK`), which `TASKS` work it,
    under which name the meaning of its columns is remembered (`COLUMNS`), and which columns hold personal data, emptied
    when their time is over (`SEALED`).
    """

    RESOURCE: ClassVar[Resource]
    BOOK: ClassVar[str]
    TASKS: ClassVar[Sequence[str]]
    COLUMNS: ClassVar[str]
    SEALED: ClassVar[dict[str, Any]] = FORGOTTEN

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
    WAITING = (Status.COLUMNS, Status.REVIEW)
    TRANSITIONS: dict[str, set[str]] = {
        Status.READING: {Status.COLUMNS, Status.REVIEW, Status.REFUSED, Status.FAILED},
        Status.COLUMNS: {Status.READING, Status.DISCARDED},
        Status.REVIEW: {Status.READING, Status.APPLYING, Status.DISCARDED},
        Status.APPLYING: {Status.APPLIED, Status.REVIEW, Status.FAILED},
        Status.APPLIED: {Status.UNDONE},
    }

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # what was imported must stay traceable to its area
        verbose_name="导入到",
        related_name="+",
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
    hidden_sheets = models.BooleanField("隐藏的工作表也读取", default=False)
    asks_columns = models.BooleanField(default=False)  # whether the user wants to see the columns, certain or not
    status = models.CharField("状态", max_length=20, choices=Status.choices, default=Status.READING)
    progress = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)  # the worker's last heartbeat; none before one has begun
    message = models.CharField("说明", max_length=300, blank=True)
    counts = models.JSONField("结果", default=dict)
    applied_at = models.DateTimeField("写入时间", null=True)
    undone_at = models.DateTimeField("撤销时间", null=True)
    kept = models.JSONField("撤销时保留的", default=list)

    objects = UploadQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.file_name} → {self.area}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.scope_path:
            self.scope_path = self._scope_of_user()
        super().save(*args, **kwargs)

    def _scope_of_user(self) -> str:
        """Return the path in which the upload may write: the user's post, or the street from the command line."""
        ranges = access.reach(self.user, self.RESOURCE, Right.WRITE) if self.user else []
        lows = [low for low, high in ranges if low <= self.area.path < high]
        return max(lows, key=len, default="") or self.area.street_path

    @property
    def is_busy(self) -> bool:
        return self.status in self.BUSY

    def advance(self, to: str, *, only_from: str = "", **values: Any) -> None:
        """Change the status in a transaction of its own; while the upload waits for a worker, it has no heartbeat."""
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

    def may_tell_of(self, words: Collection[str]) -> bool:
        """Whether one of these words stands in the file, as far as it was read; True where it was not."""
        if self.reading is None or self.plan is None:
            return True
        try:
            kept = [decrypt_packed(part).decode() for part in (self.reading, self.plan)]
        except KeyLost:
            return True
        spelt = re.compile("|".join(r"\s*".join(map(re.escape, word)) for word in words))  # 张 三 is 张三
        return any(spelt.search(part) for part in kept)

    @property
    def day(self) -> date:
        """The day of the upload; in a roster's column of joining days, 是 stands for it."""
        return timezone.localdate(self.created_at)

    @property
    def file(self) -> bytes:
        """The content of the uploaded file, as long as it is kept."""
        return decrypt(self.content)

    @file.setter
    def file(self, content: bytes) -> None:
        self.content = encrypt(content)


def moments(name: str) -> list[models.BaseConstraint]:
    """Return the constraints by which an upload has the moment of writing and of undoing exactly where it should."""
    written = Q(status__in=["applied", "undone"])
    return [
        models.CheckConstraint(
            condition=Q(status__in=["applied", "undone"], applied_at__isnull=False) | Q(~written, applied_at=None),
            name=f"{name}_applied_has_moment",
        ),
        models.CheckConstraint(
            condition=Q(status="undone", undone_at__isnull=False) | Q(~Q(status="undone"), undone_at=None),
            name=f"{name}_undone_has_moment",
        ),
    ]
