"""The tree of areas: street, community, compound liaison station and building group, in one table.

Every writer locks the street's row first and then reads again what it changes. An area never changes its street, so the
street that was read before the lock is the right one to lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Self

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Concat, Length, Substr
from django.db.models.lookups import Exact
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited, record
from members.ground.dated import DatedQuerySet, ends_after_it_begins
from members.ground.paths import SEGMENT, NextPaths

NO_BELOW = "楼组之下不能再设区域，请选择小区、社区或街道。"
GONE = "这个区域刚刚被删除了，请刷新页面看看。"
AT_ONCE = "刚刚有人也在改这里，没有保存。请看过再保存一次。"
NO_PARENT = "选的上级刚刚被删除了，请重新选择。"


class AreaQuerySet(DatedQuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.AREA) -> Self:
        """Areas at or below the user's posts; with `resource`, those where the user may reach that resource."""
        return self.filter(access.within("path", access.reach(user, resource, right)))

    def inside(self, area: "Area") -> Self:
        """The area and everything below it."""
        return self.filter(access.within("path", [access.subtree(area.path)]))

    def below(self, area: "Area") -> Self:
        """Everything below the area, without it."""
        return self.filter(access.within("path", [access.subtree(area.path, root=False)]))

    def children_of(self, area: "Area") -> Self:
        return self.below(area).filter(level=area.level + 1)

    def real(self) -> Self:
        """All but the practice street, whose cards and slips are made up."""
        return self.filter(path__lt=access.PRACTICE)

    def streets(self) -> Self:
        """The streets, without the practice street."""
        return self.real().filter(level=Area.Level.STREET)

    def above(self, area: "Area") -> Self:
        """The areas that the area lies in, the street first."""
        return self.filter(path__in=area.paths_above)

    def lock_street(self, area: "Area | None") -> None:
        """Lock the area's street until the transaction ends, so that its writers queue.

        For None, a street that is yet to be added, lock the first street.
        """
        rows = self.filter(path=area.street_path) if area else self.streets().order_by("path")[:1]
        list(rows.select_for_update(no_key=True).values_list("pk"))

    def lock_open(self, area: "Area") -> None:
        """Lock the area against being closed until the transaction ends; ValidationError where it is closed already."""
        ends = self.select_for_update(no_key=True).filter(pk=area.pk).values_list("until", flat=True)
        if not any(until is None or until > timezone.localdate() for until in ends):
            raise ValidationError(f"“{area.name}”刚刚停用了，请选择别的区域。")

    def next_path(self, parent: "Area | None") -> str:
        """Return the first free path after the parent's children; ValidationError where there are too many."""
        rows = self.below(parent) if parent else self.real()
        taken = rows.order_by("-path").values_list("path", flat=True)[:1]
        return NextPaths(taken).below(parent.path if parent else "")


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

    path = models.CharField("路径", max_length=4 * SEGMENT, db_index=True, editable=False)
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
        indexes = [models.Index(fields=["level", "path"], name="area_of_level_in_order")]
        constraints = [
            # The condition always holds, but makes the index partial. While a column of a full unique index changes,
            # PostgreSQL blocks new references to the row; whoever adds one would deadlock with whoever moves the area.
            models.UniqueConstraint(
                fields=["path"],
                condition=Q(level__gte=1),
                name="area_path_once",
                violation_error_message=AT_ONCE,
            ),
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

    def __str__(self) -> str:
        return self.label or self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save only the changed columns; pass a new path, name or end on to all areas below."""
        if self._state.adding:
            super().save(*args, **kwargs)
            return
        with atomic_write():
            is_named_anew = self._differs("name", "path")
            if is_named_anew:
                self.label = self.label_below(self.parent)
            self._carry_on()
            super().save(update_fields=[name for name in self._values() if self._differs(name)])
            if is_named_anew and self.level > self.Level.STREET:
                self._carry_label()

    @property
    def _as_stored(self) -> "Area":
        return Area(path=self._loaded["path"], level=self.level)

    def _differs(self, *names: str) -> bool:
        return any(getattr(self, name) != self._loaded.get(name) for name in names)

    def _carry_on(self) -> None:
        below = Area.objects.below(self._as_stored)
        if self.until and self._differs("until"):
            closed = below.filter(_lasts_behind(self.until)).update(until=self.until)
            record("change", self, changes={"until_below": [None, self.until.isoformat()], "areas": closed})
        if self._differs("path"):
            below.update(path=Concat(models.Value(self.path), Substr("path", len(self.path) + 1)))

    def _carry_label(self) -> None:
        """Rewrite the labels of all areas below, level by level."""
        above = Area.objects.filter(path=Substr(OuterRef("path"), 1, Length(OuterRef("path")) - SEGMENT)).order_by()
        label = Concat(Subquery(above.values("label")), models.Value(" "), "name")
        for level in range(self.level + 1, self.Level.BUILDING_GROUP + 1):
            Area.objects.below(self).filter(level=level).update(label=label)

    def clean(self) -> None:
        """Remove blanks, at which labels are split, from the name; refuse a second open area of it under the parent."""
        self.name = _plain(self.name)
        if not self.path or self.until:
            return
        twins = Area.objects.real().filter(level=self.level, name=self.name, until=None).exclude(pk=self.pk)
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
        """Return the label below this parent: the names from the community down, as in 第一社区 迎晖苑1期 1号楼."""
        return f"{parent.label} {self.name}" if parent and parent.level > self.Level.STREET else self.name

    def stand_at(self, path: str, parent: "Area | None") -> Self:
        """Set path, level, name and label for a place below the parent; where the parent will end, end with it."""
        self.path, self.level, self.name = path, len(path) // SEGMENT, _plain(self.name)
        self.label = self.label_below(parent)
        if parent and parent.until and parent.until > timezone.localdate():
            self.until = self.until or parent.until
        return self

    def place_under(self, parent: "Area | None") -> Self:
        """Lock the street, take the next free path below the parent (None: a street) and validate; the caller saves."""
        Area.objects.lock_street(parent)
        now = Area.objects.filter(pk=parent.pk).first() if parent else None
        if parent and now is None:
            raise ValidationError({"parent": NO_PARENT})
        if now and now.level == self.Level.BUILDING_GROUP:
            raise ValidationError({"parent": NO_BELOW})
        with _errors_at("parent"):
            self.stand_at(Area.objects.next_path(now), now)
            self._check_above(now)
        self.full_clean()
        return self

    def place(self, *, under: "Area | None") -> Self:
        """Add the area below the parent; None adds a street."""
        with atomic_write():
            self.place_under(under).save()
        return self

    def revise(self, *, to: "Area | None" = None, **values: Any) -> Self:
        """Lock the street, reload the area, set new values and perhaps another parent, and validate; the caller saves.

        ValidationError with the sentences by field where a rule is broken.
        """
        Area.objects.lock_street(self)
        try:
            self.refresh_from_db()
        except Area.DoesNotExist:
            raise ValidationError({NON_FIELD_ERRORS: GONE}) from None
        for name, value in values.items():
            setattr(self, name, value)
        if to is not None:
            self._go_below(to)
        self.full_clean()
        if self._differs("until"):
            with _errors_at("until"):
                self.check_close(self.until) if self.until else self._check_above(self.parent)
        return self

    def change(self, *, to: "Area | None" = None, **values: Any) -> Self:
        """Rename, describe, move, close or reopen the area, all in one write."""
        with atomic_write():
            self.revise(to=to, **values).save()
        return self

    def move(self, *, to: "Area") -> Self:
        """Move the area with all areas below it under another parent of the same level as the present one."""
        return self.change(to=to)

    def close(self, *, on: date | None = None) -> Self:
        """Close the area and all areas below it, today by default; ValidationError where members still live there."""
        return self.change(until=on or timezone.localdate())

    def _go_below(self, to: "Area") -> None:
        parent = Area.objects.filter(pk=to.pk).first()
        if parent is None:
            raise ValidationError({"parent": NO_PARENT})
        if parent.path != self.parent_path:
            with _errors_at("parent"):
                self.check_move(parent)
                self.path = Area.objects.next_path(parent)

    def check_move(self, to: "Area") -> None:
        """Raise ValidationError where the area cannot stand below `to`."""
        if self.level == self.Level.STREET:
            raise ValidationError("街道没有上级，不能移动。")
        if to.level != self.level - 1:
            raise ValidationError(f"{self.get_level_display()}只能移到{Area.Level(self.level - 1).label}之下。")
        if to.street_path != self.street_path:
            raise ValidationError("不能移到别的街道：每个街道的资料各管各的。")
        self._check_above(to)
        if Area.objects.children_of(to).filter(name=self.name, until=None).exclude(pk=self.pk).exists():
            raise ValidationError(f"“{to.name}”里已经有“{self.name}”，请先改名，再移过去。")

    def _check_above(self, parent: "Area | None") -> None:
        """Raise ValidationError where the area would outlast its parent."""
        if parent and parent.until and (self.until is None or self.until > parent.until):
            raise ValidationError(
                f"上级“{parent.name}”于 {parent.until} 停用，下级不能用得更久。"
                "请先恢复上级，或另选上级，或填不晚于这一天的停用日期。"
            )

    def check_close(self, day: date) -> None:
        """Raise ValidationError where it cannot close on this day: a member lives there, an area below opens later."""
        self._check_above(self.parent)
        inside = Area.objects.inside(self._as_stored)
        list(inside.select_for_update(no_key=True).values_list("pk"))  # whoever is moving in there has locked the group
        if inside.filter(residences__since__isnull=False, residences__until=None).exists():
            raise ValidationError(f"“{self.name}”还有党员居住，请先为他们办理迁居，再停用。")
        if Area.objects.below(self._as_stored).filter(_lasts_behind(day), since__gt=day).exists():
            raise ValidationError(f"“{self.name}”下面有 {day} 之后才启用的区域，请改用较晚的停用日期。")


def _plain(name: str) -> str:
    return "".join(name.split())


def _lasts_behind(day: date) -> Q:
    return Q(until=None) | Q(until__gt=day)


@contextmanager
def _errors_at(field: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error
