"""What may be wrong with an installation: one function a fault, asked by the status page, probes, doctor and `check`.

A sentence names no path, no host and nothing of another street, because the streets' offices read it. What is for the
administrator alone stands in `detail`.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from feedback.feed.receipts import public_keys
from feedback.models import Delivery, EmployerKey, Receipt
from louzu.models import BackupRun
from louzu.rules import retention
from louzu.rules.backups import standing
from louzu.rules.findings import ASK, Finding, HealthState, graded, moment_words
from louzu.rules.setup_faults import certificate, debug, disk, hosts, keys_apart, version
from members.ground import access, audit, queue
from members.ground.outage import is_unbuilt
from members.ground.sealing import digest
from members.models import AuditEntry, Member, WorkerBeat
from members.rules import trail

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SLOW, STUCK = timedelta(minutes=10), timedelta(minutes=30)  # that a task waits to be worked
LATE_BACKUP, LATE_PROOF, LATE_VERIFYING = timedelta(days=2), timedelta(days=21), timedelta(days=3)
SHOWN = 5
TRY = "manage.py backup --check"


class HealthCheck(NamedTuple):
    """A check. One that is `scoped` counts rows of streets, and takes the user who may see them, None for all."""

    name: str
    title: str
    find: Callable[..., Finding | None]
    is_scoped: bool = False


class Found(NamedTuple):
    """A check's finding under its name."""

    name: str
    title: str
    finding: Finding

    @property
    def is_bad(self) -> bool:
        return self.finding.state == HealthState.BAD


def found(names: tuple[str, ...] = (), *, viewer: Any = None) -> Iterator[Found]:
    """Yield what the checks of these names find, of all without names; what does not apply here is left out.

    The `viewer` sees counts of the own streets; the superuser, and a command without a viewer, those of all.
    """
    scope = None if viewer is None or access.sets_up(viewer) else viewer
    first = database()
    for check in CHECKS:
        if not names or check.name in names:
            finding = first if check.find is database else _finding(check, scope, is_away=bool(first.state))
            if finding:
                yield Found(check.name, check.title, finding)


def _finding(check: HealthCheck, scope: Any, *, is_away: bool) -> Finding | None:
    """Return what the check finds. While the database is away, only its own check speaks of it."""
    if is_away and check.name not in WITHOUT_DATABASE:
        return None
    try:
        return check.find(scope) if check.is_scoped else check.find()
    except (DatabaseError, InterfaceError) as error:
        if is_unbuilt(error):
            return None  # the check of migrations speaks of it
        return Finding(HealthState.BAD, "这一项没有查成。", f"{ASK}先处理数据库。", _first_line(error))


# The database ---------------------------------------------------------------------------------------------------------
def database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        do = f"{ASK}启动数据库；网站会自己接上，不用重新启动。"
        return Finding(HealthState.BAD, "数据库连不上。", do, detail=_first_line(error))
    return Finding(HealthState.OK, "数据库连得上。", detail=connection.vendor)


