"""The walls: what is read, what is refused and with which sentence."""

import io
import struct
import time
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from members.roster import refusal, workbook
from members.roster.child import Child
from members.roster.refusal import UnreadableFile

ROSTERS = Path(__file__).parents[2] / "rosters"
SHEET = "xl/worksheets/sheet1.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def small() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["姓名", "性别"])
    book.worksheets[0].append(["王芳", "女"])
    return saved(book)


def rebuilt(content: bytes, parts: dict[str, bytes]) -> bytes:
    """The same ZIP with some parts replaced or added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return stream.getvalue()


def with_cells(cells: str) -> bytes:
    return rebuilt(small(), {SHEET: f"<worksheet {MAIN}><sheetData>{cells}</sheetData></worksheet>".encode()})


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        workbook.read(content)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("empty.xlsx", refusal.EMPTY),
        ("picture.xlsx", refusal.PICTURE),
        ("page.xls", refusal.WEB_PAGE),
        ("binary.csv", refusal.BINARY),
        ("bomb.xlsx", refusal.UNPACKS_TOO_LARGE),
    ],
)
def test_what_is_no_table_is_refused_at_once(name, sentence):
    content = (ROSTERS / name).read_bytes()
    started = time.monotonic()
    assert refused(content) == sentence
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"   \r\n", refusal.EMPTY),
        (b"\xff\xd8\xff\xe0" + b"x" * 100, refusal.PICTURE),
        (b"%PDF-1.7 ...", refusal.DOCUMENT),
        (b"Rar!\x1a\x07", refusal.ARCHIVE),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><Workbook/>", refusal.WEB_PAGE),
        (b"MIME-Version: 1.0\r\n", refusal.WEB_PAGE),
        (b"\x09\x04\x06\x00" + bytes(20), refusal.DAMAGED_XLS),
        (b"name\0sex\n", refusal.BINARY),
        (b"PK\x03\x04 cut short", refusal.DAMAGED),
        (workbook.CFB + bytes(600) + "EncryptedPackage".encode("utf-16-le"), refusal.ENCRYPTED),
        (workbook.CFB + b"\xff" * 2000, refusal.DAMAGED_XLS),
        (b"x" * (workbook.MAX_SIZE + 1), refusal.TOO_LARGE),
        ("姓名\n".encode() * 60_001, refusal.TOO_MANY_ROWS),
        (b",".join([b"x"] * 201), refusal.TOO_FAR),
        (b'"' + b"x" * 200_000, refusal.BROKEN_CSV),
    ],
)
def test_each_cause_has_its_sentence(content, sentence):
    assert refused(content) == sentence


def test_an_xls_cut_in_the_middle_is_refused():
    assert refused((ROSTERS / "old.xls").read_bytes()[:9000]) == refusal.DAMAGED_XLS


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"xl/vbaProject.bin": b"x"}, refusal.MACROS),
        ({f"xl/media/{n}.png": b"" for n in range(600)}, refusal.UNPACKS_TOO_LARGE),
        ({"xl/sharedStrings.xml": b"<?xml version='1.0'?>" + b" " * 300_000 + b"<!DOCTYPE x []>"}, refusal.DAMAGED),
        ({"xl/styles.xml": "<?xml version='1.0' encoding='utf-16'?><x/>".encode("utf-16")}, refusal.DAMAGED),
        ({"xl/styles.xml": b"<?xml version='1.0' encoding='cp037'?><x/>"}, refusal.DAMAGED),
        ({"xl/workbook.bin": b"x"}, refusal.OTHER_WORKBOOK),
        ({"word/document.xml": b"<x/>"}, refusal.DOCUMENT),
        ({SHEET: b"<worksheet"}, refusal.DAMAGED),
        (
            {SHEET: f'<worksheet {MAIN}><dimension ref="A1:XFD1048576"/><sheetData/></worksheet>'.encode()},
            refusal.TOO_FAR,
        ),
        ({"xl/big.xml": b"<x>" + b" " * workbook.archive.MAX_INFLATED}, refusal.UNPACKS_TOO_LARGE),
    ],
)
def test_hostile_parts(parts, sentence):
    assert refused(rebuilt(small(), parts)) == sentence


def test_a_plain_zip_is_an_archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("名单.txt", "x")
    assert refused(stream.getvalue()) == refusal.ARCHIVE


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="ZZZ1048576"><v>1</v></c></row>',
        '<row r="1"><c r="GS1"><v>1</v></c></row>',
        "<row r='1'><c s='1' r='A60001'><v>1</v></c></row>",
        '<row r="1048576"><c><v>1</v></c></row>',
        '<row r="1"><c\n r = "XFD1"><v>1</v></c></row>',
        f'<row r="1"><c r{" " * 2000}="XFD1"><v>1</v></c></row>',
        '<row r="1"><c s=">" r="&#90;ZZ1"><v>1</v></c></row>',
        f'<row r="1">{"<c/>" * 300}<c><v>1</v></c></row>',
        f"{'<row/>' * 70_000}<row><c><v>1</v></c></row>",
    ],
)
def test_far_cells_are_found(cells):
    assert refused(with_cells(cells)) == refusal.TOO_FAR


@pytest.mark.parametrize("shift", range(-40, 8, 3))
def test_far_cells_are_found_across_the_edge_of_a_chunk(shift):
    start = len(f"<worksheet {MAIN}><sheetData>")
    good = '<row r="1"><c r="A1"><v>1</v></c></row>'
    filling = good * ((workbook.archive.CHUNK - start) // len(good) - 1)
    pad = "<!--" + "-" * (workbook.archive.CHUNK - start - len(filling) + shift - 24) + "-->"
    assert refused(with_cells(f'{filling}{pad}<row r="2"><c r="ZZZ2"><v>1</v></c></row>')) == refusal.TOO_FAR


def test_good_cells_pass_wherever_the_chunks_end():
    rows = "".join(f"<row r='{n}'><c r='GR{n}'><v>1</v></c></row>" for n in range(1, 15_000))
    assert len(workbook.read(with_cells(rows)).sheets[0].rows) == 14_999


def test_cells_without_a_place_are_read_in_order():
    book = workbook.read(with_cells("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"))
    assert book.sheets[0].rows == [(1, [1.0, 2.0]), (2, [3.0])]


def test_a_directory_that_understates_a_size_is_not_believed():
    part = b"<x>" + b" " * (workbook.archive.MAX_INFLATED + 10)
    content = bytearray(rebuilt(small(), {"xl/big.xml": part}))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", 10)
    assert refused(bytes(content)) == refusal.UNPACKS_TOO_LARGE


def test_the_child_survives_what_slips_past_the_scan():
    content = with_cells('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    with Child("parse") as child, pytest.raises(UnreadableFile) as caught:
        child.answer({}, content)
    assert caught.value.sentence == refusal.UNPACKS_TOO_LARGE


def test_more_than_60000_rows_are_refused():
    rows = "".join(f'<row r="{n % 60_000 or 1}"><c r="A1"><v>1</v></c></row>' for n in range(1, 60_002))
    assert refused(with_cells(rows)) in (refusal.TOO_MANY_ROWS, refusal.TOO_FAR)


def test_a_workbook_reads_as_it_stands():
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["C3"], sheet["D3"], sheet["E5"] = "王芳", 3, date(1998, 7, 1)
    sheet["F5"], sheet["G5"] = True, "1998-07-01"
    sheet.row_dimensions[5].hidden = True
    read = workbook.read(saved(book))
    assert read.kind == "xlsx"
    assert read.sheets[0].rows == [
        (3, ["", "", "王芳", 3.0]),
        (5, ["", "", "", "", date(1998, 7, 1), "TRUE", "1998-07-01"]),
    ]
    assert read.sheets[0].hidden == {5}


def test_dates_counted_from_1904():
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.worksheets[0]["A1"] = date(1998, 7, 1)
    assert workbook.read(saved(book)).sheets[0].rows == [(1, [date(1998, 7, 1)])]


def test_a_value_merged_downwards_stands_in_each_row():
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["社区", "姓名"], ["一", "王芳"], [None, "李强"], [None, "赵敏"]):
        sheet.append(row)
    sheet.merge_cells("A2:A9")
    assert [row for _, row in workbook.read(saved(book)).sheets[0].rows][1:] == [
        ["一", "王芳"],
        ["一", "李强"],
        ["一", "赵敏"],
    ]


def test_wps_says_that_the_sheet_is_one_cell():
    content = (ROSTERS / "dirty.xlsx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(SHEET).replace(b'<dimension ref="A1:R55" />', b'<dimension ref="A1"/>')
    content = rebuilt(content, {SHEET: text})
    assert len(workbook.read(content).sheets[0].rows) == 55
    formats = workbook.number_formats(content, {"花名册": [(17, 8), (18, 8)]})
    assert formats == {("花名册", 17, 8): "General", ("花名册", 18, 8): "0.00"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_files(encoding):
    book = workbook.read('姓名\t手机\r\n吕㛃\t="19900000000"\r\n\r\n王芳\t1\x07\r\n'.encode(encoding))
    assert book.sheets[0].rows == [(1, ["姓名", "手机"]), (2, ["吕㛃", "19900000000"]), (4, ["王芳", "1"])]


def test_forbidden_characters_are_taken_out():
    assert workbook._cell("王\0芳\ud800\n") == "王芳\n"


def test_the_child_inherits_nothing_secret(monkeypatch):
    monkeypatch.setenv("ID_DIGEST_KEY", "secret")
    with Child("parse") as child:
        assert child.answer({}, small())
        assert "ID_DIGEST_KEY" not in child.environment


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content):
    if content.startswith((b"PK", workbook.CFB)):
        return
    with suppress(UnreadableFile):
        workbook.read(content)
