"""Cells of a workbook of activities → values; each ValueError is a sentence that says what to do."""

import re
from datetime import date, time
from typing import Any

from django.db import models
from import_export.widgets import Widget

from activities.models import Activity
from activities.models.activities import MOST_RESIDENTS
from members.ground.days import HOW, Unreadable, read_day
from members.ground.text import squeezed
from members.ground.trouble import trouble

CLOCK = re.compile(r"(\d{1,2})[:点时](?:(\d{1,2})分?|(半))?(?::\d{2}(?:\.\d+)?)?", re.ASCII)
TO_THE_DAY = "请写成 2026-07-01 这样"
WHOLE = re.compile(r"\d{1,9}", re.ASCII)  # the model says how many there can be


class CellWidget(Widget):
    """Turns a cell's trimmed text into a value; None where it is empty."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        if sentence := trouble(value):
            raise ValueError(sentence)
        return self.value(value) if value else None

    def value(self, text: str) -> Any:
        raise NotImplementedError

    def read(self, text: str) -> Any:
        """Return the value, or None for text that cannot be read; `clean` reports that error."""
        try:
            return self.clean(text)
        except ValueError:
            return None


class Label(CellWidget):
    """One of a field's choices, written as on screen."""

    def __init__(self, choices: type[models.TextChoices]):
        super().__init__()
        self.values = {str(label): str(value) for value, label in choices.choices}

    def value(self, text: str) -> str:
        if squeezed(text) not in self.values:
            raise ValueError(f"“{text}”不在可选范围内，请填：{'、'.join(self.values)}")
        return self.values[squeezed(text)]


class Text(CellWidget):
    """Text for a field of an activity."""

    def __init__(self, name: str):
        super().__init__()
        self.longest: int = Activity._meta.get_field(name).max_length  # type: ignore[union-attr, assignment]

    def value(self, text: str) -> str:
        if len(text) > self.longest:
            raise ValueError(f"最多填 {self.longest} 个字，这里有 {len(text)} 个字，请写短一些")
        return text


class DayWidget(CellWidget):
    def clean(self, value: str, row: Any = None, **kwargs: Any) -> date:
        if not value:
            raise ValueError("没有填日期，请补上，如 2026-07-01")
        try:
            day = read_day(value, today=date.max, year_alone=True)  # the model refuses days too far ahead
        except Unreadable as problem:
            raise ValueError(str(problem).replace(HOW, TO_THE_DAY)) from problem
        if len(day) < 10:
            raise ValueError(f"活动日期要写到日，{TO_THE_DAY}")
        return date.fromisoformat(day)


class Clock(CellWidget):
    def value(self, text: str) -> time:
        found = CLOCK.fullmatch(squeezed(text))
        if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
            raise ValueError("看不懂这个时间，请写成 14:00 这样")
        return time(int(found[1]), 30 if found[3] else int(found[2] or 0))


class CountWidget(CellWidget):
    def value(self, text: str) -> int:
        if not WHOLE.fullmatch(squeezed(text)):
            raise ValueError(f"人数请填整数，如 35，最多 {MOST_RESIDENTS}")
        return int(squeezed(text))
