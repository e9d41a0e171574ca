"""What each employer is told, in order: one append-only sequence an employer and street."""

import secrets
from typing import Self

from django.db import models
from django.utils import timezone

from feedback.models.cards import RecordCard
from feedback.models.counterparts import Counterpart, GivenQuerySet, OfCounterpart, among
from members.models import Area, Employer


def new_epoch() -> str:
    """A random word, so that two restores of one backup never look alike."""
    return secrets.token_hex(8)


class Feed(OfCounterpart, models.Model):
    """A street's sequence for an employer: its last number and its last receipt. Locked last in a transaction.

    The epoch tells a feed from the one before a backup was restored; receipts given in one epoch are one chain.
    """

    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # what was told stays told
        related_name="feeds",
        verbose_name="单位",
    )
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street that told it answers for it
        related_name="+",
        verbose_name="街道",
        limit_choices_to={"level": Area.Level.STREET},
    )
    epoch = models.CharField("轮次", max_length=16, default=new_epoch)
    last_seq = models.PositiveBigIntegerField("最后序号", default=0)
    last_receipt = models.CharField("上一张回执", max_length=64, blank=True)
    fetched_at = models.DateTimeField("最近取卡", null=True)

    objects = GivenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位的卡片流"
        constraints = [models.UniqueConstraint(fields=["employer", "street"], name="feed_one_a_street")]

    def __str__(self) -> str:
        return f"{self.employer} {self.street}"

    @staticmethod
    def lock(counterparts: set[Counterpart]) -> "dict[Counterpart, Feed]":
        """Return the feeds of these, locked in one order until the transaction ends."""
        new = [Feed(employer_id=employer, street_id=street) for employer, street in sorted(counterparts)]
        Feed.objects.bulk_create(new, ignore_conflicts=True)
        rows = Feed.objects.filter(among(counterparts)).select_for_update(no_key=True)
        return {feed.counterpart: feed for feed in rows.order_by("employer_id", "street_id")}

    def start_over(self) -> None:
        """Begin a new epoch: old cursors are answered `cursor-reset`, and a new chain of receipts begins."""
        self.epoch, self.last_receipt = new_epoch(), ""


class FeedEventQuerySet(models.QuerySet):
    def after(self, seq: int) -> Self:
        return self.filter(seq__gt=seq).order_by("seq")


class FeedEvent(models.Model):
    """A card was issued, was withdrawn, or was issued in place of another."""

    class Type(models.TextChoices):
        ISSUED = "issued", "发出"
        CORRECTED = "corrected", "更正后发出"
        WITHDRAWN = "withdrawn", "撤回"

    feed = models.ForeignKey(
        Feed,
        on_delete=models.PROTECT,  # what was told stays told
        verbose_name="卡片流",
        related_name="events",
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
        ordering = ["feed", "seq"]
        constraints = [models.UniqueConstraint(fields=["feed", "seq"], name="event_once_in_feed")]

    def __str__(self) -> str:
        return f"{self.feed} {self.seq} {self.get_type_display()}"
