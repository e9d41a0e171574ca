"""Forms of asking many members: until when the code opens, who scans it, and why links leave."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from activities.forms.sign_in import SignInForm

USUAL = timedelta(days=14)


class CodeForm(forms.Form):
    """The last day of a code."""

    ends_on = forms.DateField(
        label="最后一天",
        error_messages={"required": "请填最后一天。", "invalid": "请填日期，如 2026-07-15。"},
        widget=forms.DateInput({"type": "date", "class": "lz-input"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None):
        super().__init__(data, initial={"ends_on": timezone.localdate() + USUAL})


class ScannedForm(SignInForm):
    """What a member types who scanned a code."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = "请填姓名。"
        self.fields["phone_end"].error_messages["required"] = "请填手机号的最后四位数字。"


class LinksForm(forms.Form):
    reason = forms.CharField(
        label="导出事由",
        max_length=200,
        error_messages={"required": "请写一句导出的用途。"},
        widget=forms.TextInput({"class": "lz-input lz-wide"}),
        help_text="个人资料的导出会留下记录，请写明用途，如“逐个发给本人确认”。",
    )
