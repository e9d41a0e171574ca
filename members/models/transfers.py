"""Members on their way from one street of the installation to another (docs/design/privacy.md)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from members.ground import access
from members.ground.access import Range, Resource, Right
from members.ground.audit import Audited
from members.ground.paths import SEGMENT
from members.ground.states import WithStatus
from members.models.areas import Area
from members.models.people import OPINION_REMINDER, Member

KEPT = timedelta(days=90)  # after its end: both streets know by then, and the trail stays


class TransferQuerySet(models.QuerySet["Transfer"]):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Transfers of either side. Only who may write members sees them, so that both rights open the same rows."""
        return self.leaving(user) | self.arriving(user)

    def leaving(self, user: Any) -> Self:
        """Transfers of the members whom the user may write."""
        return self.filter(member__in=Member.objects.for_user(user, Right.WRITE))

    def arriving(self, user: Any) -> Self:
        """Transfers to the streets whose office the user is; what was withdrawn is none of theirs any more."""
        streets = access.within("to_street__path", receiving_ranges(user))
        return self.filter(streets, ~Q(status=Transfer.Status.WITHDRAWN))

    def with_ours(self, user: Any) -> Self:
        """Annotate whether the member is the user's to send: `is_ours`."""
        mine = Member.objects.for_user(user, Right.WRITE).filter(pk=OuterRef("member"))
        return self.annotate(is_ours=Exists(mine))

    def waiting(self) -> Self:
        return self.filter(status=Transfer.Status.SENT)

    def expired(self, now: datetime) -> Self:
        """Transfers that ended longer ago than they are kept."""
        limit = now - KEPT
        return self.filter(Q(accepted_at__lt=limit) | Q(declined_at__lt=limit) | Q(withdrawn_at__lt=limit))


def receiving_ranges(user: Any) -> list[Range]:
    """Return the whole streets whose members the user may write: a street's office receives, no community does."""
    mine = access.reach(user, Resource.MEMBER, Right.WRITE)
    return [street for street in mine if len(street.low) == SEGMENT]


class Transfer(WithStatus, Audited):
    """A member's way to another street: sent by the one where they live, accepted there or not.

    The two streets keep a record each: `member` is the leaving street's, `settled` the one that the other street made
    or had. `end` names the kinds of what hangs on the home and ends with it (`members.ground.ties`).
    """

    class Status(models.TextChoices):
        SENT = "sent", "等对方接收"
        ACCEPTED = "accepted", "已接收"
        DECLINED = "declined", "没有接收"
        WITHDRAWN = "withdrawn", "已撤回"

    TRANSITIONS = {Status.SENT: {Status.ACCEPTED, Status.DECLINED, Status.WITHDRAWN}}

    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="党员", related_name="transfers")
    to_street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # a street is closed, not deleted
        verbose_name="转到哪个街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    home_text = models.CharField(
        "那边的住址", max_length=200, help_text="本人说的新住址，如：某某苑 8号楼101室，对方据此接收。"
    )
    end = models.JSONField("一起结束的", default=list, editable=False)
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.SENT, editable=False, db_index=True
    )
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # what hangs on the old home ends by their rights
        verbose_name="转出人",
        related_name="+",
        editable=False,
    )
    sent_at = models.DateTimeField("转出时间", default=timezone.now, editable=False)
    settled = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,  # a transfer is forgotten before the record that it led to
        null=True,
        verbose_name="接收后的记录",
        related_name="+",
        editable=False,
    )
    accepted_at = models.DateTimeField("接收时间", null=True, editable=False)
    sentence = models.CharField("不接收的原因", max_length=200, blank=True, help_text=OPINION_REMINDER)
    declined_at = models.DateTimeField("不接收的时间", null=True, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "转接"
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status="sent"),
                name="transfer_one_waiting",
                violation_error_message="这位党员已经转出，正等着对方接收，不用再转。",
            ),
            models.CheckConstraint(
                condition=Q(status="accepted", accepted_at__isnull=False, settled__isnull=False)
                | Q(~Q(status="accepted"), accepted_at=None, settled=None),
                name="transfer_accepted_has_moment",
                violation_error_message="已接收的转接要有接收时间和接收后的记录。",
            ),
            models.CheckConstraint(
                condition=Q(~Q(sentence=""), status="declined", declined_at__isnull=False)
                | Q(~Q(status="declined"), declined_at=None, sentence=""),
                name="transfer_declined_says_why",
                violation_error_message="没有接收的转接要有时间和原因。",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | Q(~Q(status="withdrawn"), withdrawn_at=None),
                name="transfer_withdrawn_has_moment",
                violation_error_message="已撤回的转接要有撤回时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}转到{self.to_street.name}"

    @property
    def ended_at(self) -> datetime | None:
        return self.accepted_at or self.declined_at or self.withdrawn_at

    def audit_paths(self) -> Iterable[str]:
        """Return a path in each of the two streets: both answer for it."""
        return [self.member.audit_path(), self.to_street.path]

    def _values(self, names: Any = None) -> dict[str, Any]:
        """Return the audited values without ids of the other street's records: what ends has entries of its own."""
        return {
            name: value
            for name, value in super()._values(names).items()
            if name not in ("end", "member_id", "settled_id")
        }
