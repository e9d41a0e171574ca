"""Forms for moving house and for moving away."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from members.ground.access import Resource, Right
from members.models import Area, Residence
from members.web.widgets import Autocomplete


class DayForm(forms.Form):
    """A day, today by default, never in the future."""

    on = forms.DateField(label="日期", initial=timezone.localdate, widget=UnfoldAdminSingleDateWidget)

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


class MoveForm(DayForm):
    to = forms.ModelChoiceField(
        Area.objects.none(), label="新楼组", help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", max_length=30, required=False, widget=UnfoldAdminTextInputWidget)
    joined_on = forms.DateField(
        label="参加新楼组党小组日期", required=False, widget=UnfoldAdminSingleDateWidget, help_text="没有参加就不填。"
    )
    field_order = ["to", "room", "on", "joined_on"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        groups = Area.objects.for_user(user, Right.WRITE, resource=Resource.MEMBER).current()
        self.fields["to"].queryset = groups.filter(level=Area.Level.BUILDING_GROUP)
        self.fields["to"].widget = Autocomplete(Residence._meta.get_field("area"), admin.site)
        self.fields["to"].widget.choices = self.fields["to"].choices
