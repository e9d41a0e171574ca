"""Bytes → raw cells, safely: the kind is found by the content, and two walls stop hostile files."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Literal

import orjson

from members.ground.characters import INVISIBLE
from members.ground.text import Cell, without_zero
from members.roster import archive, refusal
from members.roster.archive import SheetMarks
from members.roster.child import Child
from members.roster.failed_xls import failed_cells
from members.roster.refusal import UnreadableFile as UnreadableFile

MAX_SIZE = 10 * 1024 * 1024
MAX_LINES = 60_000
MAX_COLUMNS = 200

RawRow = tuple[int, list[Cell]]
Kind = Literal["xlsx", "xls", "csv"]

CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls and of encrypted .xlsx
MAGIC = (
    (b"\x89PNG", refusal.PICTURE),
    (b"\xff\xd8\xff", refusal.PICTURE),
    (b"GIF8", refusal.PICTURE),
    (b"BM", refusal.PICTURE),
    (b"II*\0", refusal.PICTURE),
    (b"MM\0*", refusal.PICTURE),
    (b"%PDF", refusal.DOCUMENT),
    (b"{\\rtf", refusal.DOCUMENT),
    (b"Rar!", refusal.ARCHIVE),
    (b"7z\xbc\xaf", refusal.ARCHIVE),
    (b"\x1f\x8b", refusal.ARCHIVE),
    (b"\x09\x00\x04\x00", refusal.DAMAGED_XLS),
    (b"\x09\x02\x06\x00", refusal.DAMAGED_XLS),
    (b"\x09\x04\x06\x00", refusal.DAMAGED_XLS),
)
CAUSES = {
    "encrypted": refusal.ENCRYPTED,
    "rows": refusal.TOO_MANY_ROWS,
    "large": refusal.UNPACKS_TOO_LARGE,
}
# Control characters, lone surrogates, non-characters and what shows nothing are removed from every cell.
FORBIDDEN = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff{INVISIBLE}]")
CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x1f]")


@dataclass(slots=True)
class RawSheet:
    """A sheet: rows of (Excel row, 1-based; its cells from column A on). Empty cells are "".

    Empty rows are left out; `hidden` are the Excel rows that are hidden, known for .xlsx only. `is_hidden` is of the
    sheet itself.
    """

    name: str
    rows: list[RawRow]
    hidden: frozenset[int]
    is_hidden: bool = False


@dataclass(slots=True)
class RawStream:
    """A sheet whose rows come one by one, once; asking for the next sheet skips the rest."""

    name: str
    rows: Iterator[RawRow]
    hidden: frozenset[int]
    is_hidden: bool = False


@dataclass(slots=True)
class Book:
    """A file as it was read, whatever its kind; a CSV is a book of one sheet named `csv`."""

    kind: Kind
    sheets: list[RawSheet]


def read(content: bytes) -> Book:
    """Read an uploaded file of any supported kind into memory; `opened` reads it row by row.

    Raises UnreadableFile.
    """
    with opened(content) as (kind, sheets):
        return Book(kind, [RawSheet(sheet.name, list(sheet.rows), sheet.hidden, sheet.is_hidden) for sheet in sheets])


@contextmanager
def opened(content: bytes) -> Iterator[tuple[Kind, Iterator[RawStream]]]:
    """Open an uploaded file of any supported kind; its sheets and rows come one by one.

    Forbidden characters (NUL, other controls, lone surrogates) are removed from every cell and sheet name; a text file
    with NULs is no table. Raises UnreadableFile, even after some rows: they count only once all have come.
    """
    kind = kind_of(content)
    if kind == "csv":
        yield kind, iter([RawStream("csv", _lines(content, _encoding(content)), frozenset())])
        return
    with Child("parse") as child:  # starts up during the scan, and gets the content only after it
        marks = archive.inspect(content) if kind == "xlsx" else _marks_of_xls(content)
        lines = child.lines({}, content)
        yield kind, _sheets(lines, marks, damaged=refusal.DAMAGED_XLS if kind == "xls" else refusal.DAMAGED)


def kind_of(content: bytes) -> Kind:
    """Return the kind by the content, never by a name. Raises UnreadableFile for a file that is no table."""
    if not content.strip(b"\0 \t\r\n"):
        raise UnreadableFile(refusal.EMPTY)
    if len(content) > MAX_SIZE:
        raise UnreadableFile(refusal.TOO_LARGE)
    if content.startswith(b"PK"):
        return "xlsx"
    if content.startswith(CFB):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnreadableFile(refusal.ENCRYPTED)
        return "xls"
    for magic, sentence in MAGIC:
        if content.startswith(magic):
            raise UnreadableFile(sentence)
    start = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<", b"mime-version")):
        raise UnreadableFile(refusal.WEB_PAGE)
    return "csv"


def _marks_of_xls(content: bytes) -> dict[str, SheetMarks]:
    return {name: SheetMarks(failed=cells) for name, cells in failed_cells(content).items()}


def number_formats(content: bytes, wanted: Mapping[str, Iterable[tuple[int, int]]]) -> dict[tuple[str, int, int], str]:
    """Return the number formats of some cells of an .xlsx that was read before.

    `wanted` is sheet name → (Excel row, column), both 1-based; the answer is (sheet, row, column) → format code.
    """
    request = {name: sorted(places) for name, places in wanted.items()}
    with Child("formats") as child:
        result = _result(child.answer(request, content), damaged=refusal.DAMAGED)
    return {(name, row, column): code for name, row, column, code in result["formats"]}


def _result(answer: bytes, *, damaged: str) -> dict[str, Any]:
    result: dict[str, Any] = orjson.loads(answer) if answer else {"refused": "damaged"}
    if "refused" in result:
        raise UnreadableFile(CAUSES.get(result["refused"], damaged))
    return result


def _sheets(lines: Iterator[bytes], known: Mapping[str, SheetMarks], *, damaged: str) -> Iterator[RawStream]:
    """Split the lines into sheets; unread rows of a sheet are skipped before the next one."""
    marks: list[dict[str, Any]] = []  # the line that ended the rows of a sheet

    def rows() -> Iterator[RawRow]:
        for line in lines:
            found = orjson.loads(line)
            if type(found) is dict:
                marks.append(found)
                return
            number, cells = found
            # Nearly all cells are plain text, and a call for each takes time.
            yield number, [v if type(v) is str and v.isprintable() else _cell(v) for v in cells]

    deque(rows(), maxlen=0)
    while marks and "sheet" in marks[-1]:
        mark, here = marks.pop(), rows()
        about = known.get(mark["sheet"], SheetMarks())
        if about.failed:
            here = _with_failed(here, about.failed)
        yield RawStream(FORBIDDEN.sub("", mark["sheet"]), here, about.hidden, mark["hidden"])
        deque(here, maxlen=0)
    if not marks or "refused" in marks[-1]:
        raise UnreadableFile(CAUSES.get(marks[-1]["refused"], damaged) if marks else damaged)
    deque(lines, maxlen=0)  # the child's end is judged after its last line


def _with_failed(rows: Iterator[RawRow], failed: Mapping[int, Mapping[int, str]]) -> Iterator[RawRow]:
    """Put the texts of failed cells into the rows, also into rows that have nothing else."""
    left = deque(sorted(failed))
    for number, cells in rows:
        while left and left[0] < number:
            yield _failing(left[0], [], failed[left.popleft()])
        if left and left[0] == number:
            left.popleft()
            yield _failing(number, cells, failed[number])
        else:
            yield number, cells
    yield from (_failing(number, [], failed[number]) for number in left)


def _failing(number: int, cells: list[Cell], failed: Mapping[int, str]) -> RawRow:
    cells.extend([""] * (max(failed) - len(cells)))
    for column, text in failed.items():
        cells[column - 1] = text if cells[column - 1] == "" else cells[column - 1]
    return number, cells


def _cell(value: Any) -> Cell:
    if type(value) is str:
        return value if value.isprintable() else FORBIDDEN.sub("", value)
    if type(value) is dict:
        return date.fromisoformat(value["date"])
    if value is None or type(value) is bool:
        return {None: "", True: "TRUE", False: "FALSE"}[value]
    return value  # type: ignore[no-any-return]


def _encoding(content: bytes) -> str:
    """Return a text's encoding: UTF-16 with its mark (Excel's "Unicode 文本"), UTF-8 with or without, or GB18030."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text or any(islice(CONTROL.finditer(text), 5 + len(text) // 1000, None)):
            break
        return encoding
    raise UnreadableFile(refusal.BINARY)


def _lines(content: bytes, encoding: str) -> Iterator[RawRow]:
    """Yield the rows of a CSV with the row numbers that Excel shows, even below a cell of several lines."""
    start = io.TextIOWrapper(io.BytesIO(content), encoding, newline="").read(4096)
    delimiter = max(",\t;", key=start.count)
    text = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    try:
        for number, line in enumerate(csv.reader(text, delimiter=delimiter), 1):
            if number > MAX_LINES:
                raise UnreadableFile(refusal.TOO_MANY_ROWS)
            if len(line) > MAX_COLUMNS:
                raise UnreadableFile(refusal.TOO_FAR)
            cells: list[Cell] = [_bare(value) for value in line]
            if any(cells):
                yield number, cells
    except csv.Error as error:
        raise UnreadableFile(refusal.BROKEN_CSV) from error


def _bare(value: str) -> str:
    """Remove the ="…" that keeps numbers text in a CSV, the .0 of whole numbers, and forbidden characters."""
    if value.startswith('="') and value.endswith('"'):
        value = value[2:-1]
    value = value if value.isprintable() else FORBIDDEN.sub("", value)
    return without_zero(value)
