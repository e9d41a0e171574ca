"""Forms of a need: what is needed, and who takes it on."""

import re
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils import timezone

from activities.models import Need
from members.ground.access import Resource, Right
from members.ground.rooms import fold_room
from members.models import Area, Employer, Household, Member
from members.web.widgets import Autocomplete

PK = re.compile(r"[0-9]{1,18}\Z")
MOST = 20
NOT_HERE = "有的党员已不在名单里，请重新勾选。"


class MembersField(forms.ModelMultipleChoiceField):
    """Members by their ids; what is no id, or would be too many, is not asked of the database."""

    def clean(self, value):
        if len(value or []) > MOST:
            raise forms.ValidationError(f"一次最多登记 {MOST} 名党员。")
        if not all(PK.match(pk) for pk in value or []):
            raise forms.ValidationError(NOT_HERE)
        return super().clean(value)


class ClaimForm(forms.Form):
    members = MembersField(Member.objects.none(), required=False, error_messages={"invalid_choice": NOT_HERE})
    employer = forms.ModelChoiceField(
        Employer.objects.none(),
        label="单位认领",
        required=False,
        help_text="由单位党组织出人出力的，选单位。可以不选。",
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = residents(user)
        self.fields["employer"].queryset = Employer.objects.for_user(user)
        self.fields["employer"].widget = Autocomplete(Need._meta.get_field("employer"), admin.site)
        self.fields["employer"].widget.choices = self.fields["employer"].choices


def residents(user: Any) -> Any:
    """The members of the scope who live there now, with their homes."""
    members: Any = Member.objects.for_user(user).with_home()
    return members.filter(home_path__isnull=False)


FEW_AREAS = 30


class NeedForm(forms.ModelForm):
    """A need, with its door told by the room alone."""

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
        self.user, self.saved = user, self.instance
        self.fields["opened_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        if self.instance.household:
            self.initial["room"] = self.instance.household.room
        self._offer_areas(Area.objects.for_user(user, Right.WRITE, resource=Resource.NEED).current())

    def _offer_areas(self, areas: QuerySet) -> None:
        """A few areas to choose from, many to search; the only one is chosen already."""
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
        self.instance.household = self._door(area, room) if room and area else None
        return cleaned

    def _door(self, area: Area, room: str) -> Household | None:
        if area.level != Area.Level.BUILDING_GROUP:
            self.add_error("room", "要写室号，请先在“在哪里”选到楼组（哪一号楼）。")
            return None
        door = Household.objects.for_user(self.user).filter(area=area, room=fold_room(room)).first()
        if door is None:
            self.add_error("room", f"{area}没有登记“{room}”这一户。请核对，或不填室号。")
        return door
