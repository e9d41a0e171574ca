"""The tree: street, community, compound liaison station, building group, in one table."""

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Concat, Length, Substr
from django.db.models.lookups import Exact
from django.utils import timezone

from members import access
from members.access import Resource, Right
from members.atomic import atomic_write
from members.audit import Audited, record
from members.models.dated import DatedQuerySet, ends_after_it_begins

SEGMENT = 4
LAST_CHILD = 9998


class AreaQuerySet(DatedQuerySet):
    def for_user(self, user, right: Right = Right.READ, *, resource: Resource = Resource.AREA) -> Self:
        """Areas at or below the user's posts; with `resource`, those where that resource is open to them."""
        return self.filter(access.within("path", access.reach(user, resource, right)))

    def inside(self, area: "Area") -> Self:
        """The area and everything below it."""
        return self.filter(access.within("path", [access.subtree(area.path)]))

    def below(self, area: "Area") -> Self:
        """Everything below the area, without it."""
        return self.filter(access.within("path", [access.subtree(area.path, root=False)]))

    def children_of(self, area: "Area") -> Self:
        return self.below(area).filter(level=area.level + 1)

    def streets(self) -> Self:
        return self.filter(level=Area.Level.STREET)

    def above(self, area: "Area") -> Self:
        """The areas that the area lies in, the street first."""
        return self.filter(path__in=area.paths_above)

    def next_path(self, parent: "Area | None") -> str:
        """Return the first free path behind the parent's children; ValidationError where it has too many."""
        prefix = parent.path if parent else ""
        level = parent.level + 1 if parent else Area.Level.STREET
        rows = self.children_of(parent) if parent else self.filter(level=level)
        last = rows.order_by("path").values_list("path", flat=True).last()
        number = int(last[-SEGMENT:]) + 1 if last else 1
        if number > LAST_CHILD:
            raise ValidationError(f"同一上级下最多 {LAST_CHILD} 个区域。")
        return f"{prefix}{number:0{SEGMENT}d}"


