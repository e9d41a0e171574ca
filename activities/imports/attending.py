"""Who came by the column 出勤情况: who was on leave or absent is told, and never recorded."""

from collections.abc import Iterator
from dataclasses import dataclass

from activities.imports.sheets import ImportTable
from activities.rules.pasted_table import has_come

UNCLEAR = "看不出来没来。来了的请填“到会”（迟到、早退也算），没来的请填“请假”或“缺席”"


@dataclass(slots=True)
class AbsentRow:
    """A row of somebody who did not come: its place, and what it says."""

    sheet: str
    row: int
    name: str
    title: str
    words: str


def came_only(table: ImportTable) -> ImportTable:
    """Return the rows of those who came; an empty cell says nothing else."""
    kept = [at for at, row in enumerate(table.rows) if has_come(row.get("attended", ""))]
    return ImportTable([table.rows[at] for at in kept], [table.places[at] for at in kept])


def absent(table: ImportTable) -> Iterator[AbsentRow]:
    """Yield the rows of those who did not come."""
    yield from (row for row, came in _others(table) if came is False)


def unclear(table: ImportTable) -> Iterator[AbsentRow]:
    """Yield the rows that do not say whether somebody came."""
    yield from (row for row, came in _others(table) if came is None)


def _others(table: ImportTable) -> Iterator[tuple[AbsentRow, bool | None]]:
    for cells, (sheet, number) in zip(table.rows, table.places, strict=True):
        words = cells.get("attended", "")
        if not (came := has_come(words)):
            yield AbsentRow(sheet, number, cells.get("member", ""), cells.get("title", ""), words), came
