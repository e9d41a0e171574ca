"""Counts of login tries. A try is counted before its password is checked, so that no two guesses share a count."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models
from django.utils import timezone

from members.ground.atomic import atomic_write

KEPT = timedelta(days=1)  # longer than any limit looks back


class Limit(NamedTuple):
    """At most `most` tries `within` this time; after them, no more until the first is that long ago."""

    most: int
    within: timedelta


class Standing(NamedTuple):
    """The result of a try: whether it is allowed, whether it is the last one for now, and how long the wait is then."""

    is_allowed: bool
    is_last: bool
    wait: timedelta


class LoginAttempts(models.Model):
    """The tries of one login name from one place; an empty place counts all places. Both are stored as digests."""

    name = models.CharField("登录名摘要", max_length=64)
    place = models.CharField("来处摘要", max_length=64, blank=True)
    count = models.PositiveIntegerField("次数", default=0)
    since = models.DateTimeField("起始时间", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录尝试"
        constraints = [models.UniqueConstraint(fields=["name", "place"], name="login_attempts_once")]

    def __str__(self) -> str:
        return f"{self.name[:8]} {self.place[:8]} {self.count}"

    @staticmethod
    def take(name: str, limits: dict[str, Limit]) -> Standing:
        """Count one try against the limit of each place, or none where one of the limits is used up."""
        now = timezone.now()
        with atomic_write():
            LoginAttempts.objects.bulk_create(
                [LoginAttempts(name=name, place=place) for place in limits], ignore_conflicts=True
            )
            rows = LoginAttempts._of(name).filter(place__in=limits).select_for_update(no_key=True)
            waits = [row._add(limits[row.place], now) for row in list(rows)]
            is_allowed = all(standing.is_allowed for standing, _ in waits)
            if is_allowed:
                LoginAttempts.objects.bulk_update([row for _, row in waits], ["count", "since"])
        used_up = [standing.wait for standing, _ in waits if standing.is_last or not standing.is_allowed]
        return Standing(is_allowed, bool(used_up), max(used_up, default=timedelta()))

    @staticmethod
    def forget(name: str) -> int:
        """Delete the counts of a name from all places; return how many there were."""
        with atomic_write():
            locked = list(LoginAttempts._of(name).select_for_update().values_list("pk", flat=True))
            return LoginAttempts.objects.filter(pk__in=locked).delete()[0]

    @staticmethod
    def _of(name: str) -> "models.QuerySet[LoginAttempts]":
        """Return the name's rows, in the order in which they are always locked."""
        return LoginAttempts.objects.filter(name=name).order_by("place")

    def _add(self, limit: Limit, now: datetime) -> tuple[Standing, "LoginAttempts"]:
        if self.since + limit.within <= now:
            self.count, self.since = 0, now
        wait = self.since + limit.within - now
        if self.count >= limit.most:
            return Standing(False, True, wait), self
        self.count += 1
        return Standing(True, self.count == limit.most, wait), self
