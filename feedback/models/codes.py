"""Codes on a poster: whoever scans one finds the card that waits for their answer, or reports to a community."""

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from activities.models import Activity
from feedback.ground.periods import CardPeriod
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.ground.states import Conflict
from members.models import Area, Employer

MOST_WRONG = 200  # wrong answers at one code, whoever gives them; then it opens nothing any more
CLOSED = "这个码已经结束了。"


class CardCodeQuerySet(models.QuerySet["CardCode"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("place__path", access.reach(user, Resource.CARD, right)))

    def open(self) -> Self:
        """Codes that open cards today: not closed, not past their last day, not guessed at too often."""
        return self.filter(closed_at=None, ends_on__gte=timezone.localdate(), wrong__lt=MOST_WRONG)


class CardCode(Audited):
    """A code for the cards of one period: of all who live in a place, or of those of them who came to an activity."""

    place = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # who asked stays known
        verbose_name="区域",
        related_name="card_codes",
    )
    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, null=True, verbose_name="活动", related_name="card_codes"
    )
    first_day = models.DateField("时段开始")
    last_day = models.DateField("时段结束")
    secret_code = models.CharField(max_length=32, unique=True, editable=False)
    ends_on = models.DateField("最后一天")
    created_at = models.DateTimeField("生成时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("结束时间", null=True, editable=False)
    wrong = models.PositiveSmallIntegerField("对不上的次数", default=0, editable=False)

    objects = CardCodeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "确认码"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="code_ends_after_it_begins",
                violation_error_message="时段的最后一天不能早于第一天。",
            ),
            models.UniqueConstraint(
                fields=["place", "first_day", "last_day"],
                condition=Q(activity=None, closed_at=None),
                name="code_open_once_a_place",
                violation_error_message="这里已经有一个确认码。",
            ),
            models.UniqueConstraint(
                fields=["activity", "place", "first_day", "last_day"],
                condition=Q(activity__isnull=False, closed_at=None),
                name="code_open_once_an_activity",
                violation_error_message="这次活动已经有一个确认码。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity or self.place} {self.period.label}"

    @property
    def period(self) -> CardPeriod:
        return CardPeriod(self.first_day, self.last_day)

    @property
    def is_open(self) -> bool:
        """Whether it opens cards today, as `open()` has it."""
        return self.closed_at is None and self.ends_on >= timezone.localdate() and self.wrong < MOST_WRONG

    def close(self) -> None:
        """Close the code; Conflict where it is closed."""
        rows = CardCode.objects.select_for_update(of=("self",), no_key=True)
        with atomic_write():
            if not rows.filter(pk=self.pk, closed_at=None).exists():
                raise Conflict(CLOSED)
            self.closed_at = timezone.now()
            self.save(update_fields=["closed_at"])

    def audit_path(self) -> str:
        return self.place.path


class SlipCodeQuerySet(models.QuerySet["SlipCode"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("place__path", access.reach(user, Resource.CARD, right)))

    def of_employer(self, employer: int, street: int) -> Self:
        """The links that an employer hands out for this street."""
        return self.filter(employer=employer, place=street)

    def open(self) -> Self:
        """Codes by which members report today: not closed, not past their last day."""
        return self.filter(closed_at=None, ends_on__gte=timezone.localdate())


class SlipCode(Audited):
    """A code by which members report: on the poster of a community, or in the link that an employer hands out.

    An employer's link leads to the whole street; the address then tells the community.
    """

    place = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # where one reported stays known
        verbose_name="区域",
        related_name="slip_codes",
        limit_choices_to={"level__lte": Area.Level.COMMUNITY},
    )
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # who handed it out stays known
        null=True,
        blank=True,
        verbose_name="单位",
        related_name="slip_codes",
    )
    secret_code = models.CharField(max_length=32, unique=True, editable=False)
    ends_on = models.DateField("最后一天")
    created_at = models.DateTimeField("生成时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("结束时间", null=True, editable=False)

    objects = SlipCodeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报到码"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["place"],
                condition=Q(employer=None, closed_at=None),
                name="slip_code_open_once",
                violation_error_message="这里已经有一个报到码。",
            ),
            models.UniqueConstraint(
                fields=["place", "employer"],
                condition=Q(employer__isnull=False, closed_at=None),
                name="slip_code_open_once_a_unit",
                violation_error_message="这个单位已经有一个报到链接。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.employer or ''}".strip()

    @property
    def is_open(self) -> bool:
        """Whether members report by it today, as `open()` has it."""
        return self.closed_at is None and self.ends_on >= timezone.localdate()

    def close(self) -> None:
        """Close the code; Conflict where it is closed."""
        rows = SlipCode.objects.select_for_update(of=("self",), no_key=True)
        with atomic_write():
            if not rows.filter(pk=self.pk, closed_at=None).exists():
                raise Conflict(CLOSED)
            self.closed_at = timezone.now()
            self.save(update_fields=["closed_at"])

    def audit_path(self) -> str:
        return self.place.path
