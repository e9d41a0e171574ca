"""Homes in one cell: each text is read back to its door, or left in doubt, never to another door."""

import contextlib
import io
import json
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from members.models import Area, AreaName
from members.roster.addresses import AddressBook, ReadAddress, read_address

FOLDER = Path(__file__).parent / "addresses"
STREET = "新成路街道"
HAN = "零一二三四五六七八九"
DISTRICTS = ("", "上海市", "上海市嘉定区", "嘉定区新成路街道", "上海嘉定", "嘉定区")
STEMS = ("新成公寓", "新成", "迎园", "盘陀花苑", "阳光花苑")
ENDINGS = ("", "二期", "2期", "三坊", "四坊", "三村", "十", "东区", "1弄")
LANES = ("新成路118弄", "新成路18弄", "新成路8弄", "新成路130弄", "仓场路66弄", "仓场路6弄")
NUMBERS = ("1", "2", "3", "11", "12", "21", "31", "101", "111", "A", "B", "1A")
GROUP_SPELLINGS = ("{}号楼", "{}号", "{}幢", "{}栋", "{}座", "{}#", "第{}号楼", "0{}号", "{}号楼组")


def test_every_text_of_the_folder_is_read_to_its_door(db: None) -> None:
    call_command("import_areas", str(FOLDER / "tree.xlsx"), street=STREET, stdout=io.StringIO())
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command(
            "import_roster", str(FOLDER / "addresses.xlsx"), area=STREET, check=True, format="json", stdout=out
        )
    got = {f"{row['sheet']}!{row['row']}": row for row in json.loads(out.getvalue())["rows"]}
    wanted = json.loads((FOLDER / "addresses.expected.json").read_text(encoding="utf-8"))["rows"]
    for key, want in wanted.items():
        if "status" in want:
            assert got[key]["status"] in ("doubt", "error"), key
        else:
            assert (got[key]["status"], got[key]["group"], got[key]["room"]) == ("new", want["group"], want["room"])
    assert AreaName.objects.count() == 11
    assert Area.objects.filter(level=4).exclude(stage="established").count() == 0


