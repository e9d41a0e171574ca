"""Members' answers to notices, one row for each; consent is never assumed (docs/design/privacy.md)."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited, actor
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import journal
from members.models.employers import Employer
from members.models.households import FIRST_YEAR
from members.models.people import Member

# Version and text of what the member reads before agreeing. A changed text is a new version; old rows keep theirs.
NOTICES = {
    "stairwell": ("1", "同意在所住楼组的楼道公示牌上亮出本人姓名，以便服务邻里。随时可以撤回，撤回后不再印出。"),
    "cards": (
        "1",
        "同意把本人的《在职党员参与社区活动记录卡》发给本人所在单位的党组织。卡上只写姓名、时段、参加过的活动和社区的一句话，"
        "没有住址、电话和评分，不用于考核。可以不同意，不影响任何事情；随时可以撤回，撤回后卡片作废。",
    ),
    "transfer": (
        "1",
        "同意把本人转到新住地的街道：先告诉对方本人的姓名、新住址、在职或在册、单位；对方接收以后，再转去性别、出生年月、"
        "认人用的身份证号校验码、电话、党员类别、入党时间、单位内编号。参加过的活动、走访、记录卡不转，留在原街道。"
        "可以不同意；对方接收以前随时可以撤回。",
    ),
    "receive": (
        "1",
        "同意所住社区的党组织接收本人的报到信息：姓名、电话、住址、单位、特长和愿意做的事，用来与本人联系、参加所住楼组的活动。"
        "不用于考核。随时可以撤回，撤回后报到作废。",
    ),
    "tell_employer": (
        "1",
        "同意把本人已向所住社区报到一事，以及社区的接收回执，告诉本人所在单位的党组织。可以不同意，不影响报到；"
        "随时可以撤回，撤回后不再告诉。",
    ),
    "passed_on": (
        "1",
        "同意单位党组织把本人的姓名、电话、住址、单位内编号、特长和愿意做的事交给所住社区的党组织，用来办理报到，"
        "并收取社区的接收回执。随时可以撤回，撤回后报到作废。",
    ),
}

WITH_EMPLOYER = ("cards", "tell_employer", "passed_on")  # purposes that name an employer
JOURNAL = "consent"
STANDS = "这位党员现在是同意的：本人改了主意，请撤回原来的同意。"


_resting: list[Callable[["Consent"], object]] = []


def rests_on_consent(fall_with: Callable[["Consent"], object]) -> None:
    """Register, in an app's `ready()`, what to call with each withdrawn consent in the same transaction."""
    _resting.append(fall_with)


def new_token() -> str:
    """Return a random token by which the journal knows a consent; it reveals nothing and is never given twice."""
    return secrets.token_hex(16)


