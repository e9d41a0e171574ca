"""The audit trail's rows."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Count, Subquery, Value
from django.db.models.lookups import Exact

from members.ground import access, audit
from members.ground.access import Resource, Right

STREET = 4  # leading digits of a path that name its street
BATCH = 1_000
CUT = "cut"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Entries in the user's reach, filtered by chain too: its index yields a street's entries in order."""
        ranges = access.reach(user, Resource.AUDIT, right)
        scope = access.within("area_path", ranges)
        if access.EVERYWHERE not in ranges:
            scope &= models.Q(chain__in=sorted({low[:STREET] for low, _ in ranges}))
        return self.filter(scope)

    def extend(self, entries: list["AuditEntry"]) -> None:
        """Append entries to their chains.

        The chains' heads are locked in one order, so parallel writers of a street queue and no two wait for each other.
        """
        entries = [each for entry in entries for each in entry.placed()]
        by_chain = {chain: list(own) for chain, own in groupby(sorted(entries, key=_chain_of), key=_chain_of)}
        heads = AuditHead.locked(by_chain)
        for chain, own in by_chain.items():
            heads[chain].bind(own)
        AuditEntry.objects.bulk_create(entries)
        for head in heads.values():  # usually a single one: update() is quicker than bulk_update()
            AuditHead.objects.filter(pk=head.pk).update(number=head.number, hash=head.hash)

    def in_chain(self, chain: str) -> Iterator["AuditEntry"]:
        """Yield the chain's entries in their order, read in batches because the trail is longer than memory.

        A batch is a range of numbers. Only where that range is empty is the next entry after the gap queried, since
        PostgreSQL may sort all the rest for that.
        """
        rows, last = self.filter(chain=chain).order_by("number"), 0
        while batch := list(rows.filter(number__range=(last + 1, last + BATCH))) or list(
            rows.filter(number__gt=last)[:1]
        ):
            yield from batch
            last = batch[-1].number

    def chains(self) -> list[str]:
        return list(self.order_by("chain").values_list("chain", flat=True).distinct())

    def lock_heads(self, *paths: str) -> None:
        """Lock the heads of these paths' chains; call it before deleting rows that other transactions may refer to.

        Foreign keys are checked at COMMIT, after the audit entries are written. A transaction that deletes first and
        then waits for the trail would deadlock with one that has added a reference and its entry.
        """
        AuditHead.locked({path[:STREET] for path in paths})

    def redact(self) -> int:
        """Empty what these entries tell of values, reasons and places; return how many they are.

        Each keeps its hash, so that the chain still fits, and gets a seal of what is left. One that did not fit before
        gets none: the fault stays to be seen.
        """
        rows = list(self.filter(redaction=""))
        for entry in rows:
            entry.empty()
        AuditEntry.objects.bulk_update(rows, ["changes", "reason", "area_path", "redaction"], batch_size=BATCH)
        return len(rows)

    def first_broken(self) -> "AuditEntry | None":
        """Return the first entry that does not fit the one before it in its chain, None where all fit."""
        for chain in self.chains():
            number, hashed = AuditHead.beginning(chain)
            for entry in self.in_chain(chain):
                if not entry.follows(number, hashed):
                    return entry
                number, hashed = entry.number, entry.hash
        return None


