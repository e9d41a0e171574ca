"""Record cards: what in-post members did in a period where they live, sent to their employers."""

from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models.counterparts import OfCounterpart
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.ground.states import WithStatus
from members.models import Area, Consent, Employer, Member
from members.models.people import OPINION_REMINDER

BEFORE, OUT = ("draft", "shown", "agreed", "objected"), ("issued", "received", "answered", "returned")
ASKED = BEFORE[1:]
ENDED = ("returned", "withdrawn")
NOT_AGREED = "本人不同意发"


class RecordCardQuerySet(models.QuerySet["RecordCard"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        return self._within(access.reach(user, Resource.CARD, right))

    def inside(self, area: Area) -> Self:
        return self._within([access.subtree(area.path)])

    def _within(self, ranges: list[access.Range]) -> Self:
        """Filter by paths. A card is a community's: without its level, PostgreSQL expects cards of every building."""
        return self.filter(access.within("area__path", ranges), area__level=Area.Level.COMMUNITY)

    def of_period(self, period: CardPeriod) -> Self:
        return self.filter(first_day=period.first, last_day=period.last)

    def locked(self) -> Self:
        """These cards, locked until the transaction ends. The lock lets other rows refer to them (no_key)."""
        return self.select_for_update(of=("self",), no_key=True)

    def open_by_link(self) -> Self:
        """Cards that their members can still open: asked, not issued, and their link has not expired."""
        since = timezone.now() - timedelta(days=settings.CARD_LINK_DAYS)
        return self.filter(status__in=ASKED, shown_at__gt=since)

    def with_employer(self) -> Self:
        """Cards that the employer holds: issued, and not withdrawn."""
        return self.filter(status__in=OUT)

    def for_present_employers(self) -> Self:
        """Cards whose members have not left the employer."""
        return self.filter(member__employer=F("employer"))

    def ever_issued(self) -> Self:
        return self.exclude(number=None)

    def with_body(self) -> Self:
        """Cards that the employer holds and that can still be read here."""
        return self.with_employer().exclude(body="")

    def expired(self, now: datetime) -> Self:
        """Cards issued longer ago than their text is kept (`RETENTION["card_body"]` days); none where that is 0."""
        days = settings.RETENTION["card_body"]
        rows = self.with_body().filter(issued_at__lt=now - timedelta(days=days))
        return rows if days else self.none()

    def empty_expired(self) -> int:
        """Empty the text of the expired cards; return how many. Number, digest, receipts and answers stay."""
        now = timezone.now()
        return self.expired(now).update(body="", lines=[], left_out=[], sentence="", emptied_at=now)


class RecordCard(OfCounterpart, WithStatus, Audited):
    """A record of what one in-post member chose to do where they live, for one employer and one period.

    It is never an appraisal. `lines` come from the records; the secretary may leave some out. An objection stays on the
    draft that it led to until the card is shown again; without a sentence it says that the card is not to be sent.
    `leaving` is the run with which an agreed card leaves when its time is up. `body` is the JSON that is issued,
    rendered once and never changed; `digest` is its SHA-256.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        SHOWN = "shown", "待本人确认"
        AGREED = "agreed", "本人已同意"
        OBJECTED = "objected", "本人有异议"
        ISSUED = "issued", "已发出"
        RECEIVED = "received", "单位已签收"
        ANSWERED = "answered", "单位已反馈"
        RETURNED = "returned", "单位退回"
        WITHDRAWN = "withdrawn", "已撤回"

    class How(models.TextChoices):
        LINK = "link", "本人在手机上确认"
        PAPER = "paper", "书面签字"

    class Return(models.TextChoices):
        NOT_OUR_MEMBER = "not_our_member", "不是本单位党员"
        LEFT_UNIT = "left_unit", "已离开本单位"
        WRONG_PERIOD = "wrong_period", "时段不对"
        UNREADABLE = "unreadable", "内容看不清"
        OTHER = "other", "其他"

    class Withdrawal(models.TextChoices):
        DROPPED = "dropped", "不发了"
        MISTAKE = "mistake", "内容有误"
        CONSENT = "consent", "本人撤回同意"

    TRANSITIONS = {
        Status.DRAFT: {Status.SHOWN, Status.WITHDRAWN},
        Status.SHOWN: {Status.AGREED, Status.OBJECTED, Status.DRAFT, Status.WITHDRAWN},
        Status.AGREED: {Status.ISSUED, Status.OBJECTED, Status.DRAFT, Status.WITHDRAWN},
        Status.OBJECTED: {Status.SHOWN, Status.DRAFT, Status.WITHDRAWN},
        Status.ISSUED: {Status.RECEIVED, Status.RETURNED, Status.WITHDRAWN},
        Status.RECEIVED: {Status.ANSWERED, Status.ISSUED, Status.RETURNED, Status.WITHDRAWN},
        Status.ANSWERED: {Status.WITHDRAWN},
        Status.RETURNED: {Status.WITHDRAWN},
    }

    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # cards name the community they are from
        verbose_name="社区",
        related_name="cards",
        limit_choices_to={"level": Area.Level.COMMUNITY},
    )
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,  # an issued card names its member
        verbose_name="党员",
        related_name="cards",
    )
    employer = models.ForeignKey(
        Employer,
        on_delete=models.PROTECT,  # cards are addressed to it
        verbose_name="单位",
        related_name="cards",
    )
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street answers for the card
        editable=False,
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    first_day = models.DateField("时段开始")
    last_day = models.DateField("时段结束")
    lines = models.JSONField("内容", default=list, blank=True)
    left_out = models.JSONField("不写进卡片的", default=list, blank=True)
    sentence = models.CharField(
        "社区的一句话",
        max_length=200,
        blank=True,
        help_text=f"可以不写。只说做了什么，不评价、不打分。{OPINION_REMINDER}",
    )
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False, db_index=True
    )
    created_at = models.DateTimeField("生成时间", default=timezone.now, editable=False)
    shown_at = models.DateTimeField("请本人确认的时间", null=True, editable=False)
    wrong_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    agreed_at = models.DateTimeField("本人同意的时间", null=True, editable=False)
    agreed_how = models.CharField("同意的方式", max_length=10, choices=How.choices, blank=True, editable=False)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who recorded a signature must stay known
        null=True,
        editable=False,
        verbose_name="登记同意的人",
        related_name="+",
    )
    consent = models.ForeignKey(
        Consent,
        on_delete=models.PROTECT,  # the consent behind an issued card stays on record
        null=True,
        editable=False,
        verbose_name="本人的同意",
        related_name="cards",
    )
    objected_at = models.DateTimeField("本人提出异议的时间", null=True, editable=False)
    objection = models.CharField("本人的异议", max_length=200, blank=True, editable=False)
    leaving = models.ForeignKey(
        "feedback.IssueRun",
        on_delete=models.PROTECT,  # a run is never deleted
        null=True,
        editable=False,
        verbose_name="等候发出",
        related_name="leaving_cards",
    )
    number = models.CharField("卡号", max_length=40, null=True, unique=True, editable=False)
    body = models.TextField(blank=True, editable=False)
    digest = models.CharField("校验码", max_length=64, blank=True, editable=False)
    emptied_at = models.DateTimeField("清空内容的时间", null=True, editable=False)
    issued_at = models.DateTimeField("发出时间", null=True, editable=False)
    received_at = models.DateTimeField("单位签收的时间", null=True, editable=False)
    answered_at = models.DateTimeField("单位反馈的时间", null=True, editable=False)
    returned_at = models.DateTimeField("单位退回的时间", null=True, editable=False)
    return_code = models.CharField("退回原因", max_length=20, choices=Return.choices, blank=True, editable=False)
    return_text = models.CharField("退回说明", max_length=200, blank=True, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)
    withdrawal = models.CharField("撤回原因", max_length=10, choices=Withdrawal.choices, blank=True, editable=False)
    supersedes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,  # the trail from a card to the one it replaces stays
        null=True,
        editable=False,
        verbose_name="代替的卡",
        related_name="superseded_by",
    )

    objects = RecordCardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "记录卡"
        ordering = ["-last_day", "area__path", "member__pinyin", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "employer", "first_day", "last_day"],
                condition=~Q(status__in=ENDED),
                name="card_one_live",
                violation_error_message="这位党员这个时段发给这个单位的卡已经有一张。",
            ),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="card_ends_after_it_begins"),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(shown_at=None, agreed_at=None, consent=None),
                name="card_draft_has_no_moment",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("draft", "withdrawn")) | Q(shown_at__isnull=False),
                name="card_shown_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("agreed", *OUT))
                | Q(agreed_at__isnull=False, consent__isnull=False) & ~Q(agreed_how=""),
                name="card_out_has_consent",
                violation_error_message="本人还没有同意，这张卡不能发出。",
            ),
            models.CheckConstraint(condition=Q(status="agreed") | Q(leaving=None), name="card_leaving_is_agreed"),
            models.CheckConstraint(
                condition=~Q(status="objected") | Q(objected_at__isnull=False), name="card_objected_has_moment"
            ),
            models.CheckConstraint(
                condition=Q(status__in=BEFORE, number=None, issued_at=None, body="", digest="")
                | Q(status__in=OUT, number__isnull=False, issued_at__isnull=False)
                & (~Q(body="") | Q(emptied_at__isnull=False))
                & ~Q(digest="")
                | Q(status="withdrawn", body=""),
                name="card_issued_is_frozen",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("received", "answered")) | Q(received_at__isnull=False),
                name="card_received_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(status="answered") | Q(answered_at__isnull=False), name="card_answered_has_moment"
            ),
            models.CheckConstraint(
                condition=Q(status="returned", returned_at__isnull=False) & ~Q(return_code="")
                | Q(status="withdrawn")
                | ~Q(status="returned") & Q(returned_at=None),
                name="card_returned_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False) & ~Q(withdrawal="")
                | ~Q(status="withdrawn") & Q(withdrawn_at=None),
                name="card_withdrawn_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["area", "first_day", "last_day", "status"], name="card_area_period"),
            models.Index(fields=["employer", "street", "number"], name="card_counterpart_number"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.period.label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the card; a new one gets the street of its community."""
        if self.street_id is None:
            self.street = Area.objects.get(path=self.area.street_path)
        super().save(*args, **kwargs)

    @property
    def period(self) -> CardPeriod:
        return CardPeriod(self.first_day, self.last_day)

    @property
    def kept_lines(self) -> list[dict[str, Any]]:
        """The lines that go on the card: all but those left out."""
        return [line for line in self.lines if line["key"] not in self.left_out]

    @property
    def is_empty(self) -> bool:
        return not self.kept_lines and not self.sentence

    @property
    def is_with_employer(self) -> bool:
        return self.status in OUT

    @property
    def said(self) -> str:
        """What the member says against the card, "" where nothing is to be settled."""
        is_open = self.objected_at and self.status in (self.Status.OBJECTED, self.Status.DRAFT)
        return (self.objection or NOT_AGREED) if is_open else ""

    @property
    def amendable_until(self) -> date:
        """The last day on which the employer may amend its answer."""
        return self.period.amendable_until

    def write(self, *, sentence: str, left_out: list[str]) -> None:
        """Set the secretary's sentence and the keys of the lines to leave out; Conflict where it is no draft."""
        with atomic_write():
            self.lock_if(self.Status.DRAFT)
            self.refresh_from_db(fields=["lines", "sentence", "left_out"])
            self.sentence, self.left_out = sentence, [each["key"] for each in self.lines if each["key"] in left_out]
            self.clean_fields(exclude={field.name for field in self._meta.fields} - {"sentence"})
            self.save(update_fields=["sentence", "left_out"])

    def audit_path(self) -> str:
        return self.area.path

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Leave out the member: the entry names objections and withdrawn consents, but not whose they are."""
        return {name: value for name, value in super()._values(names).items() if name != "member_id"}
