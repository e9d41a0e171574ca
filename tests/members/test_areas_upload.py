"""The street office brings in its tree by page: all or nothing, and again it changes nothing."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from members.models import Area, AuditEntry, User

URL = "/areas/upload/"
BOOK = "/areas/errors.xlsx"
SHEET = Path(__file__).parents[1] / "rosters" / "areas.xlsx"
ROWS = (
    ("社区", "常住人口", "小区", "楼号", "建组日期", "党小组状态"),
    ("第一社区", "很多", "迎晖苑", "1号楼", "", "未建立"),
    ("第一社区", "6838", "迎晖苑", "2号楼", "2003-10-15", "不知道"),
    ("第一社区", "6838", "迎晖苑", "3号楼", "2003-10-15", "已建立"),
)


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
    assert client.get(BOOK).status_code == 403


def test_another_street_is_no_choice(officer: Client, other_street: Area) -> None:
    page = send(officer, other_street, SHEET.read_bytes())
    assert "lz-problem" in page.content.decode()
    assert not Area.objects.inside(other_street).filter(name="第一社区").exists()


def tree_of(rows: tuple[tuple[str, ...], ...]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def test_the_error_book_is_the_same_file_with_its_errors_and_comes_in_once_mended(
    officer: Client, street: Area, street_officer: User
) -> None:
    shown = send(officer, street, tree_of(ROWS)).content.decode()
    assert "表里有 2 处错误" in shown
    assert BOOK in shown
    answer = officer.get(BOOK)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert [cell.value for cell in sheet[1]] == [*ROWS[0], "错误说明"]
    assert "常住人口请填整数" in sheet["G2"].value
    assert "“不知道”不在可选范围内" in sheet["G3"].value
    assert sheet["G4"].value is None
    assert [sheet.cell(2, 2).fill.fill_type, sheet.cell(4, 2).fill.fill_type] == ["solid", None]
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.area_path, entry.changes, entry.reason) == (
        street_officer,
        street.path,
        {"errors": 2},
        "下载错误表",
    )
    sheet["B2"], sheet["F3"] = "6838", "已建立"
    mended = io.BytesIO()
    sheet.parent.save(mended)
    assert "已写入" in send(officer, street, mended.getvalue()).content.decode()
    assert Area.objects.below(street).filter(level=Area.Level.BUILDING_GROUP).count() == 3


def test_a_csv_comes_back_as_a_workbook(officer: Client, street: Area) -> None:
    send(officer, street, "\n".join(",".join(row) for row in ROWS).encode())
    sheet = openpyxl.load_workbook(io.BytesIO(officer.get(BOOK).content)).worksheets[0]
    assert "常住人口请填整数" in sheet["G2"].value


def test_after_a_change_of_the_key_the_file_is_asked_for_again(officer: Client, street: Area, settings: Any) -> None:
    send(officer, street, tree_of(ROWS))
    settings.LOUZU_PHONE_KEY = "ab" * 32
    assert "原文件已经不能读取，请重新上传" in officer.get(BOOK, follow=True).content.decode()


def test_the_file_is_kept_no_longer_than_the_page(officer: Client, street: Area) -> None:
    send(officer, street, tree_of(ROWS))
    kept = officer.session["areas_faulty"]["sealed"]
    assert "迎晖苑" not in kept
    officer.get(URL)
    assert "areas_faulty" not in officer.session
    assert "请重新上传一次" in officer.get(BOOK, follow=True).content.decode()
    send(officer, street, tree_of(ROWS))
    send(officer, street, SHEET.read_bytes())
    assert "areas_faulty" not in officer.session


def test_what_is_too_much_to_keep_is_said(officer: Client, street: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("members.roster.faulty.MOST_SEALED", 100)
    shown = send(officer, street, tree_of(ROWS)).content.decode()
    assert BOOK not in shown
    assert "表太大，没有做错误说明表" in shown


def test_who_lost_the_street_downloads_nothing(
    officer: Client, street: Area, other_street: Area, street_officer: User
) -> None:
    send(officer, street, tree_of(ROWS))
    street_officer.roles.update(area=other_street)
    assert "请重新上传一次" in officer.get(BOOK, follow=True).content.decode()
    assert not AuditEntry.objects.filter(action="export").exists()
