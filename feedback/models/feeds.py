"""What each employer is told, in order: one append-only sequence an employer."""

from typing import Self

from django.db import models
from django.utils import timezone

from feedback.models.cards import RecordCard
from members.models import Employer


class Feed(models.Model):
    """An employer's sequence: its last number, and the last receipt that was given. Locked last in a transaction.

    The epoch tells a feed from the one before a backup was restored.
    """

    employer = models.OneToOneField(
        Employer,
        on_delete=models.PROTECT,  # what was told stays told
        related_name="feed",
        verbose_name="单位",
    )
    epoch = models.PositiveIntegerField("轮次", default=1)
    last_seq = models.PositiveBigIntegerField("最后序号", default=0)
    last_receipt = models.CharField("上一张回执", max_length=64, blank=True)
    fetched_at = models.DateTimeField("最近取卡", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "单位的卡片流"

    def __str__(self):
        return f"{self.employer}"

    @staticmethod
    def lock(employers: set[int]) -> "dict[int, Feed]":
        """Return the feeds of these employers (ids), locked in one order until the transaction ends."""
        Feed.objects.bulk_create([Feed(employer_id=pk) for pk in sorted(employers)], ignore_conflicts=True)
        rows = Feed.objects.select_for_update(no_key=True).filter(employer__in=employers).order_by("employer_id")
        return {feed.employer_id: feed for feed in rows}


class FeedEventQuerySet(models.QuerySet):
    def after(self, seq: int) -> Self:
        return self.filter(seq__gt=seq).order_by("seq")


class FeedEvent(models.Model):
    """A card was issued, was withdrawn, or was issued in place of another."""

    class Type(models.TextChoices):
        ISSUED = "issued", "发出"
        CORRECTED = "corrected", "更正后发出"
        WITHDRAWN = "withdrawn", "撤回"

    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # what was told stays told
        verbose_name="单位",
        related_name="+",
    )
    seq = models.PositiveBigIntegerField("序号")
    type = models.CharField("事件", max_length=10, choices=Type.choices)
    card = models.ForeignKey(
        RecordCard,
        on_delete=models.PROTECT,  # the same
        verbose_name="记录卡",
        related_name="events",
    )
    at = models.DateTimeField("时间", default=timezone.now)
    told = models.TextField("事件内容")  # as JSON, written once like the body, which is all that it lacks

    objects = FeedEventQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "卡片流"
        ordering = ["employer", "seq"]
        constraints = [models.UniqueConstraint(fields=["employer", "seq"], name="event_numbered_once")]

    def __str__(self):
        return f"{self.employer} {self.seq} {self.get_type_display()}"
