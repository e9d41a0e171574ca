"""Other names of areas: the address of a compound or of a single building, and what people call it."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.address_text import ends_with_a_room, fold, group_parts, upper_words
from members.ground.audit import Audited
from members.models.areas import Area

SHORTEST = 2


class AreaNameQuerySet(models.QuerySet["AreaName"]):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.AREA) -> Self:
        """Names of the areas that the user may reach."""
        return self.filter(access.within("area__path", access.reach(user, resource, right)))

    def inside(self, area: Area) -> Self:
        """Names of the area and of everything below it."""
        return self.filter(access.within("area__path", [access.subtree(area.path)]))


class AreaName(Audited):
    """Another name of an area, by which lists and forms find it; `key` is the name as it is compared.

    A name means one area of its street. Nothing but the reading of addresses rests on it, so it can be deleted.
    """

    class Kind(models.TextChoices):
        ADDRESS = "address", "地址"
        OTHER = "other", "别名"

    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a closed street keeps its names
        editable=False,
        verbose_name="街道",
        related_name="+",
    )
    area = models.ForeignKey(
        Area,
        on_delete=models.CASCADE,  # a name means nothing without its area
        verbose_name="区域",
        related_name="names",
    )
    text = models.CharField(
        "地址或别名", max_length=100, help_text="如：迎园路218弄、迎园三村；一栋楼的写到号，如仓场路70号。"
    )
    key = models.CharField(max_length=100, editable=False)
    kind = models.CharField("种类", max_length=10, choices=Kind.choices, default=Kind.ADDRESS)

    objects = AreaNameQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区域的地址与别名"
        ordering = ["area__path", "text"]
        constraints = [
            models.UniqueConstraint(
                fields=["street", "key"],
                name="area_name_once",
                violation_error_message="本街道已经有一个区域用这个地址或别名，请先改掉或删去原来的那一条。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.text}（{self.area}）"

    def audit_path(self) -> str:
        return self.area.path

    def of(self, area: Area, street: Area) -> Self:
        """Set the area, its street and the key; ValidationError with a sentence where the text is no such name."""
        self.area, self.street = area, street
        self.text = "".join(self.text.split())
        self.key = fold(self.text)
        if sentence := wrong_with(self.key):
            raise ValidationError({"text": sentence})
        return self


def wrong_with(key: str) -> str:
    """Return a sentence on why a folded text cannot be the name of an area; "" where it can."""
    if len(key) < SHORTEST:
        return "地址或别名至少两个字，请写完整。"
    if group_parts(key) or key.isdigit():
        return f"“{key}”只说了几号楼，说不出是哪个小区，请写完整的地址，如仓场路70号。"
    if upper_words(key) is not None:
        return f"“{key}”是省市区县的名称，请写到路和弄，或小区的名称。"
    if ends_with_a_room(key):
        return f"“{key}”写到了哪一室，请只写到小区或楼。"
    return ""
