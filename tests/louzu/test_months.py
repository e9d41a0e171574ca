"""The months page, its file, its print and its call."""

import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from louzu.rules import nightly
from members.models import Area, Member, User
from tests import factories

TODAY = timezone.localdate()


@pytest.fixture
def office(street_officer: User, logged_in: object) -> Client:
    return logged_in(street_officer)  # type: ignore[operator]


def test_the_page_shows_each_month_and_the_areas_below(
    office: Client, street: Area, community: Area, group: Area, member: Member, other_member: Member
) -> None:
    factories.activity(group, held_on=TODAY)
    page = office.get(f"/months/{street.pk}/?figure=activities").content.decode()
    assert "月度走势：新成路街道" in page
    assert "举办的活动：各地并排看" in page
    assert f'<a href="/months/{community.pk}/?year={TODAY.year}">第一社区</a>' in page
    assert "到今天" in page


@pytest.mark.parametrize("year", ["1999", "9999", "x", "２０２６"])
def test_a_year_that_cannot_be_is_this_year(office: Client, street: Area, year: str) -> None:
    page = office.get(f"/months/{street.pk}/", {"year": year, "figure": "<script>"})
    assert page.status_code == 200
    assert f"<b>{TODAY.year} 年</b>" in page.content.decode()


def test_a_building_group_has_no_lines(office: Client, group: Area) -> None:
    assert office.get(f"/months/{group.pk}/").status_code == 404
    assert office.get(f"/api/v1/months/{group.pk}").status_code == 404


def test_the_file_bears_title_day_and_formulas(office: Client, street: Area, member: Member) -> None:
    file = office.get(f"/months/{street.pk}/months.xlsx")
    book = load_workbook(io.BytesIO(b"".join(file.streaming_content) if file.streaming else file.content))
    sheet = book["月度走势"]
    assert sheet["A1"].value == f"月度走势：新成路街道，{TODAY.year}年"
    assert sheet["A2"].value == f"截至 {TODAY}"
    last = [cell.value for cell in [*sheet.rows][2 + TODAY.month]]
    assert last[:2] == ["新成路街道", f"{TODAY:%Y-%m}"]
    assert last[8] == 1  # who takes part
    assert [cell.value for cell in book["公式"][1]] == ["数字", "怎么算"]


def test_the_call_answers_as_the_page(office: Client, street: Area, member: Member) -> None:
    answer = office.get(f"/api/v1/months/{street.pk}").json()
    assert (answer["area"], answer["level"], answer["year"]) == ("新成路街道", "STREET", TODAY.year)
    last = answer["months"][-1]
    assert (last["month"], last["day"], last["members"]) == (f"{TODAY:%Y-%m}", TODAY.isoformat(), 1)
    assert [row["area"] for row in answer["rows"]] == ["第一社区"]


def test_the_page_asks_few_questions(office: Client, street: Area, member: Member, other_member: Member) -> None:
    nightly.keep_figures.call()
    office.get(f"/months/{street.pk}/")
    with CaptureQueriesContext(connection) as asked:
        office.get(f"/months/{street.pk}/")
    assert len(asked) <= 17


def test_a_year_without_anything_has_gaps_and_no_error(office: Client, street: Area) -> None:
    Area.objects.filter(pk=street.pk).update(since=date(TODAY.year, 1, 1) + timedelta(days=1))
    assert office.get(f"/months/{street.pk}/?year={TODAY.year - 1}").status_code == 200
