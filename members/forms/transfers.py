"""Forms of a transfer: sending a member to another street, accepting one who comes, declining."""

from contextlib import suppress
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from members.forms.homes import EndingForm, address_field, offer_groups, settle_address
from members.models import Area, Member, Transfer
from members.models.areas import AreaQuerySet
from members.models.consents import BY_HAND
from members.models.people import OPINION_REMINDER
from members.roster.address_search import group_at

NEW = ""


class SendForm(EndingForm):
    """Where to, and how and when the member agreed; nothing is chosen beforehand."""

    to_street = forms.ModelChoiceField(
        Area.objects.none(), label="转到哪个街道", empty_label="请选择", widget=UnfoldAdminSelectWidget
    )
    home_text = forms.CharField(
        label="那边的住址",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=Transfer._meta.get_field("home_text").help_text,
    )
    means = forms.ChoiceField(
        label="本人怎么同意的", choices=[("", "请选择"), *BY_HAND.items()], widget=UnfoldAdminSelectWidget
    )
    given_on = forms.DateField(label="哪一天同意的", widget=UnfoldAdminSingleDateWidget)
    field_order = ["to_street", "home_text", "means", "given_on", "end"]

    def __init__(self, *args: Any, streets: AreaQuerySet, **kwargs: Any):
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["to_street"]).queryset = streets

    def clean_given_on(self):
        day = self.cleaned_data["given_on"]
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


class AcceptForm(forms.Form):
    """The home in this street, and whether the person is one who is registered here already.

    The address that the other street wrote is read, and its door proposed where it means exactly one.
    """

    known = forms.ChoiceField(
        label="是不是已经登记的", required=False, widget=UnfoldAdminRadioSelectWidget,
        help_text="本街道有姓名、电话或身份证号相同的，请先认一认。",
    )  # fmt: skip
    address = address_field()
    to = forms.ModelChoiceField(
        Area.objects.none(), label="楼组", required=False, help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", max_length=30, required=False, widget=UnfoldAdminTextInputWidget)
    joins = forms.BooleanField(
        label="也参加楼组的党小组？", required=False, widget=UnfoldBooleanWidget, help_text="勾上：从今天起参加。"
    )

    def __init__(self, *args: Any, user: Any, transfer: Transfer, same: list[Member], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user
        self.same = {str(member.pk): member for member in same}
        offer_groups(self.fields["to"], user)
        if same:
            known = cast(forms.ChoiceField, self.fields["known"])
            known.choices = [(pk, f"就是已登记的：{_called(each)}") for pk, each in self.same.items()]
            known.choices += [(NEW, "都不是，新登记")]
            known.initial = None
        else:
            del self.fields["known"]
        if not self.is_bound:
            self._propose(transfer.home_text)

    def _propose(self, text: str) -> None:
        with suppress(ValidationError):  # the text stands above the form, and the group can be chosen
            self.fields["to"].initial, self.fields["room"].initial = group_at(text, self.user)

    def clean_known(self) -> Member | None:
        return self.same.get(self.cleaned_data["known"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "known" in self.fields and "known" not in self.data:
            self.add_error("known", "请选一个：就是已登记的，还是新登记。")
        settle_address(self, user=self.user, group_field="to")
        return self.cleaned_data or cleaned


def _called(member: Member) -> str:
    home = member.home
    gone = "（已迁出）" if home and home.until else ""
    return f"{member.name}，{home}{gone}" if home else member.name


class DeclineForm(forms.Form):
    sentence = forms.CharField(
        label="不接收的原因",
        max_length=200,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=f"原街道会看到，如：本人不住在这里。{OPINION_REMINDER}",
    )
