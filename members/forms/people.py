"""A member's record as the admin asks for it."""

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from members.ground.days import Unreadable
from members.ground.partial_date import agree
from members.models import Area, Member
from members.models.people import TWIN
from members.roster import id_number as gb11643
from members.roster.cells import READERS


class MemberForm(forms.ModelForm):
    """A member, with the phone shown masked and the ID number only ever taken in."""

    phone_number = forms.CharField(
        label="联系电话",
        required=False,
        max_length=30,
        widget=UnfoldAdminTextInputWidget,
        help_text="手机，或带区号的固定电话。保存后隐去中间几位显示；要改就整个重填。",
    )
    id_number = forms.CharField(
        label="身份证号",
        required=False,
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="只用来认人和查重，核对后不保存号码。",
    )

    class Meta:
        model = Member
        fields = (
            "name", "sex", "birth_date", "id_number", "phone_number", "affiliation", "employer", "employer_number",
            "rank", "standing", "party_since", "skills", "remark",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("sex", "affiliation"):
            if self.instance.pk is None and name in self.fields:
                field = cast(forms.ChoiceField, self.fields[name])
                field.choices = [("", "请选择"), *cast(list, field.choices)]
        if self.instance.pk and "phone_number" in self.fields:
            self.initial["phone_number"] = self.instance.masked_phone
            if self.instance.id_digest:
                self.fields["id_number"].help_text = "已登记（不保存号码）。登记错了才需要重填。"

    def clean_phone_number(self) -> str:
        phone = self.cleaned_data["phone_number"]
        if not phone or (self.instance.pk and phone == self.instance.masked_phone):
            return phone
        return _read("phone", phone)

    def clean_id_number(self) -> str:
        number = self.cleaned_data["id_number"]
        return _read("id_number", number) if number else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("affiliation") == Member.Affiliation.IN_POST and not cleaned.get("employer"):
            self.add_error("employer", "在职党员要填写单位。")
        if number := cleaned.get("id_number"):
            self._check_against_id(cleaned, number)
        return cleaned

    def _check_against_id(self, cleaned: dict[str, Any], number: str) -> None:
        born = cleaned.get("birth_date")
        if born and not agree(born, gb11643.birth_date(number)):
            self.add_error("birth_date", "与身份证号里的出生日期不一致，请核对。")
        cleaned["birth_date"] = self.instance.birth_date = born or gb11643.birth_date(number)
        if cleaned.get("sex") and cleaned["sex"] != gb11643.sex(number):
            self.add_error("sex", "与身份证号里的性别不一致，请核对。")

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        phone, number = self.cleaned_data.get("phone_number"), self.cleaned_data.get("id_number")
        if phone is not None and phone != self.instance.masked_phone:
            self.instance.phone = phone
        if number:
            self.instance.know_by(number)
            self._refuse_twin()

    def _refuse_twin(self) -> None:
        if home := self.cleaned_data.get("home"):
            self.instance.street = Area.objects.get(path=home.street_path)
        if self.instance.street_id and self.instance.twins().exists():
            self.add_error("id_number", TWIN)


class NewMemberForm(MemberForm):
    """A member who moves in: with the home, so that the record has a place from the start."""

    home = forms.ModelChoiceField(
        Area.objects.none(), label="楼组", help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", required=False, max_length=30, widget=UnfoldAdminTextInputWidget)
    joined_on = forms.DateField(
        label="参加楼组党小组日期", required=False, widget=UnfoldAdminSingleDateWidget, help_text="没有参加就不填。"
    )

    def clean_home(self) -> Area:
        Area.objects.lock_open(self.cleaned_data["home"])
        return self.cleaned_data["home"]

    def clean_joined_on(self) -> date | None:
        day = self.cleaned_data["joined_on"]
        if day and day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


def _read(name: str, text: str) -> str:
    """Read a field as a roster's cell is read, with the same sentences."""
    try:
        return READERS[name](text, timezone.localdate())
    except Unreadable as problem:
        raise ValidationError(f"{problem}。") from problem
