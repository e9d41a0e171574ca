"""Commendations of places, never of persons, with their reasons (the paper, part one, 4: 抓典型)."""

from typing import Any, Self, cast

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.models import Area

FIRST_HONOURS = 2003
STATEMENTS = ("no_violations", "no_disputes", "no_accidents", "no_superstition")
THEME_OF_THEME = "特色楼组要选主题，先进楼组党小组不选主题。"
STATEMENTS_HAVE_A_DAY = "勾选了“四无”，请填写声明日期。"


class HonourQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Honours that were not withdrawn."""
        return self.filter(withdrawn_at=None)

    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.HONOUR) -> Self:
        return self.filter(access.within("area__path", access.reach(user, resource, right)))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))


class Honour(Audited):
    """A commendation of a building group or compound for one year, with its theme and deeds.

    The four statements 四无 are made by the building itself and ticked when the honour is given. Incidents are not
    recorded. One given to the wrong place is withdrawn: it stays on record with the reason, in no list and no print.
    """

    class Kind(models.TextChoices):
        COMMENDED = "commended", "先进楼组党小组"
        THEME = "theme", "特色楼组"

    class Theme(models.TextChoices):
        STUDY = "study", "学习楼"
        ARTS = "arts", "文体楼"
        SCIENCE = "science", "科普楼"
        ARMY = "army", "双拥楼"
        GREEN = "green", "绿化楼"
        OTHER = "other", "其他特色"

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # an honoured area is closed, not deleted
        verbose_name="楼组或小区",
        related_name="honours",
        limit_choices_to={"level__gte": Area.Level.STATION},
    )
    year = models.PositiveSmallIntegerField(
        "年度", validators=[MinValueValidator(FIRST_HONOURS), MaxValueValidator(2100)]
    )
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    theme = models.CharField("主题", max_length=20, choices=Theme.choices, blank=True)
    deeds = models.TextField("事迹", max_length=1000, help_text="写这个楼组做了什么，不评价个人，不写群众姓名。")
    awarded_on = models.DateField("授予日期", default=timezone.localdate)
    no_violations = models.BooleanField("无违法违约现象", default=False)
    no_disputes = models.BooleanField("无邻里矛盾纠纷", default=False)
    no_accidents = models.BooleanField("无安全防范事故", default=False)
    no_superstition = models.BooleanField("无封建迷信活动", default=False)
    stated_on = models.DateField("声明日期", null=True, blank=True, help_text="楼组自己声明“四无”的日期。")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)
    withdrawal_reason = models.CharField("撤回的原因", max_length=100, blank=True, editable=False)

    objects = HonourQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评优"
        ordering = ["-year", "area__path", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "year", "kind", "theme"],
                condition=Q(withdrawn_at=None),
                name="honour_once_a_year",
                violation_error_message="这个楼组这一年已有这项荣誉。",
            ),
            models.CheckConstraint(
                condition=Q(kind="theme") & ~Q(theme="") | Q(kind="commended", theme=""),
                name="honour_theme_of_theme_building",
                violation_error_message=THEME_OF_THEME,
            ),
            models.CheckConstraint(
                condition=Q(stated_on__isnull=False) | Q(**dict.fromkeys(STATEMENTS, False)),
                name="honour_statements_have_a_day",
                violation_error_message=STATEMENTS_HAVE_A_DAY,
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawal_reason="")
                | Q(withdrawn_at__isnull=False) & ~Q(withdrawal_reason=""),
                name="honour_withdrawn_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年{self.get_theme_display() or self.get_kind_display()} {self.area}"

    def clean(self) -> None:
        today = timezone.localdate()
        if self.area_id and self.area.level < Area.Level.STATION:
            raise ValidationError({"area": "请选择楼组或小区：荣誉授予楼组、小区。"})
        if self.kind == self.Kind.THEME and not self.theme:
            raise ValidationError({"theme": THEME_OF_THEME})
        if not self.stated_on and self.statements:
            raise ValidationError({"stated_on": STATEMENTS_HAVE_A_DAY})
        if self.year and self.year > today.year:
            raise ValidationError({"year": "年度不能晚于今年。"})
        for name, label in (("awarded_on", "授予日期"), ("stated_on", "声明日期")):
            day = getattr(self, name)
            if day and day > today:
                raise ValidationError({name: f"{label}不能晚于今天。"})
            if day and self.year and day.year < self.year - 1:
                raise ValidationError({name: f"{label}比评优的年度（{self.year} 年）早得多，请核对。"})

    @property
    def statements(self) -> list[str]:
        """Labels of the statements that the building made."""
        ticked = (name for name in STATEMENTS if getattr(self, name))
        return [str(cast(models.BooleanField, self._meta.get_field(name)).verbose_name) for name in ticked]