class ConsentQuerySet(models.QuerySet["Consent"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Consents of members in the user's scope; a refusal is visible only to the user who recorded it.

        Consents that name an employer, withdrawn ones too, are visible only to users who handle cards and slips.
        """
        mine = Q(is_agreed=True) | Q(recorded_by=user)
        theirs = Exists(Member.objects.for_user(user, right).filter(pk=OuterRef("member")))
        handled = Exists(Member.objects.for_user(user, right, resource=Resource.CARD).filter(pk=OuterRef("member")))
        return self.filter(mine, theirs, ~Q(purpose__in=WITH_EMPLOYER) | handled)

    def in_force(self, purpose: str = "") -> Self:
        """Agreements in force, for one purpose or for any."""
        standing = self.filter(is_agreed=True, withdrawn_at=None)
        return standing.filter(purpose=purpose) if purpose else standing

    def withdraw_again(self, tokens: Sequence[str]) -> int:
        """Withdraw the consents with these tokens that a restored backup has in force again; return how many."""
        forgotten = [row for part in batches(tokens) for row in self.in_force().filter(token__in=part).order_by("pk")]
        for consent in forgotten:
            with suppress(Conflict):  # another process applies the same journal
                consent.withdraw()
        return len(forgotten)


class Consent(Audited):
    """A member's answer to a notice: for what, how and when given, by whom recorded, when withdrawn."""

    class Purpose(models.TextChoices):
        STAIRWELL = "stairwell", "楼道公示姓名"
        CARDS = "cards", "把记录卡发给单位"
        TRANSFER = "transfer", "转到其他街道"
        RECEIVE = "receive", "接收本人信息"
        TELL_EMPLOYER = "tell_employer", "把报到告诉单位"
        PASSED_ON = "passed_on", "单位转交本人信息"

    class Means(models.TextChoices):
        PAPER = "paper", "书面签字"
        SPOKEN = "spoken", "当面口头"
        PHONE = "phone", "电话"
        LINK = "link", "本人在手机上确认"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="consents")
    purpose = models.CharField("用途", max_length=20, choices=Purpose.choices, default=Purpose.STAIRWELL)
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # to whom one agreed must stay known
        null=True,
        blank=True,
        verbose_name="哪个单位",
        related_name="+",
        help_text="只有用途里写着单位的要填。",
    )
    is_agreed = models.BooleanField("本人意见", choices=[(True, "同意"), (False, "不同意")])
    notice = models.CharField("告知内容", max_length=300, editable=False)
    version = models.CharField("告知版本", max_length=10, editable=False)
    means = models.CharField("方式", max_length=10, choices=Means.choices)
    given_on = models.DateField("表示意见的日期", default=timezone.localdate)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who recorded it must stay known
        editable=False,
        null=True,
        verbose_name="登记人",
        related_name="+",
    )
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "本人意见"
        ordering = ["-given_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "purpose"],
                condition=Q(is_agreed=True, withdrawn_at=None, employer=None),
                name="consent_one_in_force",
                violation_error_message="这位党员在这项用途上已经同意，不用再登记。",
            ),
            models.UniqueConstraint(
                fields=["member", "purpose", "employer"],
                condition=Q(is_agreed=True, withdrawn_at=None, employer__isnull=False),
                name="consent_one_an_employer",
                violation_error_message="这位党员在这项用途上已经同意告诉这个单位，不用再登记。",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=WITH_EMPLOYER, employer__isnull=False)
                | Q(~Q(purpose__in=WITH_EMPLOYER), employer=None),
                name="consent_for_employer",
                violation_error_message="用途里写着单位的，要写明是哪个单位；其他用途不填单位。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_purpose_display()}"

    def clean(self) -> None:
        if self.given_on and self.given_on > timezone.localdate():
            raise ValidationError({"given_on": "日期不能晚于今天。"})
        stands = Consent.objects.in_force(self.purpose).filter(member=self.member_id, employer=self.employer_id)
        if self._state.adding and self.is_agreed is False and stands.exists():
            raise ValidationError(STANDS)
        if self.given_on and self.given_on < FIRST_YEAR:
            raise ValidationError({"given_on": "日期太早了，请检查年份。"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.version, self.notice = NOTICES[self.purpose]
            self.recorded_by = self.recorded_by or actor()
        super().save(*args, **kwargs)

    @property
    def is_in_force(self) -> bool:
        return self.is_agreed and self.withdrawn_at is None

    def withdraw(self) -> None:
        """Withdraw the agreement at once, together with what is registered to rest on it, and note it in the journal.

        Conflict where it is no agreement, or was withdrawn already.
        """
        with atomic_write():
            standing = Consent.objects.in_force().select_for_update(no_key=True)
            if not standing.filter(pk=self.pk).exists():
                self.refresh_from_db(fields=["withdrawn_at"])
                raise Conflict("这一条没有在生效的同意，不用撤回。")
            self.withdrawn_at = timezone.now()
            self.save(update_fields=["withdrawn_at"])
            journal.note(JOURNAL, self.token)
            for fall_with in _resting:
                fall_with(self)

    def audit_path(self) -> str:
        """Return the street's path: a building's path, beside those who agreed there, would reveal who refused."""
        return self.member.street.path

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Return the audited values without the member and the token, for the same reason as in `audit_path`."""
        return {name: value for name, value in super()._values(names).items() if name not in ("member_id", "token")}


# The means of answers that another person records; only members themselves answer by the link.
BY_HAND = dict(choice for choice in Consent.Means.choices if choice[0] != Consent.Means.LINK)
