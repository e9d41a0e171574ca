"""Filter fields that the lists of activities share: an area of the user's scope, and a span of days."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from activities.ground.periods import DaySpan, read_period
from members.ground.access import Resource
from members.models import Area

FEW_AREAS = 150  # more are found faster by typing than in a list


def areas_by_compound(areas: Iterable[Area]) -> list[tuple[Any, Any]]:
    """Return choices for areas given in tree order, with building groups grouped under their compound."""
    choices: list[tuple[Any, Any]] = []
    compound = None
    for area in areas:
        choice = (area.pk, area.label)
        if area.level == Area.Level.STATION:
            compound = (area.path, [choice])
            choices.append((area.label, compound[1]))
        elif compound and area.path.startswith(compound[0]):
            compound[1].append(choice)
        else:
            choices.append(choice)
    return choices


class PlaceForm(forms.Form):
    """A filter by one of the user's areas: compounds and higher ones, or lower ones if the user has no others.

    A lower area that the address names is offered too.
    """

    area = forms.ModelChoiceField(
        Area.objects.none(),
        label="区域",
        required=False,
        empty_label="全部",
        widget=forms.Select({"class": "lz-input"}),
        error_messages={"invalid_choice": "没有这个区域，或者它不在您的岗位范围内。"},
    )
    resource = Resource.ACTIVITY

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        mine = Area.objects.for_user(user, resource=self.resource)
        field: Any = self.fields["area"]
        field.queryset = mine
        offered = Q(level__lte=Area.Level.STATION) | Q(pk=as_id(self.data.get("area", "")))
        self.offered = list(mine.current().filter(offered)) or list(mine.current()[:FEW_AREAS])
        field.choices = [("", field.empty_label), *((area.pk, area.label) for area in self.offered)]

    @property
    def highest(self) -> Area | None:
        """The highest area of the user."""
        return self.offered[0] if self.offered else None


class DaySpanField(forms.ChoiceField):
    """A span of days as `read_period` reads it; the list offers years and months."""

    def clean(self, value: Any) -> DaySpan | None:
        try:
            return read_period(value) if value else None
        except ValueError as problem:
            raise ValidationError("没有这个时间，请重新选择。") from problem


def as_id(text: str) -> int | None:
    """Return the id in a query string; None where the text is no id."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
