"""Replies of employers to cards: receipts and their taking back, answers in versions; and the receipts for slips."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from feedback.models.cards import RecordCard
from feedback.models.slips import Slip
from feedback.models.units import EmployerKey
from members.ground.access import Right
from members.ground.audit import Audited


class Receipt(Audited):
    """The employer's receipt for the body with this digest, or its taking back, which is signed in the same chain.

    The signed statement names its chain and its predecessor. `chain` is the feed's epoch; it is empty on receipts from
    before 0.4. `previous` is the predecessor's hash.
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", "签收"
        TAKEN_BACK = "taken_back", "撤回签收"

    card = models.ForeignKey(
        RecordCard,
        on_delete=models.PROTECT,  # a signed receipt was given for it
        related_name="receipts",
        verbose_name="记录卡",
    )
    kind = models.CharField("种类", max_length=10, choices=Kind.choices, default=Kind.RECEIVED)
    digest = models.CharField("校验码", max_length=64)
    at = models.DateTimeField("时间", default=timezone.now)
    chain = models.CharField("回执链", max_length=16, blank=True)
    previous = models.CharField("上一张回执", max_length=64, blank=True)
    hash = models.CharField("回执校验值", max_length=64, unique=True)
    signed_by = models.CharField("签名密钥", max_length=16)

    class Meta:
        verbose_name = verbose_name_plural = "签收回执"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.card}"

    def audit_path(self) -> str:
        return self.card.audit_path()


class AnswerQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(card__in=RecordCard.objects.for_user(user, right))


class Answer(Audited):
    """The employer's answer to a card: a text and perhaps thanks. An amendment is a new version; earlier ones stay."""

    card = models.ForeignKey(
        RecordCard,
        on_delete=models.PROTECT,  # answers stay on record
        related_name="answers",
        verbose_name="记录卡",
    )
    version = models.PositiveSmallIntegerField("版本")
    text = models.CharField("反馈", max_length=500)
    thanks = models.BooleanField("表示感谢", default=False)
    at = models.DateTimeField("反馈时间", default=timezone.now)
    key = models.ForeignKey(
        EmployerKey,
        on_delete=models.PROTECT,  # the key that sent it stays known
        null=True,
        editable=False,
        related_name="+",
        verbose_name="密钥",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who wrote it stays known
        null=True,
        editable=False,
        related_name="+",
        verbose_name="填写人",
    )

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位反馈"
        ordering = ["card", "version"]
        constraints = [models.UniqueConstraint(fields=["card", "version"], name="answer_version_once")]

    def __str__(self) -> str:
        return self.text

    def audit_path(self) -> str:
        return self.card.audit_path()


class SlipReceiptQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(slip__in=Slip.objects.for_user(user, right))


class SlipReceipt(Audited):
    """The community's receipt for a slip that it accepted: it says the day, the community and its telephone.

    Where an employer hears of the slip, the receipt is in the chain of its feed, among those for cards; else it has no
    chain and no predecessor.
    """

    slip = models.OneToOneField(
        Slip,
        on_delete=models.PROTECT,  # a signed receipt was given for it
        related_name="receipt",
        verbose_name="报到单",
    )
    at = models.DateTimeField("时间", default=timezone.now)
    community = models.CharField("社区", max_length=200)
    telephone = models.CharField("联系方式", max_length=100, blank=True)
    chain = models.CharField("回执链", max_length=16, blank=True)
    previous = models.CharField("上一张回执", max_length=64, blank=True)
    hash = models.CharField("回执校验值", max_length=64, unique=True)
    signed_by = models.CharField("签名密钥", max_length=16)

    objects = SlipReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报到回执"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.slip}"

    def audit_path(self) -> str:
        return self.slip.audit_path()
