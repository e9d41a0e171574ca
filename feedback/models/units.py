"""Access of employers' party units: the keys of their systems and the logins of their contacts."""

import ipaddress
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from feedback.models.counterparts import GivenQuerySet, OfCounterpart, OfCounterpartOrTest
from members.ground.atomic import atomic_write
from members.ground.audit import Audited, plain_address
from members.ground.dated import DatedQuerySet, ends_after_it_begins
from members.ground.keys import AccessKey, KeyQuerySet
from members.ground.states import Conflict
from members.models import Area, Employer, User

OVERLAP = timedelta(days=7)  # how long a rotated key still works
WARNED_BEFORE = timedelta(days=30)  # how long before its end a key warns of it


class Scope(models.TextChoices):
    """A right of a key."""

    READ = "cards:read", "取卡"
    ANSWER = "cards:answer", "签收、反馈、退回"
    OFFER = "offers:write", "提供资源"
    SLIPS_READ = "slips:read", "看报到单"
    SLIPS_WRITE = "slips:write", "发报到单、回答、撤回"


class EmployerKeyQuerySet(GivenQuerySet, KeyQuerySet):  # type: ignore[override]
    """Keys that streets gave to employers."""

    def ending(self) -> Self:
        """Live keys that expire within 30 days, and that no later key with the same label stands in for; no tests."""
        later = EmployerKey.objects.filter(
            employer=OuterRef("employer"), street=OuterRef("street"), label=OuterRef("label"), revoked_at=None,
            practice=None, expires_at__gt=OuterRef("expires_at"),
        )  # fmt: skip
        return self.live().filter(~Exists(later), practice=None, expires_at__lte=timezone.now() + WARNED_BEFORE)

    def tests(self) -> Self:
        return self.exclude(practice=None)


class EmployerKey(OfCounterpartOrTest, AccessKey):
    """The key of an employer's system, from a street. `addresses` limits where it may call from; empty is no limit.

    A test key opens the employer's made-up cards and slips in the practice street, and nothing else.
    """

    TEST_PREFIX = "lz_test_"

    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # what was done with the key stays known
        verbose_name="单位",
        related_name="keys",
    )
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street that gave it answers for it
        verbose_name="发放的街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    scopes = models.JSONField("权限", default=list)
    addresses = models.CharField(
        "限定来源地址", max_length=200, blank=True, help_text="多个用空格隔开，可写网段，如 203.0.113.0/24；不填不限。"
    )

    objects = EmployerKeyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位密钥"
        ordering = ["employer__name", "-created_at"]

    def clean(self) -> None:
        if unknown := set(self.scopes).difference(Scope.values):
            raise ValidationError({"scopes": f"没有这种权限：{'、'.join(sorted(map(str, unknown)))}。"})
        try:
            self.networks()
        except ValueError:
            raise ValidationError(
                {"addresses": "有地址写得不对，如 203.0.113.7 或 203.0.113.0/24，用空格隔开。"}
            ) from None

    @property
    def begins(self) -> str:
        return self.TEST_PREFIX if self.is_test else self.PREFIX

    def networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(text, strict=False) for text in self.addresses.split()]

    def works_from(self, address: str) -> bool:
        """Return whether the key may be used from this IP address."""
        plain = plain_address(address)
        if plain is None or not self.addresses:
            return not self.addresses
        return any(ipaddress.ip_address(plain) in network for network in self.networks())

    def rotate(self) -> tuple["EmployerKey", str]:
        """Make a successor, and return it with its text; this key works for at most another week.

        Conflict where this key is revoked, has expired or has a successor. The caller opens the transaction.
        """
        if not EmployerKey.objects.live().select_for_update(of=("self",), no_key=True).filter(pk=self.pk).exists():
            raise Conflict("这把密钥已停用或已到期，不能更换。请联系街道发一把新的。")
        if self.has_successor():
            raise Conflict("这把密钥刚才已经换过，请用换出来的那一把。")
        values = {name: getattr(self, name) for name in ("employer", "street", "practice", "scopes", "addresses")}
        successor, text = EmployerKey.make(label=self.label, **values)
        self.expires_at = min(self.expires_at, timezone.now() + OVERLAP)
        self.save(update_fields=["expires_at"])
        return successor, text

    def revoke(self) -> None:
        """Revoke the key; Conflict where it is revoked already."""
        rows = EmployerKey.objects.select_for_update(of=("self",), no_key=True)
        with atomic_write():
            if not rows.filter(pk=self.pk, revoked_at=None).exists():
                raise Conflict("这把密钥已经停用了。")
            super().revoke()

    def has_successor(self) -> bool:
        """Return whether the counterpart has a later live key with the same label and scopes."""
        return bool(self.successors())

    def successors(self) -> list["EmployerKey"]:
        """Return the later live keys of the counterpart with the same label and scopes."""
        same = {name: getattr(self, name) for name in ("employer", "street", "practice", "label")}
        later = EmployerKey.objects.live().filter(**same)
        return [key for key in later.filter(pk__gt=self.pk) if key.scopes == self.scopes]

    def ends_soon(self) -> bool:
        """Return whether the key expires within 30 days."""
        return self.expires_at <= timezone.now() + WARNED_BEFORE

    def audit_path(self) -> str:
        return self.street.path


class ContactQuerySet(GivenQuerySet, DatedQuerySet):  # type: ignore[override]
    def may_reset(self, user: Any, contact: "Contact") -> bool:
        """Return whether the user may reset this contact's password: they must be able to grant all that it opens."""
        return not contact.user.is_superuser and User.objects.within_gift_of(user).filter(pk=contact.user_id).exists()


class Contact(OfCounterpart, Audited):
    """A user who reads and answers an employer's cards in the browser between two dates; they hold no post."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name="用户", related_name="contacts"
    )
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # the employer behind an answer stays known
        verbose_name="单位",
        related_name="contacts",
    )
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street that admitted them answers for it
        verbose_name="开通的街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    since = models.DateField("开始日期", default=timezone.localdate)
    until = models.DateField("结束日期", null=True, blank=True, help_text="还在负责就不填。")

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位联系人"
        ordering = ["employer__name", "user__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "employer", "street"],
                condition=Q(until=None),
                name="contact_once_a_street",
                violation_error_message="这位用户已经是这个单位的联系人。",
            ),
            ends_after_it_begins("contact_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.user}"

    def end(self) -> None:
        """End the contact today; Conflict where it has ended already. The caller opens the transaction."""
        today = timezone.localdate()
        if not Contact.objects.lasting().select_for_update(of=("self",), no_key=True).filter(pk=self.pk).exists():
            raise Conflict("这位联系人已经结束了。")
        self.until = max(today, self.since)
        self.save(update_fields=["until"])

    def audit_path(self) -> str:
        return self.street.path


def employers_of(user: Any) -> models.QuerySet[Employer]:
    """Return the employers whose cards the user may read today."""
    if not user.is_authenticated:
        return Employer.objects.none()
    return Employer.objects.filter(pk__in=Contact.objects.current().filter(user=user).values("employer"))
