"""The street that the lists are about, and its rosters as the command reports them."""

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

CASES = Path(__file__).parent / "cases"
AREAS = Path(__file__).parents[1] / "rosters" / "areas.xlsx"
STREET = "新成路街道"

Reported = dict[str, Any]
Reporting = Callable[..., Reported]


@pytest.fixture
def reported(db: None) -> Reporting:
    """The report of `import_roster --format json` on a case, in a street whose tree is `areas.xlsx`.

    With `check=False` the rows are written. The report of a file that is no roster is `{"refused": sentence}`.
    """
    call_command("import_areas", str(AREAS), street=STREET, stdout=io.StringIO())

    def report(name: str | Path, *, check: bool = True, **options: Any) -> Reported:
        out = io.StringIO()
        with contextlib.suppress(SystemExit):
            call_command(
                "import_roster", str(CASES / name), area=STREET, check=check, format="json", stdout=out, **options
            )
        said: Reported = json.loads(out.getvalue())
        return said

    return report
