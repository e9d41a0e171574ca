"""The file of a backup: no byte of it is changed unseen. Their folder: written whole or not at all, kept for a time."""

import os
from collections import Counter
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louzu.backup import folder, sealed
from louzu.backup.folder import DAYS, MONTHS, WEEKS, kept
from louzu.backup.trouble import BackupTrouble

KEY, OTHER = "b4" * 32, "c5" * 32
CHUNK = 512
TEXT = bytes(range(256)) * 2 + os.urandom(3000)  # more than five chunks, however well it packs
FIRST = date(2024, 2, 27)
DAYS_ON_RECORD = st.lists(st.integers(0, 900).map(lambda day: FIRST + timedelta(days=day)))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "CHUNK", CHUNK)


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Path:
    settings.BACKUP_TO, settings.LOUZU_BACKUP_KEY = str(tmp_path / "backups"), KEY
    return tmp_path / "backups"


def closed(*parts: bytes, key: str = KEY) -> bytes:
    file = BytesIO()
    sealed.seal(file, parts, key)
    return file.getvalue()


def opened(text: bytes, *keys: str) -> bytes:
    return b"".join(sealed.unseal(BytesIO(text), keys or [KEY]))


def pieces(text: bytes) -> tuple[bytes, list[bytes]]:
    """The header, and the encrypted chunks."""
    size = sealed.HEADER.size
    return text[:size], [text[at : at + CHUNK + sealed.TAG] for at in range(size, len(text), CHUNK + sealed.TAG)]


@given(st.lists(st.binary(max_size=2000), max_size=5))
def test_what_was_put_in_comes_out(parts: list[bytes]) -> None:
    assert opened(closed(*parts)) == b"".join(parts)


def test_nobody_without_the_key_reads_it_or_sees_that_two_are_alike() -> None:
    one, other = closed(b"a" * 3000), closed(b"a" * 3000)
    assert pieces(one)[1][0] != pieces(other)[1][0]
    assert b"aaa" not in one
    assert opened(one, OTHER, KEY) == b"a" * 3000, "a key of before"
    with pytest.raises(BackupTrouble, match="另一把备份密钥"):
        opened(one, OTHER)


