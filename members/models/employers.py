"""The employers' party units, and the names by which they are found."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q

from members.ground import access, credit_code, unit_names
from members.ground.access import Resource, Right
from members.ground.audit import Audited
from members.ground.unit_names import FoldedField
from members.models.areas import SEGMENT, Area


def check_credit_code(text: str) -> None:
    """Raise ValidationError where the text is no credit code (GB 32100: 18 characters, the last a check character)."""
    if not credit_code.is_credit_code(text):
        raise ValidationError(f"{credit_code.WRONG}。")


class EmployerQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """All employers, but for those merged into others: organisations are public, the streets share one register.

        `members.rules.employing` decides who may change one of them.
        """
        return self.filter(merged_into=None) if access.can(user, Resource.EMPLOYER, right) else self.none()

    def called(self, text: str) -> Self:
        """Employers with a name, present or former, that contains this folded text.

        A street's own names stay out of it: they are not for all to see.
        """
        former = EmployerName.objects.filter(street=None, folded__contains=text, employer=OuterRef("pk"))
        return self.filter(Q(folded__contains=text) | Exists(former))


class Employer(Audited):
    """A unit with a party organisation of its own, where an in-post member's membership belongs.

    One that was merged into another keeps its row, for the cards and consents that name it; nothing finds it any more.
    """

    name = models.CharField("单位名称", max_length=100)
    folded = FoldedField()
    core = FoldedField(how="core")
    credit_code = models.CharField(
        "统一社会信用代码",
        max_length=18,
        null=True,
        blank=True,
        unique=True,
        validators=[check_credit_code],
        error_messages={"unique": "这个信用代码已经登记在另一家单位名下。"},
    )

    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,  # where its members went stays known
        null=True,
        blank=True,
        editable=False,
        verbose_name="并入的单位",
        related_name="merged",
    )

    objects = EmployerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(credit_code=None, merged_into=None),
                name="employer_named_once",
                violation_error_message="已有同名单位，请选用原来的，或补填信用代码以示区别。",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.credit_code = self.credit_code or None
        if not self.credit_code and self.merged_into_id is None:
            self._check_name()

    def _check_name(self) -> None:
        """Raise ValidationError where the name is another unit's, however it is written; a code tells two apart."""
        text = unit_names.folded(self.name)
        others = Employer.objects.filter(merged_into=None).exclude(pk=self.pk)
        if twin := others.filter(folded=text, credit_code=None).exclude(name=self.name).first():
            raise ValidationError({"name": f"已有单位“{twin}”，只是写法不同。请选用原来的，或补填信用代码以示区别。"})
        former = EmployerName.objects.filter(folded=text, street=None).exclude(employer=self.pk)
        if known := former.select_related("employer").first():
            raise ValidationError(
                {"name": f"“{known.name}”是“{known.employer}”用过的名称。请选用它，或补填信用代码以示区别。"}
            )

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Leave out the keys of the name: the entry has the name."""
        return {name: value for name, value in super()._values(names).items() if name not in ("folded", "core")}


class EmployerNameQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Names used by the streets in which the user has this right to members, and those of all streets."""
        lows = {low[:SEGMENT] for low, _ in access.reach(user, Resource.MEMBER, right)}
        return self.filter(Q(street__path__in=lows) | Q(street=None) if lows else Q(street__path__in=lows))

    def known_to(self, street: Area) -> Self:
        """The street's own names, and those of all streets."""
        return self.filter(Q(street=street) | Q(street=None))


class EmployerName(Audited):
    """Another name of an employer, recognised in rosters: a street's own, or without a street a former one, for all.

    A name that a unit once had is its name wherever an old list still bears it, so the streets share it as they share
    the unit.
    """

    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a closed street keeps its names
        null=True,
        blank=True,
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
        help_text="不选就是单位用过的名称，各街道都认。",
    )
    employer = models.ForeignKey(
        Employer,
        on_delete=models.CASCADE,  # a name means nothing without its employer
        verbose_name="登记的单位",
        related_name="names",
    )
    name = models.CharField("叫法", max_length=100, help_text="花名册里写这个名称，就认作这家单位。")
    folded = FoldedField()
    core = FoldedField(how="core")

    objects = EmployerNameQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位叫法"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["street", "name"],
                name="employer_name_once",
                violation_error_message="本街道已经用这个叫法称呼一家单位，请先改掉或删去原来的那一条。",
            ),
            models.UniqueConstraint(
                fields=["employer", "folded"],
                condition=Q(street=None),
                name="employer_former_name_once",
                violation_error_message="这家单位已经有这个曾用名。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employer}）"

    def clean(self) -> None:
        """Raise ValidationError where the street calls another unit so already, however it is written."""
        twins = EmployerName.objects.filter(street=self.street_id, folded=unit_names.folded(self.name))
        if self.street_id and twins.exclude(pk=self.pk).exclude(name=self.name).exists():
            raise ValidationError("本街道已经用这个叫法（写法略有不同）称呼一家单位，请先改掉或删去原来的那一条。")

    def audit_path(self) -> str:
        return self.street.path if self.street else ""

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Leave out the keys of the name: the entry has the name."""
        return {name: value for name, value in super()._values(names).items() if name not in ("folded", "core")}
