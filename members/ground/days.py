"""Dates as rosters write them → ISO text of a day, a month or a year. Nothing is guessed."""

import re
from datetime import date, timedelta

from members.ground.text import BLANKS, Cell, as_text, narrow

EARLIEST = 1900

HOW = "请写成 1998-07-01 或 1998年7月 这样"
UNREADABLE = f"看不懂这个日期，{HOW}"
AMBIGUOUS = "分不清是1月还是10月（Excel 会把 {year}.10 显示成 {year}.1），请写成 {year}年1月 或 {year}年10月"
NO_SUCH_DAY = f"没有这一天，请核对后{HOW}"
TOO_EARLY = f"年份早于 1900 年，请核对后{HOW}"
FUTURE = "日期在今天之后，请核对后重新填写"
TWO_DIGITS = f"看不懂这个日期：年份要写满四位数，{HOW}"
YEAR_AS_DAY = "Excel 把年份 {year} 当成了 {shown} 年的一天，请把这一格的格式设为“文本”，再写成 {year}-07 这样"
YEAR_ONLY = f"只写了年份，还要写月份，{HOW}"

CLOCK = re.compile(r"(\d)(?:\s+|T)\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?$", re.ASCII)
WRITTEN = re.compile(r"(\d{4})(?:年|[-/. ])(\d{1,2})(?:(?:月|[-/. ])(?:(\d{1,2})日?)?)?|(\d{4})年?", re.ASCII)
DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})?", re.ASCII)
SHORT_YEAR = re.compile(r"\d{2}(?:年|[-/. ])\d{1,2}(?:(?:月|[-/. ])(?:\d{1,2}日?)?)?", re.ASCII)
SIGNS = str.maketrans("‐‑‒–—―−。·", "-------..")
LOOSE = re.compile(r" *([-/.年月日]) *")

# Day 0 of Excel's two calendars. A year typed into a cell with a date format is that many days later.
DAYS_ZERO = (date(1899, 12, 30), date(1904, 1, 1))
YEARS = range(1900, 2101)


class Unreadable(ValueError):
    """A value that cannot be taken; its text is the Chinese sentence that says what to do."""


def read_day(cell: Cell, *, today: date, year_alone: bool = False) -> str:
    """Return "1998-07-01", "1998-07" or, where `year_alone` is allowed, "1998". Raises Unreadable."""
    if isinstance(cell, float) and re.fullmatch(r"\d{4}\.1", as_text(cell)):
        raise Unreadable(AMBIGUOUS.format(year=int(cell)))
    parts = [cell.year, cell.month, cell.day] if isinstance(cell, date) else _parts(as_text(cell))
    day = _iso(parts)
    _refuse_years(day)
    if len(parts) == 1 and not year_alone:
        raise Unreadable(YEAR_ONLY)
    if day > today.isoformat()[: len(day)]:
        raise Unreadable(FUTURE)
    return day


def _parts(text: str) -> list[int]:
    """Return year, month and day, as many as are written."""
    if match := WRITTEN.fullmatch(text):  # as nearly all of them are
        return [int(part) for part in match.groups() if part]
    folded = BLANKS.sub(" ", narrow(CLOCK.sub(r"\1", narrow(text)))).translate(SIGNS)
    folded = LOOSE.sub(r"\1", folded)
    match = WRITTEN.fullmatch(folded) or DIGITS.fullmatch(folded)
    if match is None:
        raise Unreadable(TWO_DIGITS if SHORT_YEAR.fullmatch(folded) else UNREADABLE)
    return [int(part) for part in match.groups() if part]


def _iso(parts: list[int]) -> str:
    year, month, day = (*parts, 1, 1)[:3]
    if year < EARLIEST:
        raise Unreadable(TOO_EARLY)
    try:
        whole = date(year, month, day).isoformat()
    except ValueError as error:
        raise Unreadable(NO_SUCH_DAY) from error
    return whole[: (4, 7, 10)[len(parts) - 1]]


def _refuse_years(day: str) -> None:
    """Refuse a day of 1905 or 1909 that is a year read as Excel's count of days: no member was born or joined then."""
    if day[:4] not in ("1905", "1909") or len(day) < 10:
        return
    for zero in DAYS_ZERO:
        year = (date.fromisoformat(day) - zero) // timedelta(days=1)
        if year in YEARS:
            raise Unreadable(YEAR_AS_DAY.format(year=year, shown=day[:4]))
