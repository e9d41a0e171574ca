"""The form that gives the district's post in many streets at once."""

from typing import Any

from django import forms

from members.ground.access import PostKind, Resource, Right
from members.models import Area, User
from members.rules.appointing import STREET_GONE


class StreetsForm(forms.Form):
    """The streets to choose from; those whose post the user holds already are `held`."""

    streets = forms.ModelMultipleChoiceField(
        queryset=Area.objects.none(),
        label="街道",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "请至少勾选一个街道。",
            "invalid_choice": STREET_GONE,
            "invalid_pk_value": STREET_GONE,
        },
    )

    def __init__(self, *args: Any, user: User, by: User):
        super().__init__(*args)
        posts = user.roles.lasting().filter(kind=PostKind.DISTRICT)
        self.held = list(Area.objects.filter(pk__in=posts.values("area")))
        field: Any = self.fields["streets"]
        field.queryset = Area.objects.for_user(by, Right.WRITE, resource=Resource.POST).streets().current()

    @property
    def chosen(self) -> list[int]:
        return [street.pk for street in self.cleaned_data["streets"]]

    @property
    def names(self) -> str:
        return "、".join(street.name for street in self.cleaned_data["streets"])

    @property
    def ticked(self) -> set[int]:
        """The streets ticked on the form that comes back."""
        return {int(pk) for pk in self["streets"].value() or [] if str(pk).isdecimal()}

    @property
    def offered(self) -> list[tuple[Area, bool]]:
        """The streets, with whether the user holds the post there."""
        held = {street.pk for street in self.held}
        return [(street, street.pk in held) for street in self.fields["streets"].queryset]  # type: ignore[attr-defined]
