"""Members, and their residences."""

from datetime import date
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.ages import implausible
from members.ground.atomic import atomic_write
from members.ground.audit import Audited, record
from members.ground.dated import DatedQuerySet, ends_after_it_begins
from members.ground.history import kept_history
from members.ground.names import fold_name
from members.ground.partial_date import PartialDateField, first_day
from members.ground.pinyin import spell
from members.ground.rooms import fold_room, wrong_with_room
from members.ground.sealing import decrypt_text, digest, encrypt_text, mask_phone
from members.ground.states import Conflict
from members.models.areas import Area
from members.models.employers import Employer
from members.models.shells import is_empty_when_erased, new_token

TWIN = "这个身份证号在本街道已经登记在另一条记录上，请先查找，或联系街道办理迁居。"
OTHER_STREET = "这个楼组在别的街道：请办理迁出，再由那边的街道登记。"
OPINION_REMINDER = "请勿填写思想、信仰、健康、收入、家庭情况等内容。"


class MemberQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ, *, resource: Resource = Resource.MEMBER) -> Self:
        """Members who live in the scope, or who moved away and lived there last."""
        scope = access.within("area__path", access.reach(user, resource, right))
        return self.filter(Exists(Residence.objects.last_homes().filter(scope, member=OuterRef("pk"))))

    def living_in(self, area: Area, day: date) -> Self:
        return self.filter(Exists(Residence.objects.inside(area).on(day).filter(member=OuterRef("pk"))))

    def with_home(self) -> Self:
        """Annotate the present home of each member: `home_path`, `home_label`, `home_room`, `home_joined_on`."""
        home = Residence.objects.filter(member=OuterRef("pk"), until=None)
        return self.annotate(
            home_path=Subquery(home.values("area__path")[:1]),
            home_label=Subquery(home.values("area__label")[:1]),
            home_room=Subquery(home.values("room")[:1]),
            home_joined_on=Subquery(home.values("joined_on")[:1]),
        )

    def with_phone(self, phone: str) -> Self:
        return self.filter(phone_digest=digest(phone, purpose="phone"))


class MemberManager(models.Manager.from_queryset(MemberQuerySet)):  # type: ignore[misc]
    """Members whose personal data was not erased: what is left of the others is in no list, choice or comparison."""

    def get_queryset(self) -> MemberQuerySet:
        rows: MemberQuerySet = super().get_queryset().filter(erased_at=None)
        return rows


