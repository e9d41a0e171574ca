"""Needs of neighbours, and the members or employers who claim them (the paper, part one, 3: 群众有需求，党员能做到)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited, record
from members.ground.states import WithStatus
from members.ground.words import each_word
from members.models import Area, Employer, Household, Member, Residence
from members.models.areas import SEGMENT
from members.models.households import FIRST_YEAR
from members.models.people import OPINION_REMINDER

EMPTIED = "（内容已按规定清空）"


class NeedQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.NEED) -> Self:
        return self.filter(access.within("area__path", access.reach(user, resource, right)))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def called(self, words: str) -> Self:
        """Needs that have each of these words in their text, their skill or the name of their area."""
        return self.filter(each_word(words, "text", "skill", "area__label"))

    def skills(self) -> list[str]:
        """Return the skills that these needs ask for."""
        return list(self.exclude(skill="").order_by("skill").values_list("skill", flat=True).distinct())

    def expired(self, now: datetime) -> Self:
        """Needs that ended longer ago than the retention of their text (`RETENTION["need_text"]` days)."""
        limit = now - timedelta(days=settings.RETENTION["need_text"])
        return self.filter(Q(done_at__lt=limit) | Q(withdrawn_at__lt=limit)).exclude(text=EMPTIED)


class Need(WithStatus, Audited):
    """A need or wish of a neighbour, who may stay anonymous. Its text is emptied 90 days after its end."""

    class Status(models.TextChoices):
        OPEN = "open", "待认领"
        CLAIMED = "claimed", "已认领"
        DONE = "done", "已办结"
        WITHDRAWN = "withdrawn", "已撤回"

    TRANSITIONS = {
        Status.OPEN: {Status.CLAIMED, Status.WITHDRAWN},
        Status.CLAIMED: {Status.OPEN, Status.DONE, Status.WITHDRAWN},
        Status.DONE: {Status.CLAIMED},
        Status.WITHDRAWN: {Status.OPEN},
    }

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # an area with needs is closed, not deleted
        verbose_name="在哪里",
        related_name="needs",
    )
    household = models.ForeignKey(
        Household,
        on_delete=models.PROTECT,  # a household with a need stays
        null=True,
        blank=True,
        verbose_name="哪一户",
        related_name="needs",
        help_text="可以不填，就是匿名。",
    )
    text = models.CharField("需求", max_length=200, help_text=f"写清要做什么，如“帮忙修楼道灯”。{OPINION_REMINDER}")
    skill = models.CharField("需要的特长", max_length=20, blank=True, help_text="如：水电维修。用来找合适的党员。")
    opened_on = models.DateField("提出日期", default=timezone.localdate)
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.OPEN, editable=False, db_index=True
    )
    claimed_at = models.DateTimeField("认领时间", null=True, editable=False)
    done_at = models.DateTimeField("办结时间", null=True, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)
    members = models.ManyToManyField(Member, blank=True, editable=False, verbose_name="认领党员", related_name="needs")
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # merge or rename an employer instead
        null=True,
        blank=True,
        editable=False,
        verbose_name="认领单位",
        related_name="needs",
    )

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "群众需求"
        ordering = ["opened_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["claimed", "done"], claimed_at__isnull=False)
                | Q(status__in=["open", "withdrawn"], claimed_at=None),
                name="need_claimed_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_at__isnull=False) | Q(~Q(status="done"), done_at=None),
                name="need_done_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | Q(~Q(status="withdrawn"), withdrawn_at=None),
                name="need_withdrawn_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        if self.opened_on and self.opened_on > timezone.localdate():
            raise ValidationError({"opened_on": "提出日期不能晚于今天。"})
        if self.opened_on and self.opened_on < FIRST_YEAR:
            raise ValidationError({"opened_on": "日期太早了，请检查年份。"})
        if self.household and self.area_id and not self.household.area.path.startswith(self.area.path):
            raise ValidationError({"household": f"这一户不在{self.area}，请重新选择。"})

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.WITHDRAWN)

    @property
    def days_open(self) -> int:
        """Days from the day it was reported to its end, or to today while it is open."""
        moment = self.done_at or self.withdrawn_at
        return ((timezone.localdate(moment) if moment else timezone.localdate()) - self.opened_on).days

    def claim(self, *, members: Iterable[Member] = (), employer: Employer | None = None) -> None:
        """Assign the open need to members, an employer or both; ValidationError where there is neither.

        `activities.rules.needing` checks who may claim.
        """
        chosen = list(members)
        if not chosen and employer is None:
            raise ValidationError("请选择认领的党员或单位。")
        with atomic_write():
            self.advance(self.Status.CLAIMED, only_from=self.Status.OPEN, claimed_at=timezone.now(), employer=employer)
            self.members.set(chosen)
            record("change", self, changes={"members": [[], sorted(member.pk for member in chosen)]})

    def unclaim(self) -> None:
        """Reopen a claimed need and remove its members and employer."""
        with atomic_write():
            self.advance(self.Status.OPEN, only_from=self.Status.CLAIMED, claimed_at=None, employer=None)
            self._release()

    def finish(self) -> None:
        with atomic_write():
            self.advance(self.Status.DONE, done_at=timezone.now())

    def withdraw(self) -> None:
        with atomic_write():
            self.advance(self.Status.WITHDRAWN, withdrawn_at=timezone.now(), claimed_at=None, employer=None)
            self._release()

    def resume(self) -> None:
        """Return a done need to claimed, a withdrawn one to open; ValidationError where its text was emptied."""
        with atomic_write():
            self.lock("text")
            if self.text == EMPTIED:
                raise ValidationError("内容已按规定清空，不能恢复。还需要的话，请重新登记。")
            done = self.status == self.Status.DONE
            before, to = (self.Status.DONE, self.Status.CLAIMED) if done else (self.Status.WITHDRAWN, self.Status.OPEN)
            self.advance(to, only_from=before, done_at=None, withdrawn_at=None)

    def _release(self) -> None:
        released = sorted(self.members.values_list("pk", flat=True))
        if released:
            self.members.clear()
            record("change", self, changes={"members": [released, []]})

    def suggestions(self, members: models.QuerySet, day: date) -> models.QuerySet:
        """Filter `members` to those with the needed skill who have a home on `day`, nearest first, then by name.

        Earlier contributions do not count. Annotates `nearness`: 0 the same building group, 1 the same compound, 2 the
        same community, 3 farther.
        """
        living = Residence.objects.on(day).filter(member=OuterRef("pk"))
        skilled = members.filter(skills__contains=self.skill) if self.skill else members.none()
        around = [access.subtree(self.area.path[:end]) for end in (4 * SEGMENT, 3 * SEGMENT, 2 * SEGMENT)]
        reached = [
            When(Exists(living.filter(access.within("area__path", [part]))), then=Value(nearness))
            for nearness, part in enumerate(around)
        ]
        near = skilled.filter(Exists(living)).annotate(nearness=Case(*reached, default=Value(3)))
        return near.order_by("nearness", "pinyin", "pk")
