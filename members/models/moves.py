"""Members' moves, kept for as long as they can be undone."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.models.people import Member, Residence

UNDOABLE = timedelta(days=7)


class MoveQuerySet(models.QuerySet["Move"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Moves of which both homes lie in the scope: an undo would change both."""
        ranges = access.reach(user, Resource.MEMBER, right)
        left, settled = (access.within(f"{home}__area__path", ranges) for home in ("left", "settled"))
        return self.filter(Q(left=None) | left, Q(settled=None) | settled, member__in=Member.objects.for_user(user))

    def undoable(self) -> Self:
        return self.filter(undone_at=None, at__gt=timezone.now() - UNDOABLE)

    def expired(self, now: datetime) -> Self:
        return self.filter(at__lte=now - UNDOABLE)


class Move(Audited):
    """A member's moving house, moving away or coming back, and what an undo has to put back.

    `left` is the home that ended, `settled` the one that began. `ended` holds by kind what ended with the move, in the
    form that kind resumes it by (`members.ground.ties`). `began` and `mark` are the newest entries in the history of
    the member's homes before the move and after it: one after `mark` means that somebody changed them since.
    """

    class Kind(models.TextChoices):
        HOUSE = "house", "迁居"
        AWAY = "away", "迁出"
        BACK = "back", "迁回"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="moves")
    kind = models.CharField("办理", max_length=10, choices=Kind.choices)
    left = models.ForeignKey(
        Residence,
        on_delete=models.SET_NULL,  # the undo of an earlier move may delete it
        null=True,
        verbose_name="原住址",
        related_name="+",
    )
    settled = models.ForeignKey(
        Residence,
        on_delete=models.SET_NULL,  # an undo deletes it
        null=True,
        verbose_name="新住址",
        related_name="+",
    )
    ended = models.JSONField("一起结束的", default=dict)
    began = models.PositiveBigIntegerField("办理前的最后一条历史", default=0)
    mark = models.PositiveBigIntegerField("办理后的最后一条历史", default=0)
    at = models.DateTimeField("办理时间", db_index=True)
    undone_at = models.DateTimeField("撤销时间", null=True)

    objects = MoveQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "迁居迁出"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.member}{self.get_kind_display()}"

    @property
    def days_left(self) -> int:
        """Whole days in which it can still be undone, today included."""
        return (self.at + UNDOABLE - timezone.now()).days + 1

    def audit_path(self) -> str:
        return self.member.audit_path()

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Return the audited values: what ended with it has entries of its own."""
        return {
            name: value
            for name, value in super()._values(names).items()
            if name not in ("ended", "began", "mark", "at")
        }
