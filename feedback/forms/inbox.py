"""Forms of a unit's inbox."""

from django import forms

from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.rules.receiving import NO_ANSWER, check_return

SENTENCE = "只写对这张卡的回复，不评价个人。"


class AnswerForm(forms.Form):
    """The unit's answer, and whether it expresses thanks; that box is never ticked beforehand."""

    text = forms.CharField(
        label="反馈",
        max_length=500,
        error_messages={"required": NO_ANSWER},
        widget=forms.Textarea(attrs={"class": "lz-input lz-text", "rows": 3, "placeholder": "如：已阅，感谢社区。"}),
        help_text=f"一两句话就行。{SENTENCE}",
    )
    thanks = forms.BooleanField(label="向社区和本人表示感谢", required=False)


class ReturnForm(forms.Form):
    """The reason for returning a card."""

    code = forms.ChoiceField(label="退回的原因", choices=RecordCard.Return.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label="说明",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "lz-input lz-wide", "autocomplete": "off"}),
        help_text="选“其他”的请写一句。",
    )

    def clean(self):
        cleaned = super().clean()
        check_return(code=cleaned.get("code", ""), text=cleaned.get("text", ""))
        return cleaned


Status = RecordCard.Status


# In the order of the tabs: what waits for the unit comes first.
TABS = {
    Status.ISSUED: "待签收", Status.RECEIVED: "待反馈", Status.ANSWERED: "已反馈", Status.RETURNED: "已退回",
    Status.WITHDRAWN: "已撤回",
}  # fmt: skip
WAITING = (Status.ISSUED, Status.RECEIVED)  # for the unit's receipt or answer


class NarrowForm(forms.Form):
    """The filters of the list; an invalid filter is ignored."""

    show = forms.ChoiceField(choices=[("", "全部"), *TABS.items()], required=False)
    period = forms.ChoiceField(label="时段", required=False, widget=forms.Select(attrs={"class": "lz-input"}))
    q = forms.CharField(required=False, max_length=30)
    unit = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, periods: list[CardPeriod], **kwargs):
        super().__init__(*args, **kwargs)
        choices = [("", "全部时段"), *((period.code, period.label) for period in periods)]
        self.fields["period"].choices = choices  # type: ignore[attr-defined]

    def query(self) -> dict[str, str]:
        """Return the filters, each "" where it is missing or invalid."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "").strip() for name in ("show", "period", "q")}