def migrations() -> Finding:
    pending = sorted(known_migrations() - set(MigrationRecorder(connection).applied_migrations()))
    if not pending:
        return Finding(HealthState.OK, "数据库是这个版本的。")
    names = "、".join(f"{app} {name}" for app, name in pending[:SHOWN])
    sentence = f"数据库还没有升级到这个版本，差 {len(pending)} 步。"
    return Finding(HealthState.BAD, sentence, f"{ASK}升级数据库，再重新启动网站。", f"manage.py migrate：{names}")


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations that this release brings: its files do not change while it runs."""
    loader = MigrationLoader(None)
    replaced = {each for migration in loader.disk_migrations.values() for each in migration.replaces}
    return frozenset(loader.disk_migrations.keys() - replaced)


def keys_fit() -> Finding:
    """Open what was sealed first and last, and check the newest entry of the trail and the newest receipt."""
    lost = [*_keys_of_phones(), *_key_of_trail(), *_key_of_receipts()]
    if not lost:
        return Finding(HealthState.OK, "密钥打得开数据库里的内容。")
    do = f"{ASK}马上停下网站，找回这个数据库原来的密钥；在这以前不要继续登记。"
    return Finding(HealthState.BAD, "密钥不对：数据库里有内容打不开。", do, detail="、".join(dict.fromkeys(lost)))


def _keys_of_phones() -> Iterator[str]:
    rows = Member.objects.exclude(phone_sealed="").order_by("pk")
    for member in filter(None, (rows.first(), rows.last())):
        try:
            if digest(member.phone, purpose="phone") != member.phone_digest:
                yield "LOUZU_ID_KEY"
        except ValueError:  # KeyLost, or what another key made of it
            yield "LOUZU_PHONE_KEY"


def _key_of_trail() -> Iterator[str]:
    entry = AuditEntry.objects.order_by("-pk").first()
    if entry and not audit.fits(entry.previous, entry.bound_values(), entry.hash):
        yield "LOUZU_AUDIT_KEY"


def _key_of_receipts() -> Iterator[str]:
    signed_by = Receipt.objects.order_by("-pk").values_list("signed_by", flat=True).first()
    if signed_by and signed_by not in {key["id"] for key in public_keys()}:
        yield "LOUZU_SIGNING_KEY"


# What runs beside the pages -------------------------------------------------------------------------------------------
def worker() -> Finding:
    """Look for a worker's beat. The thread beside an embedded server beats only while it works: see `waiting`."""
    if settings.WORKER_THREAD:
        return Finding(HealthState.OK, "后台任务随网站一起运行。")
    last = WorkerBeat.objects.order_by("-beat_at").first()
    alive = WorkerBeat.objects.alive().count()
    if alive:
        return Finding(HealthState.OK, "后台任务在运行。", detail=f"{alive} 个进程")
    since = f"，最近一次动静是 {moment_words(last.beat_at)}" if last else "，从来没有启动过"
    sentence = f"后台任务停了{since}。导入、发卡、月报、夜里的备份都停在那里。"
    do = f"{ASK}启动后台任务，并设成开机自动启动。启动以后接着做，不用重新上传。"
    return Finding(HealthState.BAD, sentence, do, f"manage.py work（{last.name}）" if last else "manage.py work")


def waiting() -> Finding:
    """Look at how long work has waited of which nobody took any: whoever works the queue is dead or held up."""
    since = queue.waiting_since()
    if since is None or timezone.now() - since <= SLOW:
        return Finding(HealthState.OK, "没有积压的后台任务。")
    sentence = f"有后台任务从 {moment_words(since)} 起一直在等，没有人处理。"
    do = f"{ASK}重新启动后台任务；还是这样，看日志里的原因。"
    detail = "重新启动网站" if settings.WORKER_THREAD else "manage.py work"
    return graded(sentence, do, True, timezone.now() - since > STUCK, detail=detail)


def failed_tasks() -> Finding | None:
    rows = DBTaskResult.objects.failed().filter(finished_at__gte=timezone.now() - DAY).order_by("-finished_at")
    paths = list(rows.values_list("task_path", flat=True)[:100])
    if not paths:
        return None
    do = "导入、月报没有做成的，请再做一次；还是不行，请系统管理员看日志。"
    sentence = f"一天里有 {len(paths)}{' 个以上' if len(paths) == 100 else ' 个'}后台任务没有做成。"
    detail = "、".join(dict.fromkeys(path.rpartition(".")[2] for path in paths))
    return Finding(HealthState.WARN, sentence, do, detail)


def deliveries(viewer: Any = None) -> Finding:
    rows = Delivery.objects.all() if viewer is None else Delivery.objects.for_user(viewer)
    lost = rows.filter(status=Delivery.Status.GIVEN_UP, created_at__gte=timezone.now() - WEEK).count()
    if not lost:
        return Finding(HealthState.OK, "一周里没有送不到的单位通知。")
    do = "请在“单位接入”的“通知记录”里看原因，联系单位的技术人员；卡片还在，单位随时可以来取。"
    return Finding(HealthState.WARN, f"一周里有 {lost} 条单位通知没有送到。", do)


def unit_keys(viewer: Any = None) -> Finding | None:
    rows = EmployerKey.objects.all() if viewer is None else EmployerKey.objects.for_user(viewer)
    ending = rows.ending().count()
    if not ending:
        return None
    return Finding(HealthState.WARN, f"有 {ending} 把单位密钥 30 天内到期。", "请在“单位接入”的“单位密钥”里更换。")


