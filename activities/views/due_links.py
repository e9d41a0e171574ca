"""Periods of areas on a page: the sentence for one, and where a click on it leads."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone

from activities.rules.due import DueArea, DueCell, DuePeriod, DueState
from members.ground import access
from members.ground.access import Resource, Right

SIGNS = {DueState.DONE: "✓", DueState.MISSING: "缺", DueState.NOT_DUE: "·", DueState.NOT_APPLICABLE: "／"}


class DueLinks:
    """The links of one user: to the activities of a period, or to the form that records a missing one."""

    def __init__(self, user: Any):
        self.writable = access.reach(user, Resource.ACTIVITY, Right.WRITE)
        self.index, self.form = reverse("activities:index"), reverse("activities:add")
        self.today = timezone.localdate()

    def add(self, place: DueArea, on: date | None = None) -> str:
        """Return the URL that records an activity of this area; empty where the user may not or the area is closed."""
        is_open = place.until is None or place.until > self.today
        if is_open and any(low <= place.path < high for low, high in self.writable):
            return f"{self.form}?area={place.pk}" + (f"&on={on}" if on else "")
        return ""

    def of(self, place: DueArea, period: DuePeriod, cell: DueCell) -> str:
        """Return the URL of the period's activities, or the form where it is missing; empty where there is neither."""
        if cell.activities:
            query = f"area={place.pk}&own=on&status=held&period={period.first}~{period.last}"
            return f"{self.index}?{query}"
        return self.add(place, on=period.last) if cell.state == DueState.MISSING else ""


def due_sentence(place: DueArea, period: DuePeriod, cell: DueCell) -> str:
    days = "—".join(f"{day.month}月{day.day}日" for day in (period.first, period.last))
    outcome = "，".join(f"{each} 次" for each in counts(cell))
    return f"{place.name} {period.label}（{days}）：{outcome or without(cell)}"


def without(cell: DueCell) -> str:
    """Return the word for a period in which nothing is recorded."""
    return "还没有办" if cell.is_waiting else cell.state.label


def counts(cell: DueCell) -> list[str]:
    found = {"活动": cell.activities, "走访": cell.visits}
    return [f"{name} {count}" for name, count in found.items() if count]
