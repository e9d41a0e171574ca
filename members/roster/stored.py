"""What was read and planned, kept between preview and writing: encrypted, as it is personal data.

In two parts: the pages show the plan, the steps go on from the reading and what the plan made of each row.
"""

import zlib
from typing import Any

import orjson

from members.ground.sealing import decrypt, encrypt
from members.roster.cells import CellProblem
from members.roster.places import RosterGroup
from members.roster.plan import Outcome, Plan, PlannedRow, Status
from members.roster.reading import Reading, RosterEntry, SheetNote

Sealed = bytes | memoryview | None


def seal_plan(plan: Plan) -> bytes:
    return _seal(plan)


def unseal_plan(sealed: Sealed) -> Plan:
    packed = _unseal(sealed)
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    codes = {int(pk): code for pk, code in packed["employer_codes"].items()}
    return Plan(**packed | {"sheets": sheets, "rows": [_row(row) for row in packed["rows"]], "employer_codes": codes})


def seal_reading(reading: Reading, plan: Plan) -> bytes:
    return _seal([reading, plan.outcomes()])


def unseal_reading(sealed: Sealed) -> tuple[Reading, dict[str, Outcome]]:
    """Return the reading, and by row what the plan that was shown made of it."""
    packed, outcomes = _unseal(sealed)
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    entries = [RosterEntry(e["sheet"], e["row"], e["values"], _problems(e)) for e in packed["entries"]]
    return Reading(sheets, entries), outcomes


def _row(packed: dict[str, Any]) -> PlannedRow:
    packed["status"] = Status(packed["status"])
    packed["place"] = RosterGroup(**packed["place"]) if packed["place"] else None
    packed["problems"] = _problems(packed)
    return PlannedRow(**packed)


def _problems(packed: dict[str, Any]) -> list[CellProblem]:
    return [CellProblem(**problem) for problem in packed["problems"]]


def _seal(data: Any) -> bytes:
    return encrypt(zlib.compress(orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS), 1))


def _unseal(sealed: Sealed) -> Any:
    return orjson.loads(zlib.decompress(decrypt(sealed)))
