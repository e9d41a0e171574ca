"""Retention: what is kept for a time goes when it is over, each night (docs/design/privacy.md, "Retention").

What was done is in the audit trail: an entry for each kind of which something went, and one for the run.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.db.models import Model, QuerySet
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from activities.models import ActivityImport, Need, SignIn, StruckAttendance
from activities.models.needs import EMPTIED
from feedback.models import Delivery, Feed, RecordCard, Replay, Slip
from feedback.models.replays import KEPT
from feedback.rules import practising
from louzu.models import OwnFile
from members.ground import audit, queue
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry, CorrectionRequest, LoginAttempts, Member, Move, RosterImport, Transfer
from members.models.attempts import KEPT as TRIED
from members.rules import erasing, trail
from members.web import throttling

AFTER_MIDNIGHT = time(0, 40)


class LastRun(NamedTuple):
    """When retention was last carried out, and how many rows of each kind went, by the kind's name."""

    at: datetime
    counts: Mapping[str, int]


class Purge(NamedTuple):
    """Data with a retention time: the name of its count, its label, the expired rows, and how to purge them.

    `by_parts` says that it opens transactions of its own: rows by the thousand, or long ones.
    """

    model: type[Model]
    counted: str
    label: str
    expired: Callable[[], QuerySet]
    carry_out: Callable[[QuerySet], int]
    by_parts: bool = False


def _deleted(rows: QuerySet) -> int:
    return rows.delete()[0]


PURGES = [
    Purge(
        RosterImport,
        "uploads",
        "上传文件 {} 份",
        lambda: RosterImport.objects.expired(),
        lambda rows: RosterImport.objects.all().forget_expired(),
    ),
    Purge(
        ActivityImport,
        "activity_uploads",
        "活动表 {} 份",
        lambda: ActivityImport.objects.expired(),
        lambda rows: ActivityImport.objects.all().forget_expired(),
    ),
    Purge(
        Need,
        "texts",
        "群众需求内容 {} 条",
        lambda: Need.objects.expired(timezone.now()),
        lambda rows: rows.update(text=EMPTIED),
    ),
    Purge(
        SignIn,
        "sign_ins",
        "扫码签到 {} 条",
        lambda: SignIn.objects.expired(timezone.now()),
        _deleted,
    ),
    Purge(
        StruckAttendance,
        "struck",
        "活动里去掉的人 {} 位",
        lambda: StruckAttendance.objects.expired(timezone.now()),
        _deleted,
    ),
    Purge(
        Replay,
        "replays",
        "接口重复提交的底稿 {} 份",
        lambda: Replay.objects.filter(created_at__lt=timezone.now() - KEPT),
        _deleted,
    ),
    Purge(
        LoginAttempts,
        "login_attempts",
        "登录尝试的计数 {} 条",
        lambda: LoginAttempts.objects.filter(since__lt=timezone.now() - TRIED),
        _deleted,
    ),
    Purge(
        Move,
        "moves",
        "迁居迁出的撤销 {} 次",
        lambda: Move.objects.expired(timezone.now()),
        _deleted,
    ),
    Purge(
        Transfer,
        "transfers",
        "有结果的转接 {} 次",
        lambda: Transfer.objects.expired(timezone.now()),
        _deleted,
    ),
    Purge(
        Slip,
        "slips_emptied",
        "报到单的个人信息 {} 张",
        lambda: Slip.objects.expired(timezone.now()),
        lambda rows: Slip.objects.all().empty_expired(),
    ),
    Purge(
        RecordCard,
        "card_bodies",
        "记录卡的内容 {} 张",
        lambda: RecordCard.objects.expired(timezone.now()),
        lambda rows: RecordCard.objects.all().empty_expired(),
    ),
    Purge(
        Feed,
        "practice_units",
        "停用的测试密钥的测试资料 {} 家",
        practising.unused,
        lambda rows: practising.clear_unused(),
    ),
    Purge(
        OwnFile,
        "own_files",
        "给本人的资料 {} 份",
        lambda: OwnFile.objects.expired(timezone.now()),
        lambda rows: rows.update(content=None),
    ),
    Purge(
        CorrectionRequest,
        "corrections",
        "办结的更正请求 {} 条",
        lambda: CorrectionRequest.objects.expired(timezone.now()),
        lambda rows: CorrectionRequest.objects.all().empty_expired(),
    ),
    Purge(Delivery, "deliveries", "单位通知 {} 条", lambda: Delivery.objects.expired(), _deleted),
    Purge(DBTaskResult, "tasks", "后台任务的结果 {} 条", queue.finished_long_ago, _deleted),
    Purge(
        Member,
        "members_erased",
        "迁出的党员的个人信息 {} 名",
        erasing.expired,
        lambda rows: erasing.erase_expired(),
        by_parts=True,
    ),
    Purge(AuditEntry, "trail", "操作记录 {} 条", trail.expired, lambda rows: trail.forget_expired(), by_parts=True),
]


def carry_out(purge: Purge) -> int:
    """Purge the expired rows and return their number; if there were any, leave an audit entry."""
    done = purge.carry_out(purge.expired()) if purge.by_parts else 0
    with atomic_write():
        count = done if purge.by_parts else purge.carry_out(purge.expired())
        if count:
            audit.record("purge", purge.model, changes={purge.counted: count})
    return count


def carry_out_all() -> dict[str, int]:
    """Purge every kind, sessions and counts of calls too; leave an entry for the run. Return the counts by kind."""
    call_command("clearsessions")
    throttling.forget()
    counts = {purge.counted: carry_out(purge) for purge in PURGES}
    with atomic_write():
        audit.record("purge", changes={name: count for name, count in counts.items() if count}, path="")
    return counts


def last_done() -> LastRun | None:
    """Return when retention was last carried out, and what went; None where it never was."""
    runs = AuditEntry.objects.filter(chain="", action=AuditEntry.Action.PURGE, model="")
    last = runs.order_by("-id").first()
    return LastRun(last.at, last.changes) if last else None


def next_night() -> datetime | None:
    """Return when retention is to be carried out next: this night unless it was, or the installation is of today.

    None where that is switched off, or there is no street yet.
    """
    if not settings.PURGE_NIGHTLY or not Area.objects.streets().exists():
        return None
    last, today = last_done() or AuditEntry.objects.order_by("pk").first(), timezone.localdate()
    is_done = last is not None and timezone.localdate(last.at) >= today
    return _in_the_night(today + timedelta(days=is_done))


def _in_the_night(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, AFTER_MIDNIGHT))


@task(priority=-60)
def carry_out_nightly() -> None:
    """Carry retention out, unless another worker did today."""
    moment = next_night()
    if moment and moment <= timezone.now():
        carry_out_all()
