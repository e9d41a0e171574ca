"""The form by which members report themselves to the community where they live."""

from typing import Any

from django import forms
from django.utils import timezone

from feedback.rules.slips_sending import SlipRow
from members.models import Consent, Employer
from members.models.people import OPINION_REMINDER

NEEDED = "请在“接收本人信息”前面打勾：您不同意，社区就不能接收您的报到。"


def _typed(label: str, *, longest: int, missing: str = "", hint: str = "", **attributes: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        required=bool(missing),
        error_messages={"required": missing, "max_length": f"最多写 {longest} 个字。"},
        help_text=hint,
        widget=forms.TextInput({"class": "lz-input lz-wide", **attributes}),
    )


class ReportForm(forms.Form):
    """What a member types who reports; neither tick is set beforehand. Behind an employer's link the unit is known."""

    name = _typed("姓名", longest=30, missing="请填姓名。", autocomplete="name", autofocus=True)
    phone = _typed("手机号", longest=30, missing="请填手机号，社区好和您联系。", autocomplete="tel", inputmode="tel")
    home = _typed(
        "住址", longest=100, missing="请填住址。", hint="写到楼号和室号，如：某某苑5号楼501室。",
        autocomplete="street-address",
    )  # fmt: skip
    employer_name = _typed("单位", longest=100, missing="请填单位名称。", autocomplete="organization")
    skills = _typed("特长", longest=200, hint="可以不填。如：书法、水电维修。")
    wishes = _typed("愿意做的", longest=200, hint=f"可以不填。{OPINION_REMINDER}")
    receives = forms.BooleanField(label="接收本人信息", error_messages={"required": NEEDED})
    tells_employer = forms.BooleanField(label="告诉我的单位", required=False)

    def __init__(self, data: Any = None, *, employer: Employer | None = None):
        super().__init__(data)
        if employer:
            del self.fields["employer_name"]

    @property
    def row(self) -> SlipRow:
        """The slip that the form says, agreed to here and now."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "receives"}
        return SlipRow(agreed_how=Consent.Means.LINK, agreed_on=timezone.localdate(), **values)

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Say what the rule finds wrong, beside the field that it is about."""
        for name, sentences in errors.items():
            self.add_error(name if name in self.fields else None, sentences)  # type: ignore[arg-type]
