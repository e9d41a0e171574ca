"""Forms that let a unit in: its key, its contact, its webhook."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanSwitchWidget,
)

from feedback.models import Contact, EmployerKey, Scope, Webhook
from members.models import User

LIVES = {90: "90 天", 180: "180 天", 365: "1 年"}


def _days(text: str) -> timedelta:
    return timedelta(days=int(text))


class KeyForm(forms.ModelForm):
    """A key to be given: what it may do, from where, for how long."""

    scopes = forms.MultipleChoiceField(
        label="权限",
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="只勾单位用得上的。",
    )
    life = forms.TypedChoiceField(
        label="有效期", choices=list(LIVES.items()), coerce=_days, initial=180, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = EmployerKey
        fields = ("employer", "street", "label", "addresses")

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self.instance.scopes = self.cleaned_data.get("scopes", [])


class ContactForm(forms.ModelForm):
    """A contact with a login of their own, or one who acts for another unit already."""

    name = forms.CharField(label="姓名", max_length=30, widget=UnfoldAdminTextInputWidget)
    username = forms.CharField(
        label="登录名",
        max_length=150,
        validators=[User.username_validator],
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="用于登录，可用汉字、字母、数字。已经是别的单位联系人的，写原来的姓名和登录名，就再负责这一家。",
    )

    class Meta:
        model = Contact
        fields = ("employer", "street")

    acting: User  # who gives the login; set by the admin
    known: User | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        username, name = cleaned.get("username"), cleaned.get("name")
        self.known = User.objects.filter(username=username).first() if username else None
        contacts = Contact.objects.lasting().filter(user=self.known)
        if self.known and not self._is_theirs(self.known, cast(str, name)):
            self.add_error("username", "这个登录名已有人使用，请换一个。")
        elif self.known and contacts.filter(employer=cleaned.get("employer")).exists():
            self.add_error("username", "这位用户已经是这个单位的联系人。")
        return cleaned

    def _is_theirs(self, user: User, name: str) -> bool:
        """Whether this is a contact whom the acting user may give one more unit."""
        contact = Contact.objects.lasting().filter(user=user).select_related("user").first()
        return bool(contact) and user.name == name and Contact.objects.may_reset(self.acting, cast(Contact, contact))


class WebhookForm(forms.ModelForm):
    """Where a unit is told."""

    url = forms.URLField(
        label="通知地址",
        max_length=300,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text="单位系统管理员给的网址，要以 https:// 开头。只通知“有新内容”，不带任何个人资料。",
        error_messages={"invalid": "这不是完整的网址，请照单位系统管理员给的填，要以 https:// 开头。"},
    )

    class Meta:
        model = Webhook
        fields = ("employer", "street", "url", "is_active")
        widgets = {"is_active": UnfoldBooleanSwitchWidget}
