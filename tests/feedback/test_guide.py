"""The employers' guide: each of its examples does what it says, and its table has every problem."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from feedback.api import problems
from feedback.feed import delivering
from feedback.models import RecordCard, Slip
from feedback.rules import practice_office, practising, slips_asking
from members.ground.access import PostKind
from members.models import Area, Consent
from members.web.problems import Problem
from tests import cards, factories, slips

GUIDE = (settings.BASE_DIR / "docs/employer/接口指南.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n# (返回 \d+|得到 \w+)\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def curl() -> str:
    found = shutil.which("curl")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("curl is not installed.")
    return found


@pytest.fixture
def street(transactional_db: None) -> Area:
    """A street that the server's threads see."""
    return factories.area("新成路街道", division_code="310114001")


@pytest.fixture
def two(street: Area) -> tuple[RecordCard, RecordCard]:
    building = factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))
    first = cards.issued(cards.in_post("郁建平", building))
    return first, cards.issued(cards.in_post("单国强", building, at=first.employer))


@pytest.fixture
def told_slips(street: Area, two: tuple[RecordCard, RecordCard]) -> dict[str, str]:
    """Numbers of slips that the unit knows of: one that is asked about, an accepted one, and a member's own."""
    unit, officer = two[0].employer, factories.official("jiedao", PostKind.STREET, street)
    asked, accepted = (
        slips.from_unit(street, name, unit=unit, phone=slips.phone(n)) for n, name in enumerate(("单核对", "单接收"))
    )
    slips_asking.ask(asked, code="home", by=officer)
    slips.accepted(accepted, officer)
    own = slips.reported(street, "单本人", employer_name=unit.name, tells_employer=True, phone=slips.phone(7))
    return {"ASKED_SLIP": asked.number, "ACCEPTED_SLIP": accepted.number, "MEMBER_SLIP": own.number}


def test_every_example_of_curl_does_what_it_says(
    curl: str, live_server: Any, street: Area, two: tuple[RecordCard, RecordCard], told_slips: Any, tmp_path: Path
) -> None:
    card, other = two
    _, text = cards.key(card.employer, street)
    _, test_text = cards.key_to_try(card.employer, street)
    cards.webhook(card.employer, street)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8",
        "LOUZU": f"{live_server.url}/api/v1", "KEY": text, "TEST_KEY": test_text, "AREA": str(street.pk),
        "NUMBER": str(card.number), "DIGEST": card.digest,
        "OTHER_NUMBER": str(other.number), "OTHER_DIGEST": other.digest, **told_slips,
    }  # fmt: skip
    seen = []
    for promise, command in EXAMPLES:
        done = subprocess.run(
            ["bash", "-euc", command], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        kind, expected = promise.split()
        if kind == "得到":
            assert done.stdout.strip() == environment[expected.upper()], command
            continue
        head, _, body = done.stdout.partition("\n\n")
        assert re.match(r"HTTP/1.\d (\d+)", head)[1] == expected, done.stdout  # type: ignore[index]
        seen.append(head)
        told = json.loads(body) if body.strip() else {}
        if "more" in told:
            environment["CURSOR"] = told["next"]
        if "closed_at" in told:
            environment["OFFER"] = str(told["id"])
        if "refused" in told:
            environment["SLIP"] = told["slips"][0]["slip"]["number"]
            assert (told["sent"], told["refused"]) == (1, 1)
    assert len(seen) == len(EXAMPLES) - 1 >= 13
    assert ["Idempotent-Replayed: true" in head for head in seen].count(True) == 1
    assert cards.fresh(card).status == "answered"
    assert cards.fresh(other).status == "returned"
    found = dict(Slip.objects.values_list("name", "status"))
    assert (found["单核对"], found["单接收"], found["测试员"]) == ("sent", "ended", "accepted")
    assert Slip.objects.get(number=environment["SLIP"]).status == "withdrawn"
    assert Slip.objects.get(name="单本人").employer_says == "ours"


def test_its_first_call_is_by_a_test_key_and_its_table_has_every_address() -> None:
    assert "$TEST_KEY" in EXAMPLES[0][1]
    assert practice_office.MADE_UP in GUIDE
    assert [each for each in practising.BUILDINGS if f"| `测试小区{each}302室` |" not in GUIDE] == []


def test_it_names_every_status_and_reason_of_slips() -> None:
    for choices in (Slip.Status, Slip.Question, Slip.End, Consent.Means):
        assert [each for each in choices.values if f"`{each}`" not in GUIDE] == []


def test_every_block_is_an_example() -> None:
    assert GUIDE.count("```sh\n") == len(EXAMPLES)
    assert GUIDE.count("curl -sS") == len(EXAMPLES)


def test_the_table_has_every_problem_of_ours() -> None:
    table = set(re.findall(r"\| (\d+) \| `/problems/([\w-]+)` \|", GUIDE))
    own = {each for each in vars(problems).values() if isinstance(each, type) and issubclass(each, Problem)} - {Problem}
    assert len(own) == 15
    assert {(str(each.status_code), each.kind[0]) for each in own} <= table


def test_its_check_of_a_notice_fits_our_signature() -> None:
    code = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)[1]  # type: ignore[index]
    names: dict[str, Any] = {}
    exec(code, names)
    body, now = b'{"type":"feed.advanced"}', int(names["time"].time())
    secret = "whsec_" + "c2VjcmV0" * 5
    signed = delivering.signature(secret, identity="msg_1_2", timestamp=now, body=body)
    headers = {"webhook-id": "msg_1_2", "webhook-timestamp": str(now), "webhook-signature": f"v1,x {signed}"}
    assert names["is_genuine"](secret, headers, body)
    assert not names["is_genuine"](secret, headers, body + b" ")
    assert not names["is_genuine"](secret, headers | {"webhook-timestamp": str(now - 301)}, body)
