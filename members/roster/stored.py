"""A reading and its plan, stored between preview and writing; they are encrypted, as they are personal data.

There are two parts: the pages show the plan; the steps continue from the reading and the outcome of each row.
"""

import zlib
from typing import Any

import orjson

from members.ground.sealing import decrypt, encrypt
from members.roster.cells import CellProblem
from members.roster.columns import ColumnGuess
from members.roster.places import RosterGroup
from members.roster.planned import Outcome, Plan, PlannedRow, Status
from members.roster.reading import ColumnsUnsettled, Reading, RosterEntry, SheetHead, SheetNote

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


def seal_heads(unsettled: ColumnsUnsettled) -> bytes:
    return _seal([unsettled.heads, unsettled.hidden_sheets])


def unseal_heads(sealed: Sealed) -> ColumnsUnsettled:
    heads, hidden = _unseal(sealed)
    return ColumnsUnsettled(
        [SheetHead(**head | {"columns": [ColumnGuess(**each) for each in head["columns"]]}) for head in heads], hidden
    )


def unseal_reading(sealed: Sealed) -> tuple[Reading, dict[str, Outcome]]:
    """Return the reading, and by row key the outcomes of the plan that the clerk saw."""
    packed, outcomes = _unseal(sealed)
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    entries = [RosterEntry(e["sheet"], e["row"], e["values"], _problems(e)) for e in packed["entries"]]
    return Reading(sheets, entries, packed["hidden_sheets"], packed.get("unread_sheets", [])), outcomes


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
