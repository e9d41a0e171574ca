"""Visits from a phone: a tap records one, twice is once, what was wrong is mended, and nobody sees another's doors."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Visit
from members.models import Area, AuditEntry, Member, Pairing, User
from tests import factories
from tests.members.test_admin_scope import exported

VISITS, OVERDUE = "/visits/", "/visits/overdue/"
TODAY = timezone.localdate()
KINDS = {"door": "上门", "phone": "电话", "help": "帮忙办事", "meeting": "邻里相聚"}
REASON = {"format": "0", "reason": "核对三季度走访"}
WRITERS = ("street_officer", "secretary", "liaison", "leader")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def pair(member: Member, group: Area) -> Pairing:
    """欧阳建国's door and that of 王阿姨, in the leader's building."""
    home, neighbour = factories.household(group, "302"), factories.household(group, "502", name="王阿姨家")
    return factories.pairing(home, neighbour)


@pytest.fixture
def across(pair: Pairing, station: Area) -> Pairing:
    """A pair whose neighbour lives in the next building: the compound's, not the leader's."""
    next_door = factories.building("2号楼", station)
    return factories.pairing(pair.household, factories.household(next_door, "601"))


@pytest.fixture
def elsewhere(other_member: Member, other_group: Area) -> Pairing:
    return factories.pairing(factories.household(other_group, "501"), factories.household(other_group, "402"))


@pytest.fixture
def client(logged_in: Callable[[User], Client], leader: User) -> Client:
    return logged_in(leader)


def text(answer: Any) -> str:
    return answer.content.decode()


def cards(answer: Any) -> list[int]:
    """The pairings on the page, in its order."""
    return [int(pk) for pk in re.findall(r'id="pairing-(\d+)"', text(answer))]


def tap(client: Client, pair: Pairing | int | str, kind: str = "door", *, at: str = VISITS) -> Any:
    return client.post(at, {"pairing": getattr(pair, "pk", pair), "kind": kind}, follow=True)


# Who sees what -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "own", "cross", "other"),
    [
        ("superuser", 404, 404, 404),
        ("street_officer", 200, 200, 200),
        ("secretary", 200, 200, 404),
        ("liaison", 200, 200, 404),
        ("leader", 200, 404, 404),
        ("other_secretary", 404, 404, 200),
        ("instructor", 404, 404, 404),
        ("auditor", 404, 404, 404),
        ("outsider", 404, 404, 404),
    ],
)
def test_doors_are_open_to_those_who_work_there(
    request: Any, logged_in: Any, pair: Pairing, across: Pairing, elsewhere: Pairing, who: str, own: int, cross: int,
    other: int,
) -> None:  # fmt: skip
    client = logged_in(request.getfixturevalue(who))
    for row, status in ((pair, own), (across, cross), (elsewhere, other)):
        contact = factories.visit(row, on=ago(3), note="送了一份报纸")
        answers = [client.get(f"/visits/pairings/{row.pk}/"), client.get(f"/visits/{contact.pk}/")]
        answers.append(client.post(f"/visits/{contact.pk}/", {"visited_on": TODAY, "kind": "phone"}))
        answers.append(client.post(f"/visits/pairings/{row.pk}/", {"visited_on": TODAY, "kind": "help"}))
        answers.append(client.post(f"/visits/{contact.pk}/undo/"))
        assert {answer.status_code for answer in answers} == ({200, 302} if status == 200 else {404})
        assert row.visits.count() == 1
    shown = {row.pk for row, status in ((pair, own), (across, cross), (elsewhere, other)) if status == 200}
    for address in (VISITS, OVERDUE):
        answer = client.get(address)
        assert answer.status_code == (200 if shown else 403)
        assert answer.status_code == 403 or address == OVERDUE or set(cards(answer)) == shown


def test_a_visitor_is_asked_to_log_in(pair: Pairing) -> None:
    for address in (VISITS, OVERDUE, f"/visits/pairings/{pair.pk}/"):
        assert (
            Client().post(address, {"pairing": pair.pk, "kind": "door"}).headers["Location"].startswith("/admin/login")
        )
    assert not Visit.objects.exists()


def test_an_instructor_sees_no_names_and_doors(logged_in: Any, instructor: User, pair: Pairing) -> None:
    contact = factories.visit(pair, on=TODAY)
    client = logged_in(instructor)
    for address in (VISITS, OVERDUE, f"/visits/{contact.pk}/", "/admin/activities/visit/"):
        page = text(client.get(address))
        assert [word for word in ("欧阳建国", "王阿姨", " 502") if word in page] == []


# A tap ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", WRITERS)
def test_a_tap_records_todays_visit(request: Any, logged_in: Any, pair: Pairing, who: str) -> None:
    user = request.getfixturevalue(who)
    client = logged_in(user)
    page = text(client.get(VISITS))
    assert all(f'name="kind" value="{kind}">{label}</button>' in page for kind, label in KINDS.items())
    answer = tap(client, pair, "phone")
    (contact,) = Visit.objects.all()
    assert (contact.pairing, contact.visited_on, contact.kind, contact.note) == (pair, TODAY, "phone", "")
    assert "已记录" in text(answer)
    assert f"/visits/{contact.pk}/undo/" in text(answer)
    assert "✓ 电话" in text(answer)
    assert "今天走访过" in text(answer)
    entry = AuditEntry.objects.get(model="activities.Visit", action="create")
    assert (entry.user, entry.area_path) == (user, pair.household.area.path)


def test_a_second_tap_is_the_same_visit(client: Client, pair: Pairing) -> None:
    tap(client, pair)
    assert "今天已经记过了" in text(tap(client, pair))
    assert Visit.objects.count() == 1
    tap(client, pair, "help")
    assert Visit.objects.count() == 2


def test_the_card_says_who_and_how_long_ago(client: Client, pair: Pairing) -> None:
    assert "还没有走访过" in text(client.get(VISITS))
    factories.visit(pair, on=ago(12))
    factories.visit(pair, on=ago(30), kind="phone")
    page = text(client.get(VISITS))
    assert [word for word in ("302", "欧阳建国", "502", "王阿姨家", "上次走访 12 天前") if word not in page] == []


@pytest.mark.parametrize(
    "body",
    [
        {"pairing": "abc", "kind": "door"},
        {"pairing": "9" * 30, "kind": "door"},
        {"pairing": "", "kind": "door"},
        {"pairing": "1\x00", "kind": "door"},
        {"kind": "door"},
        {"pairing": "own", "kind": "dance"},
        {"pairing": "own", "kind": "door\x00"},
        {"pairing": "own"},
        {"pairing": "other", "kind": "door"},
        {"pairing": "ended", "kind": "door"},
    ],
)
@pytest.mark.parametrize("address", [VISITS, OVERDUE])
def test_a_tap_on_nothing_is_told(
    client: Client, pair: Pairing, elsewhere: Pairing, group: Area, address: str, body: dict
) -> None:
    ended = factories.pairing(pair.household, factories.household(group, "602"), until=ago(1))
    rows = {"own": pair.pk, "other": elsewhere.pk, "ended": ended.pk}
    answer = client.post(address, body | {"pairing": rows.get(body.get("pairing", ""), body.get("pairing", ""))})
    assert (answer.status_code, "没有记上：" in text(answer), Visit.objects.count()) == (200, True, 0)


def test_a_pairing_of_today_can_be_visited_and_an_ended_one_is_gone(client: Client, pair: Pairing, group: Area) -> None:
    new = factories.pairing(pair.household, factories.household(group, "602"), since=TODAY)
    pair.end()
    assert cards(client.get(VISITS)) == [new.pk]
    assert "已记录" in text(tap(client, new))


# More than a tap -----------------------------------------------------------------------------------------------------
def test_another_day_and_a_word(client: Client, pair: Pairing) -> None:
    address = f"/visits/pairings/{pair.pk}/"
    assert "请勿填写思想、信仰、健康、收入、家庭情况等内容。" in text(client.get(address))
    body = {"visited_on": ago(8).isoformat(), "kind": "help", "note": "帮忙搬米"}
    page = text(client.post(address, body, follow=True))
    assert (f"已记录：{ago(8)} 帮忙办事" in page, "帮忙搬米" in page) == (True, True)
    again = client.post(address, body | {"note": "又写了一遍"})
    assert ("已经登记过了" in text(again), "又写了一遍" in text(again)) == (True, True)
    assert list(Visit.objects.values_list("visited_on", "note")) == [(ago(8), "帮忙搬米")]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("visited_on", "1902-03-04", "走访日期早于结对日期"),
        ("visited_on", "2150-01-01", "走访日期不能晚于今天"),
        ("visited_on", (TODAY + timedelta(days=1)).isoformat(), "走访日期不能晚于今天"),
        ("visited_on", "前天", "请输入有效的日期"),
        ("visited_on", "99999-01-01", "请输入有效的日期"),
        ("visited_on", "", "请填写"),
        ("kind", "dance", "请选择有效的选项"),
        ("kind", "", "请填写"),
        ("note", "长" * 61, "最多 60 个字符"),
        ("note", "纸\x00条", "不允许包含空字符"),
    ],
)
def test_bad_words_and_days_are_told(client: Client, pair: Pairing, field: str, value: str, sentence: str) -> None:
    contact = factories.visit(pair, on=ago(2))
    body = {"visited_on": TODAY.isoformat(), "kind": "door", "note": ""} | {field: value}
    for address in (f"/visits/pairings/{pair.pk}/", f"/visits/{contact.pk}/"):
        answer = client.post(address, body)
        assert (answer.status_code, sentence in text(answer)) == (200, True)
    assert list(Visit.objects.values_list("visited_on", "kind", "note")) == [(ago(2), "door", "")]


def test_a_visit_is_mended(client: Client, pair: Pairing) -> None:
    contact, other = factories.visit(pair, on=ago(1)), factories.visit(pair, on=ago(2))
    address = f"/visits/{contact.pk}/"
    page = text(client.post(address, {"visited_on": ago(4), "kind": "phone", "note": "问了平安"}, follow=True))
    assert f"已改好：{ago(4)} 电话" in page
    answer = client.post(address, {"visited_on": other.visited_on, "kind": "door", "note": "问了平安"})
    assert "已经登记过了" in text(answer)
    contact.refresh_from_db()
    assert (contact.visited_on, contact.kind, contact.note) == (ago(4), "phone", "问了平安")


def test_the_trail_holds_no_word_of_it(client: Client, pair: Pairing) -> None:
    client.post(f"/visits/pairings/{pair.pk}/", {"visited_on": TODAY, "kind": "door", "note": "聊了孙子"})
    client.post(f"/visits/{Visit.objects.get().pk}/", {"visited_on": TODAY, "kind": "door", "note": "聊了天气"})
    created, changed = AuditEntry.objects.filter(model="activities.Visit").order_by("pk")
    assert changed.changes == {"note": ["＊＊＊", "＊＊＊"]}
    assert created.changes["note"] == [None, "＊＊＊"]


# Taking back ---------------------------------------------------------------------------------------------------------
def test_a_visit_of_these_days_is_taken_back(client: Client, pair: Pairing) -> None:
    tap(client, pair)
    contact = Visit.objects.get()
    answer = client.post(f"/visits/{contact.pk}/undo/", {"back": f"{VISITS}?recorded={contact.pk}"}, follow=True)
    assert ("已撤销" in text(answer), answer.request["PATH_INFO"], Visit.objects.count()) == (True, VISITS, 0)
    assert "已记录" not in text(answer)
    assert AuditEntry.objects.filter(model="activities.Visit", action="delete", row=str(contact.pk)).exists()
    assert client.post(f"/visits/{contact.pk}/undo/").status_code == 404
    assert client.get(f"/visits/{contact.pk}/undo/").status_code == 405


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com/", "javascript:alert(1)", "nowhere", ""])
def test_the_way_back_leads_nowhere_else(client: Client, pair: Pairing, back: str) -> None:
    contact = factories.visit(pair, on=TODAY)
    answer = client.post(f"/visits/{contact.pk}/undo/", {"back": back})
    assert answer.headers["Location"] == f"/visits/pairings/{pair.pk}/"


def test_an_older_visit_stays(client: Client, pair: Pairing) -> None:
    old, young = factories.visit(pair, on=ago(7)), factories.visit(pair, on=ago(6))
    assert "不能撤销" in text(client.get(f"/visits/{old.pk}/"))
    assert "撤销这次走访" in text(client.get(f"/visits/{young.pk}/"))
    assert "不能撤销" in text(client.post(f"/visits/{old.pk}/undo/", follow=True))
    client.post(f"/visits/{young.pk}/undo/")
    assert list(Visit.objects.all()) == [old]


# Without a visit for 90 days -----------------------------------------------------------------------------------------
def test_what_is_overdue(client: Client, pair: Pairing, group: Area) -> None:
    doors = iter(range(601, 610))

    def paired(since: date, *visited: date) -> Pairing:
        row = factories.pairing(pair.household, factories.household(group, str(next(doors))), since=since)
        for day in visited:
            factories.visit(row, on=day)
        return row

    never, lapsed = paired(ago(90)), paired(ago(400), ago(200), ago(90))
    paired(ago(89))
    paired(ago(400), ago(89))
    answer = client.get(OVERDUE)
    assert cards(answer) == [pair.pk, never.pk, lapsed.pk]
    assert "上次走访 90 天前" in text(answer)
    assert "90 天没走访 <b>3</b>" in text(client.get(VISITS))
    told = tap(client, lapsed, at=OVERDUE)
    assert (cards(told), "已记录" in text(told)) == ([pair.pk, never.pk], True)


# Finding -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("302", {"own", "across"}),
        ("３０２室", {"own", "across"}),
        ("502", {"own"}),
        ("王阿姨", {"own"}),
        ("欧阳", {"own", "across"}),
        ("ouyang", {"own", "across"}),
        ("OYJG", {"own", "across"}),
        ("2号楼 601", {"across"}),
        ("单秀英", set()),
        ("没有这户", set()),
        ("' OR 1=1 --", set()),
    ],
)
def test_a_pairing_is_found_by_door_and_name(
    logged_in: Any, secretary: User, pair: Pairing, across: Pairing, elsewhere: Pairing, words: str, found: set
) -> None:
    answer = logged_in(secretary).get(VISITS, {"q": words})
    rows = {"own": pair.pk, "across": across.pk}
    assert set(cards(answer)) == {rows[name] for name in found}


def test_lists_are_narrowed_to_an_area(
    logged_in: Any, street_officer: User, secretary: User, pair: Pairing, elsewhere: Pairing
) -> None:
    client = logged_in(street_officer)
    here, there = pair.household.area, elsewhere.household.area
    for address in (VISITS, OVERDUE):
        assert cards(client.get(address, {"place": here.path[:8]})) == [pair.pk]
        assert cards(client.get(address, {"place": there.path})) == [elsewhere.pk]
        for nonsense in ("9" * 16, "x", "0001" * 5, "９９９９"):
            assert len(cards(client.get(address, {"place": nonsense}))) == 2
    mine = logged_in(secretary).get(VISITS, {"place": there.path})
    assert (cards(mine), "仓场公寓" in text(mine)) == ([pair.pk], False)


# How much it asks ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("address", "most"), [(VISITS, 11), (OVERDUE, 11)])
def test_many_cards_ask_as_much_as_few(client: Client, pair: Pairing, group: Area, address: str, most: int) -> None:
    counts = []
    for rooms in (range(601, 603), range(701, 728)):
        for room in rooms:
            row = factories.pairing(pair.household, factories.household(group, str(room)))
            factories.visit(row, on=ago(100))
            if address == VISITS:
                factories.visit(row, on=TODAY)
        client.get(address)  # the first page of a session keeps it awake
        with CaptureQueriesContext(connection) as asked:
            assert len(cards(client.get(address))) > len(rooms)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= most


def test_a_tap_asks_little(client: Client, pair: Pairing, django_assert_max_num_queries: Any) -> None:
    client.get(VISITS)
    with django_assert_max_num_queries(20):
        client.post(VISITS, {"pairing": pair.pk, "kind": "door"})
    assert Visit.objects.count() == 1


def test_a_page_of_cards_is_paged(client: Client, pair: Pairing, group: Area) -> None:
    for room in range(601, 632):
        factories.pairing(pair.household, factories.household(group, str(room)))
    first, second = (client.get(VISITS, {"p": p}) for p in (1, 2))
    assert (len(cards(first)), len(cards(second))) == (30, 2)
    assert set(cards(client.get(VISITS, {"p": "x"}))) == set(cards(first))


# Two at once ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_who_tap_at_once_record_one_visit(logged_in: Any, liaison: User, leader: User, pair: Pairing) -> None:
    start = Barrier(2)

    def tapped(user: User) -> int:
        try:
            client = logged_in(user)
            start.wait(timeout=30)
            return client.post(VISITS, {"pairing": pair.pk, "kind": "door"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(tapped, (liaison, leader))) == [302, 302]
    assert Visit.objects.count() == AuditEntry.objects.filter(model="activities.Visit").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_visit_is_not_mended_back_into_being(logged_in: Any, liaison: User, leader: User, pair: Pairing) -> None:
    """One takes it back while the other mends it: whoever comes second is told, or finds it gone."""
    contact, start = factories.visit(pair, on=TODAY), Barrier(2)

    def acted(user: User, address: str, body: dict) -> int:
        try:
            client = logged_in(user)
            start.wait(timeout=30)
            return client.post(address, body).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        undone = pool.submit(acted, liaison, f"/visits/{contact.pk}/undo/", {})
        mended = pool.submit(acted, leader, f"/visits/{contact.pk}/", {"visited_on": ago(1), "kind": "phone"})
        assert (undone.result() in (302,), mended.result() in (200, 302, 404)) == (True, True)
    assert not Visit.objects.exists()


# Admin ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "listed", "export"),
    [
        ("street_officer", 2, 200),
        ("secretary", 1, 200),
        ("liaison", 1, 403),
        ("leader", 1, 403),
        ("auditor", None, 403),
    ],
)
def test_visits_in_the_admin(
    request: Any, logged_in: Any, pair: Pairing, elsewhere: Pairing, who: str, listed: int | None, export: int
) -> None:
    contact = factories.visit(pair, on=ago(1), note="帮忙搬米")
    factories.visit(elsewhere, on=ago(1))
    client, list_ = logged_in(request.getfixturevalue(who)), "/admin/activities/visit/"
    answer = client.get(list_)
    assert answer.status_code == (403 if listed is None else 200)
    assert listed is None or answer.context["cl"].result_count == listed
    assert client.get(f"{list_}add/").status_code == 403
    assert client.post(f"{list_}{contact.pk}/delete/").status_code == 403
    assert client.post(f"{list_}{contact.pk}/change/", {"kind": "phone"}).status_code == 403
    assert client.get(f"{list_}export/").status_code == export
    assert Visit.objects.count() == 2


def test_an_export_says_what_and_why(logged_in: Any, secretary: User, pair: Pairing, elsewhere: Pairing) -> None:
    factories.visit(pair, on=ago(1), note="=1+1")
    factories.visit(elsewhere, on=ago(1))
    answer = logged_in(secretary).post("/admin/activities/visit/export/", REASON)
    place = "第一社区 迎晖苑 1号楼"
    assert exported(answer) == [(ago(1).isoformat(), "上门", place, "302", place, "502", "'=1+1")]
    entry = AuditEntry.objects.get(action="export")
    assert (entry.model, entry.reason, entry.changes["rows"]) == ("activities.Visit", "核对三季度走访", 1)


def test_the_admin_leads_to_the_page(logged_in: Any, secretary: User, pair: Pairing, elsewhere: Pairing) -> None:
    mine, theirs = factories.visit(pair, on=ago(1)), factories.visit(elsewhere, on=ago(1))
    client = logged_in(secretary)
    assert f"/admin/activities/visit/{mine.pk}/mend/" in text(client.get(f"/admin/activities/visit/{mine.pk}/change/"))
    assert client.get(f"/admin/activities/visit/{mine.pk}/mend/").headers["Location"] == f"/visits/{mine.pk}/"
    assert client.get(f"/admin/activities/visit/{theirs.pk}/mend/").status_code in (403, 404)
