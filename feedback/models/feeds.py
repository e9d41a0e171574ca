"""Feeds: one append-only sequence of events for each employer and street."""

import secrets
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from feedback.models.cards import RecordCard
from feedback.models.counterparts import Counterpart, GivenQuerySet, OfCounterpart, among
from feedback.models.slips import Slip
from members.models import Area, Employer


def new_epoch() -> str:
    """Return a random word, so that two restores of one backup never share an epoch."""
    return secrets.token_hex(8)


class Feed(OfCounterpart, models.Model):
    """A street's sequence of events for an employer: its last sequence number and the hash of its last receipt.

    The epoch changes when a backup is restored. The receipts of one epoch are one chain. Feeds are locked after cards.
    """

    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # sent events stay on record
        related_name="feeds",
        verbose_name="单位",
    )
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the sending street answers for its events
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
        """Return the feeds of these counterparts, new where missing, locked in order until the transaction ends."""
        new = [Feed(employer_id=employer, street_id=street) for employer, street in sorted(counterparts)]
        Feed.objects.bulk_create(new, ignore_conflicts=True)
        rows = Feed.objects.filter(among(counterparts)).select_for_update(no_key=True)
        return {feed.counterpart: feed for feed in rows.order_by("employer_id", "street_id")}

    def start_over(self) -> None:
        """Begin a new epoch and a new chain of receipts; old cursors get `cursor-reset`. The caller saves."""
        self.epoch, self.last_receipt = new_epoch(), ""


class FeedEventQuerySet(models.QuerySet):
    def after(self, seq: int) -> Self:
        return self.filter(seq__gt=seq).order_by("seq")


class FeedEvent(models.Model):
    """One event of a feed.

    A card was issued, issued in place of another, withdrawn, or its receipt was taken back; or a slip went on.
    """

    class Type(models.TextChoices):
        ISSUED = "issued", "发出"
        CORRECTED = "corrected", "更正后发出"
        WITHDRAWN = "withdrawn", "撤回"
        REOPENED = "reopened", "撤回签收"
        SLIP_SENT = "slip.sent", "报到单：本人报到，请单位认"
        SLIP_ASKED = "slip.asked", "报到单：需要核对"
        SLIP_ACCEPTED = "slip.accepted", "报到单：已接收"
        SLIP_FORWARDED = "slip.forwarded", "报到单：已转其他街道"
        SLIP_DECLINED = "slip.declined", "报到单：不在本街道"
        SLIP_WITHDRAWN = "slip.withdrawn", "报到单：已撤回"
        SLIP_ENDED = "slip.ended", "报到单：已结束"

    feed = models.ForeignKey(
        Feed,
        on_delete=models.PROTECT,  # sent events stay on record
        verbose_name="卡片流",
        related_name="events",
    )
    seq = models.PositiveBigIntegerField("序号")
    type = models.CharField("事件", max_length=20, choices=Type.choices)
    card = models.ForeignKey(
        RecordCard,
        on_delete=models.PROTECT,  # sent events stay on record
        null=True,
        verbose_name="记录卡",
        related_name="events",
    )
    slip = models.ForeignKey(
        Slip,
        on_delete=models.PROTECT,  # sent events stay on record
        null=True,
        verbose_name="报到单",
        related_name="events",
    )
    at = models.DateTimeField("时间", default=timezone.now)
    told = models.TextField("事件内容")  # JSON, written once; only the card's body is added on reading

    objects = FeedEventQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "卡片流"
        ordering = ["feed", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["feed", "seq"], name="event_once_in_feed"),
            models.CheckConstraint(
                condition=Q(card__isnull=False, slip=None) | Q(card=None, slip__isnull=False),
                name="event_of_card_or_slip",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.seq} {self.get_type_display()}"
