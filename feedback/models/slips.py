"""Reporting slips: how in-post members are reported to the community where they live (docs/design/slips.md)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from feedback.models.codes import SlipCode
from feedback.models.counterparts import Counterpart
from feedback.models.slip_rows import SlipQuerySet
from feedback.models.units import EmployerKey
from members.ground.audit import Audited
from members.ground.sealing import decrypt_text, digest, encrypt_text
from members.ground.states import WithStatus
from members.models import Area, Consent, Employer, Member
from members.models.people import OPINION_REMINDER


class Slip(WithStatus, Audited):
    """A report that an in-post member lives here, sent by their employer, by themselves or on paper.

    `home`, `room` and `area` are what the address means so far; where `area` is unknown, the slip is the street
    office's. `is_certain` says that the address reader was sure. `sent_to` is the street that it was first sent to: the
    employer hears of it in that street's feed, also when another street continues it. `untold_at` is when the employer
    stopped hearing of it: it said "not ours", or the member took back "tell my employer".
    """

    class Status(models.TextChoices):
        SENT = "sent", "已发出"
        ASKED = "asked", "需要核对"
        FORWARDED = "forwarded", "已转其他街道"
        ACCEPTED = "accepted", "已接收"
        DECLINED = "declined", "不在本街道"
        WITHDRAWN = "withdrawn", "已撤回"
        ENDED = "ended", "已结束"

    class Origin(models.TextChoices):
        EMPLOYER = "employer", "单位发来"
        MEMBER = "member", "本人报到"
        PAPER = "paper", "纸质"

    class Question(models.TextChoices):
        HOME = "home", "住址不清"
        PHONE = "phone", "电话不通"
        UNKNOWN = "unknown", "不认识"
        OTHER = "other", "其他"

    class Ours(models.TextChoices):
        OURS = "ours", "是我们单位的"
        NOT_OURS = "not_ours", "不是我们单位的"

    class Withdrawer(models.TextChoices):
        SENDER = "sender", "发来的一方"
        MEMBER = "member", "本人"
        COMMUNITY = "community", "社区（重复的）"

    class End(models.TextChoices):
        LEFT_UNIT = "left_unit", "已调离"
        RETIRED = "retired", "已退休"
        MOVED_AWAY = "moved_away", "已迁出"
        REPLACED = "replaced", "换成了新的报到单"

    TRANSITIONS = {
        Status.SENT: {Status.ASKED, Status.FORWARDED, Status.ACCEPTED, Status.DECLINED, Status.WITHDRAWN},
        Status.ASKED: {Status.SENT, Status.FORWARDED, Status.ACCEPTED, Status.DECLINED, Status.WITHDRAWN},
        Status.ACCEPTED: {Status.ENDED, Status.WITHDRAWN},
        Status.ENDED: {Status.ACCEPTED},  # the move with which it ended is undone
    }

    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street answers for the slip
        editable=False,
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    sent_to = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the sender hears of the slip from this street
        editable=False,
        verbose_name="最初发给的街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # its receipt names the community
        null=True,
        blank=True,
        verbose_name="社区",
        related_name="slips",
        limit_choices_to={"level": Area.Level.COMMUNITY},
    )
    home = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # where the member was said to live
        null=True,
        blank=True,
        verbose_name="楼组",
        related_name="+",
        limit_choices_to={"level": Area.Level.BUILDING_GROUP},
    )
    room = models.CharField("室号", max_length=30, blank=True)
    is_certain = models.BooleanField("住址看得准", default=False, editable=False)
    home_text = models.CharField("住址", max_length=100)
    number = models.CharField("报到单号", max_length=40, unique=True, editable=False)
    name = models.CharField("姓名", max_length=30)
    phone_sealed = models.CharField(max_length=200, blank=True, editable=False)
    phone_digest = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # who sent it stays known
        null=True,
        blank=True,
        verbose_name="单位",
        related_name="slips",
    )
    employer_name = models.CharField("单位（写的）", max_length=100, blank=True)
    employer_number = models.CharField("单位内编号", max_length=30, blank=True)
    skills = models.CharField("特长", max_length=200, blank=True, help_text="多项用顿号隔开，如：书法、水电维修。")
    wishes = models.CharField("愿意做的", max_length=200, blank=True, help_text=OPINION_REMINDER)
    origin = models.CharField("来源", max_length=10, choices=Origin.choices, editable=False)
    key = models.ForeignKey(
        EmployerKey,
        on_delete=models.PROTECT,  # the key that sent it stays known
        null=True,
        editable=False,
        verbose_name="密钥",
        related_name="+",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who sent or typed it stays known
        null=True,
        editable=False,
        verbose_name="填写人",
        related_name="+",
    )
    code = models.ForeignKey(
        SlipCode,
        on_delete=models.PROTECT,  # the poster that it came by stays known
        null=True,
        editable=False,
        verbose_name="报到码",
        related_name="slips",
    )
    agreed_how = models.CharField("同意的方式", max_length=10, choices=Consent.Means.choices)
    agreed_on = models.DateField("同意的日期")
    tells_employer = models.BooleanField("告诉单位", default=False)
    employer_says = models.CharField("单位的答复", max_length=10, choices=Ours.choices, blank=True, editable=False)
    untold_at = models.DateTimeField("不再告诉单位的时间", null=True, editable=False)
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.SENT, editable=False, db_index=True
    )
    sent_at = models.DateTimeField("发来时间", default=timezone.now, editable=False)
    asked_at = models.DateTimeField("请对方核对的时间", null=True, editable=False)
    asked_code = models.CharField("要核对什么", max_length=10, choices=Question.choices, blank=True, editable=False)
    asked_text = models.CharField("核对的话", max_length=200, blank=True, editable=False)
    reply = models.CharField("对方的回答", max_length=200, blank=True, editable=False)
    forwarded_at = models.DateTimeField("转出时间", null=True, editable=False)
    accepted_at = models.DateTimeField("接收时间", null=True, editable=False)
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,  # an accepted slip names its member
        null=True,
        editable=False,
        verbose_name="党员",
        related_name="slips",
    )
    was_known = models.BooleanField("就是已登记的", default=False, editable=False)
    consent = models.ForeignKey(
        Consent,
        on_delete=models.PROTECT,  # the consent behind an accepted slip stays on record
        null=True,
        editable=False,
        verbose_name="本人的同意",
        related_name="slips",
    )
    consent_to_tell = models.ForeignKey(
        Consent,
        on_delete=models.PROTECT,  # the consent behind what the employer was told stays on record
        null=True,
        editable=False,
        verbose_name="告诉单位的同意",
        related_name="told_slips",
    )
    declined_at = models.DateTimeField("退回时间", null=True, editable=False)
    declined_text = models.CharField("退回说明", max_length=200, blank=True, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)
    withdrawn_by = models.CharField("谁撤回的", max_length=10, choices=Withdrawer.choices, blank=True, editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, editable=False)
    ended_code = models.CharField("结束原因", max_length=10, choices=End.choices, blank=True, editable=False)
    ended_text = models.CharField("结束说明", max_length=200, blank=True, editable=False)
    emptied_at = models.DateTimeField("清空时间", null=True, editable=False)
    continues = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,  # the trail from street to street stays
        null=True,
        editable=False,
        verbose_name="从哪一张转来",
        related_name="continued_by",
    )

    objects = SlipQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报到单"
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "employer", "area"],
                condition=Q(status="accepted"),
                name="slip_one_live",
                violation_error_message="这位党员由这个单位报到本社区的单子已经有一张。",
            ),
            models.UniqueConstraint(
                fields=["member", "area"],
                condition=Q(status="accepted", employer=None),
                name="slip_one_live_without_unit",
                violation_error_message="这位党员报到本社区的单子已经有一张。",
            ),
            models.CheckConstraint(
                condition=~Q(agreed_how=""),
                name="slip_has_agreement",
                violation_error_message="要写明本人怎样同意的。",
            ),
            models.CheckConstraint(
                condition=Q(home=None) | Q(area__isnull=False),
                name="slip_home_in_community",
                violation_error_message="选了楼组，也要写明社区。",
            ),
            models.CheckConstraint(
                condition=~Q(status="asked") | Q(asked_at__isnull=False) & ~Q(asked_code=""),
                name="slip_asked_has_reason",
                violation_error_message="请对方核对的，要写明核对什么。",
            ),
            models.CheckConstraint(
                condition=Q(status="forwarded", forwarded_at__isnull=False)
                | ~Q(status="forwarded") & Q(forwarded_at=None),
                name="slip_forwarded_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("accepted", "ended"), accepted_at__isnull=False)
                & Q(member__isnull=False, area__isnull=False, consent__isnull=False)
                | Q(status="withdrawn")
                | ~Q(status__in=("accepted", "ended")) & Q(accepted_at=None, member=None, consent=None),
                name="slip_accepted_has_member",
                violation_error_message="接收的报到单要有党员、社区和本人的同意。",
            ),
            models.CheckConstraint(
                condition=Q(status="declined", declined_at__isnull=False) | ~Q(status="declined") & Q(declined_at=None),
                name="slip_declined_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False) & ~Q(withdrawn_by="")
                | ~Q(status="withdrawn") & Q(withdrawn_at=None),
                name="slip_withdrawn_has_sender",
                violation_error_message="撤回的要写明是谁撤回的。",
            ),
            models.CheckConstraint(
                condition=Q(status="ended", ended_at__isnull=False) & ~Q(ended_code="")
                | ~Q(status="ended") & Q(ended_at=None),
                name="slip_ended_has_reason",
                violation_error_message="结束的要写明原因。",
            ),
        ]
        indexes = [
            models.Index(fields=["area", "status"], name="slip_area_status"),
            models.Index(fields=["employer", "sent_to", "number"], name="slip_counterpart_number"),
        ]

    def __str__(self) -> str:
        return f"{self.name or '（已清空）'} {self.number}"

    @property
    def phone(self) -> str:
        """The phone number in full; to show it to a user, call `rules.slips_asking.reveal_phone`, which records it."""
        return decrypt_text(self.phone_sealed)

    @phone.setter
    def phone(self, phone: str) -> None:
        self.phone_sealed = encrypt_text(phone)
        self.phone_digest = digest(phone, purpose="phone") if phone else ""

    @property
    def counterpart(self) -> Counterpart | None:
        """Whose feed hears of the slip; None where no employer does."""
        is_told = self.origin == self.Origin.EMPLOYER or self.tells_employer
        if self.employer_id is None or not is_told or self.untold_at:
            return None
        return Counterpart(self.employer_id, self.sent_to_id)

    @property
    def unit(self) -> str:
        """The employer's name as registered, else as it was written."""
        return self.employer.name if self.employer else self.employer_name

    @property
    def is_waiting(self) -> bool:
        return self.status in (self.Status.SENT, self.Status.ASKED)

    def audit_path(self) -> str:
        return self.area.path if self.area else self.street.path
