"""What all rows of a workbook of activities have in common: reading cells, looking up the activity, telling errors."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from activities.imports.cells import read_cell, read_date
from activities.imports.known import ActivityKey, Ambiguous, Known, key_of
from activities.imports.planned import ActivityPlan, ImportProblem
from activities.imports.sheets import ActivityBook, ImportRow
from activities.models import Activity

T = TypeVar("T")
Errors = dict[str, str]

NEEDED = {
    "area": "没有填主办，请写区域的全称，如“第一社区 迎晖苑1期”",
    "title": "没有填活动名称，请补上",
    "field": f"没有填工作领域，请填：{'、'.join(map(str, Activity.Field.labels))}",
}


class Rows:
    """What both kinds of rows have in common: looking up their activity, and telling their errors."""

    def __init__(self, book: ActivityBook, known: Known, plan: ActivityPlan):
        self.book, self.known, self.plan = book, known, plan

    def key(self, row: ImportRow) -> ActivityKey | None:
        """Return the key of the row's activity; None where the row lacks a part of it, or it cannot be read."""
        area, title, day = self.book.organiser(row), row.cells.get("title"), day_of(row)
        if not area or not title or day is None:
            return None
        try:
            return key_of(self.known.places.organiser(area), title, day)
        except Ambiguous:
            return None

    def tell(self, row: ImportRow, errors: Errors) -> None:
        """Add the row's errors to the plan, in the order of the workbook's columns."""
        for name, sentence in errors.items():
            column, value = self.book.heading(row.sheet, name), row.cells.get(name, "")
            self.plan.problems.append(ImportProblem(row.sheet, row.number, column, value, sentence))


def value_of(row: ImportRow, name: str) -> Any:
    text = row.cells.get(name, "")
    return read_date(text) if name == "held_on" else read_cell(name, text)


def day_of(row: ImportRow) -> date | None:
    return attempt({}, "held_on", lambda: read_date(row.cells.get("held_on", "")))


def attempt(errors: Errors, name: str, look_up: Callable[[], T]) -> T | None:
    """Return the value of `look_up`; None where it is refused, with the sentence as the field's error."""
    try:
        return look_up()
    except ValueError as problem:
        errors.setdefault(name, str(problem))
        return None