class Member(Audited):
    """A party member who lives, or lived, in the street.

    The membership of in-post members belongs to their employer's party unit. The ID number is never stored; its keyed
    digest is enough to recognise the person. `token` is what the journal knows an erased member by.
    """

    class Affiliation(models.TextChoices):
        LOCAL = "local", "在册"
        IN_POST = "in_post", "在职"

    class Standing(models.TextChoices):
        FULL = "full", "正式党员"
        PROBATIONARY = "probationary", "预备党员"

    class Sex(models.TextChoices):
        MALE = "male", "男"
        FEMALE = "female", "女"

    class Rank(models.TextChoices):
        DIVISION = "division", "处级"
        SECTION = "section", "科级"

    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a street is closed, not deleted
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
        editable=False,
    )
    name = models.CharField("姓名", max_length=30, validators=[MinLengthValidator(2)], db_index=True)
    pinyin = models.CharField("拼音", max_length=120, blank=True, editable=False, db_index=True)
    initials = models.CharField("首字母", max_length=30, blank=True, editable=False, db_index=True)
    sex = models.CharField("性别", max_length=10, choices=Sex.choices)
    birth_date = PartialDateField("出生年月", blank=True)
    id_digest = models.CharField(max_length=64, blank=True, editable=False)
    phone_sealed = models.CharField(max_length=200, blank=True, editable=False)
    phone_digest = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    affiliation = models.CharField("在职/在册", max_length=10, choices=Affiliation.choices)
    standing = models.CharField("党员类别", max_length=20, choices=Standing.choices, blank=True)
    party_since = PartialDateField("入党时间", blank=True)
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # merge or rename an employer instead
        null=True,
        blank=True,
        verbose_name="单位",
        related_name="members",
        help_text="在职党员必填：组织关系所在的单位。",
    )
    employer_number = models.CharField(
        "单位内编号",
        max_length=30,
        blank=True,
        help_text="单位自己的人员编号，知道才填；会写在记录卡上，便于单位认人。",
    )
    rank = models.CharField("职务层次", max_length=10, choices=Rank.choices, blank=True)
    skills = models.CharField("特长", max_length=200, blank=True, help_text="多项用顿号隔开，如：书法、水电维修。")
    remark = models.CharField("备注", max_length=200, blank=True, help_text=OPINION_REMINDER)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    erased_at = models.DateTimeField("删除个人信息的时间", null=True, editable=False)

    objects = MemberManager()
    with_erased = MemberQuerySet.as_manager()
    history = kept_history()

    class Meta:
        verbose_name = verbose_name_plural = "党员"
        ordering = ["pinyin", "pk"]
        constraints = [
            models.UniqueConstraint(
                # With the name: some ID numbers were issued to two people, and rosters contain such pairs.
                fields=["street", "id_digest", "name"],
                condition=~Q(id_digest=""),
                name="member_known_once",
                violation_error_message="这个姓名和身份证号在本街道已经登记，请查找原来的记录。",
            ),
            models.CheckConstraint(
                condition=Q(affiliation="local") | Q(employer__isnull=False) | Q(erased_at__isnull=False),
                name="member_in_post_has_employer",
                violation_error_message="在职党员要填写单位。",
            ),
            is_empty_when_erased("member_erased_is_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            for text in filter(None, (self.birth_date, self.party_since)):
                first_day(text)
        except ValueError:
            return  # the field says so
        if found := implausible(self.birth_date, self.party_since, today=timezone.localdate()):
            raise ValidationError({found[0]: f"{found[1]}。"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fold the name, so that however it was typed it is found, and spell it."""
        self.name = fold_name(self.name)
        self.pinyin, self.initials = spell(self.name)
        super().save(*args, **kwargs)

    @property
    def phone(self) -> str:
        """The phone number in full; to show it to a user, call `reveal_phone`, which records it."""
        return decrypt_text(self.phone_sealed)

    @phone.setter
    def phone(self, phone: str) -> None:
        self.phone_sealed = encrypt_text(phone)
        self.phone_digest = digest(phone, purpose="phone") if phone else ""

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    @property
    def home(self) -> "Residence | None":
        """The member's present residence, else the last one; None where there is none."""
        return (
            self.residences.select_related("area").order_by(models.F("until").desc(nulls_first=True), "-since").first()
        )

    def know_by(self, id_number: str) -> None:
        """Set the digest of the ID number; the number itself is not stored."""
        self.id_digest = digest(id_number, purpose="id")

    def twins(self) -> MemberQuerySet:
        """Return the street's other records with the same ID number, which only a roster that names both may add."""
        if not self.id_digest:
            return Member.objects.none()
        return Member.objects.filter(street=self.street, id_digest=self.id_digest).exclude(pk=self.pk)

    def move(self, *, to: Area, room: str = "", on: date | None = None, joined_on: date | None = None) -> "Residence":
        """Move in, move house or come back, today by default; the present home ends on the day the new one begins.

        ValidationError where the new home is in another street: a member leaves one street and is registered in the
        other, as each keeps its own records. A repeated call returns the home that exists.
        """
        day = on or timezone.localdate()
        if to.street_path != self.street.path:
            raise ValidationError(OTHER_STREET)
        same = {"area": to, "room": fold_room(room), "since": day, "joined_on": joined_on, "until": None}
        with atomic_write():
            Area.objects.lock_open(to)
            self.queue()
            if there := self.residences.filter(**same).first():
                return there
            self._end_home(day)
            home = Residence(member=self, **same)
            home.full_clean()
            home.save()
        return home

    def leave(self, *, on: date | None = None) -> None:
        """Move away, today by default: the home ends, the record stays. Conflict where the member has no home."""
        with atomic_write():
            self.queue()
            if not self.residences.filter(until=None).exists():
                raise Conflict("这位党员现在没有住址，不用办理迁出。")
            self._end_home(on or timezone.localdate())

    def reveal_phone(self) -> str:
        """Record the access and return the phone number in full, an empty string where none is known."""
        with atomic_write():
            record("reveal", self)
        return self.phone

    def queue(self) -> None:
        """Lock the member, so that two writes at once come one after the other; Conflict where they were erased."""
        if not list(Member.objects.select_for_update(no_key=True).filter(pk=self.pk).values_list("pk")):
            raise Conflict("这位党员的个人信息刚刚被删除了，没有保存。")

    def _end_home(self, day: date) -> None:
        for home in self.residences.select_for_update(no_key=True).filter(until=None):
            if day < home.since:
                raise ValidationError(f"迁出日期不能早于入住日期 {home.since}。")
            home.until = day
            home.save()

    def audit_path(self) -> str:
        home = self.home if self.pk else None
        return home.area.path if home else self.street.path

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Leave out the token: the journal is not to be read by way of the trail."""
        return {name: value for name, value in super()._values(names).items() if name != "token"}


class ResidenceQuerySet(DatedQuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Homes in the scope, without those of which nobody knows any more whose they were."""
        homes = access.within("area__path", access.reach(user, Resource.MEMBER, right))
        return self.filter(homes, member__erased_at=None)

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def last_homes(self) -> Self:
        """The last residence of each member: the present one, or where they lived last."""
        others = Residence.objects.filter(member=OuterRef("member"))
        later = Q(since__gt=OuterRef("since")) | Q(since=OuterRef("since"), pk__gt=OuterRef("pk"))
        return self.filter(~Exists(others.filter(later)))


class Residence(Audited):
    """A member's home in a building group for a time, and the day they joined its party group, if they did."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="residences")
    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a group in which somebody lived is closed, not deleted
        verbose_name="楼组",
        related_name="residences",
        limit_choices_to={"level": Area.Level.BUILDING_GROUP},
    )
    room = models.CharField("室号", max_length=30, blank=True)
    since = models.DateField("入住日期", default=timezone.localdate)
    # Rosters have no moving-in dates: `since` is then the first day on record.
    is_since_known = models.BooleanField(default=True, editable=False)
    until = models.DateField("迁出日期", null=True, blank=True, help_text="还住在这里就不填。")
    joined_on = models.DateField("参加楼组党小组日期", null=True, blank=True, help_text="没有参加就不填。")

    objects = ResidenceQuerySet.as_manager()
    history = kept_history()

    class Meta:
        verbose_name = verbose_name_plural = "居住"
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(until=None),
                name="residence_one_at_a_time",
                violation_error_message="这位党员已有现住址，请先填写原住址的迁出日期。",
            ),
            ends_after_it_begins("residence_ends_after_begin"),
        ]
        indexes = [models.Index(fields=["area", "until"], name="residence_area_until")]

    def __str__(self) -> str:
        return f"{self.area} {self.room}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fold the room, and mark a changed first day as known."""
        self.room = fold_room(self.room)
        if not self._state.adding and getattr(self, "_loaded", {}).get("since", self.since) != self.since:
            self.is_since_known = True
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if sentence := wrong_with_room(self.room):
            raise ValidationError({"room": sentence})
        if self.area_id and self.area.level != Area.Level.BUILDING_GROUP:
            raise ValidationError({"area": "请选择楼组（哪一号楼）。"})
        if self.area_id and self.member_id and self.area.street_path != self.member.street.path:
            raise ValidationError({"area": OTHER_STREET})
        if self.member_id and self.since and self._overlaps():
            raise ValidationError("这段居住时间和另一处住址重叠，请核对入住、迁出日期。")
        if any(day and day > timezone.localdate() for day in (self.since, self.until, self.joined_on)):
            raise ValidationError("入住、迁出、参加的日期都不能晚于今天。")

    def _overlaps(self) -> bool:
        others = Residence.objects.filter(Q(until=None) | Q(until__gt=self.since), member_id=self.member_id)
        if self.until:
            others = others.filter(since__lt=self.until)
        return others.exclude(pk=self.pk).exists()
