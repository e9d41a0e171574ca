"""Forms of offers: the unit's own form, and the filters of the office's list."""

from typing import Any

from django import forms

from feedback.models import Contact, Offer
from feedback.rules.offering import NO_PLACE

Status = Offer.Status


class OffersForm(forms.Form):
    """The filters of the list; an invalid filter is ignored."""

    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *Status.choices], required=False)
    kind = forms.ChoiceField(label="类别", choices=[("", "全部"), *Offer.Kind.choices], required=False)
    status.widget.attrs["class"] = kind.widget.attrs["class"] = "lz-input"

    def query(self) -> dict[str, str]:
        """Return the filters that are given and valid."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class OfferForm(forms.ModelForm):
    """An offer of the contact's unit to the contact's street."""

    class Meta:
        model = Offer
        fields = ("area", "kind", "title", "text")
        widgets = {
            "area": forms.Select(attrs={"class": "lz-input"}),
            "kind": forms.Select(attrs={"class": "lz-input"}),
            "title": forms.TextInput(attrs={"class": "lz-input lz-wide", "autocomplete": "off"}),
            "text": forms.Textarea(attrs={"class": "lz-input lz-text", "rows": 3}),
        }
        help_texts = {
            "area": "给一个社区用，选社区；全街道都可以用，选街道。",
            "title": "如：会议室、法律讲座、5 名志愿者。",
        }

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        self.instance.employer = contact.employer
        fields["kind"].choices = [("", "请选择"), *Offer.Kind.choices]
        fields["area"].error_messages["invalid_choice"] = NO_PLACE
        fields["area"].queryset, fields["area"].empty_label = Offer.places(contact.street), "请选择"
