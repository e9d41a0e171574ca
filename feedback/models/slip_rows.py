"""Rows of slips: whose they are, and how far they came."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from feedback.models.counterparts import Counterpart
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area

WAITING = ("sent", "asked")  # somebody has to do something
LIVE = (*WAITING, "accepted")
EMPTIED = ("declined", "withdrawn")  # after a time, nothing is kept of whom they were about

PERSONAL = (
    "name", "phone_sealed", "phone_digest", "home_text", "room", "employer_number", "skills", "wishes", "asked_text",
    "reply", "declined_text",
)  # fmt: skip


class SlipQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Slips of the user's communities; those that no community is known for belong to the street office."""
        return self._within(access.reach(user, Resource.CARD, right))

    def inside(self, area: Area) -> Self:
        return self._within([access.subtree(area.path)])

    def _within(self, ranges: list[access.Range]) -> Self:
        unplaced = Q(access.within("street__path", ranges), area=None)
        return self.filter(access.within("area__path", ranges) | unplaced)

    def of_counterpart(self, *counterparts: Counterpart) -> Self:
        """Slips that these employers know of: those they sent to these streets, and those their members let them know.

        A slip that was handed on to another street stays with the street that it was sent to.
        """
        rows = Q(pk__in=[])
        for employer, street in counterparts:
            rows |= Q(employer=employer, sent_to=street)
        return self.filter(rows, Q(origin="employer") | Q(tells_employer=True))

    def live(self) -> Self:
        """Slips that wait or are accepted."""
        return self.filter(status__in=LIVE)

    def expired(self, now: datetime) -> Self:
        """Declined, withdrawn and forwarded slips whose personal data is past its retention.

        Whom a forwarded one is about stands in the slip that continues it.
        """
        until = now - timedelta(days=settings.RETENTION["slip"])
        over = Q(declined_at__lt=until) | Q(withdrawn_at__lt=until)
        return self.filter(Q(over, status__in=EMPTIED) | Q(status="forwarded", forwarded_at__lt=until), emptied_at=None)

    def empty_expired(self) -> int:
        """Empty whom the expired slips were about; their numbers, units and moments stay for the counts."""
        texts, rows = dict.fromkeys(PERSONAL, ""), dict.fromkeys(("home", "member", "consent", "consent_to_tell"))
        now = timezone.now()
        return self.expired(now).update(**texts, **rows, emptied_at=now)

    def waiting(self) -> Self:
        return self.filter(status__in=WAITING)

    def unplaced(self) -> Self:
        """Waiting slips of which no community is known yet."""
        return self.filter(status__in=WAITING, area=None)

    def with_facts(self) -> Self:
        """Slips with what their employers and the lists read of them, in one query."""
        return self.select_related(
            "street", "sent_to", "area", "home", "employer", "continues", "continued_by__street", "receipt"
        )

    def locked(self) -> Self:
        """These slips, locked until the transaction ends. The lock lets other rows refer to them (no_key)."""
        return self.select_for_update(of=("self",), no_key=True)
