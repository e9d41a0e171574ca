"""The table of targets as one form: communities by kinds, an empty cell for no target."""

from collections.abc import Iterator
from typing import Any

from django import forms

from louzu.models.targets import MOST, NOT_A_NUMBER
from louzu.rules.targets import TargetProgress, TargetReport, TargetRow, cell_name


class TargetsForm(forms.Form):
    """A field for each community and kind."""

    def __init__(self, *args: Any, report: TargetReport):
        super().__init__(*args)
        self.report = report
        self.cells: dict[str, tuple[int, str]] = {}
        for row in report.rows:
            for cell in row.cells:
                name = cell_name(row.place.pk, cell.kind)
                self.cells[name] = row.place.pk, cell.kind.value
                self.fields[name] = _field(row, cell)

    @property
    def values(self) -> dict[tuple[int, str], int | None]:
        """What was sent, by community (id) and kind; a cell that was not sent stays as it is."""
        return {self.cells[name]: value for name, value in self.cleaned_data.items() if name in self.data}

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
        widget=forms.TextInput(options),
        error_messages={"invalid": NOT_A_NUMBER},
    )
