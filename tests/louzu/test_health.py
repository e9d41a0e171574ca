"""How the installation is: each fault that is planted is found, by command, page, landing page and `check --deploy`."""

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.cache import cache
from django.core.checks import Error, run_checks
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from feedback.models import Delivery, EmployerKey, Receipt
from louzu import checks
from louzu.models import BackupRun, FiguresOfDay
from louzu.rules import health, setup_faults
from louzu.rules.figures import keep_days
from louzu.rules.findings import HealthState
from louzu.rules.nightly import nightly_days
from members.ground import queue
from members.models import Area, AuditEntry, Member, User, WorkerBeat
from members.rules import trail
from tests import cards, factories

OK, WARN, BAD = HealthState.OK, HealthState.WARN, HealthState.BAD
NOW, DAY, WEEK = timezone.now(), timedelta(days=1), timedelta(days=7)
OTHER_KEY = "77" * 32
Plant = Callable[[Any], None]  # of the fault; it takes the fixtures `planting` has


@pytest.fixture
def sound(settings: Any, street: Area, member: Member, other_member: Member) -> None:
    """An installation in which all is well."""
    settings.ALLOWED_HOSTS = ["louzu.example.cn", "testserver"]
    settings.PURGE_NIGHTLY = False  # it has tests of its own
    WorkerBeat.objects.create(name="host-1")
    BackupRun.objects.create(name="1.louzu", size=9, checked_at=timezone.now())
    yesterday = nightly_days()[1]
    keep_days(street, yesterday, yesterday)
    trail.verify_all.call()


def doctor(*options: str) -> tuple[int, list[dict[str, str]]]:
    """Return the command's exit status, and what it found that is not well."""
    out, status = io.StringIO(), 0
    try:
        call_command("doctor", "--json", "--problems", *options, stdout=out)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, json.loads(out.getvalue())


# Faults ---------------------------------------------------------------------------------------------------------------
def silent_worker(_: Any) -> None:
    WorkerBeat.objects.update(beat_at=timezone.now() - timedelta(minutes=2))


def stopped_worker(_: Any) -> None:
    WorkerBeat.objects.update(ended_at=timezone.now())


def task(status: str, **fields: Any) -> None:
    values = {"args_kwargs": {"args": [1], "kwargs": {}}, "task_path": "members.roster.job.read_roster_import"}
    DBTaskResult.objects.create(status=status, run_after=timezone.now() - timedelta(hours=1), **values, **fields)


def first_entry(**values: Any) -> None:
    AuditEntry.objects.filter(pk=AuditEntry.objects.order_by("pk")[0].pk).update(**values)


def no_backup(_: Any) -> None:
    BackupRun.objects.all().delete()
    first_entry(at=NOW - timedelta(days=8))


def young_without_backup(_: Any) -> None:
    BackupRun.objects.all().delete()


def failed_backup(_: Any) -> None:
    BackupRun.objects.create(trouble="写不进去")


def broken_trail(_: Any) -> None:
    first_entry(reason="改过")
    trail.verify_all.call()


def nearly_full(planting: Any, free: int) -> None:
    planting.patch.setattr(setup_faults.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))


def certificate(planting: Any, days: int) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begins, ends = datetime.now(UTC) - DAY * 90, datetime.now(UTC) + DAY * days
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, ends).sign(key, SHA256())
    file = planting.folder / "cert.pem"
    file.write_bytes(made.public_bytes(encoding=Encoding.PEM))
    planting.settings.CERTIFICATE = str(file)


def unreadable_certificate(planting: Any) -> None:
    planting.settings.CERTIFICATE = str(planting.folder / "gone.pem")


def lost_notice(_: Any) -> None:
    hook = cards.webhook(factories.employer(), Area.objects.streets().get())
    Delivery.objects.create(webhook=hook, status=Delivery.Status.GIVEN_UP)


def ending_key(_: Any) -> None:
    key, _text = cards.key(factories.employer(), Area.objects.streets().get())
    EmployerKey.objects.filter(pk=key.pk).update(expires_at=NOW + DAY * 9)


def receipt_of_another_key(planting: Any) -> None:
    card = cards.issued(cards.in_post("签收人", Area.objects.get(name="1号楼"), room="808"))
    Receipt.objects.create(card=card, kind="received", digest="d", at=NOW, signed_by="0" * 16, hash="h")


def another(name: str) -> Plant:
    return lambda planting: setattr(planting.settings, name, OTHER_KEY)


def setting(name: str, value: Any) -> Plant:
    return lambda planting: setattr(planting.settings, name, value)


def later_migration(planting: Any) -> None:
    planting.patch.setattr(health, "known_migrations", lambda: frozenset({("members", "9999_later")}))


def without_database(planting: Any) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection refused\nat 10.9.8.7")

    planting.patch.setattr(connection, "cursor", away)


