"""The audit trail's rows."""

from typing import Self

from django.apps import apps
from django.conf import settings
from django.db import models

from members import access, audit
from members.access import Resource, Right


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def for_user(self, user, right: Right = Right.READ) -> Self:
        return self.filter(access.within("area_path", access.reach(user, Resource.AUDIT, right)))

    def extend(self, entries: list["AuditEntry"]) -> None:
        """Add entries behind the last one; the head row is locked, so those of parallel transactions queue."""
        head = AuditHead.objects.filter(pk=1)
        locked = head.select_for_update().values_list("hash", flat=True)
        kept = list(locked)
        if not kept:
            AuditHead.objects.get_or_create(pk=1)
            kept = list(locked.all())
        last = kept[0]
        for entry in entries:
            entry.previous = last
            entry.hash = last = audit.chain(last, entry.bound_values())
        AuditEntry.objects.bulk_create(entries)
        head.update(hash=last)

    def hold(self) -> None:
        """Lock the head now, where a transaction is about to delete what others point at.

        Their foreign keys are checked at COMMIT, after their entries: whoever deleted first and then waited for the
        head would wait for them, and they for what was deleted.
        """
        AuditHead.objects.get_or_create(pk=1)
        AuditHead.objects.select_for_update().get(pk=1)

    def first_broken(self) -> "AuditEntry | None":
        """Return the first entry that does not fit the one before it."""
        previous = ""
        for entry in self.order_by("pk").iterator():
            if entry.previous != previous or entry.hash != audit.chain(previous, entry.bound_values()):
                return entry
            previous = entry.hash
        return None


class AuditEntry(models.Model):
    """One thing done. Rows are only ever added; personal values in it are masked (design: privacy, "Audit")."""

    class Action(models.TextChoices):
        CREATE = "create", "新增"
        CHANGE = "change", "修改"
        DELETE = "delete", "删除"
        IMPORT = "import", "导入"
        UNDO = "undo", "撤销导入"
        EXPORT = "export", "导出"
        REVEAL = "reveal", "查看完整电话"
        PULL = "pull", "单位取卡"
        REFUSE = "refuse", "拒绝访问"
        LOGIN = "login", "登录"
        LOGOUT = "logout", "退出"
        LOGIN_FAILED = "login_failed", "登录失败"
        LOCKED_OUT = "locked_out", "登录锁定"
        PURGE = "purge", "到期清除"

    at = models.DateTimeField("时间", db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who did it must stay known; a user who left is set inactive instead
        null=True,
        verbose_name="操作人",
        related_name="+",
    )
    action = models.CharField("操作", max_length=20, choices=Action.choices)
    model = models.CharField("对象", max_length=50, blank=True)
    row = models.CharField("编号", max_length=40, blank=True)
    changes = models.JSONField("内容", default=dict)
    area_path = models.CharField(max_length=16, blank=True, db_index=True)
    address = models.GenericIPAddressField("来源地址", null=True)
    request_id = models.CharField("请求编号", max_length=40)
    reason = models.CharField("事由", max_length=200, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField("校验值", max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "操作记录"
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.get_action_display()} {self.model_name} {self.row}".strip()

    @property
    def model_name(self) -> str:
        """The kind of thing it concerns, as people call it."""
        return str(apps.get_model(self.model)._meta.verbose_name) if self.model else ""

    def bound_values(self) -> dict:
        """What the hash covers: everything but the row's own number and the two hashes."""
        names = ("action", "model", "row", "changes", "area_path", "address", "request_id", "reason", "user_id")
        return {"at": self.at.timestamp()} | {name: getattr(self, name) for name in names}


class AuditHead(models.Model):
    """The hash of the newest entry: the one row that writers of the trail lock."""

    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "操作记录链尾"

    def __str__(self):
        return self.hash
