from collections.abc import Callable
from typing import NamedTuple

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db.models import Model, QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from activities.models import ActivityImport, Need, SignIn, StruckAttendance
from activities.models.needs import EMPTIED
from feedback.models import Delivery, Replay, Slip
from feedback.models.replays import KEPT
from louzu.models import OwnFile
from members.ground import audit, queue
from members.ground.atomic import atomic_write
from members.models import CorrectionRequest, LoginAttempts, Move, RosterImport, Transfer
from members.models.attempts import KEPT as TRIED
from members.web import throttling


class Purge(NamedTuple):
    """Data with a retention time: the name of its count, its label, the expired rows, and how to purge them."""

    model: type[Model]
    counted: str
    label: str
    expired: Callable[[], QuerySet]
    carry_out: Callable[[QuerySet], int]


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
        lambda rows: rows.delete()[0],
    ),
    Purge(
        StruckAttendance,
        "struck",
        "活动里去掉的人 {} 位",
        lambda: StruckAttendance.objects.expired(timezone.now()),
        lambda rows: rows.delete()[0],
    ),
    Purge(
        Replay,
        "replays",
        "接口重复提交的底稿 {} 份",
        lambda: Replay.objects.filter(created_at__lt=timezone.now() - KEPT),
        lambda rows: rows.delete()[0],
    ),
    Purge(
        LoginAttempts,
        "login_attempts",
        "登录尝试的计数 {} 条",
        lambda: LoginAttempts.objects.filter(since__lt=timezone.now() - TRIED),
        lambda rows: rows.delete()[0],
    ),
    Purge(
        Move,
        "moves",
        "迁居迁出的撤销 {} 次",
        lambda: Move.objects.expired(timezone.now()),
        lambda rows: rows.delete()[0],
    ),
    Purge(
        Transfer,
        "transfers",
        "有结果的转接 {} 次",
        lambda: Transfer.objects.expired(timezone.now()),
        lambda rows: rows.delete()[0],
    ),
    Purge(
        Slip,
        "slips_emptied",
        "报到单的个人信息 {} 张",
        lambda: Slip.objects.expired(timezone.now()),
        lambda rows: Slip.objects.all().empty_expired(),
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
    Purge(Delivery, "deliveries", "单位通知 {} 条", lambda: Delivery.objects.expired(), lambda rows: rows.delete()[0]),
    Purge(DBTaskResult, "tasks", "后台任务的结果 {} 条", queue.finished_long_ago, lambda rows: rows.delete()[0]),
]


class Command(BaseCommand):
    """Delete what retention no longer allows; without --yes, only say what would be deleted."""

    help = "清除到期的资料"

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="真的清除；不加只列出数目")

    def handle(self, *, yes, **options):
        if yes:
            call_command("clearsessions")
            throttling.forget()
        for purge in PURGES:
            count = carry_out(purge) if yes else purge.expired().count()
            label = purge.label.format(count)
            self.stdout.write(f"到期的{label}，{'已清除' if yes else '加 --yes 清除'}。")


def carry_out(purge: Purge) -> int:
    """Purge the expired rows and return their number; if there were any, leave an audit entry."""
    with atomic_write():
        count = purge.carry_out(purge.expired())
        if count:
            audit.record("purge", purge.model, changes={purge.counted: count})
    return count
