"""The coverage leaves as a workbook with a sheet a level, each of which adds up to the area."""

import io
from datetime import date
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
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


def test_a_past_day_says_what_has_changed_since(logged_in: Any, secretary: User, group: Area, member: Member) -> None:
    client = logged_in(secretary)
    living = member.residences.get()
    type(living).objects.filter(pk=living.pk).update(since=date(2024, 5, 1), joined_on=date(2024, 6, 1))
    address = f"/coverage/{group.pk}/"
    assert "的数字。到今天：" not in client.get(address).content.decode()
    page = client.get(f"{address}?day=2024-04-30").content.decode()
    assert "这是 2024年4月30日 的数字。到今天：党员 +1，" in page
    assert "参加 +1" in page
    page = client.get(f"{address}?day=2024-06-01").content.decode()
    assert "这是 2024年6月1日 的数字。到今天：主要数字没有变化。" in page


def test_the_band_costs_three_queries(logged_in: Any, secretary: User, community: Area, member: Member) -> None:
    client, counts = logged_in(secretary), []
    for query in ("", "?day=2024-04-30"):
        client.get(f"/coverage/{community.pk}/{query}")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/coverage/{community.pk}/{query}")
        counts.append(len([each for each in captured if "django_session" not in each["sql"]]))
    assert counts[1] - counts[0] <= 3
