"""Reminders: the street office tells a community's secretary of a place where something due is missing."""

from datetime import date, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from activities.models.activities import Activity
from activities.models.visits import Visit
from members.ground import access
from members.ground.access import Range, Resource, Right
from members.ground.audit import Audited
from members.ground.paths import SEGMENT
from members.models import Area

PAUSE = timedelta(days=7)  # between two reminders of one place
GRACE = timedelta(days=7)  # a reminder stays open for so long after its period, to record what was held


class ReminderQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.ACTIVITY) -> Self:
        """Reminders of the user's areas; only who may write activities of a whole street may send them."""
        ranges = access.reach(user, resource, right) if right < Right.WRITE else sending_ranges(user)
        return self.filter(access.within("area__path", ranges))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def recent(self, day: date) -> Self:
        """Reminders whose period, with its days of grace, is not over on this day."""
        return self.filter(last__gte=day - GRACE)

    def waiting(self) -> Self:
        """Reminders in whose period nothing is recorded."""
        return self.filter(~_done())

    def with_done(self) -> Self:
        """Annotate whether anything is recorded in the period: `is_done`."""
        return self.annotate(is_done=_done())


def _done() -> Q:
    """Return the condition that an activity of the place, or a visit in the building, is recorded in the period."""
    days = (OuterRef("first"), OuterRef("last"))
    held = Activity.objects.held().filter(area=OuterRef("area"), held_on__range=days)
    made = Visit.objects.filter(pairing__household__area=OuterRef("area"), visited_on__range=days)
    return Q(Exists(held)) | Q(Exists(made))


def sending_ranges(user: Any) -> list[Range]:
    """Return the whole streets whose activities the user may write: a secretary does not remind themselves."""
    mine = access.reach(user, Resource.ACTIVITY, Right.WRITE)
    return [street for street in mine if len(street.low) == SEGMENT]


class Reminder(Audited):
    """A line on the landing page of a community's secretary: nothing was recorded here in this period yet.

    It is about a place, never a person, and has no text. It closes by itself: whether it is open is computed from what
    was recorded (`activities.rules.reminding`).
    """

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # an area with reminders is closed, not deleted
        verbose_name="区域",
        related_name="reminders",
    )
    first = models.DateField("这一期的第一天")
    last = models.DateField("这一期的最后一天")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who sent it must stay known
        verbose_name="提醒人",
        related_name="+",
    )
    sent_at = models.DateTimeField("提醒时间", default=timezone.now)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提醒"
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last__gte=F("first")),
                name="reminder_ends_after_it_begins",
                violation_error_message="最后一天不能早于第一天。",
            )
        ]
        indexes = [models.Index(fields=["area", "last"], name="reminder_area_last")]

    def __str__(self) -> str:
        return f"{self.area} {self.first}"

    @property
    def sent_on(self) -> date:
        return timezone.localdate(self.sent_at)
