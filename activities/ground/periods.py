"""Spans of days in addresses: a year 2026, a month 2026-11, a day 2026-11-03, or from one to another with a ~."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

PERIOD = re.compile(r"(2\d{3})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


class DaySpan(NamedTuple):
    """The first and the last of some days, both included."""

    first: date
    last: date


def month_of(day: date) -> DaySpan:
    """Return the month that the day lies in."""
    return DaySpan(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def month_before(day: date) -> date:
    """Return the first day of the month before the one that the day lies in."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def read_period(text: str) -> DaySpan:
    """Return the days that the text means; ValueError where there are no such days."""
    begin, _, end = text.partition("~")
    first, last = _read(begin), _read(end or begin)
    return DaySpan(first.first, last.last)


def period_label(text: str) -> str:
    """Return the text for the screen: 2026年, 2026年11月, 2026年11月3日—2026年11月9日."""
    return "—".join(
        "".join(f"{int(part)}{unit}" for part, unit in zip(end.split("-"), "年月日", strict=False))
        for end in text.split("~")
    )


def _read(text: str) -> DaySpan:
    found = PERIOD.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if not found[2]:
        return DaySpan(date(year, 1, 1), date(year, 12, 31))
    first = date(year, month, int(found[3] or 1))
    return DaySpan(first, first) if day else month_of(first)
