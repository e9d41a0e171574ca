"""Forms of what a member says is wrong, and of how it is settled."""

from typing import Any

from django import forms

from members.models import CorrectionRequest

Means = CorrectionRequest.Means
BY_DESK = [(means.value, means.label) for means in Means if means != Means.LINK]


class OwnCorrectionForm(forms.ModelForm):
    """What the members write themselves."""

    class Meta:
        model = CorrectionRequest
        fields = ("about", "text")
        widgets = {
            "about": forms.Select({"class": "lz-input"}),
            "text": forms.Textarea({"class": "lz-input lz-text", "rows": 4}),
        }
        error_messages = {"about": {"required": "请选哪一方面。"}, "text": {"required": "请写清哪里不对。"}}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = [("", "请选择"), *CorrectionRequest.About.choices]  # type: ignore[attr-defined]


class CorrectionForm(OwnCorrectionForm):
    """What the office writes down for a member, and how they said it."""

    means = forms.ChoiceField(
        label="怎么提出的", choices=[("", "请选择"), *BY_DESK], widget=forms.Select({"class": "lz-input"}),
        error_messages={"required": "请选怎么提出的。"},
    )  # fmt: skip


class SettleForm(forms.Form):
    """What the member is told."""

    reply = forms.CharField(
        label="答复",
        max_length=200,
        required=False,
        widget=forms.Textarea({"class": "lz-input lz-text", "rows": 3}),
        help_text="本人会看到。已改好的可以不写；不改的要写明原因。",
    )
