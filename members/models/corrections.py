"""What members say is wrong in their records, and how each is settled (docs/design/privacy.md)."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from members.ground.access import Right
from members.ground.audit import Audited
from members.ground.states import WithStatus
from members.models.people import OPINION_REMINDER, Member, Residence

KEPT = timedelta(days=90)  # the texts after the end; that it was settled, and how, stays


class CorrectionQuerySet(models.QuerySet["CorrectionRequest"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Requests of the members whom the user may write: only who can put it right reads what is wrong."""
        return self.filter(member__in=Member.objects.for_user(user, Right.WRITE))

    def waiting(self) -> Self:
        return self.filter(status=CorrectionRequest.Status.OPEN)

    def with_place(self) -> Self:
        """Annotate the path of the member's present or last home: `place`."""
        home = Residence.objects.last_homes().filter(member=OuterRef("member"))
        return self.annotate(place=Subquery(home.values("area__path")[:1]))

    def expired(self, now: datetime) -> Self:
        """Requests settled longer ago than their texts are kept."""
        return self.filter(settled_at__lt=now - KEPT, emptied_at=None)

    def empty_expired(self) -> int:
        """Empty what was said in the expired ones, and what was replied."""
        now = timezone.now()
        return self.expired(now).update(text="", reply="", emptied_at=now)


class CorrectionRequest(WithStatus, Audited):
    """A member's word that something on record about them is wrong: put right, or kept with a reason."""

    class Status(models.TextChoices):
        OPEN = "open", "等着办"
        RIGHTED = "righted", "已改好"
        KEPT = "kept", "没有改，已说明"

    class About(models.TextChoices):
        PERSON = "person", "姓名、电话等基本情况"
        HOME = "home", "住址、党小组、六员"
        ACTIVITY = "activity", "活动、群众需求"
        PAIRING = "pairing", "结对、走访"
        CARD = "card", "记录卡、报到单"
        CONSENT = "consent", "本人的同意、不同意"
        OTHER = "other", "其他"

    class Means(models.TextChoices):
        DESK = "desk", "当面"
        PAPER = "paper", "书面"
        LINK = "link", "本人在手机上写的"

    TRANSITIONS = {Status.OPEN: {Status.RIGHTED, Status.KEPT}}

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, verbose_name="党员", related_name="correction_requests"
    )
    about = models.CharField("哪一方面", max_length=10, choices=About.choices)
    text = models.CharField("哪里不对", max_length=500, help_text=f"写清哪一条不对、应该是什么。{OPINION_REMINDER}")
    means = models.CharField("怎么提出的", max_length=10, choices=Means.choices)
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.OPEN, editable=False, db_index=True
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who wrote it down must stay known
        null=True,
        editable=False,
        verbose_name="登记人",
        related_name="+",
    )
    made_at = models.DateTimeField("提出时间", default=timezone.now, editable=False)
    reply = models.CharField("答复", max_length=200, blank=True, editable=False)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who settled it must stay known
        null=True,
        editable=False,
        verbose_name="办理人",
        related_name="+",
    )
    settled_at = models.DateTimeField("办好的时间", null=True, editable=False)
    emptied_at = models.DateTimeField("清空时间", null=True, editable=False)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "更正请求"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", settled_at=None) | Q(~Q(status="open"), settled_at__isnull=False),
                name="correction_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(status="kept") | ~Q(reply="") | Q(emptied_at__isnull=False),
                name="correction_kept_says_why",
                violation_error_message="不改的，请写明原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}：{self.get_about_display()}"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def audit_path(self) -> str:
        return self.member.audit_path()
