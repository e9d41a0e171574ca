"""Forms of the tree: one area, and a workbook of many."""

from django import forms
from django.core.exceptions import ValidationError

from members.ground.access import Right
from members.models import Area
from members.web.files import WorkbookField


class TreeForm(forms.Form):
    street = forms.ModelChoiceField(Area.objects.none(), label="街道", empty_label=None)
    file = WorkbookField(label="组织架构表")

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["street"].queryset = _streets(user)


def _streets(user):
    return Area.objects.for_user(user, Right.WRITE).streets().current()


class AreaForm(forms.ModelForm):
    """An area with its parent; choosing another parent moves the area with all areas below it.

    Hidden fields carry the values that the page showed, so that only what this user changed is written.
    """

    parent = forms.ModelChoiceField(
        queryset=Area.objects.none(),
        label="上级",
        error_messages={"invalid_choice": "没有这个上级，或者它已停用、不在您的范围内，请重新选择。"},
    )

    class Meta:
        model = Area
        fields = ("name", "since", "until", "division_code", "residents", "housing", "stage", "established_on")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["parent"] = self.instance.parent
            for field in self.fields.values():
                field.show_hidden_initial = True

    def clean(self):
        cleaned = super().clean()
        for name in set(self.changed_data) - set(self.errors) if self.instance.pk else ():
            self._refuse_stale(name)
        return cleaned

    def _refuse_stale(self, name):
        """Add an error where somebody else has changed this field since the page was opened."""
        bound = self[name]
        opened_with = self.data.get(bound.html_initial_name)
        is_stale = opened_with is not None and bound.field.has_changed(bound.initial, opened_with)
        if is_stale and bound.field.has_changed(bound.initial, bound.data):
            self.add_error(name, "打开这一页之后，别人改过这一项，没有保存。请重新打开这一页，看过再改。")

    def _post_clean(self):
        """Apply the rules of the tree, behind the lock that saving needs; add what they refuse as errors."""
        if self.errors:
            return
        values = {name: self.cleaned_data[name] for name in self.fields}
        parent = values.pop("parent", None)
        try:
            if self.instance.pk:
                changed = {name: value for name, value in values.items() if name in self.changed_data}
                self.instance.revise(to=parent if "parent" in self.changed_data else None, **changed)
            else:
                self.instance = Area(**values).place_under(parent)
        except ValidationError as error:
            for name, sentences in error.message_dict.items():
                self.add_error(name if name in self.fields else None, sentences)
