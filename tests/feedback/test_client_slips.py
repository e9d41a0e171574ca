"""The reference client and slips: it sends them, follows them and keeps their receipts, wherever it was stopped."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from feedback.models import EmployerKey, FeedEvent, Slip, SlipReceipt
from feedback.rules import slips_accepting, slips_asking, slips_closing, slips_forwarding
from feedback.rules.receiving import By
from members.ground.access import PostKind
from members.models import Area, Employer, User
from tests import cards, factories, slips

FOLDER = settings.BASE_DIR / "docs/employer"
KILLED = 20
Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def street(transactional_db: None) -> Area:
    """A street that the server's threads see."""
    street = factories.area("新成路街道", division_code="310114001")
    factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))
    return street


@pytest.fixture
def other_street(street: Area) -> Area:
    return factories.area("菊园新区", division_code="310114002")


@pytest.fixture
def employer(street: Area) -> Employer:
    return factories.employer()


@pytest.fixture
def officer(street: Area) -> User:
    return factories.official("jiedao", PostKind.STREET, street)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite3"


@pytest.fixture
def run(live_server: Any, street: Area, employer: Employer, copy: Path) -> Run:
    """Start the client with these words."""
    _, text = cards.key(employer, street)
    environment = os.environ | {"LOUZU": f"{live_server.url}/api/v1", "LOUZU_KEY": text}
    command = [sys.executable, str(FOLDER / "louzu_client.py"), str(copy)]
    return lambda *words: subprocess.Popen([*command, *words], env=environment, stderr=subprocess.DEVNULL, text=True)


def finish(run: Run, *words: str) -> None:
    client = run(*words)
    assert client.wait(timeout=120) == 0


def asked(copy: Path, query: str) -> list[Any]:
    db = sqlite3.connect(copy)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def held(employer: Employer) -> dict[str, str]:
    """The status of each slip that the employer knows of."""
    return dict(Slip.objects.filter(employer=employer).values_list("number", "status"))


def rows(count: int) -> list[dict[str, str]]:
    common = {"home": slips.HERE, "agreed_how": "paper", "agreed_on": "2026-11-02"}
    return [{"name": f"郁{chr(0x4E00 + n)}", "phone": slips.phone(n)} | common for n in range(count)]


def test_slips_are_sent_followed_and_stepped(run: Run, copy: Path, employer: Employer, officer: User) -> None:
    file = copy.with_name("slips.json")
    file.write_text(json.dumps([*rows(2), {"name": "无同意", "phone": slips.phone(9), "home": slips.HERE}]), "utf-8")
    finish(run, "slips", str(file))
    finish(run)
    assert dict(asked(copy, "SELECT number, status FROM slips")) == held(employer)
    ((outcome, body),) = asked(copy, "SELECT outcome, body FROM replies")
    assert (outcome, [row["index"] for row in json.loads(body)]) == ("sent 2, refused 1", [2])
    assert not [n for n in (0, 1, 9) if slips.phone(n).encode() in copy.read_bytes()], (
        "whom they were about is not kept"
    )
    file.write_text(json.dumps([{"name": "无同意", "phone": slips.phone(9), "home": slips.HERE}]), "utf-8")
    finish(run, "slips", str(file))
    outcome, body = asked(copy, "SELECT outcome, body FROM replies")[-1]
    assert (outcome.split(":")[0], set(json.loads(body)["slips"][0])) == ("422 validation", {"agreed_how", "agreed_on"})
    first, second = Slip.objects.order_by("pk")
    slips.accepted(first, officer)
    slips_asking.ask(second, code="home", by=officer)
    finish(run)
    assert asked(copy, "SELECT hash FROM receipts") == [(SlipReceipt.objects.get().hash,)]
    finish(run, "slip", second.number, "answer", '{"text": "一号楼"}')
    finish(run, "slip", first.number, "end", '{"reason_code": "retired"}')
    assert held(employer) == {first.number: "ended", second.number: "sent"}
    assert dict(asked(copy, "SELECT number, status FROM slips")) == held(employer)


def test_stopped_at_any_moment_it_ends_with_what_the_server_has(
    run: Run, copy: Path, employer: Employer, street: Area, other_street: Area, officer: User
) -> None:
    """Killed twenty times, while slips are sent, asked, accepted, forwarded and withdrawn beside it."""
    chance, over = random.Random(2026), threading.Event()
    file = copy.with_name("slips.json")
    file.write_text(json.dumps(rows(20)), "utf-8")
    beside = threading.Thread(target=office_at_work, args=(employer, street, other_street, officer, over))
    beside.start()
    stopped = 0
    try:
        while stopped < KILLED:
            client = run("slips", str(file)) if stopped % 5 == 0 else run()
            time.sleep(chance.uniform(0.05, 0.3))  # it has seldom ended by then
            client.send_signal(signal.SIGKILL)
            stopped += client.wait() == -signal.SIGKILL
    finally:
        over.set()
        beside.join()
    finish(run, "slips", str(file))
    finish(run)
    assert dict(asked(copy, "SELECT number, status FROM slips")) == held(employer)
    assert {digest for (digest,) in asked(copy, "SELECT hash FROM receipts")} == set(
        SlipReceipt.objects.values_list("hash", flat=True)
    )
    for kind in ("slip.sent", "slip.asked", "slip.accepted", "slip.forwarded", "slip.withdrawn"):
        assert FeedEvent.objects.filter(type=kind).exists(), kind
    phones = Slip.objects.filter(key=EmployerKey.objects.get(), continues=None).values_list("phone_digest", flat=True)
    assert len(phones) == len(set(phones)), "a slip sent again is the first"


def office_at_work(employer: Employer, street: Area, other_street: Area, officer: User, over: threading.Event) -> None:
    """Send slips for the employer, and take the steps of the office on them."""
    steps: list[Callable[[Slip], object]] = [
        lambda slip: slips_accepting.accept(slip, by=officer),
        lambda slip: slips_asking.ask(slip, code="phone", by=officer),
        lambda slip: slips_forwarding.forward(slip, other_street, by=officer),
        lambda slip: slips_closing.withdraw(slip, withdrawer="sender", by=By()),
    ]
    try:
        day = 0
        while not over.is_set():
            day += 1
            name = f"单{chr(0x4E00 + day)}"
            steps[day % 4](slips.from_unit(street, name, unit=employer, phone=f"188{day:08}"))
            time.sleep(0.05)
    finally:
        connection.close()
