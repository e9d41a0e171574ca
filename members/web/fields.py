"""Form fields that pages of all apps share."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.utils import timezone

from members.models.households import FIRST_YEAR


class PastDayField(forms.DateField):
    """A day up to today, chosen in the browser's own calendar."""

    widget = forms.DateInput({"type": "date", "class": "lz-input"}, format="%Y-%m-%d")

    def __init__(self, **options: Any):
        early = MinValueValidator(FIRST_YEAR, f"日期不能早于 {FIRST_YEAR.year} 年，请核对。")
        super().__init__(initial=timezone.localdate, validators=[early], **options)

    def clean(self, value: Any) -> date:
        day = super().clean(value)
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day
