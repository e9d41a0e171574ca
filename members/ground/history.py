"""The history of personal data: every state of a row, after bulk writes too.

simple-history records what goes through `save()`; a bulk write would leave nothing. `write_history` copies the rows as
they now are into the history table, a few hundred at a time, by INSERT … SELECT.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from django.db import connection, models
from django.db.models import Value
from django.utils import timezone
from simple_history.models import HistoricalRecords

from members.ground import audit

BATCH = 900


def batches(values: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """Yield the values in parts that both databases take in one IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


class FromImport(models.Model):
    """The roster import that a history row came from, if it came from one."""

    roster_import = models.ForeignKey(
        "members.RosterImport",
        on_delete=models.SET_NULL,  # the state stays when the import's record is purged
        null=True,
        blank=True,
        related_name="+",
        verbose_name="花名册导入",
    )

    class Meta:
        abstract = True


def kept_history() -> HistoricalRecords:
    """Return the history field of a model of personal data."""
    return HistoricalRecords(bases=[FromImport], get_user=lambda **_: audit.actor())


def write_history(
    model: type[models.Model],
    pks: Sequence[int],
    *,
    kind: Literal["+", "~", "-"],
    roster_import: models.Model | None = None,
) -> None:
    """Add a history row for the present state of each of these rows."""
    history = model.history.model  # type: ignore[attr-defined]
    extra = {
        "history_date": timezone.now(),
        "history_type": kind,
        "history_user_id": getattr(audit.actor(), "pk", None),
        "roster_import_id": getattr(roster_import, "pk", None),
    }
    names = [field.attname for field in model._meta.concrete_fields]
    fields = {field.attname: field for field in history._meta.concrete_fields}
    values = {name: Value(value, output_field=_plain(fields[name])) for name, value in extra.items()}
    columns = ", ".join(connection.ops.quote_name(fields[name].column) for name in [*names, *extra])
    target = connection.ops.quote_name(history._meta.db_table)
    with connection.cursor() as cursor:
        for batch in batches(pks):
            rows = model._default_manager.filter(pk__in=batch).order_by()
            select, parameters = rows.annotate(**values).values_list(*names, *extra).query.sql_with_params()
            cursor.execute(f"INSERT INTO {target} ({columns}) {select}", parameters)


def _plain(field: models.Field) -> models.Field:
    return field.target_field if isinstance(field, models.ForeignKey) else field
