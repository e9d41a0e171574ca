"""Forms of needs: recording or correcting one, and claiming it."""

import re
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils import timezone

from activities.models import Need
from activities.rules.needing import NOT_HERE
from members.ground.access import Resource, Right
from members.ground.rooms import fold_room
from members.models import Area, Employer, Household
from members.web.widgets import Autocomplete

PK = re.compile(r"[0-9]{1,18}\Z")


class MembersField(forms.Field):
    """A set of member ids. The rule checks which members the user may choose."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str] | None) -> set[int]:
        if not all(PK.match(pk) for pk in value or []):
            raise forms.ValidationError(NOT_HERE)
        return {int(pk) for pk in value or []}


class ClaimForm(forms.Form):
    members = MembersField(required=False)
    employer = forms.ModelChoiceField(
        Employer.objects.none(),
        label="单位认领",
        required=False,
        help_text="由单位党组织出人出力的，选单位。可以不选。",
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["employer"].queryset = Employer.objects.for_user(user)
        self.fields["employer"].widget = Autocomplete(Need._meta.get_field("employer"), admin.site)
        self.fields["employer"].widget.choices = self.fields["employer"].choices


FEW_AREAS = 30


class NeedForm(forms.ModelForm):
    """A need; the room number entered with a building group finds its household."""

    room = forms.CharField(
        label="室号",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "lz-input", "autocomplete": "off"}),
        help_text="可以不填，就是匿名。愿意留门牌的只写室号，如 302。",
    )
    field_order = ["area", "text", "room", "skill", "opened_on"]

    class Meta:
        model = Need
        fields = ("area", "text", "skill", "opened_on")
        widgets = {
            "area": forms.Select(attrs={"class": "lz-input"}),
            "text": forms.Textarea(attrs={"class": "lz-input lz-text", "rows": 3}),
            "skill": forms.TextInput(attrs={"class": "lz-input", "list": "skills", "autocomplete": "off"}),
            "opened_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "lz-input"}),
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.saved, self.is_new = user, self.instance, False
        self.fields["opened_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        if self.instance.household:
            self.initial["room"] = self.instance.household.room
        self._offer_areas(Area.objects.for_user(user, Right.WRITE, resource=Resource.NEED).current())

    def _offer_areas(self, areas: QuerySet) -> None:
        """Offer the areas as a list, or as a search where there are many; preselect an only one."""
        field = cast(forms.ModelChoiceField, self.fields["area"])
        field.queryset = areas
        count = areas.count()
        if count > FEW_AREAS:
            field.widget = Autocomplete(Need._meta.get_field("area"), admin.site)
            field.widget.choices = field.choices
            field.help_text = "输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
        elif count == 1:
            field.empty_label = None

    def clean(self):
        cleaned = super().clean()
        room, area = cleaned.get("room"), cleaned.get("area")
        self.instance.household = self._household(area, room) if room and area else None
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """The submitted fields, with the household of the room."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields} | {"household": self.instance.household}

    @property
    def changes(self) -> dict[str, Any]:
        """The values that differ from the stored ones; the household always, since it follows from area and room."""
        return {name: value for name, value in self.values.items() if name in {*self.changed_data, "household"}}

    def _household(self, area: Area, room: str) -> Household | None:
        if area.level != Area.Level.BUILDING_GROUP:
            self.add_error("room", "要写室号，请先在“在哪里”选到楼组（哪一号楼）。")
            return None
        household = Household.objects.for_user(self.user).filter(area=area, room=fold_room(room)).first()
        if household is None:
            self.add_error("room", f"{area}没有登记“{room}”这一户。请核对，或不填室号。")
        return household
