"""Whatever hands out a file builds it while others may write, and hands out none without its entry in the trail."""

import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from openpyxl import load_workbook

from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.cards import in_post, shown

REPORTS = (
    "coverage", "rhythm", "participation", "thin", "months", "balance", "cards-report", "slips-report", "targets",
)  # fmt: skip
REASON = {"reason": "核对三月花名册", "format": "0", "resource": ""}


@pytest.fixture
def client(street_officer: User, logged_in: Any) -> Client:
    return logged_in(street_officer)


@pytest.fixture
def doors(community: Area, group: Area, member: Member) -> dict[str, dict[str, str] | None]:
    """Every address that hands out a file, with what is posted to it."""
    factories.activity(group)
    factories.honour(group)
    card = shown(in_post("工甲", group, room="1"))
    period = card.period.code
    return {
        "/admin/members/member/export/": REASON,
        "/admin/members/employer/export/": REASON,
        "/admin/activities/activity/export/": REASON,
        "/pairings/export/": REASON,
        f"/rhythm/{community.pk}/rhythm.xlsx": None,
        f"/months/{community.pk}/months.xlsx": None,
        f"/thin/{community.pk}/thin.xlsx": None,
        f"/participation/{community.pk}/participation.xlsx": None,
        f"/coverage/{community.pk}/coverage.xlsx": None,
        f"/cards-report/{community.pk}/cards-report.xlsx": None,
        f"/slips-report/{community.pk}/slips-report.xlsx": None,
        f"/balance/{community.pk}/balance.xlsx": None,
        f"/targets/{community.pk}/targets.xlsx": None,
        "/honours/2025/booklet.pdf": None,
        f"/cards/links/?all=1&period={period}&show=shown": REASON,
        f"/cards/sheets/?all=1&period={period}&show=shown": None,
    }


def ask(client: Client, address: str, body: dict[str, str] | None) -> Any:
    return client.get(address) if body is None else client.post(address, body)


def test_the_transaction_of_an_export_holds_its_entry_alone(client: Client, doors: dict[str, Any]) -> None:
    for address, body in doors.items():
        with CaptureQueriesContext(connection) as queries:
            assert ask(client, address, body).status_code == 200, address
        asked = [query["sql"] for query in queries]
        begun = next(at for at, sql in enumerate(asked) if sql.startswith("SAVEPOINT"))
        within = [sql for sql in asked[begun:] if not sql.startswith(("SAVEPOINT", "RELEASE"))]
        known = ("members_audit", "django_session")
        assert [sql for sql in within if not any(name in sql for name in known)] == [], address


def test_without_its_entry_no_file_leaves(
    client: Client, doors: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    client.raise_request_exception = False
    monkeypatch.setattr(type(AuditEntry.objects), "extend", full)
    for address, body in doors.items():
        answer = ask(client, address, body)
        assert (answer.status_code, "Content-Disposition" in answer) == (500, False), address


@pytest.mark.usefixtures("doors")
@pytest.mark.parametrize("report", REPORTS)
def test_a_report_bears_title_day_and_the_formulas_of_its_page(client: Client, community: Area, report: str) -> None:
    address = f"/{report}/{community.pk}/"
    *tables, formulas = load_workbook(io.BytesIO(client.get(f"{address}{report}.xlsx").content)).worksheets
    assert tables
    for sheet in tables:
        title, day, *_ = (row[0] for row in sheet.values)
        assert community.label in title
        assert re.search(r"\d{4}-\d\d-\d\d", day)
    heading, *lines = formulas.values
    assert (formulas.title, heading) == ("公式", ("数字", "怎么算"))
    shown_formulas = client.get(address).content.decode().split('<dl class="lz-formulas">')[1].split("</dl>")[0]
    assert shown_formulas == "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in lines)
