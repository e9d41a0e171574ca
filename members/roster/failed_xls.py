"""Cells of an old workbook (.xls) that are errors: its parser gives them as empty cells, so they are looked up here.

The file is a file system of sectors (MS-CFB) with one stream of records (MS-XLS). What contradicts itself in it is left
out, as the parser refuses such a file.
"""

import re
from collections.abc import Iterator
from struct import iter_unpack, unpack_from
from typing import NamedTuple

from members.roster import refusal
from members.roster.failed_cells import MOST
from members.roster.refusal import UnreadableFile

CODES = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
UNKNOWN = "#UNKNOWN!"
HEADER, ENTRY, SMALL = 512, 128, 64  # bytes of the header, of an entry of the directory, of a small sector
IN_HEADER = 109  # sectors of the table that the header names
FORMULA, CODE_PAGE, SHEET, ERROR, BEGIN, END = 0x06, 0x42, 0x85, 0x205, 0x809, 0x0A
RECORD, ERROR_LENGTH, FORMULA_LENGTH = 4, 8, 14  # bytes at the least
# An error, or a formula whose result is one. Most workbooks have neither, and need not be walked record by record.
SIGNS = re.compile(rb"\x05\x02\x08\x00.{7}\x01|\x06\x00..{7}\x02.{5}\xff\xff", re.DOTALL)

FailedBySheet = dict[str, dict[int, dict[int, str]]]


class Stream(NamedTuple):
    """An entry of the directory: where the stream begins, and how many bytes it has."""

    name: str
    start: int
    size: int


def failed_cells(content: bytes) -> FailedBySheet:
    """Return sheet name → Excel row → column (both 1-based) → the error, such as "#N/A".

    Raises UnreadableFile where there are more than any list has, or sheets that share their records.
    """
    stream = _workbook(content)
    if not SIGNS.search(stream):
        return {}
    found: FailedBySheet = {}
    walked = count = 0
    for name, begin in _sheets(stream):
        for kind, data in _records(stream, begin):
            walked += 1
            if error := _error(kind, data):
                row, column, text = error
                found.setdefault(name, {}).setdefault(row, {})[column] = text
                count += 1
            if count > MOST:
                raise UnreadableFile(refusal.NOT_COMPUTED)
            if walked > len(stream) // RECORD:
                raise UnreadableFile(refusal.DAMAGED_XLS)
    return found


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records from a place on to the end of their part: (kind, data)."""
    depth = 0
    while at + RECORD <= len(stream):
        kind, length = unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        depth += (kind == BEGIN) - (kind == END)
        if depth <= 0:
            return
        at += 4 + length


def _sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    """Yield the name of each sheet, and where its records begin."""
    encoding = "cp1252"
    for kind, data in _records(stream, 0):
        if kind == CODE_PAGE and len(data) >= 2:
            encoding = f"cp{unpack_from('<H', data)[0]}"
        elif kind == SHEET and len(data) >= 8:
            yield _name(data[6:], encoding), unpack_from("<I", data)[0]


def _name(data: bytes, encoding: str) -> str:
    """Read a name: a length, and in newer files a flag whether each character has two bytes."""
    length, text = data[0], data[1:]
    try:
        if len(text) == length:
            return text.decode(encoding, "replace")
        return text[1:].decode("utf-16-le" if text[0] & 1 else "latin-1", "replace")
    except LookupError:  # a code page that nobody knows
        return text.decode("latin-1")


def _error(kind: int, data: bytes) -> tuple[int, int, str] | None:
    """Return the place (1-based) and the text of the error that a record holds; None for another record."""
    if kind == ERROR and len(data) >= ERROR_LENGTH and data[7] == 1:
        code = data[6]
    elif kind == FORMULA and len(data) >= FORMULA_LENGTH and data[6] == 2 and data[12:14] == b"\xff\xff":
        code = data[8]
    else:
        return None
    row, column = unpack_from("<HH", data)
    return row + 1, column + 1, CODES.get(code, UNKNOWN)


def _workbook(content: bytes) -> bytes:
    """Return the stream of records; b"" where there is none."""
    if len(content) < HEADER or content[30:32] not in (b"\x09\0", b"\x0c\0"):
        return b""
    sector = 1 << unpack_from("<H", content, 30)[0]
    entries, _, least, small_table = unpack_from("<IIII", content, 48)
    table = _table(content, sector)
    directory = list(_streams(_chained(content, table, entries, sector, skipped=sector)))
    wanted = [each for name in ("Workbook", "Book") for each in directory if each.name == name]
    if not wanted:
        return b""
    start, size = wanted[0][1:]
    if size >= least:
        return _chained(content, table, start, sector, skipped=sector)[:size]
    within = _chained(content, table, directory[0].start, sector, skipped=sector)
    small = _numbers(_chained(content, table, small_table, sector, skipped=sector))
    return _chained(within, small, start, SMALL, skipped=0)[:size]


def _table(content: bytes, sector: int) -> list[int]:
    """Return the sector that follows each sector."""
    named = list(unpack_from(f"<{IN_HEADER}I", content, 76))
    more, most = unpack_from("<I", content, 68)[0], len(content) // sector
    while more < most and len(named) < most:
        numbers = _numbers(content[(more + 1) * sector : (more + 2) * sector])
        if not numbers:
            break
        named += numbers[:-1]
        more = numbers[-1]
    parts = (content[(each + 1) * sector : (each + 2) * sector] for each in named if each < most)
    return _numbers(b"".join(parts))


def _numbers(data: bytes) -> list[int]:
    return [number for (number,) in iter_unpack("<I", data[: len(data) // 4 * 4])]


def _chained(data: bytes, table: list[int], start: int, sector: int, *, skipped: int) -> bytes:
    """Join the sectors of a chain; a circle ends at the number of sectors there are."""
    parts: list[bytes] = []
    while start < len(table) and len(parts) <= len(data) // sector:
        parts.append(data[skipped + start * sector : skipped + (start + 1) * sector])
        start = table[start]
    return b"".join(parts)


def _streams(directory: bytes) -> Iterator[Stream]:
    for at in range(0, len(directory) - ENTRY + 1, ENTRY):
        length = unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        yield Stream(name, *unpack_from("<II", directory, at + 116))
