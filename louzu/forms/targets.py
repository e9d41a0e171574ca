"""The table of targets as one form: communities by kinds, an empty cell for no target."""

from collections.abc import Iterator
from typing import Any

from django import forms

from louzu.models.targets import MOST, NOT_A_NUMBER
from louzu.rules.targets import ONLY_SOON, TargetProgress, TargetReport, TargetRow, cell_name


class TargetsForm(forms.Form):
    """A field for each community and kind; the year is that of the table that was shown."""

    year = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": ONLY_SOON, "invalid": ONLY_SOON})

    def __init__(self, *args: Any, report: TargetReport):
        super().__init__(*args)
        self.report = report
        self.fields["year"].initial = report.year
        self.cells: dict[str, tuple[int, str]] = {}
        for row in report.rows:
            for cell in row.cells:
                name = cell_name(row.place.pk, cell.kind)
                self.cells[name] = row.place.pk, cell.kind.value
                self.fields[name] = _field(row, cell)

    @property
    def set_year(self) -> int:
        return self.cleaned_data["year"]

    @property
    def values(self) -> dict[tuple[int, str], int | None]:
        """What was typed, by community (id) and kind.

        A cell that was left as the page showed it stays as it is now: somebody else may have set it since.
        """
        return {cell: self.cleaned_data[name] for name, cell in self.cells.items() if self._is_typed(name)}

    def _is_typed(self, name: str) -> bool:
        was_shown = self.add_initial_prefix(name) in self.data
        return name in self.data and (not was_shown or name in self.changed_data)

    @property
    def rows(self) -> Iterator[tuple[TargetRow, list[tuple[forms.BoundField, TargetProgress]]]]:
        for row in self.report.rows:
            yield row, [(self[cell_name(row.place.pk, cell.kind)], cell) for cell in row.cells]


def _field(row: TargetRow, cell: TargetProgress) -> forms.IntegerField:
    label = f"{row.place.name} {cell.kind.label}"
    options = {"class": "lz-input lz-few-digits", "inputmode": "numeric", "aria-label": label, "max": MOST}
    return forms.IntegerField(
        label=label,
        required=False,
        initial=cell.value,
        show_hidden_initial=True,
        widget=forms.TextInput(options),
        error_messages={"invalid": NOT_A_NUMBER},
    )
