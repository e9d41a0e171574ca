"""Cells of a workbook of activities → values; each ValueError is a sentence that says what to do."""

import re
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache, partial
from typing import Any

from activities.models import Activity
from activities.models.activities import MOST_RESIDENTS
from members.ground.days import HOW, Unreadable, read_day
from members.ground.text import squeezed
from members.ground.trouble import trouble
from members.models import Duty

Reader = Callable[[str], Any]

CLOCK = re.compile(r"(\d{1,2})[:点时](?:(\d{1,2})分?|(半))?(?::\d{2}(?:\.\d+)?)?", re.ASCII)
TO_THE_DAY = "请写成 2026-07-01 这样"
WHOLE = re.compile(r"\d{1,9}", re.ASCII)  # the model says how many there can be
CHOICES: dict[str, list[tuple[str, Any]]] = {
    "field": Activity.Field.choices,
    "regularity": Activity.Regularity.choices,
    "visibility": Activity.Visibility.choices,
    "support": Activity.Support.choices,
    "status": Activity.ON_RECORD,
    "duty": Duty.Kind.choices,
}
TEXTS = ("title", "place", "co_organisers", "result")


def read_cell(name: str, text: str) -> Any:
    """Return the value of a field's trimmed cell, None where it is empty."""
    if sentence := trouble(text):
        raise ValueError(sentence)
    return READERS[name](text) if text else None


def can_be(name: str, text: str) -> bool:
    """Whether a cell that is not empty can be this field's."""
    if name not in READERS:
        return True
    try:
        read_cell(name, text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)  # few activities, many who came
def read_date(text: str) -> date:
    """Return the day that a cell says; an activity has one, to the day."""
    if sentence := trouble(text):
        raise ValueError(sentence)
    if not text:
        raise ValueError("没有填日期，请补上，如 2026-07-01")
    try:
        day = read_day(text, today=date.max, year_alone=True)  # the model refuses days too far ahead
    except Unreadable as problem:
        raise ValueError(str(problem).replace(HOW, TO_THE_DAY)) from problem
    if len(day) < 10:
        raise ValueError(f"活动日期要写到日，{TO_THE_DAY}")
    return date.fromisoformat(day)


def _choice(name: str, text: str) -> str:
    values = {str(label): str(value) for value, label in CHOICES[name]}
    if squeezed(text) not in values:
        raise ValueError(f"“{text}”不在可选范围内，请填：{'、'.join(values)}")
    return values[squeezed(text)]


def _text(name: str, text: str) -> str:
    longest: int = Activity._meta.get_field(name).max_length  # type: ignore[union-attr, assignment]
    if len(text) > longest:
        raise ValueError(f"最多填 {longest} 个字，这里有 {len(text)} 个字，请写短一些")
    return text


def _time(text: str) -> time:
    found = CLOCK.fullmatch(squeezed(text))
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise ValueError("看不懂这个时间，请写成 14:00 这样")
    return time(int(found[1]), 30 if found[3] else int(found[2] or 0))


def _count(text: str) -> int:
    if not WHOLE.fullmatch(squeezed(text)):
        raise ValueError(f"人数请填整数，如 35，最多 {MOST_RESIDENTS}")
    if int(squeezed(text)) > MOST_RESIDENTS:
        raise ValueError(f"参加的群众人数最多填 {MOST_RESIDENTS}，请核对")
    return int(squeezed(text))


READERS: dict[str, Reader] = {
    "held_on": read_date,
    "begins_at": _time,
    "residents_reached": _count,
    **{name: partial(_choice, name) for name in CHOICES},
    **{name: partial(_text, name) for name in TEXTS},
}
