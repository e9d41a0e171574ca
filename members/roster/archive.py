"""The first wall before a workbook is parsed: a ZIP's contents, counted while they are inflated, never all in memory.

A 5 KB file can make a parser take gigabytes (one cell at the far corner, a part that inflates a thousandfold, a DTD).
Anything this scan misses, such as a sheet under a picture's name, still meets the limits of the child process.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from members.roster import refusal
from members.roster.failed_cells import FailedCells
from members.roster.refusal import UnreadableFile

MAX_ENTRIES = 500
MAX_INFLATED = 120 * 1024 * 1024
MAX_ROWS = 60_000
MAX_IMPLIED_CELLS = 200
MAX_INDEX_PART = 1024 * 1024

CHUNK = 256 * 1024
OVERLAP = 1024  # bytes of the chunk before, so that a match across the boundary is found
MARGIN = 64  # longer than any reference; a match that ends nearer to the edge is left to the next chunk

# References within 200 columns (GR) × 60,000 rows; a row's own reference has no letters.
GOOD = rb"(?:[A-Za-z]|[A-Fa-f][A-Za-z]|[Gg][A-Ra-r])?(?:[1-5]?\d{1,4}|60000)[\"']"
SUSPECT = re.compile(rb" r(?!=[\"']" + GOOD + rb")(?=[\s=])")
FAR = re.compile(rb"\sr(?:\s{0,40}+=\s{0,40}+[\"'](?!" + GOOD + rb")|\s{41}|\s{0,40}+=\s{41})")
FAR_DIMENSION = re.compile(rb"dimension\s[^<>]{0,200}?ref\s*=\s*[\"'](?!(?:[A-Za-z]+\d+:)?" + GOOD + rb")")
# A cell or row that does not begin with its reference: readers count its place from the one before.
UNPLACED = re.compile(rb"<(?:\w+:)?(?:(row)[\s/>]|c(?!\s+r=[\"'])[\s/>])")
HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s(?=[^<>]*\shidden=[\"'](?:1|true)[\"'])[^<>]*?\br=[\"'](\d+)[\"']")
FOREIGN_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*[\"'](?!(?i:utf-8|us-ascii)[\"'])")

MARKUP = (".xml", ".rels", ".vml")
DRAWN = ("xl/theme/", "xl/drawings/", "xl/charts/", "xl/diagrams/", "docProps/")  # where r= is a radius or a right edge


class SheetMarks(NamedTuple):
    """What the parser does not tell of a sheet: its hidden Excel rows, and by Excel row and column (all 1-based) the
    texts of the cells that are errors or formulas without a result."""

    hidden: frozenset[int] = frozenset()
    failed: dict[int, dict[int, str]] = {}  # never written


def inspect(content: bytes) -> dict[str, SheetMarks]:
    """Let an .xlsx pass or raise UnreadableFile; return the marks of the sheets that have any, by sheet name."""
    if content.count(b"PK\x01\x02") > MAX_ENTRIES:
        raise UnreadableFile(refusal.UNPACKS_TOO_LARGE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            _check_directory(book)
            parts = _scan(book)
            marks = {
                part.name: SheetMarks(frozenset(part.hidden), part.failed.cells)
                for part in parts
                if part.hidden or part.failed.cells
            }
            return _by_sheet_name(book, marks) if marks else {}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        struct.error,
    ) as error:
        raise UnreadableFile(refusal.DAMAGED) from error


def _check_directory(book: zipfile.ZipFile) -> None:
    """Check what the ZIP's own directory says."""
    entries = book.infolist()
    names = {entry.filename.replace("\\", "/").lower() for entry in entries}
    if sum(entry.file_size for entry in entries) > MAX_INFLATED:
        raise UnreadableFile(refusal.UNPACKS_TOO_LARGE)
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile(refusal.ENCRYPTED)
    if any(name.endswith("vbaproject.bin") for name in names):
        raise UnreadableFile(refusal.MACROS)
    if names & {"xl/workbook.bin", "content.xml"}:
        raise UnreadableFile(refusal.OTHER_WORKBOOK)
    if "word/document.xml" in names:
        raise UnreadableFile(refusal.DOCUMENT)
    if "xl/workbook.xml" not in names:
        raise UnreadableFile(refusal.DAMAGED if any(name.startswith("xl/") for name in names) else refusal.ARCHIVE)
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise UnreadableFile(refusal.DAMAGED)


