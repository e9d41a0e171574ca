"""Members' duties: the six roles of a building group."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.ground.access import Right
from members.ground.audit import Audited
from members.ground.dated import DatedQuerySet, ends_after_it_begins
from members.ground.history import kept_history
from members.models.people import Member


class DutyQuerySet(DatedQuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self.filter(member__in=Member.objects.for_user(user, right))


class Duty(Audited):
    """One of the six roles, taken up by a member for a time (the paper, part one, 2: 六员)."""

    class Kind(models.TextChoices):
        PUBLICIST = "publicist", "宣传员"
        EXAMPLE = "example", "示范员"
        MESSENGER = "messenger", "信息员"
        HELPER = "helper", "服务员"
        MEDIATOR = "mediator", "调解员"
        WATCHER = "watcher", "监督员"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="duties")
    kind = models.CharField("六员", max_length=20, choices=Kind.choices)
    since = models.DateField("开始日期", default=timezone.localdate)
    until = models.DateField("结束日期", null=True, blank=True, help_text="还在担任就不填。")

    objects = DutyQuerySet.as_manager()
    history = kept_history()

    class Meta:
        verbose_name = verbose_name_plural = "六员"
        ordering = ["member", "kind", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind"],
                condition=Q(until=None),
                name="duty_held_once",
                violation_error_message="这位党员已经担任这一员。",
            ),
            ends_after_it_begins("duty_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def audit_path(self) -> str:
        return self.member.audit_path()
