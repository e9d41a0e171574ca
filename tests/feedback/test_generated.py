"""What generators make of the employers' schema runs the guide's examples against a live server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from feedback.models import RecordCard
from members.models import Area
from tests import cards, factories

DRIVERS = Path(__file__).with_name("generated")
PACKAGE = "louzu_client"
PYTHON_CLIENT = (
    "openapi-python-client",
    "generate",
    "--path",
    "schema.json",
    "--meta",
    "none",
    "--output-path",
    PACKAGE,
)
GENERATOR = ("openapi-generator-cli", "generate", "--input-spec", "schema.json", "--output", ".")
OF_PYTHON = ("--generator-name", "python", "--package-name", PACKAGE)
NO_PAPERS = ("--global-property", "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false")
TYPESCRIPT = ("openapi-typescript", "schema.json", "--output", "schema.d.ts")


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
def environment(live_server: Any, street: Area, two: tuple[RecordCard, RecordCard], tmp_path: Path) -> dict[str, str]:
    """What a driver knows; beside it lies the schema as published."""
    _, key = cards.key(two[0].employer, street)
    schema = Request(f"{live_server.url}/api/v1/employer/schema", headers={"Authorization": f"Bearer {key}"})
    with urlopen(schema, timeout=60) as reply:
        (tmp_path / "schema.json").write_bytes(reply.read())
    return {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(tmp_path),
        "LOUZU": f"{live_server.url}/api/v1", "KEY": key,
        "NUMBER": str(two[0].number), "OTHER_NUMBER": str(two[1].number),
    }  # fmt: skip


def run(*command: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str, *, is_pinned: bool = True) -> str:
    """Return the path of a generator; where it is missing the test is skipped, except in CI where it is pinned."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        is_wanted = is_pinned and os.environ.get("CI") == "true"
        (pytest.fail if is_wanted else pytest.skip)(f"{name} is not installed.")
    return found


@pytest.mark.parametrize(
    ("generate", "driver"),
    [
        (PYTHON_CLIENT, "with_python_client.py"),
        ((*GENERATOR, *OF_PYTHON, *NO_PAPERS), "with_generator.py"),
    ],
    ids=["openapi-python-client", "openapi-generator"],
)
def test_a_generated_package_runs_the_guide(
    generate: tuple[str, ...], driver: str, environment: dict[str, str], tmp_path: Path, two: tuple[RecordCard, ...]
) -> None:
    run(tool(generate[0]), *generate[1:], environment=environment, folder=tmp_path)
    told = run(sys.executable, "-W", "error", str(DRIVERS / driver), environment=environment, folder=tmp_path)
    assert json.loads(told) == {"calls": 20}
    assert [cards.fresh(each).status for each in two] == ["answered", "returned"]


def test_types_for_typescript_are_made(environment: dict[str, str], tmp_path: Path) -> None:
    run(tool(TYPESCRIPT[0], is_pinned=False), *TYPESCRIPT[1:], environment=environment, folder=tmp_path)
    made = (tmp_path / "schema.d.ts").read_text("utf-8")
    assert "answer_card: {" in made
    assert '"feed.advanced"' in made
