"""The doors of a building, and the pairs of households that look after each other (the paper, part one, 2: 结对)."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, ProtectedError, Q
from django.db.models.functions import Substr
from django.utils import timezone

from members.ground import access, dependents
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.ground.dated import DatedQuerySet, ends_after_it_begins
from members.ground.history import batches, kept_history
from members.ground.rooms import fold_room, read_door, wrong_with_room
from members.ground.rows import locked, save_with
from members.ground.states import Conflict
from members.models.areas import SEGMENT, Area
from members.models.people import Residence

FIRST_YEAR = date(2000, 1, 1)
PAIR_GONE = "这一对刚刚撤销了。"
GONE = "有一户刚刚去掉了，没有保存。请刷新页面，再看一遍。"


class HouseholdQuerySet(models.QuerySet["Household"]):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.HOUSEHOLD) -> Self:
        return self.filter(access.within("area__path", access.reach(user, resource, right)))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def of_members(self, day: date) -> Self:
        """Households in which a member lives on this day."""
        return self.filter(Exists(_homes_behind_the_door(day)))

    def of_neighbours(self, day: date) -> Self:
        """Households in which no member lives on this day."""
        return self.filter(~Exists(_homes_behind_the_door(day)))

    def paired(self, day: date) -> Self:
        """Households that are a side of a pairing on this day."""
        return self.filter(Exists(_pairings_of_household(day)) | Exists(_pairings_of_neighbour(day)))

    def unpaired(self, day: date) -> Self:
        """Households on neither side of a pairing. Two conditions become two anti-joins; a negated OR becomes none."""
        return self.filter(~Exists(_pairings_of_household(day)), ~Exists(_pairings_of_neighbour(day)))

    def lock(self, pks: Collection[int]) -> None:
        """Lock these doors (ids) until the transaction ends, in the order of ids; ValidationError where one is gone."""
        locked = 0
        for batch in batches(sorted(pks)):
            locked += len(self.filter(pk__in=batch).order_by("pk").select_for_update(no_key=True))
        if locked < len(pks):
            raise ValidationError(GONE)

    def idle(self) -> Self:
        """Doors without any data: no member lives there, no name is recorded, no other row refers to them."""
        idle = self.of_neighbours(timezone.localdate()).filter(name="")
        return idle.filter(*(~Exists(rows) for rows in dependents.rows_on(Household, OuterRef("pk"))))


def _homes_behind_the_door(day: date) -> models.QuerySet:
    return Residence.objects.on(day).filter(area=OuterRef("area"), room=OuterRef("room"))


def _pairings_of_household(day: date) -> models.QuerySet:
    """Return the pairings with the outer row on the members' side; a query for each side, as each has its own index."""
    return Pairing.objects.on(day).filter(household=OuterRef("pk"))


def _pairings_of_neighbour(day: date) -> models.QuerySet:
    return Pairing.objects.on(day).filter(neighbour=OuterRef("pk"))


