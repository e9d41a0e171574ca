"""Rows inserted a column at a time are those that `bulk_create` would have made."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, models
from django.test.utils import CaptureQueriesContext

from members.ground.inserting import insert
from members.models import Area, Employer, Member, Residence
from tests import factories

pytestmark = pytest.mark.django_db
MANY = 130  # more than Django puts into one statement on SQLite


def members(street: Area) -> list[Member]:
    """People with and without a phone and an employer, one with a class of text for a text."""
    employer = factories.employer()
    rows = [
        Member(street=street, name=f"党员{at}", sex="male", affiliation="local", remark="100%s") for at in range(MANY)
    ]
    for row in rows[::2]:
        row.affiliation, row.employer, row.phone = Member.Affiliation.IN_POST, employer, "19900000000"
    rows[1].remark = ""
    return rows


def stored(model: type[models.Model]) -> list[dict[str, Any]]:
    rows = list(model._default_manager.order_by("pk").values())
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def test_members_are_stored_as_by_bulk_create(street: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.features, "max_query_params", 99_999)  # Django counts with a limit long raised
    rows = members(street)
    with CaptureQueriesContext(connection) as ours:
        insert(rows)
    assert [row.pk for row in rows] == list(Member.objects.order_by("pk").values_list("pk", flat=True))
    assert not any(row._state.adding for row in rows)
    found = stored(Member)
    Member.objects.all().delete()
    for row in rows:
        row.pk, row._state.adding = None, True
    with CaptureQueriesContext(connection) as djangos:
        Member.objects.bulk_create(rows)
    assert stored(Member) == found
    if connection.vendor == "sqlite":
        assert [query["sql"] for query in ours] == [query["sql"] for query in djangos]


def test_homes_are_stored_as_by_bulk_create(group: Area, member: Member) -> None:
    ended = date(2021, 5, 1)
    homes = [Residence(member=member, area=group, since=ended, until=ended, room=str(at)) for at in range(MANY)]
    homes[0].joined_on, homes[1].is_since_known = ended, False
    Residence.objects.all().delete()
    insert(homes)
    found = stored(Residence)
    Residence.objects.all().delete()
    Residence.objects.bulk_create([Residence(**row) for row in found])
    assert stored(Residence) == found
    assert found[0]["joined_on"] == found[0]["until"] == ended


def test_a_column_that_fills_itself_is_filled() -> None:
    unit = Employer(name="上海嘉定仪表厂有限责任公司")
    insert([unit])
    assert Employer.objects.get(pk=unit.pk).folded == "上海嘉定仪表厂有限公司"


def test_nothing_is_stored_where_one_row_is_refused(street: Area) -> None:
    rows = members(street)
    rows[-1].affiliation, rows[-1].employer = "in_post", None
    with pytest.raises(IntegrityError):
        insert(rows)


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        insert([])
    assert not queries.captured_queries