class Area(Audited):
    """A place in the tree (the paper, part one, 5: 街道党工委、社区党组织、小区党员联络站、楼组党小组).

    `path` is the route from the street, four digits a level: a prefix is a subtree, and sorting by it sorts the tree.
    A building group is *established* once its party group is (the paper's coverage counts those).
    """

    class Level(models.IntegerChoices):
        STREET = 1, "街道"
        COMMUNITY = 2, "社区"
        STATION = 3, "小区党员联络站"
        BUILDING_GROUP = 4, "楼组"

    class Housing(models.TextChoices):
        COMMERCIAL = "commercial", "商品房"
        FORMER_PUBLIC = "former_public", "售后公房"
        OLD = "old", "老旧小区"
        RESETTLED = "resettled", "动迁安置房"
        VILLA = "villa", "别墅"
        OTHER = "other", "其他"

    class Stage(models.TextChoices):
        NONE = "none", "未建立"
        PREPARING = "preparing", "培育中"
        ESTABLISHED = "established", "已建立"

    path = models.CharField("路径", max_length=4 * SEGMENT, unique=True, editable=False)
    level = models.PositiveSmallIntegerField("层级", choices=Level.choices, editable=False)
    name = models.CharField("名称", max_length=50)
    label = models.CharField("全称", max_length=200, editable=False, db_index=True)
    since = models.DateField("启用日期", null=True, blank=True, help_text="不清楚可以不填。")
    until = models.DateField("停用日期", null=True, blank=True, help_text="撤销或并入别处的日期；仍在使用就不填。")
    division_code = models.CharField(
        "统计用区划代码",
        max_length=12,
        blank=True,
        default="",
        validators=[RegexValidator(r"^\d{9}(\d{3})?$", "区划代码是 9 位或 12 位数字。")],
        help_text="国家统计局公布的 9 位或 12 位代码，没有可以不填。",
    )
    is_demo = models.BooleanField("演示数据", default=False, editable=False)
    residents = models.PositiveIntegerField("常住人口", null=True, blank=True)
    housing = models.CharField("住宅类型", max_length=20, choices=Housing.choices, null=True, blank=True)
    stage = models.CharField("楼组党小组", max_length=20, choices=Stage.choices, null=True, blank=True)
    established_on = models.DateField("建组日期", null=True, blank=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区域"
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Exact(Length("path"), F("level") * SEGMENT),
                name="area_path_fits_level",
                violation_error_message="区域的路径与层级不符。",
            ),
            models.CheckConstraint(
                condition=Q(residents=None) | Q(level=2),
                name="area_residents_of_community",
                violation_error_message="只有社区填写常住人口。",
            ),
            models.CheckConstraint(
                condition=Q(housing=None) | Q(level=3),
                name="area_housing_of_station",
                violation_error_message="只有小区填写住宅类型。",
            ),
            models.CheckConstraint(
                condition=Q(stage=None, established_on=None) | Q(level=4),
                name="area_stage_of_group",
                violation_error_message="只有楼组填写党小组状态和建组日期。",
            ),
            models.CheckConstraint(condition=Q(is_demo=False) | Q(level=1), name="area_demo_of_street"),
            ends_after_it_begins("area_ends_after_it_begins"),
        ]

    def __str__(self):
        return self.label or self.name

    def save(self, *args, **kwargs):
        """A new name carries on into the labels of all that lies below."""
        old, self.label = self.label, self.label_below(self.parent)
        with atomic_write():
            if self.pk and old != self.label and self.level > self.Level.STREET:
                carried = Concat(models.Value(self.label), Substr("label", len(old) + 1))
                Area.objects.below(self).update(label=carried)
            super().save(*args, **kwargs)

    def clean(self):
        """Refuse a second open area of the same name under the same parent; a name holds no blanks, labels do."""
        self.name = "".join(self.name.split())
        if not self.path or self.until:
            return
        twins = Area.objects.filter(level=self.level, name=self.name, until=None).exclude(pk=self.pk)
        if twins.filter(path__startswith=self.parent_path).exists():
            raise ValidationError({"name": f"这里已经有“{self.name}”，请换一个名称，或修改原来的那一条。"})

    @property
    def parent_path(self) -> str:
        return self.path[:-SEGMENT]

    @property
    def parent(self) -> "Area | None":
        return Area.objects.filter(path=self.parent_path).first()

    @property
    def paths_above(self) -> list[str]:
        return [self.path[:end] for end in range(SEGMENT, len(self.path), SEGMENT)]

    @property
    def street_path(self) -> str:
        return self.path[:SEGMENT]

    def label_below(self, parent: "Area | None") -> str:
        """The names from the community down, as on an envelope: 第一社区 迎晖苑1期 1号楼."""
        return f"{parent.label} {self.name}" if parent and parent.level > self.Level.STREET else self.name

    def place_under(self, parent: "Area | None") -> Self:
        """Take the next free place below the parent (none: a street); the caller saves."""
        if parent and parent.level == self.Level.BUILDING_GROUP:
            raise ValidationError("楼组之下不能再设区域，请选择小区、社区或街道。")
        self.path = Area.objects.next_path(parent)
        self.level = len(self.path) // SEGMENT
        self.label = self.label_below(parent)
        return self

    def check_move(self, to: "Area") -> None:
        """Raise ValidationError where the area cannot stand below `to`."""
        if to.level != self.level - 1:
            raise ValidationError(f"{self.get_level_display()}只能移到{Area.Level(self.level - 1).label}之下。")
        if to.street_path != self.street_path:
            raise ValidationError("不能移到别的街道：每个街道的资料各管各的。")
        if Area.objects.children_of(to).filter(name=self.name, until=None).exclude(pk=self.pk).exists():
            raise ValidationError(f"“{to.name}”里已经有“{self.name}”，请先改名，再移过去。")

    def move(self, *, to: "Area") -> None:
        """Put the area with all below it under another parent of the same level as the present one."""
        with atomic_write():
            to = Area.objects.select_for_update(no_key=True).get(pk=to.pk)
            self.check_move(to)
            if to.path == self.parent_path:
                return
            old, new = self.path, Area.objects.next_path(to)
            moved = Concat(models.Value(new), Substr("path", len(old) + 1))
            Area.objects.below(self).update(path=moved)
            self.path = new
            self.full_clean()
            self.save()

    def check_close(self, day: date) -> None:
        """Raise ValidationError where somebody still lives in the area, or something in it opens later."""
        if Area.objects.inside(self).filter(residences__since__isnull=False, residences__until=None).exists():
            raise ValidationError(f"“{self.name}”还有党员居住，请先为他们办理迁居，再停用。")
        if Area.objects.below(self).filter(until=None, since__gt=day).exists():
            raise ValidationError(f"“{self.name}”下面有 {day} 之后才启用的区域，请改用较晚的停用日期。")

    def close(self, *, on: date | None = None) -> None:
        """End the area and what lies below it; members who still live there must move first."""
        day = on or timezone.localdate()
        with atomic_write():
            self.check_close(day)
            closed = Area.objects.below(self).filter(until=None).update(until=day)
            record("change", self, changes={"until_below": [None, day.isoformat()], "areas": closed})
            self.until = day
            self.save()
