"""The messy files of `tests/rosters/`, each with the outcome that must be reported, through the command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from members.models import Area
from tests.members.uploads import everything

ROSTERS = Path(__file__).resolve().parent.parent / "rosters"
EXPECTED = sorted(path.name for path in ROSTERS.glob("*.expected.json") if path.name != "street.expected.json")


@pytest.mark.parametrize("name", EXPECTED)
def test_the_messy_files_are_reported_row_for_row(db: None, name: str) -> None:
    call_command("import_areas", str(ROSTERS / "areas.xlsx"), street="新成路街道", stdout=io.StringIO())
    expected = json.loads((ROSTERS / name).read_text(encoding="utf-8"))
    (file,) = (path for path in ROSTERS.glob(name.replace("expected.json", "*")) if path.suffix != ".json")
    before, out = everything(), io.StringIO()
    code = _exit_code(file, expected.get("community", "新成路街道"), out)
    report = json.loads(out.getvalue())
    counts = report["counts"]
    fields = {
        f"{row['sheet']}!{row['row']}": sorted({error["field"] for error in row["errors"]})
        for row in report["rows"]
        if row["status"] in ("error", "doubt")
    }
    assert fields == {key: sorted(row["fields"]) for key, row in expected["rows"].items() if row["status"] != "ok"}
    assert (counts["new"] + counts["changed"] + counts["same"], counts["error"]) == (expected["ok"], expected["error"])
    assert code == (1 if expected["error"] else 0)
    assert all(error["message"] for row in report["rows"] for error in row["errors"])
    assert everything() == before


def _exit_code(file: Path, area: str, out: io.StringIO) -> Any:
    try:
        call_command("import_roster", str(file), area=area, check=True, format="json", stdout=out)
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize(
    "name", ["empty.xlsx", "picture.xlsx", "page.xls", "bomb.xlsx", "binary.csv", "noheader.xlsx", "twoheads.xlsx"]
)
def test_what_is_no_roster_is_refused_in_one_sentence(street: Area, name: str) -> None:
    out = io.StringIO()
    assert _exit_code(ROSTERS / name, street.name, out) == 2
    assert json.loads(out.getvalue()).keys() == {"refused"}
