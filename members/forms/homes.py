"""Forms for moving house and for moving away."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from members.ground.access import Resource, Right
from members.models import Area, Residence
from members.roster.address_search import home_at
from members.web.widgets import Autocomplete


def address_field() -> forms.CharField:
    """Return the box for a whole address, from which the building group and the room are read."""
    return forms.CharField(
        label="住址",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="可以写整个住址，如：迎园路218弄5号302室。写了这里，楼组和室号不用再选。",
    )


def settle_address(form: forms.BaseForm, *, user: Any, group_field: str) -> None:
    """Fill the group and the room of a form by its address; a sentence beside it where it means no door, or another."""
    text, chosen = form.cleaned_data.pop("address", ""), form.cleaned_data.get(group_field)
    if not text:
        if not chosen and group_field not in form.errors:
            form.add_error(group_field, "请选择楼组，或在上面写整个住址。")
        return
    try:
        group, room = home_at(text, user, group=chosen, room=form.cleaned_data.get("room", ""))
        form.cleaned_data |= {group_field: group, "room": room}
    except ValidationError as error:
        form.add_error("address", error)


class DayForm(forms.Form):
    """A day, today by default, never in the future."""

    on = forms.DateField(label="日期", initial=timezone.localdate, widget=UnfoldAdminSingleDateWidget)

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


class MoveForm(DayForm):
    address = address_field()
    to = forms.ModelChoiceField(
        Area.objects.none(), label="新楼组", required=False, help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", max_length=30, required=False, widget=UnfoldAdminTextInputWidget)
    joined_on = forms.DateField(
        label="参加新楼组党小组日期", required=False, widget=UnfoldAdminSingleDateWidget, help_text="没有参加就不填。"
    )
    field_order = ["address", "to", "room", "on", "joined_on"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        groups = Area.objects.for_user(user, Right.WRITE, resource=Resource.MEMBER).current()
        self.fields["to"].queryset = groups.filter(level=Area.Level.BUILDING_GROUP)
        self.fields["to"].widget = Autocomplete(Residence._meta.get_field("area"), admin.site)
        self.fields["to"].widget.choices = self.fields["to"].choices

    def clean(self):
        super().clean()
        settle_address(self, user=self.user, group_field="to")
        return self.cleaned_data
