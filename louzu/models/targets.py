"""What the street office plans for a community and a year; progress of places, never of a person."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.models import Area
from members.models.households import FIRST_YEAR

MOST = 9_999
LAST_YEAR = 2100
NOT_A_NUMBER = f"目标要填 1 到 {MOST} 的整数；没有目标就空着。"
YEAR_OUTSIDE = "年份不对，请检查。"


class TargetQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("area__path", access.reach(user, Resource.TARGET, right)))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))


class Target(Audited):
    """A number that a community is to reach: by the end of the year, or in each month of it."""

    class Kind(models.TextChoices):
        GROUPS = "groups", "年底建立党小组的楼组"
        ACTIVITIES = "activities", "每月活动"
        PAIRINGS = "pairings", "年底正在结对"

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a community with targets is closed, not deleted
        verbose_name="社区",
        related_name="+",
    )
    year = models.PositiveSmallIntegerField(
        "年度",
        validators=[MinValueValidator(FIRST_YEAR.year, YEAR_OUTSIDE), MaxValueValidator(LAST_YEAR, YEAR_OUTSIDE)],
    )
    kind = models.CharField("目标", max_length=20, choices=Kind.choices)
    value = models.PositiveIntegerField(
        "数目", validators=[MinValueValidator(1, NOT_A_NUMBER), MaxValueValidator(MOST, NOT_A_NUMBER)]
    )

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "目标"
        ordering = ["area__path", "year", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "year", "kind"],
                name="target_once",
                violation_error_message="这个社区这一年已经有这项目标。",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=1, value__lte=MOST),
                name="target_value_sane",
                violation_error_message=NOT_A_NUMBER,
            ),
            models.CheckConstraint(
                condition=Q(year__gte=FIRST_YEAR.year, year__lte=LAST_YEAR),
                name="target_year_sane",
                violation_error_message=YEAR_OUTSIDE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年 {self.area} {self.get_kind_display()} {self.value}"

    def clean(self) -> None:
        if self.area_id and self.area.level != Area.Level.COMMUNITY:
            raise ValidationError({"area": "目标定给社区，请选择社区。"})
