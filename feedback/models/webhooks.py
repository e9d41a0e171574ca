"""Webhooks that tell employers' systems of new events; the content stays in the feed."""

import base64
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from feedback.ground.posting import Unreachable, checked
from feedback.models.counterparts import Counterpart, GivenQuerySet, OfCounterpartOrTest, among
from members.ground.access import Right
from members.ground.audit import Audited
from members.ground.sealing import decrypt_text, encrypt_text
from members.models import Area, Employer

SECRETS_OVERLAP = timedelta(days=7)  # how long the secret before still signs beside the new one


class WebhookQuerySet(GivenQuerySet):
    def hearing_of(self, counterparts: Iterable[Counterpart]) -> Self:
        """The active ones that are told of these counterparts' feeds."""
        real, tests = Q(among(counterparts), practice=None), among(counterparts, column="practice")
        return self.filter(real | tests, is_active=True)


class Webhook(OfCounterpartOrTest, Audited):
    """A URL that a street allowed; each message to it is signed with a shared secret.

    One for tests hears of the test key's feed. After a change of the secret, messages are signed with the old one too,
    for a week.
    """

    employer = models.ForeignKey(Employer, on_delete=models.CASCADE, verbose_name="单位", related_name="webhooks")
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street that allowed it answers for it
        verbose_name="允许的街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    url = models.URLField("通知地址", max_length=300, help_text="只发“有新内容”，不带任何个人资料；只认 https。")
    secret_sealed = models.CharField(max_length=300, editable=False)
    old_secret_sealed = models.CharField(max_length=300, blank=True, editable=False)
    old_secret_until = models.DateTimeField("旧签名密钥用到", null=True, editable=False)
    is_active = models.BooleanField("启用", default=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位通知地址"
        ordering = ["employer__name", "pk"]

    def __str__(self) -> str:
        return f"{self.employer} {self.url}"

    @property
    def secret(self) -> str:
        """The secret as Standard Webhooks write it: `whsec_` and the key in base64."""
        return decrypt_text(self.secret_sealed)

    def secrets(self) -> list[str]:
        """Return the secrets that sign messages now, the newest first; ValueError where the newest is unreadable."""
        found = [self.secret]
        if self.old_secret_until and self.old_secret_until > timezone.now():
            with suppress(ValueError):
                found.append(decrypt_text(self.old_secret_sealed))
        return found

    def renew_secret(self) -> str:
        """Set a new secret beside the present one, which ends in a week, and return it; the caller saves."""
        if self.secret_sealed:
            self.old_secret_sealed, self.old_secret_until = self.secret_sealed, timezone.now() + SECRETS_OVERLAP
        return self.make_secret()

    def make_secret(self) -> str:
        """Set a new random secret and return it; the caller saves."""
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.secret_sealed = encrypt_text(secret)
        return secret

    def clean(self) -> None:
        try:
            if self.url:
                checked(self.url)
        except Unreachable as reason:
            raise ValidationError({"url": f"{reason}。"}) from reason

    def audit_path(self) -> str:
        return self.street.path


class DeliveryQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(webhook__in=Webhook.objects.for_user(user, right))

    def due(self, now: datetime) -> Self:
        return self.filter(status=Delivery.Status.WAITING, next_at__lte=now)

    def next_at(self) -> datetime | None:
        """Return when the first waiting delivery is due, None where none waits."""
        waiting = self.filter(status=Delivery.Status.WAITING, webhook__is_active=True)
        return waiting.order_by().aggregate(first=models.Min("next_at"))["first"]

    def expired(self) -> Self:
        """Deliveries past their retention; all of them ended long before, since none is tried for over three days."""
        return self.filter(created_at__lt=timezone.now() - timedelta(days=settings.RETENTION["delivery"]))


class Delivery(models.Model):
    """One message to a webhook, tried for three days or until it arrives; a test has no cursor."""

    class Status(models.TextChoices):
        WAITING = "waiting", "待发送"
        DELIVERED = "delivered", "已送达"
        GIVEN_UP = "given_up", "没有送达"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", verbose_name="通知地址")
    cursor = models.CharField("卡片流位置", max_length=200, blank=True)
    is_test = models.BooleanField("测试", default=False)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField("发送次数", default=0)
    created_at = models.DateTimeField("生成时间", default=timezone.now)
    next_at = models.DateTimeField("下次发送", default=timezone.now)
    delivered_at = models.DateTimeField("送达时间", null=True)
    outcome = models.CharField("最近结果", max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知记录"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "next_at"], name="delivery_status_next")]

    def __str__(self) -> str:
        return f"{self.webhook} {self.get_status_display()}"
