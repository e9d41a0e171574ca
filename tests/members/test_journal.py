"""The journal: what outlives the restore of a backup."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from feedback.models import NumberSeries
from feedback.rules import withdrawing
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Consent, JournalMark, Member, User, journal
from tests import cards, factories
from tests.racing import raced

Lines = list[tuple[str, ...]]


@pytest.fixture
def path(settings: Any, tmp_path: Path) -> Path:
    settings.JOURNAL = tmp_path / "keys" / "journal.log"
    return settings.JOURNAL


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What is applied of a kind of the tests' own, two of whose tokens the database had forgotten."""
    applied: Lines = []

    def apply(tokens: Any) -> int:
        applied.append(tuple(tokens))
        return len({"a", "b"}.intersection(tokens))

    monkeypatch.setattr(journal, "_kinds", {"thing": apply})
    monkeypatch.setattr(journal, "_after_restore", [lambda: applied.append(("restored",))])
    return applied


def lines(path: Path) -> list[str]:
    return path.read_text("ascii").splitlines()[1:] if path.exists() else []


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_is_written_down(path: Path) -> None:
    with atomic_write():
        journal.note("thing", "a", "b")
        assert lines(path) == []
    with atomic_write():
        journal.note("thing", "c")
        transaction.set_rollback(True)
    assert lines(path) == ["thing a", "thing b"]
    assert path.stat().st_mode & 0o077 == 0, "nobody else reads it"


@pytest.mark.django_db(transaction=True)
def test_a_journal_that_cannot_be_written_lets_nothing_be_taken_back(path: Path, member: Member) -> None:
    consent = factories.consent(member)
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(Conflict, match="恢复日志写不进去"):
        consent.withdraw()
    assert Consent.objects.get().is_in_force


@pytest.mark.django_db(transaction=True)
def test_its_user_is_told_so_on_the_page(path: Path, member: Member, street_officer: User, client: Client) -> None:
    consent = factories.consent(member)
    path.parent.write_text("a file where the folder should be")
    client.force_login(street_officer)
    answer = client.post(reverse("members:consent_withdraw", args=[consent.pk]), follow=True)
    assert "恢复日志写不进去" in answer.content.decode()
    assert Consent.objects.get().is_in_force


@pytest.mark.django_db(transaction=True)
def test_one_taken_back_twice_at_once_is_taken_back_once(path: Path, member: Member) -> None:
    consent = factories.consent(member)
    raced(*[Consent.objects.get(pk=consent.pk).withdraw for _ in range(4)])
    assert lines(path) == [f"consent {consent.token}"]
    assert AuditEntry.objects.filter(action="change", model="members.Consent").count() == 1


def test_lines_are_applied_once_and_a_restore_shows(db: None, path: Path, seen: Lines) -> None:
    path.parent.mkdir()
    path.write_text("host-1\nthing x\n")
    assert (journal.apply(path), seen) == (0, [("x",)])
    assert journal.apply(path) == 0
    with path.open("a") as file:
        file.write("thing a\nthing y\nunknown z\nthing b")  # somebody is writing the last line
    assert journal.apply(path) == 1
    assert seen == [("x",), ("a", "y"), ("restored",)]
    with path.open("a") as file:
        file.write("\n")
    assert (journal.apply(path), seen[-2]) == (1, ("b",))


def test_each_host_s_journal_has_its_own_mark(db: None, path: Path, seen: Lines, tmp_path: Path) -> None:
    for host in ("one", "two"):
        other = tmp_path / f"{host}.log"
        other.write_text(f"{host}\nthing {host}\n")
        journal.apply(other)
        journal.apply(other)
    assert seen == [("one",), ("two",)]
    assert dict(JournalMark.objects.values_list("journal", "position")) == {"one": 14, "two": 14}


def test_one_that_was_made_empty_gets_its_name_first(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    journal._append("thing a\n")
    name, line = path.read_text("ascii").splitlines()
    assert (len(name), line) == (32, "thing a")


def test_a_journal_of_which_a_part_is_lost_blocks_nobody(db: None, path: Path, seen: Lines) -> None:
    path.parent.mkdir()
    for text in (b"", b"thing a\nthing x\n", b"\xff\x00 torn\nthing x\nthing b\n", b"name\nthing\n\nthing b\n"):
        path.write_bytes(text)
        assert journal.apply(path) == (b"thing a" in text) + (b"thing b" in text)
        assert journal.apply(path) == 0


def test_a_shorter_one_is_a_backup_itself_and_applied_anew(db: None, path: Path, seen: Lines) -> None:
    path.parent.mkdir()
    path.write_text("host-1\nthing x\nthing y\n")
    journal.apply(path)
    path.write_text("host-1\nthing a\n")
    assert journal.apply(path) == 1
    with path.open("a") as file:
        file.write("thing b\n")
    assert (journal.apply(path), journal.apply(path)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_of_processes_that_begin_at_once_one_applies_it(path: Path, member: Member) -> None:
    card = cards.issued(member)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"host\ncard {withdrawing.token(card)}\n")
    assert sorted(raced(*[lambda: journal.apply(path)] * 4)) == [0, 0, 0, 1]
    assert cards.fresh(card).status == "withdrawn"


def test_numbers_of_a_line_cut_short_are_left_out(db: None, street: Area) -> None:
    code = street.division_code or street.path
    tokens = [f"{code}.2026.7", f"{code}.20", "", f"{code}.2026.7consent abc", f"{code}.2026.x"]
    assert NumberSeries.go_on_behind(tokens) == 1
    assert NumberSeries.objects.get().last == 7


def test_where_there_is_no_journal_nothing_is_asked(db: None, path: Path, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        journal.apply(path)


@pytest.mark.django_db(transaction=True)
def test_many_threads_make_one_journal(path: Path) -> None:
    start = threading.Barrier(8)

    def note(number: int) -> None:
        start.wait(timeout=30)
        journal._append(f"thing {number}\n")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(8)))
    assert sorted(lines(path)) == [f"thing {number}" for number in range(8)]


def test_a_consent_taken_back_is_taken_back_again(
    path: Path, member: Member, other_member: Member, django_capture_on_commit_callbacks: Any
) -> None:
    consent, other = factories.consent(member), factories.consent(other_member)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        consent.withdraw()
        transaction.set_rollback(False)
    assert lines(path) == [f"consent {consent.token}"]
    Consent.objects.update(withdrawn_at=None)  # as a backup has it
    assert journal.apply(path) == 1
    consent.refresh_from_db()
    other.refresh_from_db()
    assert (consent.is_in_force, other.is_in_force) == (False, True)
    assert consent.token not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
