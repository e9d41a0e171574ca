"""The bill of materials of what is installed in production: CycloneDX 1.6, made from the pins.

    python -m tests.sbom FILE

The same pins give the same bytes, whenever and wherever it is made; it names no host that packages came from.
"""

import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAMESPACE = uuid.UUID("6f1d8d0e-6f0b-5f0e-9a3c-6c6f757a7500")  # of our bills; any fixed one will do


class Pin(NamedTuple):
    """A pinned package: its name, version, where it is needed (a marker or ""), and the digests of its files."""

    name: str
    version: str
    marker: str
    digests: list[str]


def pins(text: str) -> Iterator[Pin]:
    """Yield the pins of a requirements file that `make pins` wrote."""
    for line in text.replace("\\\n", "").splitlines():
        needed = Requirement(line.partition(" --hash")[0])
        (version,) = needed.specifier
        yield Pin(canonicalize_name(needed.name), version.version, str(needed.marker or ""), HASH.findall(line))


def component(pin: Pin) -> Component:
    purl = PackageURL("pypi", None, pin.name, pin.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in pin.digests]
    files = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(purl)), hashes=hashes)
    files.comment = "Each of its files has one of these digests."
    return Component(
        type=ComponentType.LIBRARY, name=pin.name, version=pin.version, purl=purl, bom_ref=str(purl),
        description=f"Needed where {pin.marker}" if pin.marker else None, external_references=[files],
    )  # fmt: skip


def bill(project: str, pinned: str) -> str:
    """Return the bill of the project, as its pyproject.toml has it, and of the pins of its requirements file."""
    about = tomllib.loads(project)["project"]
    us = Component(
        type=ComponentType.APPLICATION, name=about["name"], version=about["version"], bom_ref=about["name"],
        description=about["description"],
    )  # fmt: skip
    parts = {pin.name: component(pin) for pin in pins(pinned)}
    bom = Bom(components=parts.values(), serial_number=uuid.uuid5(NAMESPACE, project + pinned))
    bom.metadata.component = us
    bom.metadata.timestamp = None  # type: ignore[assignment]  # else no two bills were alike
    bom.register_dependency(us, _parts_of(about["dependencies"], parts))
    for name, part in parts.items():
        bom.register_dependency(part, _parts_of(_needs(name), parts))
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _parts_of(needs: list[str], parts: dict[str, Component]) -> list[Component]:
    names = {canonicalize_name(Requirement(need).name) for need in needs}
    return [part for name, part in parts.items() if name in names]


def _needs(name: str) -> list[str]:
    """Return what an installed package may need; nothing of one that is needed on other systems alone."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


if __name__ == "__main__":
    made = bill(*((ROOT / name).read_text("utf-8") for name in ("pyproject.toml", "requirements.txt")))
    Path(sys.argv[1]).write_text(made, "utf-8")
