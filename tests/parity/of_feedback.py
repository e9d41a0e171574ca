"""The writes of feedback."""

from typing import Any

from tests.parity.asking import Write

WRITES: dict[str, Write] = {}

# Doors that take a form and write nothing of the product's, and why.
WRITE_NOTHING: dict[str, str] = {}


def rows(request: Any) -> dict[str, Any]:
    """The rows that values and addresses name."""
    return {}
