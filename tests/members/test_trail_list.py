"""The list of the trail: it never counts what has millions of rows, and an index gives each page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.ground import audit
from members.models import Area, AuditEntry, Member, User
from tests import factories

LIST = "/admin/members/auditentry/"


@pytest.fixture
def long_trail(street: Area, other_street: Area, secretary: User, far_secretary: User) -> None:
    """More than a page of entries in each street."""
    for user, area in ((secretary, street), (far_secretary, other_street)):
        with audit.acting(user, request_id=f"request-{user.username}"):
            for number in range(70):
                audit.record("change" if number % 9 else "export", area, changes={"rows": number})


def rows_of(response) -> list[AuditEntry]:
    return list(response.context["cl"].result_list)


@pytest.mark.parametrize("who", ["auditor", "street_officer"])
@pytest.mark.parametrize(
    "query",
    ["", "?p=2", "?action__exact=export", "?q=shuji1", "?q=社区书记", "?q=request-shuji1", "?_facets=True", "?all=",
     "?at_from=2020-01-01&at_to=2099-01-01", "?p=399"],
)  # fmt: skip
def test_no_list_counts(long_trail, who: str, query: str, request, logged_in: Callable) -> None:
    client = logged_in(request.getfixturevalue(who))
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = client.get(LIST + query)
    assert response.status_code == 200
    assert not [query["sql"] for query in asked if "COUNT(" in query["sql"].upper()]
    of_trail = [query["sql"] for query in asked if 'FROM "members_auditentry"' in query["sql"]]
    assert len(of_trail) == 1
    assert "LIMIT 50" in of_trail[0]
    assert len(asked) <= 8


def test_pages_follow_each_other(long_trail, auditor: User, logged_in: Callable) -> None:
    client, seen = logged_in(auditor), []
    for number in (1, 2, 3):
        response = client.get(f"{LIST}?p={number}")
        assert "下一页" in response.content.decode()
        seen += [row.pk for row in rows_of(response)]
    assert seen == list(AuditEntry.objects.order_by("-pk").values_list("pk", flat=True)[:150])
    assert "?p=2" in client.get(LIST).content.decode()


def test_it_pages_no_further_than_makes_sense(long_trail, auditor: User, logged_in: Callable) -> None:
    assert logged_in(auditor).get(f"{LIST}?p=401").headers["Location"].endswith("?e=1")
    assert rows_of(logged_in(auditor).get(f"{LIST}?p=400")) == []


@pytest.mark.parametrize(
    ("words", "count"), [("shuji1", 70), ("社区书记", 140), ("request-shuji1", 70), ("没有这样的人", 0), ("request", 0)]
)
def test_who_and_which_are_searched_for(long_trail, auditor: User, logged_in: Callable, words: str, count: int) -> None:
    client = logged_in(auditor)
    found = rows_of(client.get(LIST, {"q": words})) + rows_of(client.get(LIST, {"q": words, "p": 2}))
    found += rows_of(client.get(LIST, {"q": words, "p": 3}))
    assert len(found) == count


def test_a_row_is_searched_for_by_its_number(member: Member, auditor: User, logged_in: Callable) -> None:
    found = rows_of(logged_in(auditor).get(LIST, {"q": str(member.pk)}))
    assert member.pk in {int(row.row) for row in found if row.model == "members.Member"}
    assert {row.row for row in found} == {str(member.pk)}


def test_days_and_actions_narrow_it(long_trail, auditor: User, logged_in: Callable) -> None:
    client, today = logged_in(auditor), timezone.localdate()
    assert len(rows_of(client.get(LIST, {"action__exact": "export"}))) == 16
    assert rows_of(client.get(LIST, {"at_to": "2020-01-01"})) == []
    assert rows_of(client.get(LIST, {"at_from": today.isoformat(), "at_to": today.isoformat()}))
    assert not rows_of(client.get(LIST, {"at_from": (today + timedelta(days=1)).isoformat()}))
    for day in ("0001-01-01", "9999-12-31", "没有", "2026-02-30"):
        assert client.get(LIST, {"at_from": day, "at_to": day}).status_code == 200


def test_a_street_sees_its_own_chain(long_trail, street_officer: User, far_officer: User, logged_in: Callable) -> None:
    for user, chain in ((street_officer, "0001"), (far_officer, "0002")):
        assert {row.chain for row in rows_of(logged_in(user).get(LIST))} == {chain}


def test_an_index_gives_a_streets_page(long_trail, street_officer: User) -> None:
    rows = AuditEntry.objects.for_user(street_officer).order_by("-pk")[:50]
    assert "audit_chain_in_order" in plan_of(rows)


def test_an_index_gives_a_kinds_page(long_trail, auditor: User) -> None:
    rows = AuditEntry.objects.for_user(auditor).filter(action="export").order_by("-pk")[:50]
    assert "audit_action_in_order" in plan_of(rows)


def plan_of(rows) -> str:
    """How the database finds them; PostgreSQL as if there were too many to read or sort them all."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
    plan = rows.explain()
    assert "TEMP B-TREE" not in plan
    assert "Sort Key" not in plan
    return plan


def test_a_trail_of_another_key_is_still_read(auditor: User, logged_in: Callable, settings) -> None:
    factories.employer("上海某厂")
    settings.LOUZU_AUDIT_KEY = "cd" * 32
    assert logged_in(auditor).get(LIST).status_code == 200
