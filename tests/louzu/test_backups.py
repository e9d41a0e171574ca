"""Backups of a running portal: made, tried, restored onto an empty database; what stands in the way is said."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from feedback.models import Feed
from louzu.backup import folder, manifest, restoring, sealed
from louzu.backup.making import back_up
from louzu.backup.restoring import restore
from louzu.backup.trouble import BackupTrouble
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry, Consent, Employer, Member
from members.rules import trail
from tests import cards, factories
from tests.louzu.databases import employers_in, rows_in, tables_of, told, working_on

NOW = timezone.now()

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("migrated", "place")]


def refused(path: Path, name: str) -> str:
    """Why this file is not restored; nothing may be left of it."""
    with working_on(NAME=name), pytest.raises(BackupTrouble) as trouble:
        restore(path)
    assert tables_of(name) == []
    if connection.vendor == "sqlite":
        assert [each.name for each in Path(name).parent.glob("*") if each.name != Path(name).name] == []
    return str(trouble.value)


def copy(path: Path, text: bytes) -> Path:
    other = path.with_name("other")
    other.write_bytes(text)
    return other


# Made and restored ----------------------------------------------------------------------------------------------------
def test_a_street_comes_back_and_what_was_taken_back_since_is_taken_back_again(
    member: Member, other_member: Member, empty: str
) -> None:
    card, consent = cards.issued(member), factories.consent(other_member)
    feed, counts = Feed.objects.get(), (Member.objects.count(), AuditEntry.objects.count())
    Session.objects.create(session_key="s", session_data="x", expire_date=NOW + timedelta(hours=1))
    path = back_up()
    assert b"members_member" not in path.read_bytes()
    Consent.objects.get(pk=consent.pk).withdraw()
    factories.employer("后来的单位")
    with working_on(NAME=empty):
        done = restore(path)
        assert (Member.objects.count(), cards.fresh(card).number) == (counts[0], card.number)
        assert not Consent.objects.get(pk=consent.pk).is_in_force
        assert (done.again, done.feeds, done.faults, done.has_journal) == (1, 1, [], True)
        assert Feed.objects.get().epoch != feed.epoch
        assert AuditEntry.objects.count() > counts[1]
        assert AuditEntry.objects.first_broken() is None
        assert not Session.objects.exists()
        assert not Employer.objects.filter(name="后来的单位").exists()
        factories.employer("新登记的单位")  # numbers go on behind those of the backup


def test_the_commands_say_what_to_do(member: Member, empty: str, place: Path, settings: Any) -> None:
    cards.issued(member)
    first = factories.consent(member)
    first.withdraw()  # the journal has a line by now
    said = told("backup")
    (path,) = [each.path for each in folder.files()]
    assert f"备份好了：{path}" in said
    assert "试恢复成功" in told("backup", "--check")
    settings.JOURNAL.rename(settings.JOURNAL.with_name("kept.log"))
    with working_on(NAME=empty):
        said = told("restore", str(path))
        assert "没有找到做备份的那台机器的恢复日志" in said
        assert "cursor-reset" in said
        with pytest.raises(CommandError, match="已经有数据"):
            told("restore", str(path))
    with pytest.raises(CommandError, match="没有文件 none"):
        told("restore", "none")


def test_while_eight_write_nothing_acknowledged_is_missing(street: Area) -> None:
    written: list[str] = []
    is_over = threading.Event()

    def write(who: int) -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            with atomic_write():
                Employer(name=f"单位{who}-{number}").save()
            written.append(f"单位{who}-{number}")
            is_over.wait(0.02)
        connection.close()

    writers = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(3):
            before = set(written)
            path = back_up()
            assert rows_in(path)["members_employer"] >= len(before)
    finally:
        is_over.set()
        for writer in writers:
            writer.join()
    assert len(before) > 8
    assert before - employers_in(path) == set()


# Refused --------------------------------------------------------------------------------------------------------------
def test_a_file_that_is_not_as_written_is_refused(member: Member, empty: str) -> None:
    path = back_up()
    text = path.read_bytes()
    middle = len(text) // 2
    for wrong in (
        text[:-1],
        text[:middle],
        text + b"x",
        text[:middle] + bytes([text[middle] ^ 1]) + text[middle + 1 :],
    ):
        assert refused(copy(path, wrong), empty) == sealed.DAMAGED
    assert refused(copy(path, b""), empty) == sealed.NO_BACKUP


def test_a_filled_database_is_left_alone(member: Member) -> None:
    path = back_up()
    before = Member.objects.count(), Feed.objects.count(), AuditEntry.objects.count()
    with pytest.raises(BackupTrouble, match="什么都没有改"):
        restore(path)
    assert before == (Member.objects.count(), Feed.objects.count(), AuditEntry.objects.count())


def test_another_key_is_told_and_the_old_one_opens_with_another_host_s_journal(
    member: Member, empty: str, settings: Any
) -> None:
    consent = factories.consent(member)
    path = back_up()
    Consent.objects.get(pk=consent.pk).withdraw()
    other = settings.JOURNAL.rename(settings.JOURNAL.with_name("other.log"))
    old, settings.LOUZU_BACKUP_KEY = settings.LOUZU_BACKUP_KEY, "cd" * 32
    assert refused(path, empty) == sealed.OTHER_KEY
    settings.LOUZU_BACKUP_KEYS_OLD = [old]
    with working_on(NAME=empty):
        assert restore(path, [other]).again == 1
        assert not Consent.objects.get(pk=consent.pk).is_in_force


def test_a_newer_release_and_the_other_kind_are_told(street: Area, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "release", lambda: "99.10.0")
        newer = back_up()
    assert "99.10.0 版" in refused(newer, empty)
    MigrationRecorder(connection).record_applied("members", "9999_of_later")
    assert "更新的版本" in refused(back_up(), empty)
    MigrationRecorder(connection).record_unapplied("members", "9999_of_later")
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]
    with newer.open("rb") as file, monkeypatch.context() as patch:
        patch.setattr(manifest, "release", lambda: "99.10.0")
        with pytest.raises(BackupTrouble, match="SQLite" if other == "postgresql" else "DATABASE_URL=postgres"):
            manifest.read(file)[0].require_fits(other)


def test_what_fails_late_leaves_the_database_empty(member: Member, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = back_up()
    with monkeypatch.context() as patch:
        patch.setattr(manifest.Contents, "differences", lambda *_: "members_member 应有 2 行，只有 1 行")
        assert "应有 2 行" in refused(path, empty)
    monkeypatch.setattr(restoring.restoring, "restart_feeds", lambda: 1 / 0)
    with working_on(NAME=empty), pytest.raises(ZeroDivisionError):
        restore(path)
    assert tables_of(empty) == []


def test_a_trail_that_was_broken_before_is_told_and_restored(member: Member, empty: str) -> None:
    entry = AuditEntry.objects.filter(chain=member.street.path).latest("number")
    AuditEntry.objects.filter(pk=entry.pk).update(reason="改过")
    assert any(chain.fault for chain in trail.verified())
    path = back_up()
    with working_on(NAME=empty):
        assert restore(path).faults
        assert Member.objects.count() == 1
