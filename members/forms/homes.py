"""Forms for moving house and for moving away."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from members.ground.access import Resource, Right
from members.models import Area, Residence
from members.roster.address_search import home_at
from members.rules.moving import Held
from members.web.widgets import Autocomplete

MOST_NAMED = 3


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


def offer_groups(field: Any, user: Any) -> None:
    """Let a field offer the building groups in which the user may write members, found by typing."""
    groups = Area.objects.for_user(user, Right.WRITE, resource=Resource.MEMBER).current()
    field.queryset = groups.filter(level=Area.Level.BUILDING_GROUP)
    field.widget = Autocomplete(Residence._meta.get_field("area"), admin.site)
    field.widget.choices = field.choices


class DayForm(forms.Form):
    """A day, today by default, never in the future."""

    on = forms.DateField(label="日期", initial=timezone.localdate, widget=UnfoldAdminSingleDateWidget)

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


class EndingForm(forms.Form):
    """Which of what hangs on the home ends with moving away: all of it, until a tick is removed."""

    end = forms.MultipleChoiceField(
        label="一起结束（去掉勾的保留）", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def __init__(self, *args: Any, held: Sequence[Held], **kwargs: Any):
        super().__init__(*args, **kwargs)
        if held:
            end = cast(forms.MultipleChoiceField, self.fields["end"])
            end.choices = [(each.tie.key, _listed(each)) for each in held]
            end.initial = [each.tie.key for each in held]
        else:
            del self.fields["end"]


class LeaveForm(EndingForm, DayForm):
    """The day of moving away, and what ends with it."""

    field_order = ["on", "end"]


def _listed(held: Held) -> str:
    """Return the count of what hangs on the home, with its rows as long as they are few."""
    names = "、".join(map(str, held.rows[:MOST_NAMED]))
    return f"{held}：{names}{'等' if len(held.rows) > MOST_NAMED else ''}"


class MoveForm(LeaveForm):
    address = address_field()
    to = forms.ModelChoiceField(
        Area.objects.none(), label="新楼组", required=False, help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", max_length=30, required=False, widget=UnfoldAdminTextInputWidget)
    joins = forms.BooleanField(
        label="也参加新楼组的党小组？", required=False, widget=UnfoldBooleanWidget, help_text="勾上：从迁入那天起参加。"
    )
    field_order = ["address", "to", "room", "on", "joins", "end"]

    def __init__(self, *args, user, home, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["joins"].initial = bool(home and home.until is None and home.joined_on)
        self.user = user
        offer_groups(self.fields["to"], user)

    def clean(self):
        super().clean()
        settle_address(self, user=self.user, group_field="to")
        joins = self.cleaned_data.pop("joins", False)
        return self.cleaned_data | {"joined_on": self.cleaned_data.get("on") if joins else None}
