"""What was read and planned, kept between preview and writing: encrypted, as it is personal data."""

import zlib
from dataclasses import dataclass
from typing import Any

import orjson

from members.roster.cells import Problem
from members.roster.places import Place
from members.roster.plan import Plan, Row, Status
from members.roster.reading import Entry, Reading, SheetNote
from members.sealing import decrypt, encrypt


@dataclass(slots=True)
class Draft:
    """A file's reading and the plan made of it."""

    reading: Reading
    plan: Plan

    def seal(self) -> bytes:
        return encrypt(zlib.compress(orjson.dumps(self, option=orjson.OPT_NON_STR_KEYS), 1))

    @classmethod
    def unseal(cls, sealed: bytes | memoryview | None) -> "Draft":
        packed = orjson.loads(zlib.decompress(decrypt(sealed)))
        return cls(_reading(packed["reading"]), _plan(packed["plan"]))


def _reading(packed: dict[str, Any]) -> Reading:
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    return Reading(sheets, [Entry(**entry | {"problems": _problems(entry)}) for entry in packed["entries"]])


def _plan(packed: dict[str, Any]) -> Plan:
    sheets = [SheetNote(**sheet) for sheet in packed["sheets"]]
    codes = {int(pk): code for pk, code in packed["employer_codes"].items()}
    return Plan(**packed | {"sheets": sheets, "rows": [_row(row) for row in packed["rows"]], "employer_codes": codes})


def _row(packed: dict[str, Any]) -> Row:
    place = Place(**packed["place"]) if packed["place"] else None
    return Row(**packed | {"status": Status(packed["status"]), "place": place, "problems": _problems(packed)})


def _problems(packed: dict[str, Any]) -> list[Problem]:
    return [Problem(**problem) for problem in packed["problems"]]
