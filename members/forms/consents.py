"""The form for the answers of a building's members to a notice."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from members.models import Consent, Residence
from members.models.consents import BY_HAND, NOTICES
from members.rules.consenting import CHANGED

VERSION, NOTICE = NOTICES[Consent.Purpose.STAIRWELL]


@dataclass(slots=True)
class AskedResident:
    """A member who lives in the building, and their answer as far as the reader may see it."""

    home: Residence
    answer: Consent | None
    field: forms.BoundField | None = None

    @property
    def is_agreed(self) -> bool:
        return self.answer is not None and self.answer.is_in_force


class AnswersForm(forms.Form):
    """The answers of the members of one building, one field for each; nothing is chosen beforehand."""

    means = forms.ChoiceField(
        label="怎么征求的",
        choices=list(BY_HAND.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "请选择怎么征求的。"},
    )
    given_on = forms.DateField(
        label="哪一天征求的",
        initial=timezone.localdate,
        widget=forms.DateInput({"class": "lz-input", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请填写哪一天征求的。"},
    )

    def __init__(self, *args: Any, residents: list[AskedResident], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.rows = {f"answer-{row.home.member_id}": row for row in residents if not row.is_agreed}
        for name, row in self.rows.items():
            self.fields[name] = forms.ChoiceField(
                choices=[("yes", "同意"), ("no", "不同意")], required=False, widget=forms.RadioSelect
            )
            row.field = self[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if any(name.startswith("answer-") and name not in self.rows for name in self.data):
            raise ValidationError(CHANGED)
        if not self.answers and not self.errors:
            raise ValidationError("请先为至少一位党员选“同意”或“不同意”。")
        return cleaned

    @property
    def answers(self) -> dict[int, bool]:
        """Whether each member (id) agrees; members without an answer are left out."""
        given = {row.home.member_id: self.cleaned_data.get(name) for name, row in self.rows.items()}
        return {member: answer == "yes" for member, answer in given.items() if answer}
