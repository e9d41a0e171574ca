"""Senders of cards: contact lines, the length of periods, and series of numbers of cards and slips."""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

from django.db import models

from feedback.ground.periods import LENGTHS
from feedback.models.counterparts import GivenQuerySet
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.models import Area, journal

HALF_A_YEAR = 6
JOURNAL = "number"
NUMBERED = re.compile(r"(?P<code>\d+)(?P<kind>B?)\.(?P<year>\d{4})\.(?P<last>\d{1,9})", re.ASCII)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which look like digits


class SenderQuerySet(models.QuerySet["Sender"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(access.within("area__path", access.reach(user, Resource.CARD, right)))

    def keep(self, area: Area, **values: Any) -> "Sender":
        """Save the settings of this street or community, and return them; ValidationError where one is not valid.

        The area is locked first, so that of two first calls the second changes the row that the first made.
        """
        with atomic_write():
            Area.objects.select_for_update(no_key=True).get(pk=area.pk)
            row: Sender = self.select_for_update(no_key=True).filter(area=area).first() or Sender(area=area)
            for name, value in values.items():
                setattr(row, name, value)
            row.full_clean()
            row.save()
        return row


class Sender(Audited):
    """The settings of a street or community for its cards: a contact line, and for a street the months of a period."""

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

    def __str__(self) -> str:
        return f"{self.area}"


def months_of(street_path: str) -> int:
    """Return how many months a period of this street has."""
    return Sender.objects.filter(area__path=street_path).values_list("months", flat=True).first() or HALF_A_YEAR


def contacts_of(street: Area) -> dict[str, str]:
    """Return the contact lines of the street and its communities, by path."""
    senders = Sender.objects.filter(access.within("area__path", [access.subtree(street.path)]))
    return dict(senders.values_list("area__path", "contact"))


class NumberSeries(models.Model):
    """The last number that a street gave in a year; locked while numbers are taken, so that none is missing.

    Slips have a series of their own, with a B behind the street's code (报到). Each number ends in two random letters,
    so that after a restored backup no number is given a second time.
    """

    class Kind(models.TextChoices):
        CARD = "", "记录卡"
        SLIP = "B", "报到单"

    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # cards and slips bear its numbers
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    kind = models.CharField("种类", max_length=1, choices=Kind.choices, default=Kind.CARD, blank=True)
    year = models.PositiveSmallIntegerField("年度")
    last = models.PositiveIntegerField("最后一号", default=0)

    objects = GivenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "卡号"
        constraints = [models.UniqueConstraint(fields=["street", "kind", "year"], name="series_of_street_and_year")]

    def __str__(self) -> str:
        return f"{self.street} {self.get_kind_display()} {self.year} {self.last:05}"

    @staticmethod
    def take(street: Area, year: int, count: int, kind: str = Kind.CARD) -> list[str]:
        """Return the street's next numbers of the year, such as 310114001-2026-00001KX; the series stays locked."""
        code = code_of(street) + kind
        NumberSeries.objects.bulk_create([NumberSeries(street=street, year=year, kind=kind)], ignore_conflicts=True)
        series = NumberSeries.objects.select_for_update(no_key=True).get(street=street, year=year, kind=kind)
        first, series.last = series.last + 1, series.last + count
        series.save(update_fields=["last"])
        journal.note(JOURNAL, f"{code}.{year}.{series.last}")
        return [f"{code}-{year}-{number:05}{_letters()}" for number in range(first, series.last + 1)]

    @staticmethod
    def go_on_behind(tokens: Sequence[str]) -> int:
        """Raise the series to the numbers in these journal tokens, after a restore; return how many series lagged."""
        highest: dict[tuple[str, str, int], int] = {}
        for code, kind, year, last in _numbered(tokens):
            highest[code, kind, year] = max(last, highest.get((code, kind, year), 0))
        streets = {code_of(street): street for street in Area.objects.filter(level=Area.Level.STREET)}
        lagged = 0
        for (code, kind, year), last in highest.items():
            if code in streets:
                series, _ = NumberSeries.objects.get_or_create(street=streets[code], year=year, kind=kind)
                lagged += NumberSeries.objects.filter(pk=series.pk, last__lt=last).update(last=last)
        return lagged


def _numbered(tokens: Iterable[str]) -> Iterator[tuple[str, str, int, int]]:
    """Yield code, kind, year and last number of each token that `take` noted; skip one that a full disk cut short."""
    for match in filter(None, map(NUMBERED.fullmatch, tokens)):
        yield match["code"], match["kind"], int(match["year"]), int(match["last"])


def code_of(street: Area) -> str:
    """Return what the numbers of the street's cards and slips begin with."""
    return street.division_code or street.path


def _letters() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(2))
