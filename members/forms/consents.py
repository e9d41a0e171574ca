"""What the members of a building answered to a notice."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from members.ground import audit
from members.models import Area, Consent, Member, Residence
from members.models.consents import BY_HAND, NOTICES, STANDS
from members.models.households import FIRST_YEAR

PURPOSE = Consent.Purpose.STAIRWELL
VERSION, NOTICE = NOTICES[PURPOSE]
CHANGED = "名单刚才有变化：有人已经登记，或已经迁出。请核对下面的名单，再登记一次。"


@dataclass(slots=True)
class AskedResident:
    """Somebody who lives in the building, and their answer as far as the reader may know it."""

    home: Residence
    answer: Consent | None
    field: forms.BoundField | None = None

    @property
    def is_agreed(self) -> bool:
        return self.answer is not None and self.answer.is_in_force


class AnswersForm(forms.Form):
    """What members of one building said, each for themselves; nothing is chosen beforehand."""

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

    def __init__(self, *args: Any, asked: list[AskedResident], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.asked = {f"answer-{row.home.member_id}": row for row in asked if not row.is_agreed}
        for name, row in self.asked.items():
            self.fields[name] = forms.ChoiceField(
                choices=[("yes", "同意"), ("no", "不同意")], required=False, widget=forms.RadioSelect
            )
            row.field = self[name]

    def clean_given_on(self):
        day = self.cleaned_data["given_on"]
        if not FIRST_YEAR <= day <= timezone.localdate():
            raise ValidationError("日期不能晚于今天，也不能太早，请核对。")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if any(name.startswith("answer-") and name not in self.asked for name in self.data):
            raise ValidationError(CHANGED)
        if not self.answers and not self.errors:
            raise ValidationError("请先为至少一位党员选“同意”或“不同意”。")
        return cleaned

    @property
    def answers(self) -> dict[int, bool]:
        """Whether they agree, by member."""
        given = {row.home.member_id: self.cleaned_data.get(name) for name, row in self.asked.items()}
        return {member: answer == "yes" for member, answer in given.items() if answer}

    def save(self, *, area: Area, by: Any) -> None:
        """Record what is not known yet.

        The trail gets one entry, whatever was said and by how many: beside those who agreed, a number or a count would
        tell of those who refused. Each row itself keeps who recorded it, when and how.
        """
        answers = self.answers
        # Of two people at once the second waits here.
        list(Member.objects.select_for_update(no_key=True).filter(pk__in=answers))
        known = _latest(by, answers)
        if any(known[member].is_in_force for member in known if not answers[member]):
            raise ValidationError(STANDS)
        said = {name: self.cleaned_data[name] for name in ("means", "given_on")}
        rows = [
            Consent(
                member_id=member, is_agreed=is_agreed, purpose=PURPOSE, notice=NOTICE, version=VERSION,
                recorded_by=by, **said,
            )
            for member, is_agreed in answers.items()
            if not _says(known.get(member), is_agreed)
        ]  # fmt: skip
        Consent.objects.bulk_create(rows)
        audit.record("create", Consent, path=area.street_path)


def _latest(user, members) -> dict[int, Consent]:
    """The answer of each of these members that counts: one in force, else the last one the user may know of."""
    rows = Consent.objects.for_user(user).filter(purpose=PURPOSE, member__in=list(members))
    ordered = sorted(rows.select_related("recorded_by"), key=lambda row: (row.is_in_force, row.pk))
    return {row.member_id: row for row in ordered}


def _says(known: Consent | None, is_agreed: bool) -> bool:
    return known is not None and known.is_agreed == is_agreed and known.withdrawn_at is None
