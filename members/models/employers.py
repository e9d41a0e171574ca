"""The employers' party units."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from members.ground import access, credit_code
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.models.areas import SEGMENT, Area


def check_credit_code(text: str) -> None:
    """Raise ValidationError where the text is no credit code (GB 32100: 18 characters, the last a check character)."""
    if not credit_code.is_credit_code(text):
        raise ValidationError(f"{credit_code.WRONG}。")


class EmployerQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """All employers, for users with the right: organisations are public, so the streets share one register.

        `members.rules.employing` decides who may change one of them.
        """
        return self if access.can(user, Resource.EMPLOYER, right) else self.none()


class Employer(Audited):
    """A unit with a party organisation of its own, where an in-post member's membership belongs."""

    name = models.CharField("单位名称", max_length=100)
    credit_code = models.CharField(
        "统一社会信用代码",
        max_length=18,
        null=True,
        blank=True,
        unique=True,
        validators=[check_credit_code],
        error_messages={"unique": "这个信用代码已经登记在另一家单位名下。"},
    )

    objects = EmployerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(credit_code=None),
                name="employer_named_once",
                violation_error_message="已有同名单位，请选用原来的，或补填信用代码以示区别。",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.credit_code = self.credit_code or None


class EmployerNameQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Names used by the streets in which the user has this right to members."""
        lows = {low[:SEGMENT] for low, _ in access.reach(user, Resource.MEMBER, right)}
        return self.filter(street__path__in=lows)


class EmployerName(Audited):
    """A street's own name for an employer of the shared register, recognised in its rosters."""

    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a closed street keeps its names
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    employer = models.ForeignKey(
        Employer,
        on_delete=models.CASCADE,  # a name means nothing without its employer
        verbose_name="登记的单位",
        related_name="names",
    )
    name = models.CharField("本街道的叫法", max_length=100, help_text="花名册里写这个名称，就认作这家单位。")

    objects = EmployerNameQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位叫法"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["street", "name"],
                name="employer_name_once",
                violation_error_message="本街道已经用这个叫法称呼一家单位，请先改掉或删去原来的那一条。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employer}）"

    def audit_path(self) -> str:
        return self.street.path
