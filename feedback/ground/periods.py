"""The periods of cards: a year, a half, a quarter or a month, as the street chose."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple, Self

LENGTHS = {1: "每月", 3: "每季度", 6: "每半年", 12: "每年"}
CODE = re.compile(r"(2\d{3})(?:H([12])|Q([1-4])|-(0[1-9]|1[0-2]))?", re.ASCII)


class CardPeriod(NamedTuple):
    """The first and the last day of a card's period, both included."""

    first: date
    last: date

    @classmethod
    def on(cls, day: date, *, months: int) -> Self:
        """Return the period of this length that contains the day."""
        first = (day.month - 1) // months * months + 1
        return cls._of(day.year, first, months)

    @classmethod
    def read(cls, code: str) -> Self:
        """Return the period of a code: 2026, 2026H1, 2026Q3 or 2026-07; ValueError for any other text."""
        found = CODE.fullmatch(code)
        if found is None:
            raise ValueError(code)
        year, half, quarter, month = (int(part or 0) for part in found.groups())
        if half:
            return cls._of(year, half * 6 - 5, 6)
        if quarter:
            return cls._of(year, quarter * 3 - 2, 3)
        return cls._of(year, month, 1) if month else cls._of(year, 1, 12)

    @classmethod
    def _of(cls, year: int, month: int, months: int) -> Self:
        last = month + months - 1
        return cls(date(year, month, 1), date(year, last, monthrange(year, last)[1]))

    @property
    def months(self) -> int:
        return self.last.month - self.first.month + 1

    @property
    def code(self) -> str:
        number = (self.first.month - 1) // self.months + 1
        return f"{self.first.year}" + {1: f"-{number:02}", 3: f"Q{number}", 6: f"H{number}", 12: ""}[self.months]

    @property
    def label(self) -> str:
        number = (self.first.month - 1) // self.months
        ends = {1: f"{number + 1}月", 3: f"第{'一二三四'[number % 4]}季度", 6: ("上半年", "下半年")[number % 2], 12: ""}
        return f"{self.first.year}年{ends[self.months]}"

    @property
    def next(self) -> Self:
        return type(self).on(self.last + timedelta(days=1), months=self.months)

    @property
    def amendable_until(self) -> date:
        """The last day on which an answer to a card of this period may be amended: the end of the next period."""
        return self.next.last

    @property
    def previous(self) -> Self:
        return type(self).on(self.first - timedelta(days=1), months=self.months)
