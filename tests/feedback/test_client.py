"""The reference client ends with what the server has, wherever it was stopped; its receipts verify."""

import json
import os
import random
import runpy
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection
from django.test import Client

from feedback.feed import feed
from feedback.models import Answer, EmployerKey, FeedEvent, Receipt, RecordCard
from feedback.rules import issuing, making, withdrawing
from feedback.rules.agreeing import agree_all, show_all
from members.ground.atomic import atomic_write
from members.models import Area, Consent, Employer, Member, journal
from tests import cards, factories

FOLDER = settings.BASE_DIR / "docs/employer"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
KILLED = 20
Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def street(transactional_db: None) -> Area:
    """A street that the server's threads see."""
    return factories.area("新成路街道", division_code="310114001")


@pytest.fixture
def building(street: Area) -> Area:
    return factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))


@pytest.fixture
def employer(building: Area) -> Employer:
    """One with thirty members' cards on its feed."""
    unit = factories.employer()
    people = [cards.in_post(f"{name}建平", building, at=unit) for name in SURNAMES]
    made = [cards.draft(each, sentence="谢谢您常来帮忙。").pk for each in people]
    show_all(made)
    agree_all(made, how=RecordCard.How.PAPER)
    issuing.issue_all(made)
    return unit


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite3"


@pytest.fixture
def run(live_server: Any, street: Area, employer: Employer, copy: Path) -> Iterator[Run]:
    """Start the client."""
    _, text = cards.key(employer, street)
    environment = os.environ | {"LOUZU": f"{live_server.url}/api/v1", "LOUZU_KEY": text}
    command = [sys.executable, str(FOLDER / "louzu_client.py"), str(copy)]
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> "subprocess.Popen[str]":
        client = subprocess.Popen([*command, *words], env=environment, stderr=subprocess.PIPE, text=True)
        started.append(client)
        return client

    yield start
    for each in started:
        each.kill()
        each.wait()
        if each.stderr:
            each.stderr.close()


def test_it_works_with_a_test_key(live_server: Any, street: Area, copy: Path) -> None:
    _, text = cards.key_to_try(factories.employer(), street)
    command = [sys.executable, str(FOLDER / "louzu_client.py"), str(copy)]
    environment = os.environ | {"LOUZU": f"{live_server.url}/api/v1", "LOUZU_KEY": text}
    subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)
    made_up = RecordCard.objects.filter(street__path="9999")
    assert kept(copy) == {str(card.number): (card.digest, card.body or None) for card in made_up}
    assert not made_up.filter(status="issued").exists()
    assert len(receipts(copy)) == made_up.exclude(received_at=None).count()


def finish(run: Run) -> None:
    client = run()
    _, said = client.communicate(timeout=120)
    assert client.returncode == 0, said


def kept(copy: Path) -> dict[str, tuple[str, str | None]]:
    """Number, digest and body of each card that the client has."""
    with sqlite3.connect(copy) as db:
        rows = db.execute("SELECT number, digest, body FROM cards").fetchall()
    db.close()
    return {number: (digest, body) for number, digest, body in rows}


def held(employer: Employer) -> dict[str, tuple[str, str | None]]:
    """The same of the server."""
    rows = RecordCard.objects.ever_issued().filter(employer=employer)
    return {str(card.number): (card.digest, card.body or None) for card in rows}


def receipts(copy: Path) -> list[str]:
    with sqlite3.connect(copy) as db:
        rows = db.execute("SELECT receipt FROM receipts").fetchall()
    db.close()
    return [receipt for (receipt,) in rows]


def test_a_copy_is_what_the_server_has(run: Run, copy: Path, employer: Employer) -> None:
    finish(run)
    assert kept(copy) == held(employer)
    assert len(receipts(copy)) == Receipt.objects.count() == len(SURNAMES)
    finish(run)
    assert kept(copy) == held(employer)


