"""The six digits of the second step."""

from django import forms


class SecondStepForm(forms.Form):
    digits = forms.RegexField(
        r"^[0-9]{6}$",
        label="手机上的六位数字",
        error_messages={"required": "请填写六位数字。", "invalid": "请填写六位数字。"},
        widget=forms.TextInput(
            attrs={"class": "lz-input", "inputmode": "numeric", "maxlength": 6, "autocomplete": "one-time-code"}
        ),
    )
