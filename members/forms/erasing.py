"""The form of erasing a member."""

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from members.rules.erasing import Why


class EraseForm(forms.Form):
    """Why the member is erased; nothing is chosen beforehand."""

    why = forms.ChoiceField(label="为什么删除", choices=[("", "请选择"), *Why.choices], widget=UnfoldAdminSelectWidget)
