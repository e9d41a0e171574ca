"""What the columns of rosters were said to mean, in the admin: to look at and to forget."""

from typing import Any

import pytest

from members.models import Area, AuditEntry, RosterColumns, User

URL = "/admin/members/rostercolumns/"


@pytest.fixture
def remembered(community: Area, secretary: User) -> RosterColumns:
    columns = {"0": "name", "2": "", "10": "phone"}
    return RosterColumns.objects.create(
        area=community, key="k", headings="同志、备用、号码", columns=columns, affiliation="local", user=secretary
    )


def test_it_is_shown_in_words(logged_in: Any, secretary: User, remembered: RosterColumns) -> None:
    browser = logged_in(secretary)
    assert "同志、备用、号码" in browser.get(URL).content.decode()
    html = browser.get(f"{URL}{remembered.pk}/change/").content.decode()
    assert "第 1 列：姓名；第 3 列：不用这一列；第 11 列：联系电话" in html
    assert "在册" in html
    assert "记住的列" in html


def test_it_is_forgotten_on_record(logged_in: Any, secretary: User, remembered: RosterColumns, community: Area) -> None:
    assert logged_in(secretary).post(f"{URL}{remembered.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not RosterColumns.objects.exists()
    entry = AuditEntry.objects.get(model="members.RosterColumns", action="delete")
    assert (entry.user, entry.area_path, entry.row) == (secretary, community.path, str(remembered.pk))


def test_nobody_adds_or_changes_one(logged_in: Any, secretary: User, remembered: RosterColumns) -> None:
    browser = logged_in(secretary)
    assert browser.get(f"{URL}add/").status_code == 403
    assert browser.post(f"{URL}{remembered.pk}/change/", {"headings": "别的"}).status_code == 403
    remembered.refresh_from_db()
    assert remembered.headings == "同志、备用、号码"


@pytest.mark.parametrize(
    ("who", "seen", "deleted"),
    [
        ("far_secretary", 404, 404),
        ("far_officer", 404, 404),
        ("other_secretary", 404, 404),
        ("leader", 403, 403),
        ("superuser", 403, 403),
    ],
)
def test_others_neither_see_nor_forget_it(
    request: Any, logged_in: Any, remembered: RosterColumns, who: str, seen: int, deleted: int
) -> None:
    browser = logged_in(request.getfixturevalue(who))
    assert browser.get(f"{URL}{remembered.pk}/change/").status_code == seen
    assert browser.post(f"{URL}{remembered.pk}/delete/", {"post": "yes"}).status_code == deleted
    assert "同志" not in browser.get(URL).content.decode()
    assert RosterColumns.objects.exists()
