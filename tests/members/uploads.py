"""Rosters as the tests bring them in: rows of cells → a CSV file → an import, read, previewed, applied."""

import csv
import io
from typing import Any

from members.forms.roster_columns import RosterColumnsForm
from members.models import Area, Employer, Member, Residence, RosterImport, User
from members.roster import steps
from members.roster.planned import Plan, PlannedRow
from members.roster.stored import unseal_heads, unseal_plan

SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def called(number: int) -> str:
    """A name for each of some hundred people; rosters take no digits in names."""
    return f"新{SIGNS[number // len(SIGNS)]}{SIGNS[number % len(SIGNS)]}"


def cells(name: str, **more: str) -> dict[str, str]:
    """A local member's row in 1号楼, room 101; `more` by heading."""
    base = {"姓名": name, "性别": "男", "在职/在册": "在册", "小区": "迎晖苑", "楼组": "1号楼", "室号": "101"}
    return base | more


def sheet(*rows: dict[str, str]) -> bytes:
    """A CSV file of these rows: row 1 is the heading, the first of them row 2."""
    headings = dict.fromkeys(heading for row in rows for heading in row)
    file = io.StringIO()
    writer = csv.DictWriter(file, headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode("utf-8-sig")


def preview(content: bytes, area: Area, user: User | None = None, **fields: Any) -> RosterImport:
    """Upload and read a file."""
    roster_import = RosterImport(area=area, user=user, file_name="花名册.csv", **fields)
    roster_import.file = content
    roster_import.save()
    steps.read_step(roster_import)
    return roster_import


def named_columns(roster_import: RosterImport, fields: dict[str, str], affiliation: str = "") -> dict[str, str]:
    """What the columns page sends: each column as it was taken for, but these headings as these fields."""
    form = RosterColumnsForm(asked=unseal_heads(roster_import.reading))
    sent: dict[str, str] = {}
    for part in form.shown():
        sent |= {select.html_name: fields.get(column.heading, column.field) for column, select in part["columns"]}
        if part["affiliation"]:
            sent[part["affiliation"].html_name] = affiliation
    return sent


def plan_of(roster_import: RosterImport) -> Plan:
    return unseal_plan(roster_import.plan)


def only_row(roster_import: RosterImport) -> PlannedRow:
    (row,) = plan_of(roster_import).rows
    return row


def errors(roster_import: RosterImport) -> list[tuple[int, str, str]]:
    """Row, field and sentence of each problem."""
    rows = plan_of(roster_import).rows
    return [(row.row, problem.field, problem.message) for row in rows for problem in row.problems]


def statuses(roster_import: RosterImport) -> list[str]:
    return [row.status for row in plan_of(roster_import).rows]


def write(roster_import: RosterImport, *, only_good: bool = False) -> RosterImport:
    """Apply a previewed import, and return it as it stands in the database."""
    roster_import.advance(RosterImport.Status.APPLYING)
    steps.apply_step(roster_import, only_good=only_good)
    return RosterImport.objects.get(pk=roster_import.pk)


def bring_in(content: bytes, area: Area, user: User | None = None, **fields: Any) -> RosterImport:
    """Upload, read and apply a file."""
    return write(preview(content, area, user, **fields))


def everything() -> dict[str, list]:
    """All rows that a roster may touch, to compare before and after."""
    models = (Area, Employer, Member, Residence)
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}
