"""The bill of materials holds each pin, whole, and is the same each time."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.sbom import bill

ROOT = Path(__file__).resolve().parent.parent
PROJECT, PINNED = ((ROOT / name).read_text("utf-8") for name in ("pyproject.toml", "requirements.txt"))


@pytest.fixture(scope="module")
def text() -> str:
    return bill(PROJECT, PINNED)


@pytest.fixture(scope="module")
def found(text: str) -> dict[str, Any]:
    return json.loads(text)


def test_each_pin_is_in_it_with_the_digests_of_its_files(found: dict[str, Any]) -> None:
    parts = {part["purl"]: part for part in found["components"]}
    blocks = re.split(r"^(?=\w)", PINNED, flags=re.MULTILINE)[1:]
    assert len(parts) == len(blocks) > 50
    for block in blocks:
        name, version = re.match(r"([\w.-]+)==([\w.]+)", block).groups()  # type: ignore[union-attr]
        (files,) = parts[f"pkg:pypi/{name}@{version}"]["externalReferences"]
        digests = {each["content"] for each in files["hashes"]}
        assert digests == set(re.findall(r"sha256:(\w+)", block))
        assert digests


def test_it_is_as_the_standard_has_it_and_names_no_host(text: str, found: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    found = found | {"$schema": ""}
    assert "://" not in json.dumps(found)


def test_the_same_pins_give_the_same_bytes_and_others_another_number(text: str, found: dict[str, Any]) -> None:
    assert bill(PROJECT, PINNED) == text
    without = PINNED[: PINNED.rindex("\nwhitenoise==") + 1]
    assert json.loads(bill(PROJECT, without))["serialNumber"] != found["serialNumber"]


def test_it_says_what_rests_on_what(found: dict[str, Any]) -> None:
    rests = {re.sub(r".*/|@.*", "", each["ref"]): " ".join(each.get("dependsOn", ())) for each in found["dependencies"]}
    assert "pkg:pypi/django@" in rests["louzu"]
    assert "pkg:pypi/argon2-cffi-bindings@" not in rests["louzu"]
    assert "pkg:pypi/argon2-cffi-bindings@" in rests["argon2-cffi"]
