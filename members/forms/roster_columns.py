"""The columns page: what each column of a file means."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from members.models import Member
from members.roster.columns import SheetChoice
from members.roster.headings import HEADINGS, label
from members.roster.reading import ColumnsUnsettled, SheetHead

UNUSED = ("", "不用这一列")
WANTED = {"address": "家庭住址（或者楼组、室号）"}
AFFILIATIONS = [("", "请选择"), *((value, f"都是{text}党员") for value, text in Member.Affiliation.choices)]
WHICH = "请选“这张表里的人”都是在册还是都是在职。两种都有的，请先在表里加一列“在职/在册”，再重新上传。"


class ColumnsForm(forms.Form):
    """A select for each column of each heading row.

    A kind of workbook says which fields there are (`LABELS`), and which of them a file must have (`REQUIRED`).
    """

    LABELS: ClassVar[Mapping[str, str]]
    REQUIRED: ClassVar[str]

    def __init__(self, *args: Any, asked: ColumnsUnsettled, hidden_sheets: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.asked = asked
        for head in asked.heads:
            for column in head.columns:
                name = _column(head, column.position)
                self.fields[name] = forms.ChoiceField(
                    choices=[UNUSED, *self.LABELS.items()],
                    required=False,
                    initial=column.field,
                    label=column.heading or "（没有标题）",
                    widget=forms.Select({"class": "lz-input"}),
                )
        if asked.hidden_sheets:
            self.fields["hidden_sheets"] = forms.BooleanField(
                required=False,
                initial=hidden_sheets,
                label=f"隐藏的工作表也读取：{'、'.join(asked.hidden_sheets)}",
            )

    def clean(self) -> dict[str, Any]:
        is_found = any(self.REQUIRED in self._chosen(head).values() for head in self.asked.heads)
        if not is_found and not self.cleaned_data.get("hidden_sheets"):  # what is hidden is read, and asked about
            required = self.LABELS[self.REQUIRED]
            raise forms.ValidationError(f"请先找出“{required}”是哪一列：在那一列的右边选“{required}”。")
        for head in self.asked.heads:
            taken = [name for name in self._chosen(head).values() if name]
            twice = next((name for name in taken if taken.count(name) > 1), None)
            if twice:
                raise forms.ValidationError(f"“{self.LABELS[twice]}”选了两列，请把其中一列改成“不用这一列”。")
        return self.cleaned_data

    def choices(self) -> dict[str, SheetChoice]:
        """Return what was chosen, by the key of the heading row."""
        return {
            head.key: SheetChoice(self._chosen(head), self.cleaned_data.get(_affiliation(head), ""))
            for head in self.asked.heads
        }

    def shown(self) -> list[dict[str, Any]]:
        """Return the heading rows with their columns, each with its select."""
        return [
            {
                "head": head,
                "columns": [(column, self[_column(head, column.position)]) for column in head.columns],
                "affiliation": self[_affiliation(head)] if _affiliation(head) in self.fields else None,
                "wanting": [WANTED.get(name, self.LABELS[name]) for name in head.wanting],
            }
            for head in self.asked.heads
        ]

    def _chosen(self, head: SheetHead) -> dict[int, str]:
        return {column.position: self.cleaned_data.get(_column(head, column.position), "") for column in head.columns}


class RosterColumnsForm(ColumnsForm):
    """The columns of a roster, and the affiliation of all its rows where no column says it."""

    LABELS = {name: label(name) for name in HEADINGS}
    REQUIRED = "name"

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for head in self.asked.heads:
            if "affiliation" in head.wanting:
                self.fields[_affiliation(head)] = forms.ChoiceField(
                    choices=AFFILIATIONS,
                    required=False,
                    label="这张表里的人",
                    widget=forms.Select({"class": "lz-input"}),
                )

    def clean(self) -> dict[str, Any]:
        super().clean()
        for head in self.asked.heads:
            taken = self._chosen(head).values()
            if "name" in taken and "affiliation" not in taken and self._wants_affiliation(head):
                raise forms.ValidationError(WHICH)
        return self.cleaned_data

    def _wants_affiliation(self, head: SheetHead) -> bool:
        """Whether nothing says of the rows which they are, so that each of them would be an error."""
        return _affiliation(head) in self.fields and not self.cleaned_data.get(_affiliation(head))


def _column(head: SheetHead, position: int) -> str:
    return f"column-{head.key[:12]}-{position}"


def _affiliation(head: SheetHead) -> str:
    return f"affiliation-{head.key[:12]}"
