"""What the columns of a place's workbooks mean, as somebody said once."""

from typing import Any, Self

from django.conf import settings
from django.db import models

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.models.areas import Area


class RosterColumnsQuerySet(models.QuerySet["RosterColumns"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("area__path", access.reach(user, Resource.ROSTER, right)))

    def above(self, area: Area) -> Self:
        """Those of the area itself and of the areas above it, the nearest last."""
        above = Area.objects.above(area).values("pk")
        return self.filter(models.Q(area=area) | models.Q(area__in=above)).order_by("area__path", "pk")


class RosterColumns(Audited):
    """The columns of one set of headings in the workbooks of an area and of those below it.

    `key` is that of the heading row (`members.roster.columns`), `columns` the field by position, "" for none.
    """

    class Kind(models.TextChoices):
        ROSTER = "roster", "花名册"
        ACTIVITIES = "activities", "活动表"

    area = models.ForeignKey(
        Area,
        on_delete=models.CASCADE,  # it says nothing without its area
        verbose_name="区域",
        related_name="+",
    )
    kind = models.CharField("用在", max_length=12, choices=Kind.choices, default=Kind.ROSTER)
    key = models.CharField(max_length=64, editable=False)
    headings = models.TextField("表头")
    columns = models.JSONField("认作", default=dict)
    affiliation = models.CharField("整张表是", max_length=10, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who said it must stay known
        verbose_name="谁认的",
        related_name="+",
    )
    changed_at = models.DateTimeField("时间", auto_now=True)

    objects = RosterColumnsQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "记住的列"
        ordering = ["-changed_at"]
        constraints = [models.UniqueConstraint(fields=["area", "kind", "key"], name="columns_remembered_once")]

    def __str__(self) -> str:
        return self.headings

    def audit_path(self) -> str:
        return self.area.path
