"""The form for merging an employer into another."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from members.ground.unit_names import folded
from members.models import Employer

UNKNOWN = "没有登记这个名称或信用代码的单位，请先在单位名单里查到它的全名。"
SEVERAL = "有不止一家单位叫这个名称，请填信用代码。"


class MergeForm(forms.Form):
    """The employer that stays, by any of its names or its credit code, and whether its access is shared."""

    into = forms.CharField(
        label="并入哪一家",
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="填留下来的那一家的全名、曾用名或信用代码。",
    )
    with_access = forms.BooleanField(
        label="密钥、联系人、通知地址和已发出的记录卡也归到那一家",
        required=False,
        initial=True,
        help_text="卡上印的单位名称不变。不勾选就都留在原来的单位名下，新的卡发给留下来的那一家。",
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.known = Employer.objects.for_user(user)

    def clean_into(self) -> Employer:
        text = self.cleaned_data["into"].strip()
        found = list(self.known.filter(credit_code=text.upper())[:1]) or self._named(folded(text))
        if len(found) != 1:
            raise ValidationError(SEVERAL if found else UNKNOWN)
        return cast(Employer, found[0])

    def _named(self, text: str) -> list[Employer]:
        """Return up to two employers of this name, a present one before a former one."""
        former = self.known.filter(names__street=None, names__folded=text).distinct()
        return list(self.known.filter(folded=text)[:2]) or list(former[:2])
