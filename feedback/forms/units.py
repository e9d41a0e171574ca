"""Forms of a unit's access: its key, its contact, its webhook."""

from datetime import timedelta
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanSwitchWidget,
)

from feedback.models import Contact, EmployerKey, Scope, Webhook
from feedback.rules import admitting
from members.models import User

WHOSE = ("employer", "street")
LIVES = {90: "90 天", 180: "180 天", 365: "1 年"}


def _days(text: str) -> timedelta:
    return timedelta(days=int(text))


def _is_test(help_text: str) -> forms.BooleanField:
    return forms.BooleanField(label="只供测试", required=False, widget=UnfoldBooleanSwitchWidget, help_text=help_text)


class KeyForm(forms.ModelForm):
    """A new key: its scopes, its addresses and its lifetime, and whether it is for tests."""

    scopes = forms.MultipleChoiceField(
        label="权限",
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="只勾单位用得上的。",
    )
    life = forms.TypedChoiceField(
        label="有效期", choices=list(LIVES.items()), coerce=_days, initial=180, widget=UnfoldAdminSelectWidget
    )

    is_test = _is_test("给单位的程序员先试：只看得到编造的卡和报到单，碰不到真的，也不进任何名单和数字。")

    class Meta:
        model = EmployerKey
        fields = ("employer", "street", "label", "addresses")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        values: dict[str, Any] = {name: cleaned.get(name) for name in (*WHOSE, "label")}
        if all(values.values()):
            admitting.check_key(**values, is_test=cleaned["is_test"])
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self.instance.scopes = self.cleaned_data.get("scopes", [])


class ContactForm(forms.ModelForm):
    """A new contact: with a new login, or the login of a contact of another unit."""

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

    acting: User  # who creates the contact; set by the admin

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name, username = cleaned.get("name", ""), cleaned.get("username", "")
        admitting.check_contact(employer=cleaned.get("employer"), name=name, username=username, by=self.acting)
        return cleaned


class WebhookForm(forms.ModelForm):
    """A webhook of a unit."""

    url = forms.URLField(
        label="通知地址",
        max_length=300,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text="单位系统管理员给的网址，要以 https:// 开头。只通知“有新内容”，不带任何个人资料。",
        error_messages={"invalid": "这不是完整的网址，请照单位系统管理员给的填，要以 https:// 开头。"},
    )

    is_test = _is_test("测试密钥的卡和报到单有了新内容，才通知这里。")

    class Meta:
        model = Webhook
        fields = ("employer", "street", "url", "is_active")
        widgets = {"is_active": UnfoldBooleanSwitchWidget}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        hook, is_new = self.instance, self.instance.pk is None
        whose: dict[str, Any] = {name: cleaned.get(name) if is_new else getattr(hook, name) for name in WHOSE}
        is_test = cleaned["is_test"] if is_new else hook.is_test
        if cleaned.get("url") and all(whose.values()):
            admitting.check_address(**whose, url=cleaned["url"], is_test=is_test, but=hook)
        return cleaned
