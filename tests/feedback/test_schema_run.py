"""Schemathesis calls the employers' API as its schema says, and as it does not: no fault, no undocumented answer."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from feedback.models import Answer, Offer, RecordCard, Slip
from feedback.rules import receiving
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry
from tests import cards, factories, slips

EXAMPLES = 15
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@pytest.fixture
def street(django_db_reset_sequences: None) -> Area:
    """A street that the server's threads see; its community has the id of the schema's example."""
    return factories.area("新成路街道", division_code="310114001")


@pytest.fixture
def card(street: Area) -> RecordCard:
    building = factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))
    return cards.issued(cards.in_post("郁建平", building))


def test_no_fault_and_no_undocumented_answer(
    live_server: Any, street: Area, card: RecordCard, tmp_path: Path, settings: Any
) -> None:
    settings.EMPLOYER_RATE = "100000/min"
    _, text = cards.key(card.employer, street)
    offer = cards.offer(card.employer, street)
    with atomic_write():
        receiving.receive(card, digest=card.digest)
    slip = slips.from_unit(street, "单先到", unit=card.employer, phone=slips.phone(1))
    (tmp_path / "schemathesis.toml").write_text(
        f'[parameters]\n"path.number" = "{card.number}"\n"path.id" = {offer.pk}\n'
        f'[[operations]]\ninclude-path-regex = "/slips/"\nparameters = {{ "path.number" = "{slip.number}" }}\n',
        "utf-8",
    )
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run", f"{live_server.url}/api/v1/employer/schema",
        "--header", f"Authorization: Bearer {text}",
        "--checks", ",".join(CHECKS),
        "--phases", "examples,coverage,fuzzing",
        "--max-examples", str(EXAMPLES),
        "--generation-deterministic", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 11 * EXAMPLES  # type: ignore[index]
    assert AuditEntry.objects.filter(action="pull").count() > EXAMPLES
    assert Offer.objects.count() > 1
    assert Answer.objects.count() > 1
    assert Slip.objects.count() > 1
    assert cards.fresh(card).status == "answered"