def test_no_byte_can_be_changed() -> None:
    text = closed(TEXT)
    positions = {*range(sealed.HEADER.size), *range(0, len(text), len(text) // 140), len(text) - 1}
    assert len(positions) >= 200
    for at in sorted(positions):
        with pytest.raises(BackupTrouble):
            opened(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])


def test_none_can_be_left_out_added_or_put_elsewhere() -> None:
    text = closed(TEXT)
    header, chunks = pieces(text)
    assert len(chunks) > 5
    swapped = [chunks[1], chunks[0], *chunks[2:]]
    foreign = pieces(closed(TEXT))[1][0]
    for wrong in (swapped, chunks[1:], chunks[:-1], [*chunks, chunks[-1]], [foreign, *chunks[1:]], []):
        with pytest.raises(BackupTrouble, match="不完整，或者被改动过"):
            opened(header + b"".join(wrong))
    for end in (0, 5, sealed.HEADER.size - 1, sealed.HEADER.size + 1, len(text) // 2, len(text) - 1):
        with pytest.raises(BackupTrouble):
            opened(text[:end])
    with pytest.raises(BackupTrouble, match="不是楼组的备份文件"):
        opened(b"PK\x03\x04" + text)


def test_a_newer_format_asks_for_the_newer_release() -> None:
    text = closed(TEXT)
    at = len(sealed.MAGIC)
    with pytest.raises(BackupTrouble, match="更新的版本"):
        opened(text[:at] + bytes([sealed.FORMAT + 1]) + text[at + 1 :])


# Kept for 7 days, 5 weeks, 12 months ----------------------------------------------------------------------------------
@given(DAYS_ON_RECORD)
def test_the_schedule_keeps_a_few_and_always_the_newest(days: list[date]) -> None:
    stay = kept(days)
    assert stay <= set(days)
    assert len(stay) <= DAYS + WEEKS + MONTHS
    assert set(sorted(set(days))[-DAYS:]) <= stay


@given(DAYS_ON_RECORD, st.integers(0, 400))
def test_thinned_out_each_day_it_keeps_what_it_would_of_all(days: list[date], later: int) -> None:
    every = {*days, max(days, default=FIRST) + timedelta(days=later)}
    there: set[date] = set()
    for day in sorted(every):
        there = kept({*there, day})
    assert there == kept(every)


def test_a_year_of_nights_leaves_days_weeks_and_months() -> None:
    last = date(2026, 11, 29)
    stay = kept(last - timedelta(days=back) for back in range(800))
    assert {last - timedelta(days=back) for back in range(7)} <= stay
    assert len({day.isocalendar()[:2] for day in stay if last - day < timedelta(days=35)}) >= 5
    assert len(Counter((day.year, day.month) for day in stay)) == 12
    assert min(stay) == date(2025, 12, 31)


def test_others_files_and_todays_stay(place: Path) -> None:
    place.mkdir()
    names = [f"louzu-2024{month:02}01-011000.backup" for month in range(1, 13)]
    names += [f"louzu-2025{month:02}01-011000.backup" for month in range(1, 13)]
    today = [f"louzu-20251201-{clock}.backup" for clock in ("120000", "150000")]
    others = ["louzu-20240101.backup", "louzu-20240101-011000.backup.old", "照片.jpg", "louzu-20249999-011000.backup"]
    for name in (*names, *today, *others):
        (place / name).write_bytes(closed(b"x"))
    others += ["louzu-20240102-011000.backup", "louzu-20240103-011000.backup"]
    (place / others[-2]).write_bytes(closed(b"x", key=OTHER))
    (place / others[-1]).write_bytes(b"no header")
    (place / "louzu-20200101-000000.backup").mkdir()
    assert folder.thin_out() == 12
    left = {path.name for path in place.iterdir()}
    assert left == {*names[12:], *today, *others, "louzu-20200101-000000.backup"}
    newest = folder.newest()
    assert newest
    assert newest.path == place / today[-1]


# Written whole or not at all ------------------------------------------------------------------------------------------
def test_a_file_appears_whole_and_is_its_owner_s(place: Path) -> None:
    with folder.new_file() as (path, file):
        file.write(b"half")
        assert folder.newest() is None
        file.write(b", whole")
    assert path.read_bytes() == b"half, whole"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in place.iterdir()] == [path.name]


def test_two_in_one_second_are_two(place: Path) -> None:
    for _ in range(2):
        with folder.new_file() as (_, file):
            file.write(b"x")
    assert len(folder.files()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: Any, flags: int, *mode: int) -> int:
        os.close(real(path, flags, *mode))
        return real("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(folder.os, "open", full)
    with pytest.raises(BackupTrouble, match="备份盘满了"), folder.new_file() as (_, file):
        sealed.seal(file, [TEXT], KEY)
    assert list(place.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(place: Path) -> None:
    place.write_text("a file where the folder should be")
    with pytest.raises(BackupTrouble, match="写不进去"), folder.new_file():
        pass
    assert folder.files() == []


def test_what_a_killed_run_left_is_swept_away_a_day_later(place: Path) -> None:
    place.mkdir()
    old, new = (place / f"{folder.DRAFT}{name}" for name in ("old", "new"))
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    with folder.new_file() as (_, file):
        file.write(b"x")
    assert (old.exists(), new.exists()) == (False, True)


def test_too_little_room_is_told_before(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.require_room(10**6)
    monkeypatch.setattr(folder.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    with pytest.raises(BackupTrouble, match="只剩 100 MB，这次大约要 367 MB"):
        folder.require_room(300 * 10**6)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (12_345, "12.3 KB"), (367_108_864, "367 MB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes_are_read_by_people(size: int, words: str) -> None:
    assert folder.shown(size) == words
