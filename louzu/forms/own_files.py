"""The form with which a member's own file is made."""

from django import forms

from louzu.models import OwnFile


class OwnFileForm(forms.ModelForm):
    """Why the file is made; its buttons say how it reaches the member."""

    class Meta:
        model = OwnFile
        fields = ("means", "reason")
        widgets = {"reason": forms.TextInput({"class": "lz-input lz-wide"})}
        error_messages = {
            "means": {"required": "请选怎么交给本人。"},
            "reason": {"required": "请写明本人怎么提出的。"},
        }