# What must not be lost ------------------------------------------------------------------------------------------------
def backup() -> Finding:
    """Look for a backup of the last days; an installation younger than a week may still be without."""
    good, _, trouble = standing()
    do = f"{ASK}备份一次，看它说什么；再看放备份的地方写得进去、装得下。"
    detail = f"manage.py backup；{trouble}" if trouble else "manage.py backup"
    if good is None:
        first = AuditEntry.objects.order_by("pk").first()
        is_old = first is not None and first.at < timezone.now() - WEEK
        return graded("还没有备份过。", do, True, is_old, detail=detail)
    age = timezone.now() - good.made_at
    sentence = f"最近一次备份是 {moment_words(good.made_at)}。"
    if trouble:
        sentence += "后来一次没有成。"
    is_late = bool(trouble) or age > LATE_BACKUP
    return graded(sentence, do, is_late, age > WEEK, detail=detail if is_late else f"{settings.BACKUP_TO}/{good.name}")


def backup_proven() -> Finding | None:
    """Look at the last trial restore; without any backup there is nothing to try."""
    if not BackupRun.objects.good().exists():
        return None
    last = BackupRun.objects.filter(checked_at__isnull=False).order_by("-checked_at").first()
    do = f"{ASK}把最近的备份试着恢复一次。"
    if last is None or last.checked_at is None:
        return Finding(HealthState.WARN, "备份还没有试着恢复过，不知道能不能用。", do, TRY)
    if last.check_trouble:
        sentence = f"{moment_words(last.checked_at)} 试着恢复备份，没有成。"
        return Finding(HealthState.BAD, sentence, do, f"{TRY}；{last.check_trouble}")
    is_late = timezone.now() - last.checked_at > LATE_PROOF
    return graded(f"{moment_words(last.checked_at)} 试着恢复过备份，内容相符。", do, is_late, False, detail=TRY)


def trail_whole() -> Finding:
    """Look at the last verification of the trail, which is due every night."""
    last = trail.last_run()
    if last is None:
        return Finding(HealthState.WARN, "操作记录还没有核对过。", f"{ASK}看后台任务有没有运行：每天夜里核对一次。")
    if faults := last.changes["faults"]:
        sentence = f"操作记录有 {faults} 处对不上，可能被人改动或删除过（{moment_words(last.at)} 核对）。"
        return Finding(HealthState.BAD, sentence, f"{ASK}保留现场，核对是哪一条。", "manage.py verify_audit")
    is_late = timezone.now() - last.at > LATE_VERIFYING
    do = f"{ASK}看后台任务有没有运行：每天夜里核对一次。"
    return graded(f"操作记录首尾相接，没有改动（{moment_words(last.at)} 核对）。", do, is_late, False)


def past_its_time() -> Finding:
    """Say when data past its time was last deleted, and how much."""
    last = retention.last_done()
    if last is None:
        return Finding(HealthState.OK, "还没有清除过到期的资料。")
    counts = "，".join(f"{name} {count}" for name, count in last.counts.items())
    return Finding(HealthState.OK, f"最近一次清除到期的资料是 {moment_words(last.at)}。", detail=counts)


def _first_line(error: Exception) -> str:
    """Return what the database says, without the values that it may add below."""
    return f"{error}".partition("\n")[0]


CHECKS = [
    HealthCheck("database", "数据库", database),
    HealthCheck("migrations", "数据库版本", migrations),
    HealthCheck("keys_fit", "密钥", keys_fit),
    HealthCheck("worker", "后台任务", worker),
    HealthCheck("waiting", "等着处理的任务", waiting),
    HealthCheck("failed_tasks", "没有做成的任务", failed_tasks),
    HealthCheck("backup", "备份", backup),
    HealthCheck("backup_proven", "试恢复", backup_proven),
    HealthCheck("disk", "磁盘", disk),
    HealthCheck("trail", "操作记录", trail_whole),
    HealthCheck("deliveries", "单位通知", deliveries, is_scoped=True),
    HealthCheck("unit_keys", "单位密钥", unit_keys, is_scoped=True),
    HealthCheck("certificate", "HTTPS 证书", certificate),
    HealthCheck("retention", "到期清除", past_its_time),
    HealthCheck("keys_apart", "密钥的存放", keys_apart),
    HealthCheck("hosts", "网址", hosts),
    HealthCheck("debug", "调试模式", debug),
    HealthCheck("version", "版本", version),
]
WITHOUT_DATABASE = {"disk", "certificate", "keys_apart", "hosts", "debug", "version"}
READY = ("database", "migrations", "keys_fit", "disk")  # without these, no visitor is to be sent here
# On every landing page: the same for each reader, so none that is scoped.
ON_THE_DESK = ("worker", "waiting", "backup", "backup_proven", "disk", "trail")
