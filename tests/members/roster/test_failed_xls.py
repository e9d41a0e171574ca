"""Errors in the cells of an old workbook: none of them is read as an empty cell."""

import io
from datetime import date
from pathlib import Path

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from members.roster import refusal, workbook
from members.roster.cells import clean
from members.roster.columns import Vocabulary
from members.roster.failed_xls import failed_cells
from members.roster.headings import DATE_FIELDS, HEADINGS
from members.roster.refusal import UnreadableFile
from members.roster.sheet import read

OLD = (Path(__file__).parents[2] / "rosters/old.xls").read_bytes()
NO_VALUE, NO_PLACE, NO_NAME = 42, 23, 29  # codes of #N/A, #REF! and #NAME?
EMPTY_TEXT, DIVIDED_BY_ZERO = b"\x03\0\0\0\0\0\xff\xff", b"\x02\0\x07\0\0\0\xff\xff"  # results of formulas


def old_book() -> bytes:
    """Two sheets; the second has errors, one of them alone in its row, and a formula that failed."""
    book = xlwt.Workbook()
    book.add_sheet("说明").write(0, 0, "花名册")
    sheet = book.add_sheet("花名册")
    for column, heading in enumerate(("姓名", "手机", "室号", "单位")):
        sheet.write(0, column, heading)
    sheet.write(1, 0, "王芳")
    sheet.row(1).set_cell_error(1, NO_VALUE)
    sheet.write(1, 2, xlwt.Formula("1/0"))
    sheet.write(2, 0, "李强")
    sheet.row(2).set_cell_error(2, NO_PLACE)
    sheet.row(4).set_cell_error(3, NO_NAME)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue().replace(EMPTY_TEXT, DIVIDED_BY_ZERO)


def test_every_error_stands_in_its_cell() -> None:
    assert failed_cells(old_book()) == {"花名册": {2: {2: "#N/A", 3: "#DIV/0!"}, 3: {3: "#REF!"}, 5: {4: "#NAME?"}}}
    notes, sheet = workbook.read(old_book()).sheets
    assert notes.rows == [(1, ["花名册"])]
    assert sheet.rows[1:] == [
        (2, ["王芳", "#N/A", "#DIV/0!"]), (3, ["李强", "", "#REF!"]), (5, ["", "", "", "#NAME?"]),
    ]  # fmt: skip


def test_the_sentence_names_the_cell() -> None:
    (page,) = read(old_book(), Vocabulary(HEADINGS, "name"), date_fields=DATE_FIELDS)
    _, problems = clean(page.rows[0], affiliation="", today=date(2026, 11, 23), columns=page.columns)
    told = {problem.column: problem.message for problem in problems}
    assert "公式错误 #N/A" in told["手机"]
    assert "公式错误 #DIV/0!" in told["室号"]


def test_a_workbook_without_errors_has_none() -> None:
    assert failed_cells(OLD) == {}


def test_a_stream_among_the_small_ones_is_found() -> None:
    """A workbook below 4,096 bytes stands in the stream of small sectors, as Excel writes it."""
    assert failed_cells(_among_the_small(_records())) == {"A": {3: {2: "#N/A"}}}


def test_sheets_that_share_their_records_are_refused() -> None:
    with pytest.raises(UnreadableFile, match=refusal.DAMAGED_XLS):
        failed_cells(_among_the_small(_records(sheets=40, errors=30)))


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_ends(at: int, wrong: bytes) -> None:
    content = _among_the_small(_records())
    try:
        failed_cells(content[:at] + wrong + content[at + len(wrong) :])
    except UnreadableFile as refused:
        assert refused.sentence == refusal.DAMAGED_XLS  # noqa: PT017 (most of them are read)


def _record(kind: int, data: bytes) -> bytes:
    return kind.to_bytes(2, "little") + len(data).to_bytes(2, "little") + data


def _records(*, sheets: int = 1, errors: int = 1) -> bytes:
    """A stream of one sheet with an error in B3, each written once or several times."""
    begin, end = _record(0x809, b"\0\6\5\0"), _record(0x0A, b"")
    before = len(begin) + sheets * 13 + len(end)
    names = _record(0x85, before.to_bytes(4, "little") + b"\0\0\1\0A") * sheets
    return begin + names + end + begin + _record(0x205, b"\2\0\1\0\0\0\x2a\1") * errors + end


def _among_the_small(stream: bytes) -> bytes:
    """A file of sectors: its table, the directory, the table of small sectors, and those."""
    size = -(-len(stream) // 64)
    header = bytearray(512)
    header[:8], header[30:32] = workbook.CFB, b"\x09\0"
    header[48:64] = b"".join(n.to_bytes(4, "little") for n in (1, 0, 4096, 2))
    header[68:512] = b"\xff" * 444
    header[76:80] = bytes(4)
    table = b"".join(n.to_bytes(4, "little") for n in (0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE, 4, 0xFFFFFFFE))
    small = b"".join(n.to_bytes(4, "little") for n in (*range(1, size), 0xFFFFFFFE))
    directory = _entry("Root Entry", 3, 1024) + _entry("Workbook", 0, len(stream))
    parts = (table, directory, small, stream.ljust(1024, b"\0"))
    return bytes(header) + b"".join(part.ljust(512, b"\0") for part in parts)


def _entry(name: str, start: int, size: int) -> bytes:
    text = f"{name}\0".encode("utf-16-le")
    place = start.to_bytes(4, "little") + size.to_bytes(8, "little")
    return text.ljust(64, b"\0") + len(text).to_bytes(2, "little") + bytes(50) + place
