"""Keys for programs: shown once, stored as a digest, with an expiry."""

import secrets
from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.utils import timezone

from members.ground.audit import Audited
from members.ground.sealing import digest


class KeyQuerySet(models.QuerySet):
    def live(self) -> Self:
        """Keys that are valid now."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class AccessKey(Audited):
    """A key that a program sends instead of a password: `lz_<prefix>_<secret>`."""

    PREFIX, LIFE = "lz_", timedelta(days=180)

    label = models.CharField("用途", max_length=50)
    prefix = models.CharField("前缀", max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    expires_at = models.DateTimeField("到期时间")
    last_used_at = models.DateTimeField("最近使用", null=True, editable=False)
    revoked_at = models.DateTimeField("停用时间", null=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.label}（{self.shown}）"

    @property
    def begins(self) -> str:
        """What the key's text begins with, before its prefix."""
        return self.PREFIX

    @property
    def shown(self) -> str:
        """The part of the key's text that may be shown."""
        return f"{self.begins}{self.prefix}…"

    @classmethod
    def make(cls, *, label: str, life: timedelta = LIFE, **owner: Any) -> tuple[Self, str]:
        """Make a key for this owner; return it with its text, which is never shown again."""
        prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
        key = cls(label=label, prefix=prefix, digest=digest(secret, purpose="token"), **owner)
        key.expires_at = timezone.now() + life
        key.save()
        return key, f"{key.begins}{prefix}_{secret}"

    def fits(self, secret: str) -> bool:
        return secrets.compare_digest(self.digest, digest(secret, purpose="token"))

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])
