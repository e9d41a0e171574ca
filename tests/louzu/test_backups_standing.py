"""How backups stand: each one and each trial restore is on record, and both happen by themselves."""

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from louzu.backup import checking, folder, nightly, sealed
from louzu.backup.making import back_up, store
from louzu.backup.trouble import BackupTrouble
from louzu.models import BackupRun
from louzu.rules import backups
from louzu.rules.backups import standing
from members.ground import queue
from members.models import Area
from members.work.worker import Worker
from tests.louzu.databases import told

NOW = timezone.now()

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("migrated", "place")]


def test_how_backups_stand_is_on_record(street: Area, place: Path, django_assert_num_queries: Any) -> None:
    assert standing() == (None, None, "")
    first = back_up()
    checking.check_newest()
    good = BackupRun.objects.get()
    assert (good.name, good.size) == (first.name, first.stat().st_size)
    assert standing() == (good, good, "")
    second = back_up()
    second.write_bytes(second.read_bytes()[:-1])
    with pytest.raises(CommandError, match="不完整"):
        told("backup", "--check")
    with django_assert_num_queries(4):
        now = standing()
    assert now.good
    assert now.proven
    assert (now.good.name, now.proven.name, now.trouble) == (second.name, first.name, sealed.DAMAGED)
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    place.write_text("no folder")
    with pytest.raises(CommandError, match="写不进去"):
        told("backup")
    assert standing().trouble == folder.UNWRITABLE
    with pytest.raises(CommandError, match="没有备份，没有可以试的"):
        told("backup", "--check")


def test_a_trial_that_finds_other_rows_says_which(
    street: Area, community: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = back_up()
    Area.objects.filter(pk=community.pk).delete()
    with connection.cursor() as cursor:  # as if what is in here now had come out of the file
        monkeypatch.setattr(store(), "trial", lambda _: nullcontext(cursor))
        with pytest.raises(BackupTrouble, match="members_area 应有 2 行，只有 1 行"):
            checking.check_newest()
    assert "应有 2 行" in standing().trouble
    assert BackupRun.objects.get().name == path.name


def test_it_happens_each_night_and_each_week_by_itself(
    street: Area, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    own = [each for each in queue._waiting if each.task in (nightly.back_up_tonight, nightly.try_newest)]
    monkeypatch.setattr(queue, "_waiting", own)
    for _ in range(3):
        Worker("夜班").empty_the_queue()
    assert [row.status for row in DBTaskResult.objects.all()] == ["SUCCESSFUL"] * 2
    (run,) = BackupRun.objects.all()
    assert standing() == (run, run, "")
    assert queue.next_moment() == backups._last(backups.AT) + timedelta(days=1)


def test_when_the_next_is_due(street: Area, settings: Any) -> None:
    night = backups._last(backups.AT)
    assert (backups.next_backup(), backups.next_trial()) == (night, None)
    run = BackupRun.objects.create(made_at=night - timedelta(hours=3), name="a")
    assert (backups.next_backup(), backups.next_trial()) == (night, run.made_at)
    failed = BackupRun.objects.create(made_at=night + timedelta(minutes=1), trouble="盘满了")
    assert backups.next_backup() == failed.made_at + timedelta(hours=1)
    run = BackupRun.objects.create(made_at=night + timedelta(minutes=2), name="b", checked_at=night)
    assert backups.next_backup() == night + timedelta(days=1)
    assert backups.next_trial() == night + timedelta(days=6, hours=1)
    BackupRun.objects.filter(pk=run.pk).update(check_trouble="坏了")
    assert backups.next_trial() == night + timedelta(hours=1)
    settings.BACKUPS = False
    assert (backups.next_backup(), backups.next_trial()) == (None, None)


def test_demonstration_streets_are_not_backed_up_and_old_runs_are_forgotten(street: Area) -> None:
    Area.objects.update(is_demo=True)
    assert (backups.next_backup(), backups.next_trial()) == (None, None)
    BackupRun.objects.create(made_at=NOW - timedelta(days=401), name="old")
    backups.keep(BackupRun(name="new"))
    assert [run.name for run in BackupRun.objects.all()] == ["new"]
