"""The form behind the poster: a member's name and the end of their phone number."""

from django import forms
from django.core.validators import RegexValidator

from members.ground.text import narrow


class NarrowField(forms.CharField):
    """Text whose full-width digits are taken as digits, before it is checked."""

    def to_python(self, value):
        return narrow(super().to_python(value))


class SignInForm(forms.Form):
    name = forms.CharField(
        label="姓名",
        min_length=2,
        max_length=30,
        widget=forms.TextInput(attrs={"class": "lz-input", "autocomplete": "name"}),
    )
    phone_end = NarrowField(
        label="手机号后四位",
        validators=[RegexValidator(r"^[0-9]{4}$", "请填手机号的最后四位数字。")],
        widget=forms.TextInput(
            attrs={"class": "lz-input", "inputmode": "numeric", "maxlength": 4, "autocomplete": "off"}
        ),
    )
