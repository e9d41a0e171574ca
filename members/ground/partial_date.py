"""A date of which perhaps only the month or the year is known, stored as the beginning of its ISO 8601 text.

"1998", "1998-07" and "1998-07-01" sort as they should and say no more than was known.
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from members.ground.days import Unreadable, read_day


def check_partial_date(text: str) -> None:
    try:
        day = first_day(text)
    except ValueError as error:
        raise ValidationError("请写成 1998、1998-07 或 1998-07-01 的样子。") from error
    if not date(1900, 1, 1) <= day <= timezone.localdate():
        raise ValidationError("日期要在 1900 年之后，并且不晚于今天。")


def first_day(text: str) -> date:
    """Return the first day of what the text names; ValueError for another text."""
    if len(text) not in (4, 7, 10):
        raise ValueError(text)
    return date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)


def agree(one: str, other: str) -> bool:
    """Whether two such dates say the same as far as both are known."""
    return one.startswith(other) or other.startswith(one)


class PartialDateFormField(forms.CharField):
    """The text of such a date as people type it."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        try:
            return read_day(text, today=timezone.localdate(), year_alone=True) if text else ""
        except Unreadable as problem:
            raise ValidationError(f"{problem}。") from problem


class PartialDateField(models.CharField):
    default_validators = [check_partial_date]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs | {"max_length": 10})

    def formfield(self, **kwargs: Any) -> Any:
        """Return a field that has room for 1998年10月12日."""
        options: dict[str, Any] = {"form_class": PartialDateFormField, "max_length": 30} | kwargs
        return super().formfield(**options)
