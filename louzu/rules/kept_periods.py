"""The days of kept figures that are summed up for a district."""

from datetime import date, timedelta
from typing import NamedTuple

from activities.ground.periods import DaySpan, month_before, month_of

WEEKS = 12


class KeptPeriods(NamedTuple):
    """The days that are summed up: up to yesterday, since New Year, for twelve weeks, and of the last whole month."""

    yesterday: date
    new_year: date
    weeks_from: date
    last_month: date

    @classmethod
    def until(cls, today: date) -> "KeptPeriods":
        yesterday = today - timedelta(days=1)
        return cls(yesterday, date(yesterday.year, 1, 1), today - timedelta(weeks=WEEKS), month_before(today))

    @property
    def first(self) -> date:
        return min(self.new_year, self.weeks_from, self.last_month)

    @property
    def days_of_last_month(self) -> DaySpan:
        return month_of(self.last_month)

    @property
    def months(self) -> list[date]:
        """The first days of all months that are read, the earliest first."""
        found = [self.first.replace(day=1)]
        while (following := (found[-1] + timedelta(days=31)).replace(day=1)) <= self.yesterday:
            found.append(following)
        return found

    @property
    def ends(self) -> list[date]:
        """The last day of each of these months; of the one that is not over, yesterday."""
        return [*(month - timedelta(days=1) for month in self.months[1:]), self.yesterday]
