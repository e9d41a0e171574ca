"""An address as people write it → its parts: what stands around it, the building, the unit and the room.

Every pattern is bounded, so that a text of any length is read in the time of reading it once.
"""

import re
import unicodedata
from typing import NamedTuple

HAN = "\u4e00-\u9fff"
DASHES = re.compile(r"[‐‑‒–—―−﹘﹣－﹣~〜⁃]+")
DIGITS_APART = re.compile(r"(?<=[0-9A-Z])\s+(?=[0-9A-Z])")
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
BRACKETS = str.maketrans("[]{}〔〕【】「」『』〈〉《》", "()" * 8)
OPENING = re.compile(r"^(?:(?:现|家庭)?(?:居住地址|住址|地址|居住地|现住):|[0-9]{6}(?=[" + HAN + "]))")
OPENED = frozenset("现家居住地0123456789")
PLAIN = re.compile(f"[{HAN}0-9A-Z()#-]*")  # nothing to fold
REMARK = re.compile(r"(?:租住|租借|租赁|租房|借住|暂住|自住|自有|现住|人户分离|空关|出租)$")
LAST_NOTE = re.compile(r"\(([^()]{0,200})\)$")
# A note with one of these may name a place; a note without them is a remark, such as 租住.
PLACE_LIKE = re.compile(r"[0-9A-Z一二三四五六七八九十甲乙丙丁期区弄号楼幢栋座村坊里苑园路街巷室东南西北院寓]")

NUMERALS = "零〇一二三四五六七八九十百"
NUMERAL_RUN = re.compile(rf"(?<![0-9])[{NUMERALS}]+(?![0-9])")
NUMBERLESS = re.compile(rf"[^{NUMERALS}]*")
DIGIT_OF = {han: digit for digit, han in enumerate("零一二三四五六七八九")} | {"〇": 0}
TENS = re.compile(r"^(?:([一二三四五六七八九])百零?)?(?:([一二三四五六七八九])?(十))?([一二三四五六七八九])?$")

PROVINCES = (
    "上海|北京|天津|重庆|江苏|浙江|安徽|福建|江西|山东|河北|山西|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|"
    "陕西|甘肃|青海|宁夏|新疆|内蒙古|辽宁|吉林|黑龙江"
)
PROVINCE_NAMES = frozenset(PROVINCES.split("|"))
PROVINCE_OF_CODE = dict(  # GB/T 2260, by the first two digits of a division code
    re.findall(
        r"(\d\d)(\D+)",
        "11北京12天津13河北14山西15内蒙古21辽宁22吉林23黑龙江31上海32江苏33浙江34安徽35福建36江西37山东41河南42湖北43湖南"
        "44广东45广西46海南50重庆51四川52贵州53云南54西藏61陕西62甘肃63青海64宁夏65新疆",
    )
)
DISTRICTS = "嘉定|宝山|浦东|闵行|松江|青浦|金山|奉贤|崇明|黄浦|徐汇|长宁|静安|普陀|虹口|杨浦"
UPPER_WORD = re.compile(
    rf"(?:中国|(?P<province>{PROVINCES})(?:省|市|(?:壮族|回族|维吾尔)?自治区)?"
    rf"|(?P<district>{DISTRICTS})(?:新区|区|县|(?=$|[{HAN}]))"
    rf"|(?P<other>[{HAN}]{{2,6}}?)(?:省|自治区|自治州|地区|市|新区|(?<![小社东西南北中园厂院校])区|县))"
)

