"""Who sends cards: how a street numbers them, how long a period is, whom an employer may ask."""

from typing import Self

from django.db import models

from feedback.periods import LENGTHS
from members import access
from members.access import Resource, Right
from members.audit import Audited
from members.models import Area

HALF_A_YEAR = 6


class SenderQuerySet(models.QuerySet):
    def for_user(self, user, right: Right = Right.READ) -> Self:
        return self.filter(access.within("area__path", access.reach(user, Resource.CARD, right)))


class Sender(Audited):
    """What a street or a community says of itself on its cards; the street also sets how long a period is."""

    area = models.OneToOneField(
        Area,
        on_delete=models.PROTECT,  # cards name it
        verbose_name="街道或社区",
        related_name="sender",
        limit_choices_to={"level__lte": Area.Level.COMMUNITY},
    )
    contact = models.CharField(
        "联系方式", max_length=100, blank=True, help_text="写在记录卡上，单位有疑问时找谁，如：党建办，电话 69980000。"
    )
    months = models.PositiveSmallIntegerField(
        "多久一张卡", choices=list(LENGTHS.items()), default=HALF_A_YEAR, help_text="整个街道用街道设的这一项。"
    )

    objects = SenderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "发卡设置"
        ordering = ["area__path"]
        constraints = [
            models.CheckConstraint(condition=models.Q(months__in=list(LENGTHS)), name="sender_months_fit_a_year"),
        ]

    def __str__(self):
        return f"{self.area}"


def months_of(street_path: str) -> int:
    """How many months a period of this street has."""
    return Sender.objects.filter(area__path=street_path).values_list("months", flat=True).first() or HALF_A_YEAR


class NumberSeries(models.Model):
    """The last number that a street gave to a card in a year: locked while numbers are taken, so none is missing."""

    code = models.CharField("街道代码", max_length=16)
    year = models.PositiveSmallIntegerField("年度")
    last = models.PositiveIntegerField("最后一号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "卡号"
        constraints = [models.UniqueConstraint(fields=["code", "year"], name="series_of_street_and_year")]

    def __str__(self):
        return f"{self.code}-{self.year}-{self.last:05}"

    @staticmethod
    def take(street: Area, year: int, count: int) -> list[str]:
        """Return the street's next numbers of the year, such as 310114001-2026-00001, held by the transaction."""
        code = street.division_code or street.path
        NumberSeries.objects.bulk_create([NumberSeries(code=code, year=year)], ignore_conflicts=True)
        series = NumberSeries.objects.select_for_update(no_key=True).get(code=code, year=year)
        first, series.last = series.last + 1, series.last + count
        series.save(update_fields=["last"])
        return [f"{code}-{year}-{number:05}" for number in range(first, series.last + 1)]
