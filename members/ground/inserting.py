"""Inserting thousands of rows at once.

`bulk_create` asks each field of each row for its value, which takes longer than the database does; here a column is
asked for all of them.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain
from operator import attrgetter
from typing import Any

from django.db import connection, models, transaction

from members.ground.history import batches

MOST = 1_000


def insert(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model and set their ids, as `bulk_create` does, in the same statements.

    It is for rows whose values are plain: no expressions, no unsaved rows that they point at.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not isinstance(field, models.AutoField)]
    records = list(zip(*(_column(field, rows) for field in fields), strict=True))
    statement, pks = cache(partial(_statement, meta, fields)), list[int]()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        for batch in batches(records, _most_at_once(len(fields))):
            cursor.execute(statement(len(batch)), list(chain.from_iterable(batch)))
            pks += [pk for (pk,) in cursor.fetchall()]
    for row, pk in zip(rows, pks, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias


def _most_at_once(columns: int) -> int:
    """Return how many rows one statement takes: Django counts with a limit that SQLite has long raised."""
    if connection.vendor != "sqlite":
        return MOST
    return min(MOST, connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // columns)


def _column(field: Any, rows: Sequence[models.Model]) -> list[Any]:
    """Return the rows' values as the database takes them; a value that recurs is prepared once, text needs nothing."""
    if type(field).pre_save is models.Field.pre_save:
        values = list(map(attrgetter(field.attname), rows))
    else:
        values = [field.pre_save(row, add=True) for row in rows]
    if isinstance(field, models.CharField) and set(map(type, values)) == {str}:
        return values
    prepared = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [prepared[value] for value in values]


def _statement(meta: Any, fields: Sequence[Any], count: int) -> str:
    ops: Any = connection.ops
    columns = ", ".join(ops.quote_name(field.column) for field in fields)
    values = ops.bulk_insert_sql(fields, [["%s"] * len(fields)] * count)
    returning, _ = ops.return_insert_columns([meta.pk])
    return f"INSERT INTO {ops.quote_name(meta.db_table)} ({columns}) {values} {returning}"
