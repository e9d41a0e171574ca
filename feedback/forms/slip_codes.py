"""The form of a community's reporting code: where it is hung up, and until when."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from feedback.forms.asking import CodeForm
from members.ground.access import Resource, Right
from members.models import Area

USUAL = timedelta(days=90)


class SlipCodeForm(CodeForm):
    """A community of the user's, and the last day; a user of one community need not choose."""

    place = forms.ModelChoiceField(
        label="社区",
        queryset=Area.objects.none(),
        empty_label=None,
        error_messages={"required": "请选社区。", "invalid_choice": "请从名单里选社区。"},
        widget=forms.Select({"class": "lz-input"}),
    )
    field_order = ("place", "ends_on")

    def __init__(self, data: Any = None, *, user: Any):
        super().__init__(data)
        areas = Area.objects.for_user(user, Right.WRITE, resource=Resource.CARD).current()
        place = cast(forms.ModelChoiceField, self.fields["place"])
        place.queryset = areas.filter(level=Area.Level.COMMUNITY).order_by("path")
        self.initial["ends_on"] = timezone.localdate() + USUAL
