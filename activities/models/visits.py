"""Visits of a pairing."""

from datetime import date, timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.models import Area, Pairing
from members.models.people import OPINION_REMINDER

LONG_AGO = timedelta(days=90)
REVERSIBLE = timedelta(days=7)


class VisitQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.HOUSEHOLD) -> Self:
        return self.filter(pairing__in=Pairing.objects.for_user(user, right, resource=resource))

    def inside(self, area: Area) -> Self:
        """Visits by the building group of the member's household, found by way of the street's pairings.

        See `PairingQuerySet.of_streets` for the reason.
        """
        return self.filter(
            access.within("pairing__compound__path", [access.subtree(area.street_path)]),
            access.within("pairing__household__area__path", [access.subtree(area.path)]),
            pairing__compound__level=Area.Level.STATION,
        )


def unvisited(day: date) -> Q:
    """Return the condition that a pairing began 90 days before `day` or earlier and had no visit in these 90 days."""
    recent = Visit.objects.filter(pairing=OuterRef("pk"), visited_on__gt=day - LONG_AGO, visited_on__lte=day)
    return Q(~Exists(recent), since__lte=day - LONG_AGO)


class Visit(Audited):
    """One contact of a pairing: its day and kind. Nothing is recorded about the neighbour's private life."""

    class Kind(models.TextChoices):
        DOOR = "door", "上门"
        PHONE = "phone", "电话"
        HELP = "help", "帮忙办事"
        MEETING = "meeting", "邻里相聚"

    pairing = models.ForeignKey(
        Pairing,
        on_delete=models.PROTECT,  # a pairing with visits is ended, not deleted
        verbose_name="结对",
        related_name="visits",
    )
    visited_on = models.DateField("走访日期", default=timezone.localdate)
    kind = models.CharField("方式", max_length=10, choices=Kind.choices)
    note = models.CharField("说明", max_length=60, blank=True, help_text=OPINION_REMINDER)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "走访"
        ordering = ["-visited_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["pairing", "visited_on", "kind"],
                name="visit_once_a_day",
                violation_error_message="这一天的这次走访已经登记过了。",
            )
        ]
        indexes = [models.Index(fields=["pairing", "visited_on"], name="visit_pairing_day")]

    def __str__(self) -> str:
        return f"{self.pairing} {self.visited_on}"

    def clean(self) -> None:
        if not (self.pairing_id and self.visited_on):
            return
        if self.visited_on > timezone.localdate():
            raise ValidationError({"visited_on": "走访日期不能晚于今天。"})
        if self.visited_on < self.pairing.since:
            raise ValidationError({"visited_on": f"走访日期早于结对日期 {self.pairing.since}，请核对。"})
        if self.pairing.until and self.visited_on >= self.pairing.until:
            raise ValidationError({"visited_on": f"这一对已于 {self.pairing.until} 结束，请核对日期。"})

    @property
    def is_reversible(self) -> bool:
        """Whether it may be deleted. Older visits are in reports already; they can only be corrected."""
        return self.visited_on > timezone.localdate() - REVERSIBLE

    def audit_path(self) -> str:
        return self.pairing.audit_path()
