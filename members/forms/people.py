"""Forms of the admin for a member's record."""

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from members.forms.homes import address_field, settle_address
from members.ground.days import Unreadable
from members.ground.rooms import wrong_with_room
from members.models import Area, Member, User
from members.roster.cells import read_cell
from members.rules.registering import take


class MemberForm(forms.ModelForm):
    """A member; the phone is shown masked, and the ID number is never shown."""

    phone_number = forms.CharField(
        label="联系电话",
        required=False,
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"data-no-draft": True}),
        help_text="手机，或带区号的固定电话。保存后隐去中间几位显示；要改就整个重填。",
    )
    id_number = forms.CharField(
        label="身份证号",
        required=False,
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "data-no-draft": True}),
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

    def clean_name(self) -> str:
        return _read("name", self.cleaned_data["name"])

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
        return cleaned

    def _post_clean(self) -> None:
        """Check the values by the rule, which checks them again behind its lock when it saves."""
        super()._post_clean()  # type: ignore[misc]
        if home := self.cleaned_data.get("home"):
            self.instance.street = Area.objects.get(path=home.street_path)
        values = self.new_values
        try:
            take(self.instance, **{name: values[name] for name in ("phone", "id_number") if name in values})
        except ValidationError as error:
            self.add_error(None, error)

    @property
    def new_values(self) -> dict[str, Any]:
        """The changed values as the rule takes them: the phone if it is a new one, the ID number if one is given."""
        values = {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}
        phone = values.pop("phone_number", None)
        if not values.get("id_number"):
            values.pop("id_number", None)
        return values if phone is None else values | {"phone": phone}


class NewMemberForm(MemberForm):
    """A new member with the home, so that the record has a place from the start."""

    address = address_field()
    home = forms.ModelChoiceField(
        Area.objects.none(), label="楼组", required=False, help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", required=False, max_length=30, widget=UnfoldAdminTextInputWidget)
    joined_on = forms.DateField(
        label="参加楼组党小组日期", required=False, widget=UnfoldAdminSingleDateWidget, help_text="没有参加就不填。"
    )

    user: User  # whoever fills the form in; the admin says who

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        settle_address(self, user=self.user, group_field="home")
        try:
            if home := cleaned.get("home"):
                Area.objects.lock_open(home)
        except ValidationError as error:
            self.add_error("home", error)
        return cleaned

    @property
    def new_values(self) -> dict[str, Any]:
        """The values, with the home that the address means."""
        home = {name: self.cleaned_data[name] for name in ("home", "room") if self.cleaned_data.get(name)}
        return super().new_values | home

    def clean_room(self) -> str:
        room = self.cleaned_data["room"]
        if sentence := wrong_with_room(room):
            raise ValidationError(sentence)
        return room

    def clean_joined_on(self) -> date | None:
        day = self.cleaned_data["joined_on"]
        if day and day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


def _read(name: str, text: str) -> str:
    """Read a field as the roster reads its cell; ValidationError with the same sentence."""
    try:
        return read_cell(name, text, timezone.localdate())
    except Unreadable as problem:
        raise ValidationError(f"{problem}。") from problem
