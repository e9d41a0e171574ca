"""A reading and its plan, stored between preview and writing; they are encrypted, as they are personal data.

There are two parts: the pages show the plan, and the steps write it; from the reading a new plan is made.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any

from members.ground.sealing import decrypt_data, encrypt_data
from members.roster.cells import CellProblem
from members.roster.columns import ColumnGuess
from members.roster.places import RosterGroup
from members.roster.planned import Plan, PlannedRow, Status
from members.roster.reading import ColumnsUnsettled, Reading, RosterEntry, SheetHead, SheetNote

Sealed = bytes | memoryview | None


# A row is kept without its fields' names, which stand once above all rows.
ROW = [each.name for each in fields(PlannedRow)]
packed_row = attrgetter(*ROW)


def seal_plan(plan: Plan) -> bytes:
    whole = {each.name: getattr(plan, each.name) for each in fields(plan)}
    return encrypt_data(whole | {"fields": ROW, "rows": [packed_row(row) for row in plan.rows]})


def unseal_plan(sealed: Sealed) -> Plan:
    packed = decrypt_data(sealed)
    names = packed.pop("fields", [])  # another release may have kept other fields, or the names with each row
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    codes = {int(pk): code for pk, code in packed["employer_codes"].items()}
    rows = [_row(names, values) for values in packed["rows"]]
    return Plan(**packed | {"sheets": sheets, "rows": rows, "employer_codes": codes})


def seal_reading(reading: Reading) -> bytes:
    return encrypt_data(reading)


def seal_heads(unsettled: ColumnsUnsettled) -> bytes:
    return encrypt_data([unsettled.heads, unsettled.hidden_sheets])


def unseal_heads(sealed: Sealed) -> ColumnsUnsettled:
    heads, hidden = decrypt_data(sealed)
    return ColumnsUnsettled(
        [SheetHead(**head | {"columns": [ColumnGuess(**each) for each in head["columns"]]}) for head in heads], hidden
    )


def unseal_reading(sealed: Sealed) -> Reading:
    packed = decrypt_data(sealed)
    packed = packed[0] if isinstance(packed, list) else packed  # an earlier release kept the plan's outcomes with it
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    entries = [RosterEntry(e["sheet"], e["row"], e["values"], _problems(e["problems"])) for e in packed["entries"]]
    return Reading(sheets, entries, packed["hidden_sheets"], packed.get("unread_sheets", []))


def _row(names: list[str], values: Any) -> PlannedRow:
    if names == ROW:
        row = PlannedRow(*values)
    else:
        row = PlannedRow(**dict(zip(names, values, strict=True)) if names else values)
    row.status, row.problems = Status(row.status), _problems(row.problems)
    row.place = RosterGroup(**row.place) if row.place else None  # type: ignore[arg-type]
    return row


def _problems(packed: list[Any]) -> list[CellProblem]:
    return [CellProblem(**problem) for problem in packed]