class AuditEntry(models.Model):
    """One action. Rows are only ever added; personal values in them are masked (docs/design/privacy.md, "Audit")."""

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
        REBIND = "rebind", "重新编链"
        VERIFY = "verify", "校验操作记录"
        ERASE = "erase", "删除个人信息"

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
    area_path = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField("来源地址", null=True)
    request_id = models.CharField("请求编号", max_length=40)
    reason = models.CharField("事由", max_length=200, blank=True)
    chain = models.CharField("所在链", max_length=STREET, blank=True, help_text="街道的路径；空的是全平台的。")
    number = models.PositiveBigIntegerField("链中序号")
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField("校验值", max_length=64)
    redaction = models.CharField("清空内容后的校验值", max_length=64, blank=True)

    objects = AuditEntryQuerySet.as_manager()
    concerns: Any = None  # the row that the entry is about

    class Meta:
        verbose_name = verbose_name_plural = "操作记录"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "number"], name="audit_number_once", violation_error_message="链中序号重复。"
            )
        ]
        indexes = [
            models.Index(fields=["chain", "id"], name="audit_chain_in_order"),
            models.Index(fields=["action", "id"], name="audit_action_in_order"),
            models.Index(fields=["row"], name="audit_of_row"),
            models.Index(fields=["request_id"], name="audit_of_request"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.model_name} {self.row}".strip()

    @property
    def model_name(self) -> str:
        """The Chinese name of the model that the entry is about, empty where there is none."""
        return str(apps.get_model(self.model)._meta.verbose_name) if self.model else ""

    def placed(self) -> Iterator["AuditEntry"]:
        """Yield the entry with its chain set, and a copy for each further street that it concerns.

        Some streets are known only at the end of the transaction: a user is added before their post.
        """
        row = getattr(self, "concerns", None)
        later = row.audit_paths() if not self.area_path and isinstance(row, audit.Audited) and row.pk else []
        for path in [path for path in later if path] or [self.area_path]:
            entry = self if not self.chain else self.again()
            entry.area_path, entry.chain = path, path[:STREET]
            yield entry

    def again(self) -> "AuditEntry":
        names = [field.attname for field in self._meta.concrete_fields if not field.primary_key]
        return AuditEntry(**{name: getattr(self, name) for name in names})

    def bound_values(self) -> dict:
        """Return the values that the hash covers: everything but the row's id and the two hashes."""
        names = ("action", "model", "row", "changes", "area_path", "address", "request_id", "reason", "user_id")
        return {"at": self.at.timestamp()} | {name: getattr(self, name) for name in (*names, "chain", "number")}

    def follows(self, number: int, hashed: str) -> bool:
        """Return whether the entry comes next after this number and hash, and still has the values that were hashed."""
        is_next = (self.number, self.previous) == (number + 1, hashed)
        return is_next and self._is_whole()

    def empty(self) -> None:
        """Empty what the entry tells, and seal what is left under the hash that it had; the caller saves."""
        was_whole = self._is_whole()
        self.changes, self.reason, self.area_path = {}, "", self.chain
        self.redaction = audit.chain_hash(self.hash, self.bound_values(), settings.LOUZU_AUDIT_KEY) if was_whole else ""

    def _is_whole(self) -> bool:
        if self.redaction:
            return audit.fits(self.hash, self.bound_values(), self.redaction)
        return audit.fits(self.previous, self.bound_values(), self.hash)


class AuditHead(models.Model):
    """The number and hash of a chain's newest entry. Writers of the chain lock this row.

    `cut_number` and `cut_hash` are those of the last entry that went when its time was over.
    """

    chain = models.CharField("所在链", max_length=STREET, blank=True, unique=True)
    number = models.PositiveBigIntegerField("条数", default=0)
    hash = models.CharField(max_length=64, blank=True)
    cut_number = models.PositiveBigIntegerField("已到期的条数", default=0)
    cut_hash = models.CharField("已到期的最后一条的校验值", max_length=64, blank=True)
    cut_seal = models.CharField("到期清除的校验值", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "操作记录链尾"

    def __str__(self) -> str:
        return f"{self.chain} {self.number} {self.hash}"

    @classmethod
    def locked(cls, chains: Iterable[str]) -> dict[str, "AuditHead"]:
        """Return the heads by chain, locked in the order of the chains; add those that are missing.

        Unless all are there none is locked before the missing ones are added: who adds one waits for who adds the same.
        """
        chains = set(chains)
        there = cls._default_manager.filter(chain__in=chains)
        rows = there.order_by("chain").select_for_update(no_key=True, of=("self",))
        count = Subquery(there.order_by().values(every=Value(1)).annotate(rows=Count("*")).values("rows"))
        heads = {head.chain: head for head in rows.filter(Exact(count, len(chains)))} if chains else {}
        if len(heads) < len(chains):
            cls._default_manager.bulk_create([cls(chain=chain) for chain in sorted(chains)], ignore_conflicts=True)
            heads = {head.chain: head for head in rows}
        return heads

    @classmethod
    def beginning(cls, chain: str) -> tuple[int, str]:
        """Return the number and hash that the chain's first entry follows: where it was cut, if its seal is good."""
        head = cls._default_manager.filter(chain=chain).exclude(cut_number=0).first()
        if head is None or not audit.fits(CUT, head._cut_values(), head.cut_seal):
            return 0, ""
        return head.cut_number, head.cut_hash

    def cut_behind(self, entry: AuditEntry) -> None:
        """Delete this entry and all before it, and seal where the chain begins now; the caller has locked the head."""
        self.cut_number, self.cut_hash = entry.number, entry.hash
        self.cut_seal = audit.chain_hash(CUT, self._cut_values(), settings.LOUZU_AUDIT_KEY)
        self.save(update_fields=["cut_number", "cut_hash", "cut_seal"])
        AuditEntry.objects.filter(chain=self.chain, number__lte=entry.number).delete()

    def _cut_values(self) -> dict:
        return {"chain": self.chain, "number": self.cut_number, "hash": self.cut_hash}

    def bind(self, entries: list[AuditEntry]) -> None:
        """Number and hash the entries as the next ones of the chain; the caller saves the entries and the head."""
        for entry in entries:
            entry.number, entry.previous = self.number + 1, self.hash
            entry.hash = audit.chain_hash(self.hash, entry.bound_values(), settings.LOUZU_AUDIT_KEY)
            self.number, self.hash = entry.number, entry.hash


def _chain_of(entry: Any) -> str:
    return entry.chain