Tree = tuple[AddressBook, list[tuple[str, list[str], str]]]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A book of a random street, and its doors: (path of the group, names of its compound, name of the building)."""
    compounds = draw(st.lists(st.tuples(st.sampled_from(STEMS), st.sampled_from(ENDINGS)), min_size=1, max_size=6))
    names = list(dict.fromkeys("".join(pair) for pair in compounds)) + draw(
        st.lists(st.sampled_from(LANES), max_size=1)
    )
    lanes = draw(st.permutations(LANES))
    areas = [("0001", 1, STREET), ("00010001", 2, "迎园社区"), ("00010002", 2, "新成社区")]
    other, doors = [], []
    for number, name in enumerate(names, start=1):
        station = f"0001{1 + number % 2:04d}{number:04d}"
        areas.append((station, 3, name))
        mine = [name]
        for lane in lanes[number * 2 : number * 2 + draw(st.integers(0, 2))]:
            other.append((station, lane))
            mine.append(lane)
        for at, building in enumerate(draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=5, unique=True))):
            path = f"{station}{at + 1:04d}"
            areas.append((path, 4, draw(st.sampled_from(GROUP_SPELLINGS[:6])).format(building)))
            doors.append((path, mine, building))
    return AddressBook(areas, other), doors


def _in_han(number: str) -> str:
    if not number.isdigit() or len(number) > 2:
        return number
    tens, ones = divmod(int(number), 10)
    head = "" if not tens else "十" if tens == 1 else f"{HAN[tens]}十"
    return head + (HAN[ones] if ones else "")


@st.composite
def spelt(draw: st.DrawFn) -> tuple[ReadAddress, str, str, str]:
    """A random door in a random spelling, what it is read as, and the right path and room."""
    book, doors = draw(trees())
    path, names, building = draw(st.sampled_from(doors))
    room = draw(st.sampled_from(("101", "302", "1101", "1301", "202A", "")))
    unit = draw(st.sampled_from(("", "", "1", "2", "11"))) if room else ""
    if room and draw(st.booleans()):
        dash = draw(st.sampled_from(("-", "－", "—", " ", "/")))
        text = dash.join(filter(None, (building, unit, room)))
        text = draw(st.sampled_from(("", dash))) + text
    else:
        number = _in_han(building) if draw(st.booleans()) else building
        text = draw(st.sampled_from(GROUP_SPELLINGS)).format(number)
        text += f"{unit}{draw(st.sampled_from(('单元', '门', '-')))}" if unit else ""
        text += room + (draw(st.sampled_from(("室", "", "房"))) if room else "")
    name = draw(st.sampled_from(names))
    if draw(st.booleans()):
        name += draw(st.sampled_from(("（{}）", "{}"))).format(draw(st.sampled_from(names)))
    after = draw(st.sampled_from(("", "（租住）", f"（{draw(st.sampled_from(names))}）")))
    text = draw(st.sampled_from(DISTRICTS)) + name + text + after
    if draw(st.booleans()):
        text = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)
    return read_address(text, book), path, f"{unit}-{room}" if unit else room, text


@settings(max_examples=300, deadline=None)
@given(spelt())
def test_an_address_is_read_back_to_its_door_or_left_in_doubt(found: tuple[ReadAddress, str, str, str]) -> None:
    read, path, room, text = found
    if read.door:
        assert read.door == (path, room), text


BOOK = AddressBook(
    [
        ("0001", 1, STREET),
        ("00010001", 2, "新成社区"),
        ("000100010001", 3, "新成公寓"),
        *((f"000100010001{number:04d}", 4, f"{number}号楼") for number in range(1, 13)),
        ("000100010002", 3, "新村三"),
        ("0001000100020001", 4, "1号楼"),
        ("0001000100020011", 4, "11号楼"),
        ("000100010003", 3, "新村"),
        ("0001000100030031", 4, "31号楼"),
        ("000100010004", 3, "塔城名邸"),
        ("0001000100040001", 4, "3号楼1单元"),
        ("0001000100040002", 4, "3号楼2单元"),
        ("0001000100040003", 4, "东楼"),
        ("0001000100040004", 4, "1-2号楼"),
        ("0001000100040005", 4, "A座"),
    ],
    [("000100010001", "新成路118弄"), ("0001000100040005", "塔城路510号")],
)


@pytest.mark.parametrize(
    ("text", "path", "room"),
    [
        ("新成公寓12号302室", "0001000100010012", "302"),
        ("新成公寓12幢2单元302", "0001000100010012", "2-302"),
        ("新成公寓12-2-302", "0001000100010012", "2-302"),
        ("新成公寓 12 302", "0001000100010012", "302"),
        ("新成公寓12#302", "0001000100010012", "302"),
        ("新成公寓第12栋302房", "0001000100010012", "302"),
        ("新成公寓十二号楼三零二室", "0001000100010012", "302"),
        ("新成公寓１２号楼３０２", "0001000100010012", "302"),
        ("新成公寓12号门302", "0001000100010012", "302"),
        ("新成公寓12号楼组302", "0001000100010012", "302"),
        ("新成公寓12号3楼302室", "0001000100010012", "302"),
        ("塔城名邸a座1802", "0001000100040005", "1802"),
        ("塔城路510号1802", "0001000100040005", "1802"),
        ("塔城名邸3号楼2单元302", "0001000100040002", "302"),
        ("塔城名邸东楼302室", "0001000100040003", "302"),
        ("塔城名邸1-2号楼302室", "0001000100040004", "302"),
        ("现住：上海市嘉定区新成路街道新成居委会新成路118弄1号302室（租住）", "0001000100010001", "302"),
        ("新成路118弄（新成公寓）1号302", "0001000100010001", "302"),
        ("新成公寓1号302室(新成路118弄1号)", "0001000100010001", "302"),
        ("新成公寓1号302室，与子女同住", "", ""),
        ("新成公寓二期1号302", "", ""),
        ("新成公寓(二期)1号302", "", ""),
        ("新成公寓1号302室（二期）", "", ""),
        ("新成公寓东区1号302", "", ""),
        ("老新成公寓1号302", "", ""),
        ("江桥镇新成公寓1号302", "", ""),
        ("新成路1118弄1号302", "", ""),
        ("新成路118号302", "", ""),
        ("新成公寓1号302、303室", "", ""),
        ("新成公寓1号302室 2号101室", "", ""),
        ("新成公寓12楼1201", "", ""),
        ("新成公寓1202", "", ""),
        ("新成公寓12-3", "", ""),
        ("新成公寓1号甲302", "", ""),
        ("新成公寓13号302", "", ""),
        ("塔城名邸3号楼302", "", ""),
        ("新村三十一号302", "", ""),
        ("新村三11号302", "0001000100020011", "302"),
        ("迎园社区新成公寓1号302", "", ""),
    ],
)  # fmt: skip
def test_common_spellings_and_what_only_looks_like_them(text: str, path: str, room: str) -> None:
    assert (read_address(text, BOOK).door or ("", "")) == (path, room)


def test_what_nobody_knows_is_named() -> None:
    for text in ("新华路99弄1号303室", "上海市嘉定区新华路９９弄2号楼", "新华路99弄-3-201"):
        assert read_address(text, BOOK).unknown == "新华路99弄"
    assert read_address("绿地家园3号楼302", BOOK).unknown == "绿地家园"
    for text in ("新成公寓东区1号302", "嘉定区新成路街道新成社区新成公寓东区1号302"):
        assert read_address(text, BOOK).unknown == "新成公寓东区"
    assert read_address("张家", BOOK).doors == ()


def test_another_district_is_never_this_one() -> None:
    names = [("000100010001", "新成路118弄")]
    areas = [("0001", 1, STREET), ("000100010001", 3, "新成公寓"), ("0001000100010001", 4, "1号楼")]
    book = AddressBook(areas, names)
    book.learn_districts(["嘉定区新成公寓1号302"] * 3 + ["宝山区新成公寓1号302"])
    far = read_address("宝山区新成公寓1号302", book)
    assert far.door is None
    assert far.doors == (("0001000100010001", "302"),)
    assert read_address("上海市嘉定区新成公寓1号302", book).door
    assert read_address("江苏省南京市新成公寓1号302", book).door is None
    assert read_address("嘉定区新成公寓1号302", book).door


@pytest.mark.parametrize(
    "text",
    ["新成公寓" * 500, "1" * 2000, "(" * 2000, "上海市" * 700, "十" * 2000, "1-" * 1000, "新成公寓1号" + "(1)" * 600],
)
def test_an_address_of_two_thousand_characters_is_not_slow(text: str) -> None:
    begun = time.thread_time()
    assert read_address(text, BOOK).door is None
    assert time.thread_time() - begun < 0.1