NUMBER = r"0*(?P<{0}>[0-9]{{1,4}}[A-Z甲乙丙丁]?|[A-Z甲乙丙丁])"
MARK = r"(?P<mark>号楼组?|号门|#楼|号|#|幢|栋|座|楼组?)"
UNIT_MARK = r"(?:单元|门洞|号门|门|梯)"
BUILDING = rf"第?{NUMBER.format('building')}{MARK}"
UNIT = rf"第?{NUMBER.format('unit')}{UNIT_MARK}"
FLOOR = r"(?:第?(?P<floor>[0-9]{1,2})[楼层]-?)?"
ROOM = r"(?P<room>[0-9]{1,5}[A-Z]?)(?P<room_mark>室|房间|房|号)?"
SEP = r"[-/,.]?"
SPELT = re.compile(rf"^{SEP}{BUILDING}(?:{SEP}{UNIT})?(?:{SEP}{FLOOR}{ROOM})?$")
SPELT_DASHED_UNIT = re.compile(rf"^{SEP}{BUILDING}{SEP}{NUMBER.format('unit')}-{FLOOR}{ROOM}$")
DASHED = re.compile(
    rf"^{SEP}第?{NUMBER.format('building')}[-/,.](?:{NUMBER.format('unit')}(?:{UNIT_MARK}{SEP}|[-/,.]))?{FLOOR}{ROOM}$"
)
INSIDE = re.compile(rf"^{SEP}(?:{NUMBER.format('unit')}(?:{UNIT_MARK}{SEP}|-))?{FLOOR}{ROOM}$")
UNIT_ALONE = re.compile(rf"^{SEP}{UNIT}$")
BEGINS = re.compile(rf"^{SEP}{BUILDING}")
GROUP_NAME = re.compile(rf"^(?:{BUILDING}|第?{NUMBER.format('bare')})(?:{UNIT})?$")
WITH_LANE = re.compile(rf"^[{HAN}A-Z0-9]{{2,30}}?[0-9]{{1,5}}(?:支?弄|号院|巷)")
WITH_NUMBER = re.compile(rf"^[{HAN}]{{1,20}}[路街道巷][0-9]{{1,5}}号")
BEFORE_BUILDING = re.compile(
    rf"^[{HAN}A-Z0-9]{{2,40}}?(?={SEP}(?:第?[0-9]{{1,4}}[A-Z]?(?:号|#|幢|栋|座|楼|[-/])|[A-Z甲乙丙丁][座栋幢号]|[0-9]{{3}}))"
)
WITH_ROOM = re.compile(r"(?:室|房间|(?:号楼?|#|幢|栋|座|单元|门|-)-?[0-9]{2,5}[A-Z]?房?)$")
TWO_HAN = re.compile(rf"[{HAN}]{{2}}")
NAME_ALONE = re.compile(rf"^[{HAN}]{{2,30}}$")


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Parts(NamedTuple):
    """What an address says behind the compound's name; "" where it does not say it.

    `is_sure` is False where the text can be read in another way as well, as 12楼1201.
    """

    building: str
    unit: str
    room: str
    is_sure: bool = True


def fold(text: str) -> str:
    """Return an address as it is compared: half width, upper case, no blanks; one between numbers is a dash."""
    if "號" in text or "單" in text or not PLAIN.fullmatch(text):
        text = UNSEEN.sub("", unicodedata.normalize("NFKC", text)).upper().translate(BRACKETS)
        text = DASHES.sub("-", text).replace("號", "号").replace("單元", "单元")
        text = "".join(DIGITS_APART.sub("-", text.strip()).split())
    return (OPENING.sub("", text) if text[:1] in OPENED else text).rstrip("。.,;:、-")


def spellings(name: str) -> set[str]:
    """Return the ways to write a folded name: with its numbers in digits and in characters."""
    in_digits = NUMERAL_RUN.sub(_digits, name)
    in_han = re.sub(r"(?<![0-9])[1-9][0-9]?(?![0-9])", lambda match: _han(int(match[0])), name)
    return {name, in_digits, in_han}


def with_digits(text: str) -> str:
    """Return the text with its Chinese numbers in digits: 十二号楼 is 12号楼, 三零二室 is 302室."""
    if NUMBERLESS.fullmatch(text):
        return text
    return NUMERAL_RUN.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    run = match[0]
    if "十" not in run and "百" not in run:
        return "".join(str(DIGIT_OF[han]) for han in run)
    found = TENS.match(run)
    if not found or len(run) > 6:
        return run
    hundreds, tens, ten, ones = found.groups()
    value = 100 * DIGIT_OF[hundreds or "零"] + DIGIT_OF[ones or "零"]
    return str(value + (10 * DIGIT_OF[tens or "一"] if ten else 0))


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十"}.get(tens) if tens < 2 else f"{'零一二三四五六七八九'[tens]}十"
    return f"{head}{'零一二三四五六七八九'[ones] if ones else ''}"


