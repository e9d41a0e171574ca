"""Pairs of households: the rules, two clicks, many at once, the end of one, lists; and two people at the same time."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from members.ground.access import PostKind, Right
from members.ground.export import XLSX
from members.ground.rooms import all_rooms
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Household, Member, Pairing, User
from members.rules import housing
from members.rules.coverage import coverage
from members.rules.pairing import end_all, loads, pair_all, propose
from tests import factories
from tests.racing import raced

TODAY = timezone.localdate()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def doors(group: Area, member: Member) -> dict[str, Household]:
    """Six floors of four doors; the member lives in 302, another in 502."""
    factories.person("单国强", group, room="502")
    housing.add_rooms(group, all_rooms(units=1, floors=6, doors=4))
    return {door.room: door for door in Household.objects.filter(area=group).select_related("area")}


@pytest.fixture
def pair(doors: dict[str, Household]) -> Pairing:
    return factories.pairing(doors["302"], doors["401"])


@pytest.fixture
def next_building(station: Area) -> Area:
    return factories.building("2号楼", station)


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User) -> Client:
    return logged_in(secretary)


def text(answer: Any) -> str:
    return answer.content.decode()


def told(answer: Any) -> str:
    return "".join(str(message) for message in answer.context["messages"])


def post_pair(client: Client, group: Area, home: Any, neighbour: Any, **more: Any) -> Any:
    body = {"household": home, "neighbour": neighbour, "since": TODAY.isoformat()} | more
    return client.post(f"/buildings/{group.pk}/", body)


# The rules -----------------------------------------------------------------------------------------------------------
def test_a_neighbour_has_one_pairing_at_a_time(doors: dict[str, Household], pair: Pairing) -> None:
    with pytest.raises(ValidationError, match="这户家庭已经结对，请先结束原来的结对。"):
        factories.pairing(doors["502"], doors["401"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Pairing(household=doors["502"], neighbour=doors["401"]).save()
    factories.pairing(doors["302"], doors["402"])  # the member's household may have several
    pair.end()
    factories.pairing(doors["502"], doors["401"])


def test_both_are_in_one_compound(doors: dict[str, Household], other_group: Area, next_building: Area) -> None:
    far = factories.household(other_group, "101")
    with pytest.raises(ValidationError, match="结对的两户要在同一个小区。"):
        factories.pairing(doors["302"], far)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pairing(household=doors["302"], neighbour=far).save()
    factories.pairing(doors["302"], factories.household(next_building, "101"))


def test_a_pairing_is_of_two_households(doors: dict[str, Household]) -> None:
    with pytest.raises(ValidationError, match="请选择两户不同的家庭。"):
        Pairing(household=doors["401"], neighbour=doors["401"]).located().validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        Pairing(household=doors["401"], neighbour=doors["401"]).save()


def test_one_side_is_of_members_the_other_of_neighbours(doors: dict[str, Household]) -> None:
    with pytest.raises(ValidationError, match="没有党员居住"):
        factories.pairing(doors["402"], doors["401"])
    with pytest.raises(ValidationError, match="是党员家庭"):
        factories.pairing(doors["302"], doors["502"])


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        (date(1902, 1, 1), None, "2000"),
        (TODAY + timedelta(days=1), None, "不能晚于今天"),
        (TODAY, YESTERDAY, "结束日期不能早于开始日期。"),
        (YESTERDAY, date(2150, 1, 1), "不能晚于今天"),
    ],
)
def test_days_that_cannot_be(doors: dict[str, Household], since: date, until: date | None, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        factories.pairing(doors["302"], doors["401"], since=since, until=until)


def test_what_was_paired_outlives_who_moves(doors: dict[str, Household], pair: Pairing, station: Area) -> None:
    """Members move away, the building is put under another compound: the pair can still be ended."""
    for member in Member.objects.all():
        member.leave()
    pair.household.area.move(to=factories.area("新苑", station.parent))
    pair = Pairing.objects.get(pk=pair.pk)
    pair.end()
    assert pair.until == TODAY


def test_a_pair_begun_twice_is_one(doors: dict[str, Household], secretary: User) -> None:
    first, is_new = Pairing.objects.begin(household=doors["302"], neighbour=doors["401"])
    second, is_newer = Pairing.objects.begin(household=doors["302"], neighbour=doors["401"], since=YESTERDAY)
    assert (first, is_new, is_newer, second.since) == (second, True, False, TODAY)
    assert AuditEntry.objects.get(model="members.Pairing").area_path == doors["302"].area.path


def test_a_pair_ended_twice_keeps_its_day(pair: Pairing) -> None:
    again = Pairing.objects.get(pk=pair.pk)
    pair.end(on=YESTERDAY)
    with pytest.raises(Conflict, match=f"这一对已于 {YESTERDAY} 结束。"):
        again.end()
    assert Pairing.objects.get().until == YESTERDAY


def test_a_pair_of_today_is_taken_back_as_long_as_nothing_hangs_on_it(
    doors: dict[str, Household], pair: Pairing
) -> None:
    factories.visit(pair, on=TODAY)
    with pytest.raises(ValidationError, match="已经有走访记录"):
        pair.undo()
    other = factories.pairing(doors["302"], doors["402"])
    other.undo()
    assert list(Pairing.objects.all()) == [pair]
    assert Pairing.history.filter(history_type="-").count() == 1  # type: ignore[attr-defined]
    Pairing.history.update(history_date=timezone.now() - timedelta(days=1))  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="只有当天登记的"):
        pair.undo()


# Two clicks ----------------------------------------------------------------------------------------------------------
def test_two_clicks_make_a_pair_that_can_be_taken_back(
    client: Client, group: Area, doors: dict[str, Household]
) -> None:
    answer = post_pair(client, group, doors["302"].pk, doors["401"].pk)
    pair = Pairing.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/buildings/{group.pk}/?made={pair.pk}#made")
    page = text(client.get(answer.headers["Location"]))
    assert "已结对：302 与 401" in page
    assert f'action="/pairings/{pair.pk}/undo/"' in page
    assert post_pair(client, group, doors["302"].pk, doors["401"].pk).status_code == 302
    assert Pairing.objects.count() == 1
    assert "已撤销" in told(client.post(f"/pairings/{pair.pk}/undo/", follow=True))
    assert not Pairing.objects.exists()
    assert client.post(f"/pairings/{pair.pk}/undo/").status_code == 404
    assert client.get(f"/pairings/{pair.pk}/undo/").status_code == 405


def test_the_day_stays_for_the_next_pair(client: Client, group: Area, doors: dict[str, Household]) -> None:
    answer = post_pair(client, group, doors["302"].pk, doors["401"].pk, since=YESTERDAY.isoformat())
    assert f'value="{YESTERDAY}"' in text(client.get(answer.headers["Location"]))
    assert Pairing.objects.get().since == YESTERDAY


def test_a_neighbour_of_the_next_building_in_two_clicks(
    client: Client, group: Area, next_building: Area, doors: dict[str, Household]
) -> None:
    near = factories.household(next_building, "101")
    assert f"/buildings/{next_building.pk}/?with={doors['302'].pk}" in text(
        client.get(f"/households/{doors['302'].pk}/")
    )
    page = text(client.get(f"/buildings/{next_building.pk}/?with={doors['302'].pk}"))
    assert f'<input type="hidden" name="household" value="{doors["302"].pk}"' in page
    assert "请在这栋楼里点一户邻居" in page
    assert "点一户党员家庭。" in text(client.get(f"/buildings/{group.pk}/?with={near.pk}"))
    assert post_pair(client, next_building, doors["302"].pk, near.pk).status_code == 302
    assert "2号楼 101" in text(client.get(f"/buildings/{group.pk}/"))


def test_a_partner_waits_for_the_doors_of_the_next_building(
    client: Client, next_building: Area, doors: dict[str, Household]
) -> None:
    asked = f"?with={doors['302'].pk}"
    answer = client.get(f"/buildings/{next_building.pk}/{asked}")
    assert answer.headers["Location"] == f"/buildings/{next_building.pk}/doors/{asked}"
    answer = client.post(answer.headers["Location"], {"units": "1", "floors": "2", "doors": "2"})
    assert answer.headers["Location"] == f"/buildings/{next_building.pk}/{asked}"


@pytest.mark.parametrize(
    "body",
    [
        {"household": "", "neighbour": ""}, {"household": "x", "neighbour": "\x00"},
        {"household": "9" * 40, "neighbour": "-1"}, {"household": "1.5", "neighbour": "²"},
        {"since": "1902-01-01"}, {"since": "2150-01-01"}, {"since": "\x00"}, {"since": "明天"}, {"since": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_paired_gets_a_sentence(
    client: Client, group: Area, doors: dict[str, Household], body: dict[str, str]
) -> None:
    sent = {"household": doors["302"].pk, "neighbour": doors["401"].pk, "since": TODAY.isoformat()} | body
    answer = client.post(f"/buildings/{group.pk}/", sent)
    assert (answer.status_code, "没有结成：" in text(answer)) == (200, True)
    assert not Pairing.objects.exists()


@pytest.mark.parametrize("query", ["made=x", "made=999999", "with=\x01", "with=" + "9" * 40, "since=1902", "since=x"])
def test_an_address_that_cannot_be_is_the_plain_page(
    client: Client, group: Area, doors: dict[str, Household], query: str
) -> None:
    assert client.get(f"/buildings/{group.pk}/?{query}").status_code == 200


def test_a_household_outside_the_scope_is_none(
    client: Client, group: Area, other_group: Area, doors: dict[str, Household]
) -> None:
    far = factories.household(other_group, "101")
    answer = post_pair(client, group, doors["302"].pk, far.pk)
    assert "不在您的岗位范围内" in text(answer)
    assert "仓场公寓" not in text(client.get(f"/buildings/{group.pk}/?with={far.pk}"))
    assert not Pairing.objects.exists()


# One pair ------------------------------------------------------------------------------------------------------------
def test_a_pair_is_ended_on_a_day(client: Client, pair: Pairing) -> None:
    address = f"/pairings/{pair.pk}/"
    assert "欧阳建国" in text(client.get(address))
    for wrong in ("1902-01-01", "2019-12-31", "2150-01-01", "", "\x00"):
        answer = client.post(address, {"on": wrong})
        assert (answer.status_code, "lz-problem" in text(answer), "正在结对" in text(answer)) == (200, True, True), (
            wrong
        )
    assert "已结束结对" in told(client.post(address, {"on": YESTERDAY.isoformat()}, follow=True))
    assert Pairing.objects.get().until == YESTERDAY
    page = text(client.get(address))
    assert (str(YESTERDAY) in page, "结束结对</button>" in page) == (True, False)
    again = client.post(address, {"on": TODAY.isoformat()})
    assert f"这一对已于 {YESTERDAY} 结束。" in text(again)
    assert Pairing.history.filter(history_type="~").count() == 1  # type: ignore[attr-defined]


# Many at once --------------------------------------------------------------------------------------------------------
def proposed(neighbours: list[Household], homes: list[Household], **options: Any) -> dict[str, str | None]:
    options = {"load": {}} | options
    return {neighbour.room: home and home.room for neighbour, home in propose(neighbours, homes, **options)}


def test_the_nearest_first_spread_evenly(doors: dict[str, Household]) -> None:
    homes = [doors["302"], doors["502"]]
    found = proposed([doors[room] for room in ("101", "301", "304", "401", "501", "601")], homes)
    assert (found["301"], found["501"], found["601"]) == ("302", "502", "502")
    assert Counter(found.values()) == {"302": 3, "502": 3}
    busy = proposed([doors[room] for room in ("301", "303")], homes, load={doors["302"].pk: 2})
    assert set(busy.values()) == {"502"}
    few = proposed([doors[room] for room in ("301", "303", "501", "504")], homes, most=1)
    assert Counter(few.values()) == {"302": 1, "502": 1, None: 2}
    assert proposed([doors["301"]], []) == {"301": None}


def test_the_same_unit_comes_before_the_same_floor(group: Area, member: Member) -> None:
    housing.add_rooms(group, all_rooms(units=2, floors=3, doors=2))
    doors = {door.room: door for door in Household.objects.select_related("area")}
    homes = [doors["1-101"], doors["2-301"]]
    assert proposed([doors["1-301"], doors["2-101"]], homes) == {"1-301": "1-101", "2-101": "2-301"}


def test_a_building_without_members_asks_the_compound(
    doors: dict[str, Household], station: Area, next_building: Area
) -> None:
    near = factories.household(next_building, "101")
    assert proposed([near, doors["501"]], [doors["302"], doors["502"]]) == {"101": "302", "501": "502"}


def sent(*pairs: tuple[Household, Any], since: Any = TODAY) -> dict[str, Any]:
    ticked = [neighbour.pk for neighbour, _ in pairs]
    return {"pick": ticked, "since": str(since)} | {
        f"household-{door.pk}": getattr(home, "pk", home) for door, home in pairs
    }


def test_what_is_ticked_is_saved_in_one_go(
    client: Client, group: Area, doors: dict[str, Household], django_assert_max_num_queries: Any
) -> None:
    address = f"/pairings/propose/{group.pk}/"
    page = client.get(address)
    rows = page.context["rows"]
    assert len(rows) == 22
    assert all(row.is_ticked and row.chosen for row in rows)
    body = sent(*((row.neighbour, row.chosen) for row in rows))
    client.get(address)
    with django_assert_max_num_queries(26):
        answer = client.post(address, body)
    assert answer.status_code == 302
    assert Pairing.objects.current().count() == 22
    assert Counter(Pairing.objects.values_list("household__room", flat=True)) == {"302": 11, "502": 11}
    entry = AuditEntry.objects.filter(model="members.Pairing").get()
    assert (entry.action, entry.changes["pairings"], entry.row) == ("create", 22, "")
    assert Pairing.history.filter(history_type="+").count() == 22  # type: ignore[attr-defined]
    assert "这里的邻居都已结对" in text(client.get(address))
    assert told(client.post(address, body, follow=True)) == "已结成 0 对。另有 22 户已经结对，没有重复。"
    assert Pairing.objects.count() == 22


def test_a_changed_choice_counts_and_the_rest_stays(client: Client, group: Area, doors: dict[str, Household]) -> None:
    body = sent((doors["501"], doors["302"])) | {f"household-{doors['601'].pk}": doors["502"].pk}
    client.post(f"/pairings/propose/{group.pk}/", body)
    assert list(Pairing.objects.values_list("household__room", "neighbour__room")) == [("302", "501")]


def test_a_compound_is_paired_across_its_buildings(
    client: Client, station: Area, next_building: Area, doors: dict[str, Household]
) -> None:
    near = factories.household(next_building, "101")
    page = client.get(f"/pairings/propose/{station.pk}/")
    assert near in [row.neighbour for row in page.context["rows"]]
    assert "1号楼 302 欧阳建国" in text(page)
    client.post(f"/pairings/propose/{station.pk}/", sent((near, doors["302"])))
    assert Pairing.objects.get().compound == station


@pytest.mark.parametrize(
    ("choice", "since", "sentence"),
    [
        ("", TODAY, "还没有选党员家庭"), ("x", TODAY, "还没有选党员家庭"), ("9" * 40, TODAY, "还没有选党员家庭"),
        ("far", TODAY, "还没有选党员家庭"), ("neighbour", TODAY, "请刷新页面，再看一遍"),
        ("302", "1902-01-01", "2000"), ("302", "2150-01-01", "不能晚于今天"), ("302", "\x00", "lz-problem"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_is_saved_in_no_part(
    client: Client, group: Area, other_group: Area, doors: dict[str, Household], choice: str, since: Any, sentence: str
) -> None:
    factories.person("远方人", other_group, room="101")
    rooms = doors | {"far": factories.household(other_group, "101"), "neighbour": doors["101"]}
    good, bad = (doors["401"], doors["302"]), (doors["402"], rooms.get(choice, choice))
    answer = client.post(f"/pairings/propose/{group.pk}/", sent(good, bad, since=since))
    assert (answer.status_code, sentence in text(answer)) == (200, True)
    ticked = {row.neighbour.room for row in answer.context["rows"] if row.is_ticked}
    assert ticked == {"401", "402"}
    assert not Pairing.objects.exists()


@pytest.mark.parametrize("pick", [[], ["x"], ["9" * 40], ["\x00"], ["999999"]])
def test_nothing_ticked_is_nothing_done(client: Client, group: Area, doors: Any, pick: list[str]) -> None:
    answer = client.post(f"/pairings/propose/{group.pk}/", {"pick": pick, "since": str(TODAY)})
    assert "请至少勾选一户" in text(answer)


def test_where_a_member_moved_in_meanwhile_nothing_is_saved(group: Area, doors: dict[str, Household]) -> None:
    factories.person("新搬来", group, room="401")
    compound = Area.objects.get(path=group.parent_path)
    with pytest.raises(ValidationError, match="党员已经迁入或迁出"):
        pair_all({doors["402"]: doors["302"], doors["401"]: doors["302"]}, compound=compound, since=TODAY)
    assert not Pairing.objects.exists()


def test_several_are_ended_in_one_go(client: Client, doors: dict[str, Household]) -> None:
    pairs = [factories.pairing(doors["302"], doors[room]) for room in ("401", "402", "403")]
    address = f"/pairings/end/?pick={pairs[0].pk}&pick={pairs[1].pk}&pick=x&pick={'9' * 40}"
    assert "确定要结束这 2 对吗" in text(client.get(address))
    assert "不能更早" in text(client.post(address, {"on": "2019-01-01"}))
    assert Pairing.objects.current().count() == 3
    assert told(client.post(address, {"on": str(YESTERDAY)}, follow=True)) == "已结束 2 对结对。记录保留。"
    assert list(Pairing.objects.current()) == [pairs[2]]
    entry = AuditEntry.objects.filter(model="members.Pairing", action="change").get()
    assert entry.changes == {"until": [None, str(YESTERDAY)], "pairings": 2}
    assert Pairing.history.filter(history_type="~").count() == 2  # type: ignore[attr-defined]
    assert "请先在名单里勾选" in told(client.post(address, {"on": str(TODAY)}, follow=True))
    assert end_all(pairs, on=TODAY, paths=["0001"]) == 1


def test_loads_are_of_today(group: Area, doors: dict[str, Household], pair: Pairing) -> None:
    factories.pairing(doors["302"], doors["402"]).end()
    assert loads(group) == {doors["302"].pk: 1}


# Lists ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def neighbourhood(doors: dict[str, Household], other_group: Area, other_member: Member) -> None:
    """Two pairs of the one household, none of the other; a pair in the other community."""
    for room in ("401", "402"):
        factories.pairing(doors["302"], doors[room])
    housing.add_rooms(other_group, ["101", "102"])
    far = {door.room: door for door in Household.objects.filter(area=other_group)}
    factories.pairing(far["501"], far["101"])


def listed(client: Client, query: str) -> tuple[dict[str, int], list]:
    answer = client.get(f"/pairings/?{query}")
    return {name: count for name, _, count in answer.context["tabs"]}, answer.context["rows"]


def test_the_lists_of_a_secretary(client: Client, neighbourhood: None) -> None:
    counts, rows = listed(client, "")
    assert counts == {"current": 2, "paired": 1, "unpaired": 1, "neighbours": 20}
    assert [(pair.neighbour.room, names) for pair, names in rows] == [("401", ["欧阳建国"]), ("402", ["欧阳建国"])]
    (home,) = listed(client, "show=paired")[1]
    assert (home.label, home.room, home.names) == ("第一社区 迎晖苑 1号楼", "302", ["欧阳建国"])
    assert home.neighbours == ["401", "402"]
    assert [home.room for home in listed(client, "show=unpaired")[1]] == ["502"]
    assert "单秀英" not in text(client.get("/pairings/?show=paired"))


def test_member_households_are_listed_by_place_never_by_how_many(client: Client, group: Area, doors: dict) -> None:
    factories.person("新搬来", group, room="1101")  # no door yet, and a household all the same
    for room in ("401", "402", "403"):
        factories.pairing(doors["502"], doors[room])
    factories.pairing(doors["302"], doors["404"])
    assert [home.room for home in listed(client, "show=paired")[1]] == ["302", "502"]
    assert [home.room for home in listed(client, "show=unpaired")[1]] == ["1101"]


def test_lists_add_up_to_the_coverage(logged_in: Any, street_officer: User, street: Area, neighbourhood: None) -> None:
    figures = coverage(street, areas=Area.objects.all(), day=TODAY).figures
    counts, _ = listed(logged_in(street_officer), f"place={street.path}")
    assert (counts["paired"], counts["paired"] + counts["unpaired"]) == (figures.paired, figures.households)


@pytest.mark.parametrize("query", ["show=x", "p=x", "p=99999", "place=x", "place=" + "9" * 16, "show=paired&p=-1"])
def test_a_list_that_cannot_be_is_one_that_can(client: Client, neighbourhood: None, query: str) -> None:
    assert listed(client, query)[0]["current"] == 2


def test_lists_are_paged_and_ask_as_many_queries_for_many(
    client: Client, group: Area, doors: dict[str, Household], django_assert_max_num_queries: Any
) -> None:
    housing.add_rooms(group, all_rooms(units=2, floors=20, doors=8))
    for number in range(3, 62):
        factories.person(f"党员{'甲乙丙丁戊己庚辛壬癸'[number % 10]}", group, room=f"{number}01")
    compound = Area.objects.get(path=group.parent_path)
    free = Household.objects.filter(area=group, unit="2").select_related("area")
    pair_all(dict.fromkeys(free, doors["302"]), compound=compound, since=TODAY)
    for tab, most in (("current", 15), ("paired", 16), ("unpaired", 15), ("neighbours", 15)):
        client.get(f"/pairings/?show={tab}")
        with django_assert_max_num_queries(most):
            answer = client.get(f"/pairings/?show={tab}")
        assert len(answer.context["rows"]) == min(50, answer.context["shown"].paginator.count)
    assert "第 1 页，共 4 页（160 行）" in text(client.get("/pairings/?show=current"))
    assert len(client.get("/pairings/?p=4").context["rows"]) == 10


def test_a_list_leaves_with_a_reason(client: Client, neighbourhood: None, secretary: User) -> None:
    address = "/pairings/export/?show=paired"
    for reason in ("", "x" * 201, "\x00"):
        assert "lz-problem" in text(client.post(address, {"reason": reason}))
    assert not AuditEntry.objects.filter(action="export").exists()
    book = load_workbook(BytesIO(client.post(address, {"reason": "核对三月名单"}).content))
    heading, *rows = book.active.values
    assert heading == ("楼组", "室号", "党员", "结对户数", "结对家庭")
    assert rows == [("第一社区 迎晖苑 1号楼", "302", "欧阳建国", 2, "401、402")]
    entry = AuditEntry.objects.get(action="export")
    assert (entry.reason, entry.changes["rows"], entry.area_path) == ("核对三月名单", 1, "00010001")
    for tab, count in (("current", 2), ("unpaired", 1), ("neighbours", 20)):
        answer = client.post(f"/pairings/export/?show={tab}", {"reason": "核对"})
        assert load_workbook(BytesIO(answer.content)).active.max_row == count + 1


# Who may -------------------------------------------------------------------------------------------------------------
def statuses(client: Client, group: Area, pair: Pairing, door: Household) -> dict[str, int]:
    body = sent((door, pair.household))
    return {
        "pair": post_pair(client, group, pair.household_id, door.pk).status_code,
        "see": client.get(f"/pairings/{pair.pk}/").status_code,
        "end": client.post(f"/pairings/{pair.pk}/", {"on": str(TODAY)}).status_code,
        "undo": client.post(f"/pairings/{pair.pk}/undo/").status_code,
        "propose": client.get(f"/pairings/propose/{group.pk}/").status_code,
        "save": client.post(f"/pairings/propose/{group.pk}/", body).status_code,
    }


@pytest.mark.parametrize("who", ["other_secretary", "instructor", "auditor", "outsider"])
def test_pairs_of_others_are_not_there(
    request: Any, logged_in: Any, who: str, group: Area, pair: Pairing, doors: dict[str, Household]
) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert set(statuses(client, group, pair, doors["402"]).values()) == {404}
    for address in ("/pairings/", f"/pairings/end/?pick={pair.pk}", "/pairings/export/"):
        for answer in (client.get(address), client.post(address, {"on": str(TODAY), "reason": "x"})):
            assert answer.status_code in ((200, 302) if who == "other_secretary" else (403,)), address
            assert answer.headers["Content-Type"] == XLSX or "欧阳建国" not in text(answer)
    assert list(Pairing.objects.current()) == [pair]
    assert not Pairing.objects.exclude(pk=pair.pk).exists()


@pytest.mark.parametrize("who", ["street_officer", "secretary", "liaison", "leader"])
def test_who_works_there_pairs_and_ends(
    request: Any, logged_in: Any, who: str, group: Area, pair: Pairing, doors: dict[str, Household]
) -> None:
    client = logged_in(request.getfixturevalue(who))
    found = statuses(client, group, pair, doors["402"])
    assert set(found.values()) <= {200, 302}
    assert Pairing.objects.filter(neighbour=doors["402"]).current().exists()
    export = client.get("/pairings/export/").status_code
    assert export == (403 if who in ("liaison", "leader") else 200)


def test_a_pair_across_two_buildings_is_not_a_leaders(
    logged_in: Any, leader: User, group: Area, next_building: Area, doors: dict[str, Household]
) -> None:
    """Neither seen nor ended by whoever leads one of the two; on the grid the door is taken all the same."""
    across = factories.pairing(doors["302"], factories.household(next_building, "101"))
    client = logged_in(leader)
    assert client.get(f"/pairings/{across.pk}/").status_code == 404
    assert client.get(f"/pairings/end/?pick={across.pk}").status_code == 302
    assert listed(client, "")[0]["current"] == 0
    assert client.get(f"/pairings/propose/{next_building.pk}/").status_code == 404
    assert not Pairing.objects.for_user(leader, Right.WRITE).exists()


def test_ends_only_what_is_in_the_scope(
    logged_in: Any, leader: User, pair: Pairing, next_building: Area, doors: dict[str, Household]
) -> None:
    across = factories.pairing(doors["302"], factories.household(next_building, "101"))
    client = logged_in(leader)
    client.post(f"/pairings/end/?pick={pair.pk}&pick={across.pk}", {"on": str(TODAY)})
    assert list(Pairing.objects.current()) == [across]


def test_a_leader_pairs_in_the_own_building_alone(
    logged_in: Any, leader: User, group: Area, next_building: Area, doors: dict[str, Household]
) -> None:
    near = factories.household(next_building, "101")
    client = logged_in(leader)
    assert "不在您的岗位范围内" in text(post_pair(client, group, doors["302"].pk, near.pk))
    assert post_pair(client, next_building, doors["302"].pk, near.pk).status_code == 404
    answer = client.post(f"/pairings/propose/{group.pk}/", sent((near, doors["302"])))
    assert "请至少勾选一户" in text(answer)
    assert not Pairing.objects.exists()


def test_a_past_leader_has_nothing(logged_in: Any, leader: User, group: Area, pair: Pairing) -> None:
    leader.roles.update(until=TODAY)
    assert logged_in(leader).get(f"/pairings/{pair.pk}/").status_code == 404
    factories.post(leader, PostKind.INSTRUCTOR, group)
    assert logged_in(leader).get(f"/pairings/{pair.pk}/").status_code == 404


# The admin -----------------------------------------------------------------------------------------------------------
def test_the_admin_lists_corrects_and_exports(client: Client, pair: Pairing, doors: dict[str, Household]) -> None:
    factories.pairing(doors["302"], doors["402"]).end()
    admin = "/admin/members/pairing/"
    for query, count in (("", 2), ("?current=yes", 1), ("?current=no", 1)):
        assert client.get(admin + query).context["cl"].result_count == count, query
    body = {"since": "2021-05-01", "until": "", "household": doors["502"].pk}
    assert client.post(f"{admin}{pair.pk}/change/", body).status_code == 302
    pair.refresh_from_db()
    assert (pair.since, pair.household) == (date(2021, 5, 1), doors["302"])
    assert "2021" in text(client.get(f"{admin}{pair.pk}/history/"))
    assert client.get(f"{admin}add/").status_code == 403
    assert client.post(f"{admin}{pair.pk}/delete/", {"post": "yes"}).status_code == 403
    exported = client.post(f"{admin}export/", {"format": "1", "reason": "核对结对"}).content.decode("utf-8-sig")
    assert exported.splitlines()[0] == "楼组,党员家庭,结对家庭楼组,结对家庭,称呼,结对日期,结束日期"
    assert len(exported.splitlines()) == 3


def test_the_admin_keeps_to_the_scope(logged_in: Any, other_secretary: User, instructor: User, pair: Pairing) -> None:
    admin = "/admin/members/pairing/"
    client = logged_in(other_secretary)
    assert client.get(admin).context["cl"].result_count == 0
    assert client.get(f"{admin}{pair.pk}/change/").status_code == 404
    assert client.get(f"{admin}{pair.pk}/history/").status_code == 404
    assert logged_in(instructor).get(admin).status_code == 403


# Two people at the same time -----------------------------------------------------------------------------------------
@pytest.fixture
def homes(transactional_db: None) -> tuple[list[Household], Household, Area]:
    """Eight member households and one neighbour, seen by several connections."""
    street = factories.area("新成路街道")
    compound = factories.area("迎晖苑", factories.area("第一社区", street))
    group = factories.building("1号楼", compound)
    for number in range(1, 9):
        factories.person(f"党员{'甲乙丙丁戊己庚辛'[number - 1]}", group, room=f"{number}01")
    housing.add_rooms(group, ["102"])
    doors = list(Household.objects.select_related("area").order_by("pk"))
    neighbour = next(door for door in doors if door.room == "102")
    return [door for door in doors if door != neighbour], neighbour, compound


def test_of_eight_who_pair_one_neighbour_one_wins(homes: Any) -> None:
    doors, neighbour, _ = homes
    ends = raced(*(lambda home=home: Pairing.objects.begin(household=home, neighbour=neighbour) for home in doors))
    lost = [error for error in ends if isinstance(error, Exception)]
    assert len(lost) == 7
    assert {type(error) for error in lost} == {ValidationError}
    assert {message for error in lost for message in error.messages} == {"这户家庭已经结对，请先结束原来的结对。"}
    assert Pairing.objects.count() == 1


def test_the_same_pair_from_two_is_one_pair(homes: Any) -> None:
    doors, neighbour, _ = homes
    ends = raced(*[lambda: Pairing.objects.begin(household=doors[0], neighbour=neighbour)] * 4)
    assert sorted(is_new for _, is_new in ends) == [False, False, False, True]
    assert Pairing.objects.count() == 1


def test_two_who_pair_many_pair_each_once(homes: Any) -> None:
    doors, neighbour, compound = homes
    ends = raced(
        *(lambda home=home: pair_all({neighbour: home}, compound=compound, since=TODAY) for home in doors[:4]),
        lambda: Pairing.objects.begin(household=doors[4], neighbour=neighbour),
    )
    assert not [error for error in ends if isinstance(error, IntegrityError)]
    assert Pairing.objects.count() == 1


def test_the_database_itself_lets_one_win(homes: Any) -> None:
    """Without the lock that tells the second politely: two open transactions, one row."""
    doors, neighbour, _ = homes
    both = threading.Barrier(2)

    def save(home: Household) -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                Household.objects.count()
                both.wait(timeout=30)
            Pairing(household=home, neighbour=neighbour).save()

    ends = raced(lambda: save(doors[0]), lambda: save(doors[1]))
    assert [type(end) for end in ends if end is not None] == [IntegrityError]
    assert Pairing.objects.count() == 1


def test_a_door_is_not_removed_while_it_is_paired(homes: Any) -> None:
    doors, neighbour, _ = homes
    ends = raced(
        Household.objects.get(pk=neighbour.pk).remove,
        lambda: Pairing.objects.begin(household=doors[0], neighbour=neighbour),
    )
    assert not [error for error in ends if isinstance(error, IntegrityError)]
    assert Household.objects.filter(room="102").exists() == Pairing.objects.exists()


def test_a_door_that_is_gone_is_not_paired(doors: dict[str, Household], pair: Pairing) -> None:
    gone, compound = Household.objects.get(pk=doors["402"].pk), doors["302"].area.parent
    doors["402"].remove()
    with pytest.raises(ValidationError, match="有一户刚刚去掉了"):
        Pairing.objects.begin(household=doors["302"], neighbour=gone)
    with pytest.raises(ValidationError, match="有一户刚刚去掉了"):
        pair_all({gone: doors["302"], doors["403"]: doors["302"]}, compound=compound, since=TODAY)
    with pytest.raises(ValidationError, match="有一户刚刚去掉了"):
        gone.remove()
    again = Pairing.objects.get(pk=pair.pk)
    pair.undo()
    with pytest.raises(ValidationError, match="这一对刚刚撤销了"):
        again.end()
    assert not Pairing.objects.exists()
