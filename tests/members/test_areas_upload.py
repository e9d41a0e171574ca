"""The street office brings in its tree by page: all or nothing, and again it changes nothing."""

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.test import Client

from members.models import Area, User

URL = "/areas/upload/"
SHEET = Path(__file__).parents[1] / "rosters" / "areas.xlsx"


@pytest.fixture
def officer(logged_in: Callable[[User], Client], street_officer: User) -> Client:
    return logged_in(street_officer)


def send(client: Client, street: Area, content: bytes):
    file = io.BytesIO(content)
    file.name = "areas.xlsx"
    return client.post(URL, {"street": street.pk, "file": file})


def test_the_tree_comes_in_and_again_changes_nothing(officer: Client, street: Area) -> None:
    page = send(officer, street, SHEET.read_bytes())
    assert "新增 873" in page.content.decode()
    assert Area.objects.inside(street).filter(level=Area.Level.BUILDING_GROUP).count() == 873
    assert "不变 873" in send(officer, street, SHEET.read_bytes()).content.decode()


def test_one_error_and_nothing_is_written(officer: Client, street: Area) -> None:
    book = openpyxl.load_workbook(SHEET)
    book.active["B5"] = "很多"
    content = io.BytesIO()
    book.save(content)
    page = send(officer, street, content.getvalue()).content.decode()
    assert "第 5 行" in page
    assert "常住人口请填整数" in page
    assert not Area.objects.below(street).exists()


def test_what_is_no_sheet_is_refused_in_a_sentence(officer: Client, street: Area) -> None:
    assert "这是一张图片" in send(officer, street, b"\x89PNG\r\n\x1a\n" + b"0" * 64).content.decode()


@pytest.mark.parametrize("who", ["secretary", "liaison", "leader", "instructor", "auditor", "outsider"])
def test_only_the_street_may(who: str, request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert client.get(URL).status_code == 403
    assert client.get("/areas/template.xlsx").status_code == 403


def test_another_street_is_no_choice(officer: Client, other_street: Area) -> None:
    page = send(officer, other_street, SHEET.read_bytes())
    assert "lz-problem" in page.content.decode()
    assert not Area.objects.inside(other_street).filter(name="第一社区").exists()