def _scan(book: zipfile.ZipFile) -> list["_Part"]:
    """Inflate every part to its true end."""
    left = MAX_INFLATED
    parts = []
    for entry in book.infolist():
        # The directory may understate a size, and then zipfile would stop reading where a parser does not.
        entry.file_size = 2 * MAX_INFLATED
        part = _Part(entry.filename)
        with book.open(entry) as stream:
            for chunk in iter(lambda: stream.read(CHUNK), b""):
                left -= len(chunk)
                if left < 0:
                    raise UnreadableFile(refusal.UNPACKS_TOO_LARGE)
                part.feed(chunk)
        part.feed(b"", final=True)
        parts.append(part)
    return parts


class _Part:
    """One part of the ZIP, read in chunks; each is checked together with the end of the one before."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_markup = name.lower().endswith(MARKUP)
        self.has_cells = not name.startswith(DRAWN)
        self.hidden: set[int] = set()
        self.failed = FailedCells()
        self.rows = 0
        self.unplaced = 0
        self.tail = b""
        self.started = False

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Check the next bytes; `final` closes the part."""
        if not self.started:
            self.started = True
            self.is_markup |= chunk.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
            if self.is_markup and FOREIGN_ENCODING.match(chunk):
                raise UnreadableFile(refusal.DAMAGED)
        if not self.is_markup:
            return
        text = self.tail + chunk
        if b"\0" in chunk or b"<!DOCTYPE" in text:  # NUL: UTF-16, in which nothing below would be found
            raise UnreadableFile(refusal.DAMAGED)
        if self.has_cells:
            self._find_far(text, final=final)
            self._count_unplaced(text)
            self.failed.feed(chunk)
            if b"hidden=" in text:
                self.hidden.update(int(match[1]) for match in HIDDEN_ROW.finditer(text))
        self.tail = text[-OVERLAP:]

    def _find_far(self, text: bytes, *, final: bool) -> None:
        edge = len(text) if final else len(text) - MARGIN
        if any(match.end() <= edge for match in _far(text)):
            raise UnreadableFile(refusal.TOO_FAR)

    def _count_unplaced(self, text: bytes) -> None:
        seen = len(self.tail)
        self.rows += text.count(b"<row") - self.tail.count(b"<row")
        if text.count(b"<c") + text.count(b":c") == text.count(b'<c r="'):
            self.unplaced = 0
        else:
            for row in _rows_and_cells(text, seen):
                self.unplaced = 0 if row else self.unplaced + 1
                if self.unplaced > MAX_IMPLIED_CELLS:
                    raise UnreadableFile(refusal.TOO_FAR)
        if self.rows > MAX_ROWS:
            raise UnreadableFile(refusal.TOO_FAR)


def _far(text: bytes) -> Iterator[re.Match[bytes]]:
    """Yield references out of bounds. The thorough pattern is slow: it searches all of a text only with line breaks."""
    if b"dimension" in text:
        yield from FAR_DIMENSION.finditer(text)
    if any(sign in text for sign in (b"\n", b"\t", b"\r")):
        yield from FAR.finditer(text)
    else:
        for suspect in SUSPECT.finditer(text):
            if match := FAR.match(text, suspect.start()):
                yield match


def _rows_and_cells(text: bytes, seen: int) -> Iterator[bool]:
    """Yield True for a row and False for a cell without a reference, beyond the `seen` bytes counted before."""
    return (match[1] is not None for match in UNPLACED.finditer(text) if match.end() > seen)


def _by_sheet_name(book: zipfile.ZipFile, marks: dict[str, SheetMarks]) -> dict[str, SheetMarks]:
    """Name the parts by their sheets; a strict workbook has other namespaces, and the same names in them."""
    index = [_small(book, name) for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")]
    try:
        sheets, relations = (ElementTree.fromstring(text) for text in index)  # noqa: S314 (a DTD was refused)
    except ElementTree.ParseError as error:
        raise UnreadableFile(refusal.DAMAGED) from error
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    names = {}
    for sheet in sheets.iterfind(".//{*}sheets/{*}sheet"):
        key = next((value for name, value in sheet.items() if name.endswith("}id")), "")
        target = targets.get(key, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in marks:
            names[sheet.get("name", "")] = marks[part]
    return names


def _small(book: zipfile.ZipFile, name: str) -> bytes:
    with book.open(name) as stream:
        text = stream.read(MAX_INDEX_PART + 1)
    if len(text) > MAX_INDEX_PART:
        raise UnreadableFile(refusal.DAMAGED)
    return text
