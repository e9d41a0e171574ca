"""Forms of visits: one of today by a single tap, or one of any day."""

from django import forms
from django.utils import timezone

from activities.models import Visit
from members.ground.access import Right
from members.models import Pairing

SIDES = ("household__area", "neighbour__area")
GONE = "这一对已经结束，或不在您的岗位范围内。请刷新页面再记。"


class TapForm(forms.Form):
    """A visit of today by one tap: the pairing and the kind of contact."""

    pairing = forms.ModelChoiceField(Pairing.objects.none(), error_messages={"required": GONE, "invalid_choice": GONE})
    kind = forms.ChoiceField(
        choices=Visit.Kind.choices,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请点“上门”“电话”“帮忙办事”“邻里相聚”中的一个。"),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.visit, self.is_new = Visit(), False
        self.fields["pairing"].queryset = Pairing.objects.for_user(user, Right.WRITE).current().select_related(*SIDES)


class VisitForm(forms.ModelForm):
    class Meta:
        model = Visit
        fields = ("visited_on", "kind", "note")
        widgets = {
            "visited_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "lz-input"}),
            "kind": forms.RadioSelect,
            "note": forms.TextInput(attrs={"class": "lz-input lz-wide", "placeholder": "可以不填"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.visit, self.is_new = self.instance, False
        self.fields["visited_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        self.fields["kind"].choices = Visit.Kind.choices
