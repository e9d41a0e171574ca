"""Forms of a unit's slips: one to send, what it answers, says and hands out."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from feedback.models import Slip
from feedback.rules.slips_of_units import LEAVING, NO_LEAVING
from feedback.rules.slips_reading import MISSING, NO_AGREEMENT, NO_DAY
from feedback.rules.slips_sending import SlipRow
from members.models import Consent
from members.web.files import WorkbookField

TEXT = {"class": "lz-input lz-wide", "autocomplete": "off"}

# In the order of the tabs: what waits for the unit comes first.
SLIP_TABS = {
    Slip.Status.ASKED: "需要核对", Slip.Status.SENT: "等社区接收", Slip.Status.ACCEPTED: "已接收",
    Slip.Status.FORWARDED: "已转其他街道", Slip.Status.DECLINED: "不在本街道", Slip.Status.WITHDRAWN: "已撤回",
    Slip.Status.ENDED: "已结束",
}  # fmt: skip


def _line(label: str, most: int, *, missing: str = "", help_text: str = "") -> Any:
    """Return a line of text; `missing` is the sentence where a required one is empty."""
    return forms.CharField(
        label=label,
        max_length=most,
        required=bool(missing),
        help_text=help_text,
        error_messages={"required": missing},
        widget=forms.TextInput(attrs=TEXT),
    )


class UnitSlipForm(forms.Form):
    """A slip of one member, as the unit sends it."""

    name = _line("姓名", 30, missing=MISSING["name"])
    phone = _line("电话", 30, missing=MISSING["phone"])
    home = _line("住址", 100, missing=MISSING["home"], help_text="写到几号楼几室，如“迎晖苑1期 12号楼302室”。")
    employer_number = _line("单位内编号", 30, help_text="可以不填。不要写身份证号。")
    skills = _line("特长", 200, help_text="多项用顿号隔开，如：书法、水电维修。")
    wishes = _line("愿意做的", 200, help_text="如：周末帮忙、教孩子写字。")
    agreed_how = forms.ChoiceField(
        label="本人怎样同意的",
        choices=[("", "请选择"), *Consent.Means.choices],
        widget=forms.Select(attrs={"class": "lz-input"}),
        help_text="本人同意把这些告诉居住地的社区，才能发。",
        error_messages={"required": NO_AGREEMENT, "invalid_choice": NO_AGREEMENT},
    )
    agreed_on = forms.DateField(
        label="本人哪一天同意的",
        widget=forms.DateInput({"type": "date", "class": "lz-input"}, format="%Y-%m-%d"),
        error_messages={"required": NO_DAY},
    )

    def row(self) -> SlipRow:
        return SlipRow(**self.cleaned_data)


class UnitBookForm(forms.Form):
    file = WorkbookField(label="表格", error_messages={"required": "请先选一个表格文件。"})


class QuestionForm(forms.Form):
    """The unit's answer to a question; at least one field, as the rule says."""

    text = _line("回答", 200, help_text="写一句话，或者改正下面的住址、电话。")
    home = _line("改正的住址", 100)
    phone = _line("改正的电话", 30)


class LeavingForm(forms.Form):
    """Why the member is no longer the unit's."""

    code = forms.ChoiceField(
        label="原因",
        choices=[(each.value, each.label) for each in LEAVING],
        widget=forms.RadioSelect,
        error_messages={"required": NO_LEAVING, "invalid_choice": NO_LEAVING},
    )
    text = _line("说明", 200)


class UnitLinkForm(forms.Form):
    """The last day of the unit's link."""

    ends_on = forms.DateField(
        label="最后一天",
        widget=forms.DateInput({"type": "date", "class": "lz-input"}, format="%Y-%m-%d"),
        error_messages={"required": "请选最后一天。"},
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].initial = timezone.localdate() + timedelta(days=30)
