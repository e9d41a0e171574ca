"""The citizen's ID number 公民身份号码 (GB 11643): 17 digits and a check character. The area code is not checked."""

import re
from datetime import date
from operator import mul

from members.ground.days import EARLIEST, Unreadable
from members.ground.text import EXACT, Cell, as_text, squeezed, without_zero

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"  # by the weighted sum modulo 11 (ISO 7064 MOD 11-2)

LOST = "身份证号被 Excel 当成数字，最后几位已经丢失。请先把这一列的单元格格式设为“文本”，再对照证件重新填写"
OLD = "这是 15 位的旧身份证号，请填写 18 位的身份证号"
LENGTH = "身份证号应为 18 位，这里是 {length} 位，请对照证件核对后重新填写"
FORM = "身份证号应为 17 位数字加最后一位数字或 X，请对照证件核对后重新填写"
NO_SUCH_DAY = "身份证号里的出生年月日不存在，请对照证件核对后重新填写"
CHECK = "身份证号最后一位校验不对，请对照证件核对后重新填写"


def read_id_number(cell: Cell, *, today: date) -> str:
    """Return the 18 characters, X in upper case. Raises Unreadable."""
    text = without_zero(squeezed(as_text(cell)).lstrip("'")).upper()
    is_number = isinstance(cell, float | int) and abs(cell) >= EXACT
    if is_number or re.fullmatch(r"\d+(\.\d+)?E\+?\d+", text):
        raise Unreadable(LOST)
    if len(text) == 15:
        raise Unreadable(OLD)
    if len(text) != 18:
        raise Unreadable(LENGTH.format(length=len(text)))
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        raise Unreadable(FORM)
    if not is_day(text[6:14], today=today):
        raise Unreadable(NO_SUCH_DAY)
    if check_character(text) != text[17]:
        raise Unreadable(CHECK)
    return text


def check_character(number: str) -> str:
    """Return the 18th character that belongs to the first 17 digits."""
    return CHECKS[sum(map(mul, map(int, number[:17]), WEIGHTS)) % 11]


def is_day(digits: str, *, today: date) -> bool:
    """Whether eight digits are a day someone alive can be born on."""
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return day.year >= EARLIEST and day <= today


def birth_date(number: str) -> str:
    """Return the day of birth in ISO form."""
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"


def sex(number: str) -> str:
    """Return "male" where the 17th digit is odd, else "female"."""
    return "male" if int(number[16]) % 2 else "female"
