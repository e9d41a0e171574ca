"""Rows that are valid for a time: `since` is the first day, `until` the first day on which they no longer are."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone


def valid_on(day: date) -> Q:
    """Return the condition that a row is valid on this day."""
    return (Q(since=None) | Q(since__lte=day)) & (Q(until=None) | Q(until__gt=day))


class DatedQuerySet(models.QuerySet):
    def on(self, day: date) -> Self:
        """Rows that are valid on this day."""
        return self.filter(valid_on(day))

    def lasting(self) -> Self:
        """Rows that are valid today, or will be."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.localdate()))

    def current(self) -> Self:
        """Rows that are valid today."""
        return self.on(timezone.localdate())


def ends_after_it_begins(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(until=None) | Q(since=None) | Q(until__gte=F("since")),
        name=name,
        violation_error_message="结束日期不能早于开始日期。",
    )