def upper_words(text: str) -> list[str] | None:
    """Return the province, city and district that a text consists of, without 省市区县; None where it says more."""
    words, at = [], 0
    if len(text) > 40:
        return None
    while at < len(text):
        match = UPPER_WORD.match(text, at)
        if not match:
            return None
        words += [word for word in match.groups() if word]
        at = match.end()
    return words


def without_upper_words(text: str) -> str:
    """Return an address without the province, city and district that it begins with."""
    at = 0
    while match := UPPER_WORD.match(text, at):
        at = match.end()
    return text[at:]


def upper_words_of(text: str) -> list[str]:
    """Return the province, city and district with which a text begins, without 省市区县."""
    words, at = [], 0
    while match := UPPER_WORD.match(text, at):
        words += [word for word in match.groups() if word]
        at = match.end()
    return words


def read_parts(rest: str) -> Parts | None:
    """Read what stands behind a compound's name; None where that is not exactly building, unit and room."""
    rest = with_digits(rest)
    for pattern in (SPELT, SPELT_DASHED_UNIT, DASHED):
        if match := pattern.match(rest):
            return _parts(match)
    return None


def read_inside(rest: str) -> Parts | None:
    """Read what stands behind the address of a single building: unit and room, or nothing."""
    rest = with_digits(rest)
    if not rest:
        return Parts("", "", "")
    match = INSIDE.match(rest) or UNIT_ALONE.match(rest)
    return _parts(match) if match else None


def building_begun(rest: str) -> str:
    """Return the building with which the rest of an address begins, whatever follows; "" for none."""
    match = BEGINS.match(with_digits(rest))
    return match["building"] if match else ""


def group_parts(name: str) -> tuple[str, str] | None:
    """Return the building and the unit ("" for none) that a building group's name says; None where it says others."""
    match = GROUP_NAME.match(with_digits(fold(name)))
    if not match or (match["bare"] and match["bare"].isdigit() and len(match["bare"]) > 2 and match["unit"]):
        return None
    return match["building"] or match["bare"], match["unit"] or ""


def says_a_room(name: str) -> bool:
    """Whether a text names a room, so that it can be no building group: 102室, 3号楼101室, 迎园路218弄5号302."""
    folded = with_digits(fold(name))
    return bool(WITH_LANE.match(folded)) or ends_with_a_room(folded)


def ends_as_address(name: str) -> bool:
    """Whether a folded name ends as an address does: in 弄, 号, 院, 巷 behind a number."""
    return len(name) > 2 and name[-1] in "弄号院巷" and any(sign.isdigit() for sign in name)


def ends_with_a_room(folded: str) -> bool:
    return bool(WITH_ROOM.search(with_digits(folded)[-20:]))


def unknown_name(text: str) -> str:
    """Return that part of a folded address which ought to name a compound; "" where there is none."""
    text = without_upper_words(text).replace("(", "").replace(")", "")
    for pattern in (WITH_LANE, WITH_NUMBER, BEFORE_BUILDING, NAME_ALONE):
        if match := pattern.match(text):
            return match[0] if TWO_HAN.search(match[0]) else ""
    return ""


def _parts(match: re.Match[str]) -> Parts:
    found = match.groupdict("")
    building, unit, room = found.get("building", ""), found.get("unit", ""), found.get("room", "")
    floor, mark = found.get("floor", ""), found.get("mark", "")
    is_short = len(room.rstrip(LETTERS)) < 3
    is_sure = not room or bool(found.get("room_mark")) or not is_short
    if is_short and room and not mark and building:  # 12-3: a unit, or a room?
        is_sure = False
    if floor and room and _floor(room) != floor.lstrip("0"):
        is_sure = False
    if mark == "楼" and room and _floor(room) == building:  # 12楼1201: the twelfth floor of which building?
        is_sure = False
    return Parts(building, unit, f"{unit}-{room}" if unit and room else room, is_sure)


def _floor(room: str) -> str:
    return room.rstrip(LETTERS)[:-2].lstrip("0")
