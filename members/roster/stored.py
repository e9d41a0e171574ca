"""What was read and planned, kept between preview and writing: encrypted, as it is personal data.

In two parts: the pages show the plan, the steps go on from the reading and what the plan made of each row.
"""

import zlib
from typing import Any

import orjson

from members.ground.sealing import decrypt, encrypt
from members.roster.cells import Problem
from members.roster.places import Place
from members.roster.plan import Outcome, Plan, Row, Status
from members.roster.reading import Entry, Reading, SheetNote

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
    entries = [Entry(e["sheet"], e["row"], e["values"], _problems(e)) for e in packed["entries"]]
    return Reading(sheets, entries), outcomes


def _row(packed: dict[str, Any]) -> Row:
    packed["status"] = Status(packed["status"])
    packed["place"] = Place(**packed["place"]) if packed["place"] else None
    packed["problems"] = _problems(packed)
    return Row(**packed)


def _problems(packed: dict[str, Any]) -> list[Problem]:
    return [Problem(**problem) for problem in packed["problems"]]


def _seal(data: Any) -> bytes:
    return encrypt(zlib.compress(orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS), 1))


def _unseal(sealed: Sealed) -> Any:
    return orjson.loads(zlib.decompress(decrypt(sealed)))