class Household(Audited):
    """A door in a building group. Nothing is stored of those behind it but, if they wish, a name to use."""

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a group with doors is closed, not deleted
        verbose_name="楼组",
        related_name="households",
        limit_choices_to={"level": Area.Level.BUILDING_GROUP},
    )
    room = models.CharField("室号", max_length=30, help_text="如 302；有单元的写 2-302。")
    name = models.CharField(
        "称呼", max_length=20, blank=True, help_text="愿意的家庭留一个称呼，如“王阿姨家”；不愿意就空着。"
    )
    unit = models.CharField("单元", max_length=3, blank=True, editable=False)
    floor = models.PositiveSmallIntegerField("楼层", null=True, editable=False)
    number = models.CharField("门", max_length=30, editable=False)

    objects = HouseholdQuerySet.as_manager()
    history = kept_history()

    class Meta:
        verbose_name = verbose_name_plural = "家庭"
        ordering = ["area", "unit", "floor", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "room"],
                name="household_door_once",
                violation_error_message="这个楼组里已经有这一户。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.room}"

    def clean(self) -> None:
        self.placed()
        if not self.room:
            raise ValidationError({"room": "请填写室号，如 302。"})
        if sentence := wrong_with_room(self.room):
            raise ValidationError({"room": sentence})
        if self.area_id and self.area.level != Area.Level.BUILDING_GROUP:
            raise ValidationError({"area": "请选择楼组（哪一号楼）。"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.placed()
        super().save(*args, **kwargs)

    def placed(self) -> Self:
        """Set unit, floor and number from the room."""
        self.room = fold_room(self.room)
        self.unit, self.floor, self.number = read_door(self.room)
        return self

    @property
    def has_members(self) -> bool:
        return Residence.objects.current().filter(area=self.area_id, room=self.room).exists()

    @property
    def is_ever_paired(self) -> bool:
        return Pairing.objects.of(self).exists()

    def remove(self) -> None:
        """Delete a door added by mistake; ValidationError where a member lives there or another row refers to it."""
        with atomic_write():
            Household.objects.lock([self.pk])  # somebody may be pairing it
            if self.has_members:
                raise ValidationError("这一户住着党员，不能去掉。")
            if self.is_ever_paired:
                raise ValidationError("这一户有结对记录，不能去掉。")
            try:
                self.delete()
            except ProtectedError:
                raise ValidationError("这一户还有别的登记，不能去掉。") from None


class PairingQuerySet(DatedQuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.HOUSEHOLD) -> Self:
        """Pairings with both households in the scope; one across two groups is seen from their compound up."""
        ranges = access.reach(user, resource, right)
        sides = ("household__area__path", "neighbour__area__path")
        return self.of_streets(low[:SEGMENT] for low, _ in ranges).filter(
            *(access.within(side, ranges) for side in sides)
        )

    def inside(self, area: Area) -> Self:
        here = access.within("household__area__path", [access.subtree(area.path)])
        return self.of_streets([area.street_path]).filter(here)

    def of_streets(self, paths: Iterable[str]) -> Self:
        """Pairings of these streets. A pairing never leaves its street, though its building may change its compound.

        The filter is by compound, because by doors PostgreSQL would read the pairings of all streets. The condition on
        the level tells the planner how few areas match.
        """
        ranges = [access.subtree(path) for path in sorted(set(paths))]
        return self.filter(access.within("compound__path", ranges), compound__level=Area.Level.STATION)

    def of(self, household: "Household") -> Self:
        """Pairings of which the household is a side."""
        return self.filter(Q(household=household) | Q(neighbour=household))

    def begin(self, *, household: Household, neighbour: Household, since: date | None = None) -> tuple["Pairing", bool]:
        """Pair two households, from today by default; return the pairing, and whether it is new.

        A repeated call returns the pairing that exists. ValidationError where the neighbour has another pairing.
        """
        with atomic_write():
            Household.objects.lock({household.pk, neighbour.pk})
            there = Pairing.objects.filter(household=household, neighbour=neighbour, until=None).first()
            if there:
                return there, False
            pairing = Pairing(household=household, neighbour=neighbour, since=since or timezone.localdate())
            pairing.full_clean()
            pairing.save()
        return pairing, True


class Pairing(Audited):
    """The pairing of a member's household with a neighbour's in the same compound, for a time."""

    household = models.ForeignKey(
        Household,
        on_delete=models.PROTECT,  # a door that was paired stays
        verbose_name="党员家庭",
        related_name="pairings",
    )
    neighbour = models.ForeignKey(
        Household,
        on_delete=models.PROTECT,  # the same
        verbose_name="结对家庭",
        related_name="pairings_received",
    )
    compound = models.ForeignKey(Area, on_delete=models.PROTECT, editable=False, related_name="+")
    neighbour_compound = models.ForeignKey(Area, on_delete=models.PROTECT, editable=False, related_name="+")
    since = models.DateField("结对日期", default=timezone.localdate, validators=[MinValueValidator(FIRST_YEAR)])
    until = models.DateField("结束日期", null=True, blank=True, help_text="还在结对就不填。")

    objects = PairingQuerySet.as_manager()
    history = kept_history()

    class Meta:
        verbose_name = verbose_name_plural = "结对"
        ordering = ["household__area__path", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["neighbour"],
                condition=Q(until=None),
                name="pairing_neighbour_once",
                violation_error_message="这户家庭已经结对，请先结束原来的结对。",
            ),
            models.CheckConstraint(
                condition=~Q(household=F("neighbour")),
                name="pairing_of_two_households",
                violation_error_message="请选择两户不同的家庭。",
            ),
            models.CheckConstraint(
                condition=Q(compound=F("neighbour_compound")),
                name="pairing_in_one_compound",
                violation_error_message="结对的两户要在同一个小区。",
            ),
            ends_after_it_begins("pairing_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.household} — {self.neighbour.room}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.located()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if not (self.household_id and self.neighbour_id):
            return
        if self._state.adding:
            self.located()
        if self._state.adding and not self.household.has_members:
            raise ValidationError({"household": f"{self.household}没有党员居住，请选择党员家庭。"})
        if self._state.adding and self.neighbour.has_members:
            raise ValidationError({"neighbour": f"{self.neighbour}是党员家庭，请选择群众家庭来结对。"})
        if any(day and day > timezone.localdate() for day in (self.since, self.until)):
            raise ValidationError("结对、结束的日期都不能晚于今天。")

    def located(self) -> Self:
        """Set the compounds of both sides, so that a constraint can compare them.

        They are those of the time of pairing: a building that later moves to another compound keeps its pairings.
        """
        self.compound = _compound_of(self.household)
        self.neighbour_compound = _compound_of(self.neighbour)
        return self

    def end(self, *, on: date | None = None) -> None:
        """End the pairing, today by default; it and its visits stay on record. Conflict where it has ended already."""
        with atomic_write():
            stored = Pairing.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
            if stored is None:
                raise ValidationError(PAIR_GONE)
            self.until = stored.until
            if self.until is not None:
                raise Conflict(f"这一对已于 {self.until} 结束。")
            self.until = on or timezone.localdate()
            self.full_clean()
            self.save()

    def other_side(self, household: Household) -> Household:
        return self.neighbour if household.pk == self.household_id else self.household

    @property
    def is_new(self) -> bool:
        """Whether the pairing was registered today, so that it can be undone."""
        return timezone.localdate(self.history.earliest().history_date) == timezone.localdate()

    def undo(self) -> None:
        """Delete a pairing registered by mistake; ValidationError after that day, or where a visit refers to it."""
        with atomic_write():
            if not Pairing.objects.select_for_update(no_key=True).filter(pk=self.pk):
                raise ValidationError(PAIR_GONE)
            if not self.is_new:
                raise ValidationError("只有当天登记的结对可以撤销；以前的请填写结束日期。")
            try:
                self.delete()
            except ProtectedError:
                raise ValidationError("这一对已经有走访记录，不能撤销；请填写结束日期。") from None

    def correct(self, **values: date | None) -> None:
        """Correct the days on which the stored pairing began or ended."""
        with atomic_write():
            save_with(locked(Pairing.objects.all(), self.pk, gone=PAIR_GONE), values)

    def audit_path(self) -> str:
        return self.household.area.path


def _compound_of(household: Household) -> Area:
    """Return the household's compound by the building's stored path: the building may have moved since it was read."""
    building = Area.objects.filter(pk=household.area_id)
    return Area.objects.get(path=building.values(compound=Substr("path", 1, Area.Level.STATION * SEGMENT))[:1])
