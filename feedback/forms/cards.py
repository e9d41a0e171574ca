"""Forms of the card pages, for secretaries, members, and the public check of a card."""

import unicodedata
from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard, Sender
from feedback.rules import making
from feedback.rules.agreeing import NO_REASON
from members.ground.access import Resource, Right
from members.models import Area
from members.web.fields import PastDayField

UNENDED = "（还没有结束）"
SHORTEST_CODE = 16  # hex digits, as many as the card prints


class WriteForm(forms.Form):
    """The secretary's sentence, and the lines that go on the card.

    The page posts the lines that it listed beside those that are ticked, so that a line added since is not left out.
    """

    sentence = RecordCard._meta.get_field("sentence").formfield(
        widget=forms.Textarea({"class": "lz-input lz-text", "rows": 2})
    )

    def __init__(self, data: Any = None, *, card: RecordCard):
        super().__init__(data, initial={"sentence": card.sentence})
        self.card = card

    @property
    def left_out(self) -> list[str]:
        """The keys of the lines to leave out."""
        data: Any = self.data
        listed, ticked = set(data.getlist("line")), set(data.getlist("keep"))
        keys = [line["key"] for line in self.card.lines]
        return [key for key in keys if (key not in ticked if key in listed else key in self.card.left_out)]


class MakeForm(forms.Form):
    """The area and period to make cards for."""

    area = forms.ModelChoiceField(
        Area.objects.none(), label="哪里", empty_label=None, error_messages={"invalid_choice": making.NO_PLACE}
    )
    period = forms.ChoiceField(label="哪个时段", error_messages={"invalid_choice": making.NO_PERIOD})

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        areas = senders_of(user)
        area, period = cast(forms.ModelChoiceField, self.fields["area"]), cast(forms.ChoiceField, self.fields["period"])
        area.queryset = areas
        first = areas.first()
        periods = making.periods_of(first.street_path if first else "")
        period.choices = [(each.code, label_of(each)) for each in periods]
        period.initial = periods[-2].code
        for field in (area, period):
            field.widget.attrs["class"] = "lz-input"

    @property
    def chosen(self) -> CardPeriod:
        return CardPeriod.read(self.cleaned_data["period"])


class AgreedForm(forms.Form):
    """The day on which members signed."""

    given_on = PastDayField(label="签字日期", error_messages={"required": "请填写本人签字的日期。"})


class WithdrawForm(forms.Form):
    reason = forms.ChoiceField(
        label="为什么撤回",
        choices=[(each.value, each.label) for each in RecordCard.Withdrawal if each != RecordCard.Withdrawal.DROPPED],
        initial=RecordCard.Withdrawal.MISTAKE,
        widget=forms.RadioSelect,
        error_messages={"required": "请选一个原因。", "invalid_choice": "请选一个原因。"},
    )


class SenderForm(forms.ModelForm):
    """The card settings of a street or community; only a street sets the length of periods."""

    class Meta:
        model = Sender
        fields = ("contact", "months")
        widgets = {
            "contact": forms.TextInput({"class": "lz-input lz-wide"}),
            "months": forms.Select({"class": "lz-input"}),
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.area.level != Area.Level.STREET:
            del self.fields["months"]


class PhoneEndForm(forms.Form):
    """The last four digits of the member's phone; full-width digits count too."""

    digits = forms.CharField(
        label="您的手机号后四位",
        max_length=20,
        validators=[RegexValidator(r"\A[0-9]{4}\Z", "请填手机号的最后四位数字。")],
        error_messages={"required": "请填手机号的最后四位数字。"},
        widget=forms.TextInput(
            {"class": "lz-input lz-digits", "inputmode": "numeric", "autocomplete": "off", "autofocus": True}
        ),
    )

    def __init__(self, data: Any = None):
        super().__init__(data and {"digits": plain(data.get("digits", ""))})


class ObjectForm(forms.Form):
    reason = forms.CharField(
        label="哪里不对，请写一句",
        max_length=200,
        error_messages={"required": NO_REASON},
        widget=forms.Textarea({"class": "lz-input lz-text", "rows": 3}),
    )


class VerifyForm(forms.Form):
    """A card's number and check code, as typed off the paper."""

    number = forms.CharField(
        label="卡号",
        max_length=40,
        error_messages={"required": "请填卡号。"},
        widget=forms.TextInput({"class": "lz-input lz-wide", "autocomplete": "off"}),
    )
    d = forms.CharField(
        label="校验码",
        max_length=100,
        error_messages={"required": "请填校验码。"},
        help_text="卡片下方的 16 位，大小写、空格都不要紧。",
        widget=forms.TextInput({"class": "lz-input lz-wide", "autocomplete": "off"}),
    )

    def clean_number(self) -> str:
        return plain(self.cleaned_data["number"])

    def clean_d(self) -> str:
        code = plain(self.cleaned_data["d"]).replace("-", "").lower()
        if len(code) < SHORTEST_CODE:
            raise forms.ValidationError(f"校验码至少 {SHORTEST_CODE} 位，请照卡片上的填全。")
        return code


def plain(text: str) -> str:
    """Return the text with full-width letters and digits as plain ones, and without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def label_of(period: CardPeriod) -> str:
    """Return the period's label, with a note where it has not ended."""
    return f"{period.label}{UNENDED if period.last >= timezone.localdate() else ''}"


def senders_of(user: Any) -> Any:
    """Return the streets and communities for which the user may make and send cards."""
    areas: Any = Area.objects.for_user(user, Right.WRITE, resource=Resource.CARD)
    return areas.current().filter(level__lte=Area.Level.COMMUNITY)
