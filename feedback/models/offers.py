"""Offers of employers: venues, talks, volunteers, goods."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from activities.models import Need
from feedback.models.units import Contact, EmployerKey
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.ground.states import WithStatus
from members.models import Area, Employer


class OfferQuerySet(models.QuerySet["Offer"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Offers to the user's areas, and to the streets above them: an offer to a street serves its communities."""
        ranges = access.reach(user, Resource.CARD, right)
        return self.filter(access.within("area__path", ranges) | Q(area__path__in=access.paths_above(ranges)))

    def offered_by(self, *readers: EmployerKey | Contact) -> Self:
        """Offers of each reader's employer to the street that the reader opens, and to its communities."""
        theirs = Q(pk__in=[])
        for reader in readers:
            street = access.within("area__path", [access.subtree(reader.opens.path)])
            theirs |= Q(street, employer=reader.employer_id)
        return self.filter(theirs)

    def open(self) -> Self:
        return self.filter(status=Offer.Status.OPEN)


class Offer(WithStatus, Audited):
    """Something that an employer offers to a community or street; it can be used for needs."""

    class Kind(models.TextChoices):
        VENUE = "venue", "场地"
        TALK = "talk", "讲座、课程"
        HANDS = "hands", "人手、志愿服务"
        GOODS = "goods", "物资"
        OTHER = "other", "其他"

    class Status(models.TextChoices):
        OPEN = "open", "可用"
        USED = "used", "已用完"
        WITHDRAWN = "withdrawn", "单位已收回"

    TRANSITIONS = {
        Status.OPEN: {Status.USED, Status.WITHDRAWN},
        Status.USED: {Status.OPEN},
        Status.WITHDRAWN: {Status.OPEN},
    }

    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # who offered it stays known
        verbose_name="单位",
        related_name="offers",
    )
    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # to whom it was offered stays known
        verbose_name="提供给",
        related_name="offers",
        limit_choices_to={"level__lte": Area.Level.COMMUNITY},
    )
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    title = models.CharField("提供什么", max_length=60)
    text = models.CharField("说明", max_length=500, blank=True, help_text="时间、数量、怎么联系。")
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.OPEN, editable=False, db_index=True
    )
    created_at = models.DateTimeField("提出时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("结束时间", null=True, editable=False)
    needs = models.ManyToManyField(Need, blank=True, verbose_name="用在哪些需求", related_name="offers")

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位资源"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | ~Q(status="open") & Q(closed_at__isnull=False),
                name="offer_closed_has_moment",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def is_by(self, reader: EmployerKey | Contact) -> bool:
        """Return whether the reader's employer made this offer, within the reader's street."""
        return (self.employer_id, self.area.street_path) == (reader.employer_id, reader.opens.path)

    @staticmethod
    def places(street: Area) -> models.QuerySet[Area]:
        """Return the areas that can receive offers: the street and its communities."""
        return Area.objects.inside(street).current().filter(level__lte=Area.Level.COMMUNITY).order_by("path")

    def close(self, to: str) -> None:
        """Close the offer as used up or withdrawn; Conflict where the transition is not allowed."""
        self.advance(to, closed_at=timezone.now())

    def reopen(self, *, only_from: str = "") -> None:
        """Open the offer again; Conflict where it is open, or has another status than `only_from`."""
        self.advance(self.Status.OPEN, only_from=only_from, closed_at=None)

    def audit_path(self) -> str:
        return self.area.path
