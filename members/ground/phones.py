"""Phone numbers as people write them → one form: 19900000000, or 021-59990000."""

import re
from decimal import Decimal

from members.ground.days import Unreadable
from members.ground.text import Cell, as_text, narrow, without_zero

EXTENSION_OR_SECOND = re.compile(r"[、,;；/\n]")
BETWEEN_DIGITS = re.compile(r"[\s\-‐‑‒—–―−－()]")
COUNTRY = re.compile(r"^(?:\+|00)?86(?=1\d{10}$|0\d{9})")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
LANDLINE = re.compile(r"(01\d|02\d|0[3-9]\d{2})([2-9]\d{6,7})", re.ASCII)
WITHOUT_AREA = re.compile(r"[2-9][0-9]{6,7}")
SCIENTIFIC = re.compile(r"\d(?:\.(\d+))?E\+?(\d{1,2})", re.ASCII | re.IGNORECASE)

SECOND = "一格只能填一个电话号码，请留下最常用的一个"
LOST_DIGITS = "电话号码被 Excel 当成数字，后几位已经丢失。请先把这一列的单元格格式设为“文本”，再重新填写"
NO_AREA_CODE = "固定电话要加区号，请写成 021-59990000 这样；手机号应为 11 位"
WRONG = "电话号码不对：手机号应为 11 位、以 13 到 19 开头，固定电话要带区号，请核对后重新填写"


def read_phone(cell: Cell) -> str:
    """Return the phone number of a cell or a form's field. Raises Unreadable."""
    text = without_zero(narrow(as_text(cell)).removeprefix("'"))
    if EXTENSION_OR_SECOND.search(text):
        raise Unreadable(SECOND)
    digits = COUNTRY.sub("", BETWEEN_DIGITS.sub("", _spelled_out(text)))
    if MOBILE.fullmatch(digits):
        return digits
    if match := LANDLINE.fullmatch(digits):
        return f"{match[1]}-{match[2]}"
    raise Unreadable(NO_AREA_CODE if WITHOUT_AREA.fullmatch(digits) else WRONG)


def _spelled_out(text: str) -> str:
    """Return 19900001234 for 1.9900001234E+10, which still has every digit; refuse a number that lost some."""
    match = SCIENTIFIC.fullmatch(text)
    if match is None:
        return text
    if len(match[1] or "") < int(match[2]):
        raise Unreadable(LOST_DIGITS)
    return without_zero(f"{Decimal(text):f}")
