"""What was handed to members of their own data: when, why and how; by a link for a time."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.ground.sealing import decrypt_data, encrypt_data
from members.models import Member


class OwnFileQuerySet(models.QuerySet["OwnFile"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Files of a street that the user may export from as a whole: a community does not hold all of a member.

        Making one is an export, which is a right to read; nothing of a file is ever changed.
        """
        return self.filter(access.within("member__street__path", access.reach(user, Resource.EXPORT)))

    def filled(self) -> Self:
        """Files whose content is kept for their link."""
        return self.exclude(content=None)

    def expired(self, now: datetime) -> Self:
        """Files whose link has ended and whose content is still kept."""
        return self.filled().filter(made_at__lte=now - timedelta(days=settings.CARD_LINK_DAYS))


class OwnFile(Audited):
    """All that the portal holds about one member in one street, made once for them.

    What is handed over on paper is not kept. What a link opens is kept as it was made, encrypted, until the link ends
    or the next file of this member is made: so that a link opens one file and nothing else.
    """

    class Means(models.TextChoices):
        IN_PERSON = "in_person", "当面交给本人"
        LINK = "link", "发链接给本人"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="own_files")
    means = models.CharField("怎么交给本人", max_length=10, choices=Means.choices)
    reason = models.CharField("事由", max_length=200, help_text="本人怎么提出的，如“本人来社区要看自己的资料”。")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who handed it over must stay known
        editable=False,
        verbose_name="办理人",
        related_name="+",
    )
    made_at = models.DateTimeField("生成时间", default=timezone.now, editable=False)
    content = models.BinaryField("内容", null=True, editable=False)
    wrong_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    opened_at = models.DateTimeField("本人第一次打开", null=True, editable=False)

    objects = OwnFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "给本人的资料"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(means="link") | Q(content=None, opened_at=None),
                name="own_file_by_link_alone",
                violation_error_message="当面交的不保存内容。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.made_on}"

    @property
    def made_on(self) -> str:
        return timezone.localtime(self.made_at).strftime("%Y-%m-%d")

    @property
    def ends_at(self) -> datetime:
        """When its link opens nothing any more."""
        return self.made_at + timedelta(days=settings.CARD_LINK_DAYS)

    @property
    def is_open(self) -> bool:
        """Whether its link still opens it."""
        return self.content is not None and timezone.now() < self.ends_at

    def fill(self, data: dict[str, Any]) -> None:
        self.content = encrypt_data(data)

    def read(self) -> dict[str, Any]:
        """Return what was made; KeyLost where it is no longer kept."""
        return decrypt_data(self.content)

    def audit_path(self) -> str:
        return self.member.audit_path()
