"""Forms of honours: the area filter, and giving or correcting one."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404
from django.utils import timezone

from activities.forms.places import PlaceForm, as_id
from activities.models import Honour
from activities.models.honours import FIRST_HONOURS, STATEMENTS
from activities.rules.honouring import LONGEST_REASON
from members.ground.access import Resource, Right
from members.models import Area
from members.models.people import OPINION_REMINDER
from members.web.widgets import Autocomplete


class HonourPlaceForm(PlaceForm):
    """The area filter of honours."""

    resource = Resource.HONOUR

    @property
    def chosen(self) -> Area | None:
        """The chosen area, None for all; Http404 where it is unknown or outside the scope."""
        if not self.is_valid():
            raise Http404
        return self.cleaned_data["area"]


class WithdrawHonourForm(forms.Form):
    reason = forms.CharField(
        label="撤回的原因",
        required=False,  # the rule asks for it, at every door alike
        widget=forms.TextInput({"class": "lz-input lz-wide", "maxlength": LONGEST_REASON, "autofocus": True}),
        help_text="如：选错了楼组。写楼组的事，不写个人。",
    )


class HonourForm(forms.ModelForm):
    """An honour and its deeds; the building makes the statements itself, so none is preselected."""

    class Meta:
        model = Honour
        fields = ("area", "year", "kind", "theme", "deeds", "awarded_on", *STATEMENTS, "stated_on")
        widgets = {
            "kind": forms.RadioSelect,
            "theme": forms.RadioSelect,
            "deeds": forms.Textarea({"class": "lz-input lz-wide lz-text", "rows": 8}),
            "awarded_on": forms.DateInput({"class": "lz-input", "type": "date"}, format="%Y-%m-%d"),
            "stated_on": forms.DateInput({"class": "lz-input", "type": "date"}, format="%Y-%m-%d"),
        }
        error_messages = {
            "area": {
                "required": "请选择楼组或小区。",
                "invalid_choice": "请在名单里选择楼组或小区：它不在您的岗位范围内，或已停用。",
            },
            "kind": {"required": "请选择类别。"},
            "deeds": {"required": "请写上事迹。"},
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        mine = Area.objects.for_user(user, Right.WRITE, resource=Resource.HONOUR).current()
        area: Any = self.fields["area"]
        area.queryset = mine.filter(level__gte=Area.Level.STATION) | Area.objects.filter(pk=self.instance.area_id)
        area.widget = Autocomplete(Honour._meta.get_field("area"), admin.site)
        area.widget.choices = area.choices
        area.help_text = "可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
        this_year = timezone.localdate().year
        years = [(year, f"{year} 年") for year in range(this_year, FIRST_HONOURS - 1, -1)]
        self.fields["year"] = forms.TypedChoiceField(
            label="年度", coerce=int, choices=years, initial=this_year, widget=forms.Select({"class": "lz-input"})
        )
        self.fields["deeds"].help_text += OPINION_REMINDER
        for name in ("kind", "theme"):
            choices: Any = self.fields[name]
            choices.choices = [choice for choice in choices.choices if choice[0]]

    def clean(self) -> dict[str, Any]:
        """Drop the theme of a commended group: only the page's script hides that field."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == Honour.Kind.COMMENDED:
            cleaned["theme"] = ""
        return cleaned

    @property
    def place(self) -> Area | None:
        """The area that stands in the form, if the user may give it an honour."""
        value = self["area"].value()
        areas: Any = self.fields["area"]
        return areas.queryset.filter(pk=as_id(str(value or ""))).first()

    @property
    def asked_year(self) -> int | None:
        """The year that stands in the form; None for what is none."""
        year = as_id(str(self["year"].value() or ""))
        return year if year and FIRST_HONOURS <= year <= timezone.localdate().year else None

    @property
    def statements(self) -> list[forms.BoundField]:
        return [self[name] for name in STATEMENTS]
