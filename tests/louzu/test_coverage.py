"""The coverage leaves as a workbook with a sheet a level, each of which adds up to the area."""

import io
from typing import Any

from openpyxl import load_workbook

from members.models import Area, AuditEntry, Member, User


def sheets_of(answer: Any) -> dict[str, list[tuple]]:
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames[-1] == "公式"
    return {sheet.title: list(sheet.values)[3:] for sheet in book.worksheets[:-1]}


def test_a_sheet_for_each_level_below(
    logged_in: Any, street_officer: User, street: Area, member: Member, other_member: Member, far_member: Member
) -> None:
    sheets = sheets_of(logged_in(street_officer).get(f"/coverage/{street.pk}/coverage.xlsx"))
    assert list(sheets) == ["覆盖情况", "小区党员联络站", "楼组"]
    for whole, *parts in sheets.values():
        assert whole[:2] == ("新成路街道", 2)
        assert sum(part[1] for part in parts) == 2
    assert [len(parts) for parts in sheets.values()] == [3, 3, 3]
    entry = AuditEntry.objects.filter(action="export").latest("pk")
    assert entry.changes["rows"] == 6


def test_a_building_group_has_one_sheet(logged_in: Any, secretary: User, group: Area, member: Member) -> None:
    sheets = sheets_of(logged_in(secretary).get(f"/coverage/{group.pk}/coverage.xlsx"))
    assert {title: [row[0] for row in rows] for title, rows in sheets.items()} == {"覆盖情况": [group.label]}