def test_what_is_withdrawn_is_gone_from_the_file(run: Run, copy: Path, employer: Employer) -> None:
    card = RecordCard.objects.filter(employer=employer).select_related("member").earliest("pk")
    finish(run)
    assert card.member.name.encode() in copy.read_bytes()
    withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    finish(run)
    assert kept(copy)[str(card.number)] == (card.digest, None)
    assert card.member.name.encode() not in copy.read_bytes()


def test_a_restored_server_is_followed(run: Run, copy: Path, employer: Employer) -> None:
    """The last cards were issued after the backup: the server knows nothing of them any more."""
    finish(run)
    lost = RecordCard.objects.filter(employer=employer).order_by("-pk")[:3]
    Receipt.objects.all().delete()
    FeedEvent.objects.filter(card__in=list(lost)).delete()
    RecordCard.objects.filter(pk__in=[card.pk for card in lost]).delete()
    with atomic_write():
        feed.start_over()
    finish(run)
    assert kept(copy) == held(employer)
    assert len(kept(copy)) == len(SURNAMES) - 3


def test_a_cursor_that_cannot_be_read_starts_over(run: Run, copy: Path, employer: Employer) -> None:
    finish(run)
    before = receipts(copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE cursors SET cursor = 'spoiled'")
    db.close()
    finish(run)
    assert kept(copy) == held(employer)
    assert set(before) == set(receipts(copy))


def test_an_event_of_another_kind_is_passed_over(run: Run, copy: Path, employer: Employer) -> None:
    """A later version may tell of what this one does not know; the cursor moves on behind it."""
    row = FeedEvent.objects.earliest("seq")
    FeedEvent.objects.filter(pk=row.pk).update(told=row.told.replace('"issued"', '"slip.asked"'))
    finish(run)
    missed = RecordCard.objects.get(events=row).number
    assert set(held(employer)) - set(kept(copy)) == {missed}


@pytest.mark.parametrize("is_stopped", [False, True])
def test_answers_and_returns_reach_the_server_once(run: Run, copy: Path, employer: Employer, is_stopped: bool) -> None:
    """Where the first try was stopped after it was sent, the next run sends it again, and it counts once."""
    finish(run)
    first, second, third = RecordCard.objects.filter(employer=employer).order_by("number")[:3]
    for words in (
        ("answer", first.number, "已在支部会上表扬。", "thanks"), ("answer", first.number, "改一句。"),
        ("answer", first.number, "已在支部会上表扬。", "thanks"), ("return", second.number, "other", "人不在了"),
        ("return", third.number, "other"),
    ):  # fmt: skip
        client = run(*words)
        _, said = client.communicate(timeout=120)
        assert client.returncode == 0, said
        assert ("422 validation" in said) is (words == ("return", third.number, "other"))
        if is_stopped:
            with sqlite3.connect(copy) as db:
                db.execute("UPDATE replies SET outcome = NULL WHERE id = (SELECT max(id) FROM replies)")
            db.close()
            finish(run)
    assert list(Answer.objects.order_by("version").values_list("card", "text", "thanks")) == [
        (first.pk, "已在支部会上表扬。", True), (first.pk, "改一句。", False), (first.pk, "已在支部会上表扬。", True),
    ]  # fmt: skip
    back = RecordCard.objects.get(pk=second.pk)
    assert (back.status, back.return_text) == ("returned", "人不在了")


def test_a_key_that_is_refused_changes_nothing(run: Run, copy: Path, employer: Employer) -> None:
    finish(run)
    before = copy.read_bytes()
    EmployerKey.objects.get().revoke()
    client = run()
    _, said = client.communicate(timeout=60)
    assert client.returncode != 0
    assert "token-refused" in said
    assert copy.read_bytes() == before


def test_stopped_at_any_moment_it_ends_with_what_the_server_has(
    run: Run, copy: Path, employer: Employer, building: Area
) -> None:
    """Killed twenty times, while cards are issued, withdrawn and issued anew beside it."""
    chance, over = random.Random(2026), threading.Event()
    beside = threading.Thread(target=office_at_work, args=(building, employer, over))
    beside.start()
    stopped = 0
    try:
        while stopped < KILLED:
            client = run()
            time.sleep(chance.uniform(0.05, 0.3))  # it has seldom ended by then
            client.send_signal(signal.SIGKILL)
            stopped += client.wait() == -signal.SIGKILL
    finally:
        over.set()
        beside.join()
    finish(run)
    assert kept(copy) == held(employer)
    types = set(FeedEvent.objects.values_list("type", flat=True))
    assert types == {"issued", "corrected", "withdrawn"}
    in_force = RecordCard.objects.filter(employer=employer).with_employer()
    assert not in_force.filter(status="issued").exists(), "all of them are acknowledged"
    assert Receipt.objects.filter(card__in=in_force).count() == in_force.count()


def office_at_work(building: Area, employer: Employer, over: threading.Event) -> None:
    """Issue new cards, withdraw some, issue others in their place."""
    chance, day = random.Random(7), 0
    try:
        while not over.is_set():
            day += 1
            someone = cards.in_post(f"新{SURNAMES[day % 30]}", building, at=employer, phone=f"199{day:08}")
            new = cards.agreed(someone, sentence="谢谢您常来帮忙。")
            issuing.issue(new)
            out = list(RecordCard.objects.filter(employer=employer).with_employer().order_by("pk"))
            one = chance.choice(out)
            withdrawing.withdraw(one, RecordCard.Withdrawal.MISTAKE)
            if day % 2:
                anew = making.remake(cards.fresh(one))
                show_all([anew.pk])
                agree_all([anew.pk], how=RecordCard.How.PAPER)
                issuing.issue(cards.fresh(anew))
            time.sleep(0.05)
    finally:
        connection.close()


# Receipts ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def signed(run: Run, copy: Path, tmp_path: Path, client: Client) -> Path:
    """A folder with the public keys and the receipts of all cards."""
    finish(run)
    (tmp_path / "keys.json").write_bytes(client.get("/api/v1/keys").content)
    (tmp_path / "receipts.jsonl").write_text("\n".join(receipts(copy)), "utf-8")
    return tmp_path


def verified(folder: Path) -> tuple[int, str]:
    command = [sys.executable, str(FOLDER / "verify_receipt.py"), "keys.json", "receipts.jsonl"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_receipts_verify(signed: Path) -> None:
    assert verified(signed) == (0, "30 receipts are genuine, and none is missing between them.\n")


def test_a_receipt_that_is_missing_shows(signed: Path) -> None:
    lines = (signed / "receipts.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    named = {each["receipt"]["previous"] for each in told}
    between = next(each for each in told if each["hash"] in named)
    left = [line for line in lines if json.loads(line) != between]
    (signed / "receipts.jsonl").write_text("\n".join(left), "utf-8")
    status, said = verified(signed)
    assert status == 1
    assert "the receipt before it is missing" in said


def test_a_receipt_that_was_changed_shows(signed: Path) -> None:
    lines = (signed / "receipts.jsonl").read_text("utf-8").splitlines()
    for part, value, wrong in (
        ("digest", "0" * 64, "the hash does not fit"),
        ("received_at", "2020-01-01T00:00:00+00:00", "the hash does not fit"),
        ("key", "0" * 16, "the hash does not fit"),
        ("signature", "A" * 86 + "==", "the signature is not genuine"),
        ("signature", None, "is not known"),
    ):
        first = json.loads(lines[0])
        (first if part == "signature" else first["receipt"])[part] = value
        (signed / "receipts.jsonl").write_text("\n".join([json.dumps(first), *lines[1:]]), "utf-8")
        status, said = verified(signed)
        assert status == 1
        assert f"{first['receipt']['number']}: {wrong}" in said or f"{first['receipt']['number']}: its key" in said
        assert wrong in said


def test_consent_taken_back_reaches_the_copy(run: Run, copy: Path, employer: Employer) -> None:
    finish(run)
    consent = Consent.objects.earliest("pk")
    consent.withdraw()
    finish(run)
    gone = RecordCard.objects.get(consent=consent)
    assert kept(copy)[str(gone.number)] == (gone.digest, None)
    assert kept(copy) == held(employer)


# One backup, restored twice ------------------------------------------------------------------------------------------
def backed_up() -> str:
    return connection.creation.serialize_db_to_string()


def restore(backup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the database back, as a server that starts on it finds it."""
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
    connection.creation.deserialize_db_from_string(backup)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
    monkeypatch.setattr(journal, "_is_applied", False)


def test_one_backup_restored_twice(
    run: Run, copy: Path, employer: Employer, building: Area, client: Client, tmp_path: Path, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Between the restores consents and cards are taken back, and others are issued: none of it comes undone."""
    settings.JOURNAL = tmp_path / "journal.log"
    settings.MIGRATION_MODULES = {}  # apps without migrations are left out of what Django puts down
    finish(run)
    backup = backed_up()
    numbers, taken, epochs = set(), set(), set()
    for turn in "甲乙":
        one, other = RecordCard.objects.with_employer().order_by("pk")[:2]
        assert one.consent
        one.consent.withdraw()
        withdrawing.withdraw(other, RecordCard.Withdrawal.MISTAKE)
        numbers.add(cards.issued(cards.in_post(f"后来{turn}", building, at=employer)).number)
        taken.add(one.consent.token)
        finish(run)
        before = receipts(copy)
        restore(backup, monkeypatch)
        finish(run)
        assert kept(copy) == held(employer)
        assert set(before) <= set(receipts(copy)), "a receipt proves what was received, whatever became of the server"
        standing = RecordCard.objects.with_employer()
        assert not standing.filter(consent__token__in=taken).exists()
        assert standing.count() == len(SURNAMES) - 2 * len(taken)
        epochs.add(feed.Feed.objects.get(employer=employer).epoch)
    assert (len(numbers), len(epochs)) == (2, 2), "no number is given to two people, no restore looks like another"
    (tmp_path / "keys.json").write_bytes(client.get("/api/v1/keys").content)
    (tmp_path / "receipts.jsonl").write_text("\n".join(receipts(copy)), "utf-8")
    assert verified(tmp_path)[0] == 0


def test_a_copy_from_before_streets_were_apart_keeps_its_receipts(run: Run, copy: Path, employer: Employer) -> None:
    receipt = json.dumps({"receipt": {"number": "310114001-2026-00001", "previous": None}, "hash": "ab" * 32})
    with sqlite3.connect(copy) as db:
        db.execute("CREATE TABLE cards (number, version, digest, supersedes, body, receipt)")
        db.execute("CREATE TABLE state (name, value)")
        db.execute("INSERT INTO cards VALUES ('310114001-2026-00001', 1, '', NULL, NULL, ?)", (receipt,))
    db.close()
    finish(run)
    assert kept(copy) == held(employer)
    assert receipt in receipts(copy)


def test_who_is_stopped_while_an_old_copy_is_brought_over_loses_no_receipt(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(copy) as db:
        db.execute("CREATE TABLE cards (number, version, digest, supersedes, body, receipt)")
        db.execute("INSERT INTO cards VALUES ('310114001-2026-00001', 1, '', NULL, NULL, ?)", ('{"hash": "ab"}',))
    db.close()
    client = runpy.run_path(str(FOLDER / "louzu_client.py"))

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(client["opened"].__globals__, "keep", stopped)
    with pytest.raises(KeyboardInterrupt):
        client["opened"](str(copy))
    monkeypatch.undo()
    client["opened"](str(copy)).close()
    assert receipts(copy) == ['{"hash": "ab"}']


def test_one_run_fetches_from_several_streets(
    live_server: Any, employer: Employer, street: Area, other_street: Area, far_member: Member, copy: Path
) -> None:
    far = cards.issued(far_member, employer=employer)
    both = " ".join(cards.key(employer, each)[1] for each in (street, other_street))
    environment = os.environ | {"LOUZU": f"{live_server.url}/api/v1", "LOUZU_KEY": both}
    command = [sys.executable, str(FOLDER / "louzu_client.py"), str(copy)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert kept(copy) == held(employer)
    assert far.number in kept(copy)
