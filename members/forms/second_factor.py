"""What is typed at the second step: six digits of the app, or a recovery code."""

from typing import Any

from django import forms

from members.ground.first_password import CLEAR
from members.ground.text import squeezed
from members.login.second_factor import CODE_LENGTH

NEITHER = "请填写验证器上的六位数字，或者一个恢复码（如 abcde-23456）。"


class CodeField(forms.RegexField):
    """Takes a code as it was read from paper: with or without the dash, in any case or width."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text if text.isdecimal() else squeezed(text).replace("-", "").lower()


class SecondStepForm(forms.Form):
    digits = CodeField(
        rf"^(?:[0-9]{{6}}|[{CLEAR}]{{{CODE_LENGTH}}})$",
        label="手机上的六位数字",
        max_length=40,
        error_messages={"required": "请填写六位数字。", "invalid": NEITHER, "max_length": NEITHER},
        widget=forms.TextInput(
            attrs={"class": "lz-input", "maxlength": 20, "autocomplete": "one-time-code", "autocapitalize": "none"}
        ),
    )