BESIDE = BAD if connection.vendor == "sqlite" else WARN
FAULTS: dict[str, tuple[str, HealthState, Plant]] = {
    "a worker that was killed": ("worker", BAD, silent_worker),
    "a worker that was stopped": ("worker", BAD, stopped_worker),
    "a queue that nobody works": ("waiting", BAD, lambda _: task("READY")),
    "tasks that failed": ("failed_tasks", WARN, lambda _: task("FAILED", finished_at=timezone.now())),
    "a release that is newer than the database": ("migrations", BAD, later_migration),
    "another key of phones": ("keys_fit", BAD, another("LOUZU_PHONE_KEY")),
    "another key of digests": ("keys_fit", BAD, another("LOUZU_ID_KEY")),
    "another key of the trail": ("keys_fit", BAD, another("LOUZU_AUDIT_KEY")),
    "another key of receipts": ("keys_fit", BAD, receipt_of_another_key),
    "keys beside the database": ("keys_apart", BESIDE, setting("KEYS_FROM_ENVIRONMENT", False)),
    "the default hosts": ("hosts", WARN, setting("ALLOWED_HOSTS", ["127.0.0.1", "[::1]", "localhost"])),
    "any host": ("hosts", BAD, setting("ALLOWED_HOSTS", ["*"])),
    "DEBUG": ("debug", BAD, setting("DEBUG", True)),
    "no backup for over a week": ("backup", BAD, no_backup),
    "no backup in the first week": ("backup", WARN, young_without_backup),
    "an old backup": ("backup", BAD, lambda _: BackupRun.objects.update(made_at=NOW - WEEK - DAY)),
    "a backup that is late": ("backup", WARN, lambda _: BackupRun.objects.update(made_at=NOW - DAY * 3)),
    "a backup that failed": ("backup", WARN, failed_backup),
    "a backup that was never proven": ("backup_proven", WARN, lambda _: BackupRun.objects.update(checked_at=None)),
    "a disk that is nearly full": ("disk", BAD, lambda planting: nearly_full(planting, 10 * 1024**2)),
    "a disk that fills": ("disk", WARN, lambda planting: nearly_full(planting, 1024**3)),
    "a trail that was changed": ("trail", BAD, broken_trail),
    "a trail that was never verified": ("trail", WARN, lambda _: AuditEntry.objects.filter(action="verify").delete()),
    "a certificate that ended": ("certificate", BAD, lambda planting: certificate(planting, -1)),
    "a certificate that ends soon": ("certificate", WARN, lambda planting: certificate(planting, 14)),
    "a certificate that is gone": ("certificate", WARN, unreadable_certificate),
    "a notice that did not arrive": ("deliveries", WARN, lost_notice),
    "a unit's key that ends": ("unit_keys", WARN, ending_key),
    "a database that is away": ("database", BAD, without_database),
}


