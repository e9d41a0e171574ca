"""What the schema says of the staff's calls is what they answer: no field more, none less, no other status."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from rest_framework.test import APIClient

from louzu.api.schemas import staff_schema
from members.models import Member, StaffToken, User
from tests.half_year import sent
from tests.schemas import operations, strict
from tests.week import lived

EXAMPLES, SECONDS = 2, 40
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# By the first word of an address, the row that its id is of.
ROWS = {
    "activities": "activity",
    "area-names": "community",
    "areas": "group",
    "attendances": "attendance",
    "balance": "street",
    "card-report": "community",
    "consents": "consent",
    "correction-requests": "correction",
    "coverage": "community",
    "district": "street",
    "employer-offers": "offer",
    "employers": "employer",
    "honours": "honour",
    "households": "door",
    "members": "member",
    "monthly-reports": "report",
    "months": "community",
    "needs": "need",
    "pairings": "pairing",
    "own-files": "own_file",
    "participation": "community",
    "record-cards": "issued",
    "reminders": "reminder",
    "reporting-slips": "slip",
    "residences": "residence",
    "rhythm": "station",
    "targets": "community",
    "thin": "community",
    "visits": "visit",
}
SCHEMA = staff_schema()
GETS = {name.partition(" ")[2]: each for name, each in operations(SCHEMA).items() if name.startswith("GET ")}


@pytest.fixture
def rows(member: Member, other_member: Member, other_street: Any, secretary: User) -> dict[str, Any]:
    made = lived(member, other_member, by=secretary) | sent(by=secretary)
    assert member.home
    return made | {"employer": member.employer_id, "residence": member.home.pk}


def test_what_is_read_is_what_the_schema_says(rows: dict[str, Any], street_officer: User) -> None:
    client, faults = APIClient(), []
    client.force_authenticate(street_officer)
    for path, operation in GETS.items():
        row = rows[ROWS[word]] if (word := path.split("/")[3]) in ROWS else 0
        reply = client.get(path.format(id=row, kind="pdf"), {"q": "1"} if word == "search" else {})
        content = operation["responses"].get(str(reply.status_code), {}).get("content", {})
        if reply["Content-Type"] not in content:
            faults.append(f"{path}: {reply.status_code} {reply['Content-Type']}")
        elif reply["Content-Type"] == "application/json":
            shape = strict(content["application/json"]["schema"], SCHEMA, is_whole=True)
            errors = Draft202012Validator(shape, format_checker=FormatChecker()).iter_errors(reply.json())
            faults += [f"{path}: {error.json_path}: {error.message}" for error in errors]
    print("\n".join(faults))
    assert not faults


def test_no_fault_and_no_undocumented_answer(
    live_server: Any, rows: dict[str, Any], secretary: User, tmp_path: Path
) -> None:
    """Writes too, each with bodies that fit the schema and with such as do not."""
    _, text = StaffToken.issue(secretary, label="报表程序")
    settings = "".join(
        f'[[operations]]\ninclude-path-regex = "^/api/v1/{word}/"\n[operations.parameters]\n"path.id" = {rows[row]}\n'
        for word, row in ROWS.items()
    )
    (tmp_path / "schemathesis.toml").write_text(settings, "utf-8")
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run", f"{live_server.url}/api/v1/schema",
        "--header", f"Authorization: Bearer {text}",
        "--checks", ",".join(CHECKS),
        "--phases", "fuzzing",
        "--max-examples", str(EXAMPLES),
        "--max-time", str(SECONDS),
        "--generation-deterministic", "--continue-on-failure", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
