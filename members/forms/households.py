"""Forms of households: one, its name, or the rooms of a building."""

from typing import Any

from django import forms

from members.ground.rooms import MOST_DOORS, MOST_FLOORS, MOST_UNITS
from members.models import Household
from members.models.people import OPINION_REMINDER

NUMBER = {"class": "lz-input lz-few-digits", "inputmode": "numeric"}


class LayOutForm(forms.Form):
    """The size of a building, from which its doors are made."""

    units = forms.IntegerField(
        label="几个单元",
        min_value=1,
        max_value=MOST_UNITS,
        widget=forms.NumberInput(NUMBER),
        help_text="不分单元就填 1。",
    )
    floors = forms.IntegerField(label="几层", min_value=1, max_value=MOST_FLOORS, widget=forms.NumberInput(NUMBER))
    doors = forms.IntegerField(
        label="每层几户",
        min_value=1,
        max_value=MOST_DOORS,
        widget=forms.NumberInput(NUMBER),
        help_text="有单元的，填一个单元里每层几户。",
    )


class DoorForm(forms.ModelForm):
    """A single door with its name."""

    class Meta:
        model = Household
        fields: tuple[str, ...] = ("room", "name")
        widgets = {name: forms.TextInput({"class": "lz-input"}) for name in ("room", "name")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = f"愿意的家庭留一个称呼，如“王阿姨家”；不愿意就空着。{OPINION_REMINDER}"


class NameForm(DoorForm):
    class Meta(DoorForm.Meta):
        fields = ("name",)