@pytest.fixture
def planting(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(settings=settings, patch=monkeypatch, folder=tmp_path)
    monkeypatch.undo()  # before the rows go, which needs the database


def test_the_doctor_is_silent_where_all_is_well(sound: None) -> None:
    assert doctor() == (0, [])


@pytest.mark.parametrize("fault", FAULTS)
def test_the_doctor_finds_each_fault_and_no_other(sound: None, planting: Any, fault: str) -> None:
    name, state, plant = FAULTS[fault]
    plant(planting)
    status, found = doctor()
    assert [each["check"] for each in found] == [name]
    assert (found[0]["state"], status) == (state.name.lower(), int(state))
    assert found[0]["sentence"].endswith("。")
    assert found[0]["what_to_do"].endswith("。")


def test_the_doctor_says_all_in_words(sound: None, planting: Any) -> None:
    silent_worker(planting)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "【要处理】后台任务：后台任务停了，最近一次动静是 " in out.getvalue()
    assert "    怎么办：请系统管理员启动后台任务" in out.getvalue()
    assert "【正常】磁盘：" in out.getvalue()


def test_a_failed_trial_restore_is_told(sound: None) -> None:
    BackupRun.objects.update(check_trouble="行数不符")
    status, found = doctor()
    assert (status, {each["check"]: each["state"] for each in found}) == (
        2, {"backup": "warn", "backup_proven": "bad"},
    )  # fmt: skip
    assert "行数不符" in found[1]["detail"]


def test_work_that_is_due_outside_the_queue_counts_as_waiting(sound: None) -> None:
    """On the embedded default no beat tells that nobody works: last night's figures do."""
    FiguresOfDay.objects.all().delete()
    since = timezone.localtime().replace(hour=0, minute=20)
    late = timezone.now() - since > health.SLOW
    assert [each["check"] for each in doctor()[1]] == (["waiting"] if late else [])


def test_a_long_queue_that_is_worked_is_no_fault(sound: None) -> None:
    for number in range(3):
        task("READY", priority=number)
    assert [each["check"] for each in doctor()[1]] == ["waiting"]
    task("RUNNING", started_at=timezone.now() - timedelta(minutes=3))
    assert doctor() == (0, [])


def test_what_is_being_done_does_not_wait(sound: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = timedelta(hours=2)
    monkeypatch.setattr(queue, "_waiting", [queue.Waiting(lambda: timezone.now() - hours, trail.verify_all)])
    assert [each["check"] for each in doctor()[1]] == ["waiting"]
    task("RUNNING", started_at=timezone.now() - hours)
    DBTaskResult.objects.update(task_path=trail.verify_all.module_path)
    assert doctor() == (0, [])


def test_a_thread_beside_the_server_needs_no_beat(sound: None, settings: Any) -> None:
    settings.WORKER_THREAD = True
    WorkerBeat.objects.all().delete()
    assert doctor() == (0, [])


@pytest.mark.django_db
def test_an_installation_without_rows_is_not_called_broken(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["louzu.example.cn"]
    assert {each["check"]: each["state"] for each in doctor()[1]} == {
        "worker": "bad",
        "backup": "warn",
        "trail": "warn",
    }


# check --deploy -------------------------------------------------------------------------------------------------------
def deployed() -> dict[str, type]:
    found = run_checks(tags=["security"], include_deployment_checks=True)
    return {str(each.id): type(each) for each in found if each.id and each.id.startswith("louzu.")}


@pytest.mark.parametrize(
    "fault",
    [
        "a worker that was killed", "a release that is newer than the database", "another key of phones",
        "the default hosts", "any host", "DEBUG", "no backup for over a week", "a database that is away",
    ],
)  # fmt: skip
def test_a_deployment_fails_where_it_must(sound: None, planting: Any, fault: str) -> None:
    assert deployed() == {}
    name, _, plant = FAULTS[fault]
    plant(planting)
    assert deployed() == {f"louzu.E{checks.NUMBERS[name]}": Error}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="beside the embedded database")
def test_a_deployment_with_its_keys_beside_the_database_fails(sound: None, settings: Any) -> None:
    settings.KEYS_FROM_ENVIRONMENT = False
    assert deployed() == {"louzu.E001": Error}


# The pages ------------------------------------------------------------------------------------------------------------
def read(client: Client, address: str = "/status/") -> str:
    return re.sub(r"\s+", " ", client.get(address).content.decode())


def test_the_office_reads_words_and_the_superuser_reads_all(
    sound: None, planting: Any, street_officer: User, superuser: User, logged_in: Any
) -> None:
    silent_worker(planting)
    office, root = read(logged_in(street_officer)), read(logged_in(superuser))
    for page in (office, root):
        assert page.index("后台任务停了，最近一次动静是") < page.index("磁盘还剩"), "the worst first"
        assert "有要马上处理的" in page
    assert str(planting.settings.VAR) in root
    assert "manage.py work（host-1）" in root
    assert not re.search(r"manage\.py|host-1|louzu\.example|" + re.escape(str(planting.settings.VAR)), office)


def test_the_landing_page_says_that_the_worker_died(
    sound: None, planting: Any, street_officer: User, secretary: User, superuser: User, logged_in: Any
) -> None:
    told = {user: "后台任务停了" in read(logged_in(user), "/") for user in (street_officer, superuser)}
    assert set(told.values()) == {False}
    silent_worker(planting)
    a_minute_later()
    told = {user: "后台任务停了" in read(logged_in(user), "/") for user in (street_officer, superuser, secretary)}
    assert told == {street_officer: True, superuser: True, secretary: False}
    WorkerBeat.objects.update(beat_at=timezone.now())
    a_minute_later()
    assert "后台任务停了" not in read(logged_in(street_officer), "/")


def a_minute_later() -> None:
    """What the landing pages keep is forgotten."""
    cache.clear()


def test_what_the_landing_pages_keep_is_the_same_for_every_reader() -> None:
    assert not any(check.is_scoped for check in health.CHECKS if check.name in health.ON_THE_DESK)


def test_an_office_counts_its_own_street_only(
    sound: None, street_officer: User, far_officer: User, superuser: User, logged_in: Any, other_street: Area
) -> None:
    hook = cards.webhook(factories.employer(), other_street)
    Delivery.objects.create(webhook=hook, status=Delivery.Status.GIVEN_UP)
    told = {
        user: "有 1 条单位通知没有送到" in read(logged_in(user)) for user in (street_officer, far_officer, superuser)
    }
    assert told == {street_officer: False, far_officer: True, superuser: True}


def test_the_checks_ask_few_questions(
    sound: None, street_officer: User, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_max_num_queries(34):
        list(health.found(viewer=street_officer))
    with django_assert_max_num_queries(7):
        list(health.found(health.READY))


# Every night ----------------------------------------------------------------------------------------------------------
def test_the_trail_is_verified_every_night(street: Area) -> None:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    tonight, last_night = midnight + DAY + trail.AFTER_MIDNIGHT, midnight + trail.AFTER_MIDNIGHT
    assert trail.next_verification() == tonight, "it has only begun"
    first_entry(at=midnight - DAY)
    assert trail.next_verification() == last_night
    trail.verify_all.call()
    assert trail.next_verification() == tonight
    AuditEntry.objects.filter(action="verify").update(at=midnight - DAY / 2)
    assert trail.next_verification() == last_night


@pytest.mark.django_db
def test_without_a_trail_there_is_nothing_to_verify() -> None:
    assert trail.next_verification() is None
