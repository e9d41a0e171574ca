"""Workbooks of activities as the tests bring them in: rows of cells → a file → an import, read, previewed, applied."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from activities.forms.imports import ActivityColumnsForm
from activities.imports import steps
from activities.imports.headings import ACTIVITIES, CAME, titles
from activities.imports.report import Report
from activities.imports.sheets import ActivityBook, ImportRow
from activities.imports.write import check, write
from activities.models import Activity, ActivityImport, Attendance
from members.ground import access
from members.ground.export import ExportSheet, workbook_of
from members.models import Area, User
from members.roster.stored import unseal_heads

GROUP = "第一社区 迎晖苑 1号楼"
SHEETS = {"活动": ACTIVITIES, "参加": CAME}
DAY = timezone.localdate() - timedelta(days=30)
Row = dict[str, Any]


def activity(**more: Any) -> Row:
    """A row of the sheet of activities."""
    return {"主办": GROUP, "活动名称": "楼道大扫除", "日期": DAY, "工作领域": "居住环境"} | more


def came(name: str = "欧阳建国", **more: Any) -> Row:
    """A row of the sheet of who came."""
    return {"活动日期": DAY, "活动名称": "楼道大扫除", "主办": GROUP, "姓名": name} | more


def book(activities: Iterable[Row] = (), attendances: Iterable[Row] = ()) -> bytes:
    """A workbook of both sheets."""
    sheets = ((name, titles(SHEETS[name]), rows) for name, rows in (("活动", activities), ("参加", attendances)))
    return workbook_of(
        ExportSheet(name, columns, [[row.get(column) for column in columns] for row in rows], {})
        for name, columns, rows in sheets
    )


def read(activities: Iterable[Row] = (), attendances: Iterable[Row] = ()) -> ActivityBook:
    """The same as it is when read, without the process that a file is read in."""
    written = {sheet: {name: names[0] for name, names in columns.items()} for sheet, columns in SHEETS.items()}
    return ActivityBook(rows_of("活动", ACTIVITIES, activities), rows_of("参加", CAME, attendances), written)


def rows_of(sheet: str, headings: Any, rows: Iterable[Row]) -> list[ImportRow]:
    fields = {written: field for field, (written, *_) in headings.items()}
    read = [{fields[column]: str(cell) for column, cell in row.items() if cell not in (None, "")} for row in rows]
    return [ImportRow(sheet, number, cells) for number, cells in enumerate(read, start=2)]


def area_of(user: User) -> Area:
    """The area that a user's upload goes to: the one of their post."""
    return Area.objects.get(path=min(path for _, path in access.posts_of(user)))


def looked_at(content: ActivityBook, user: User) -> Report:
    return check(content, user, area_of(user))


def brought(content: ActivityBook, user: User) -> Report:
    """Write what was looked at."""
    seen = looked_at(content, user)
    return write(content, user, area_of(user), seen=seen.outcome)[0]


def uploaded(content: bytes, user: User, area: Area | None = None) -> ActivityImport:
    """Upload and read a file."""
    upload = steps.take_in(area=area or area_of(user), user=user, file_name="活动.xlsx", content=content)
    steps.read_step(upload)
    return ActivityImport.objects.get(pk=upload.pk)


def written(upload: ActivityImport, *, only_good: bool = False) -> ActivityImport:
    """Apply an upload under review, and return it as it stands in the database."""
    assert upload.user
    steps.start_step(upload, user=upload.user, only_good=only_good)
    steps.apply_step(upload)
    return ActivityImport.objects.get(pk=upload.pk)


def named_columns(upload: ActivityImport, fields: dict[str, str]) -> dict[str, str]:
    """What the columns page sends: each column as it was taken for, but these headings as these fields."""
    form = ActivityColumnsForm(asked=unseal_heads(upload.reading))
    return {
        select.html_name: fields.get(column.heading, column.field)
        for part in form.shown()
        for column, select in part["columns"]
    }


def everything() -> list[list[dict[str, Any]]]:
    """All rows that an import of activities writes."""
    return [list(model._base_manager.order_by("pk").values()) for model in (Activity, Attendance)]
