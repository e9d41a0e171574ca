"""The doors of a building: read from rooms, laid out, shown as a grid, named, added, removed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from members.ground.access import PostKind
from members.ground.rooms import Door, Shape, all_rooms, fold_room, read_door, shape_of
from members.models import Area, AuditEntry, Household, Member, User
from members.rules import housing
from members.rules.building_grid import BuildingGrid, grid_of
from members.views.pairing_lists import TABS
from tests import factories
from tests.members.test_pages import foreign_words

TODAY = timezone.localdate()
GARBAGE: list[dict[str, Any]] = [
    {},
    {"units": "x", "floors": "-1", "doors": "\x00"},
    {"units": "0", "floors": "0", "doors": "0"},
    {"units": "9" * 400, "floors": "1e9", "doors": "²"},
    {"units": "12", "floors": "60", "doors": "30"},
]


@pytest.fixture
def doors(group: Area, member: Member) -> dict[str, Household]:
    """Six floors of four doors; the member lives in 302."""
    housing.add_rooms(group, all_rooms(units=1, floors=6, doors=4))
    return {door.room: door for door in Household.objects.filter(area=group)}


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User, member: Member) -> Client:
    return logged_in(secretary)


def url(place: Area, page: str = "") -> str:
    return f"/buildings/{place.pk}/{page}"


def text(answer: Any) -> str:
    return answer.content.decode()


def told(answer: Any) -> str:
    """The sentences of the messages on the page."""
    return "".join(str(message) for message in answer.context["messages"])


# Doors as they are written -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("302", "302"), ("３０２室", "302"), (" 3 02 室", "302"), ("2单元302", "2-302"), ("２门洞302室", "2-302"),
        ("2-302", "2-302"), ("a单元302", "A-302"), ("12b", "12B"), ("车库", "车库"), ("室", "室"), ("", ""),
    ],
)  # fmt: skip
def test_a_room_has_one_form(written: str, kept: str) -> None:
    assert fold_room(written) == kept


@pytest.mark.parametrize(
    ("room", "door"),
    [
        ("302", Door("", 3, "02")), ("2-1102", Door("2", 11, "02")), ("A-302B", Door("A", 3, "02B")),
        ("车库", Door("", None, "车库")), ("5", Door("", None, "5")), ("0012", Door("", None, "0012")),
        ("11011", Door("", None, "11011")), ("", Door("", None, "")),
    ],
)  # fmt: skip
def test_a_room_tells_where_its_door_is(room: str, door: Door) -> None:
    assert read_door(room) == door


def test_all_rooms_of_a_building() -> None:
    assert [*all_rooms(units=1, floors=2, doors=2)] == ["101", "102", "201", "202"]
    assert [*all_rooms(units=2, floors=1, doors=1)] == ["1-101", "2-101"]
    assert [*all_rooms(units=1, floors=1, doors=2, is_unit_named=True)] == ["1-101", "1-102"]


@pytest.mark.parametrize(
    ("rooms", "shape"),
    [
        (["302", "1104", "车库"], Shape(1, 11, 4, False)),
        (["3-201", "1-502"], Shape(3, 5, 2, True)),
        (["A-302"], Shape(1, 3, 2, False)),
        ([], Shape(1, 0, 0, False)),
        (["999-9999"], Shape(12, 60, 30, True)),
    ],
)
def test_rooms_tell_how_large_a_building_is(rooms: list[str], shape: Shape) -> None:
    assert shape_of(rooms) == shape


# Laying out ----------------------------------------------------------------------------------------------------------
def test_laying_out_adds_what_is_missing_once(group: Area, member: Member, secretary: User) -> None:
    assert housing.add_rooms(group, ["101", "１０１室", "102"]) == 3
    assert set(Household.objects.values_list("room", flat=True)) == {"101", "102", "302"}
    assert housing.add_rooms(group, ["101", "102"]) == 0
    entry = AuditEntry.objects.get(model="members.Household")
    assert (entry.action, entry.area_path, entry.changes["doors"]) == ("create", group.path, 3)
    assert Household.history.filter(history_type="+").count() == 3  # type: ignore[attr-defined]


def test_a_slip_in_the_layout_is_cleared_but_nothing_that_counts(
    group: Area, doors: dict[str, Household], member: Member
) -> None:
    named = doors["604"]
    named.name = "王阿姨家"
    named.save()
    factories.pairing(doors["302"], doors["603"]).end()
    factories.need(group, household=doors["602"])
    odd = factories.household(group, "车库")
    assert housing.clear(group, keep=all_rooms(units=1, floors=1, doors=4)) == 24 - 4 - 4
    left = set(Household.objects.values_list("room", flat=True))
    assert left == {"101", "102", "103", "104", "302", "602", "603", "604", odd.room}
    gone = Household.history.filter(history_type="-")  # type: ignore[attr-defined]
    assert (gone.count(), AuditEntry.objects.filter(action="delete", model="members.Household").count()) == (16, 1)
    assert housing.clear(group, keep=all_rooms(units=1, floors=1, doors=4)) == 0


def test_laying_out_asks_as_many_queries_for_a_large_building(group: Area, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(14):
        assert housing.add_rooms(group, all_rooms(units=2, floors=20, doors=8)) == 320


# Rules of a door -----------------------------------------------------------------------------------------------------
def test_a_door_is_there_once(group: Area) -> None:
    factories.household(group, "302")
    with pytest.raises(ValidationError, match="这个楼组里已经有这一户。"):
        factories.household(group, "302室")
    with pytest.raises(IntegrityError), transaction.atomic():
        Household(area=group, room="302").save()


def test_what_the_rule_finds_behind_its_lock_is_told(logged_in: Any, secretary: User, group: Area) -> None:
    """The form found nothing; the building went while it was looked at."""
    door = factories.household(group, "302")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Household, "full_clean", lambda self, **_: None)
        patch.setattr(housing, "change_door", lambda door, **_: housing.add_door(Area(pk=0, name="1号楼"), room="1"))
        answer = logged_in(secretary).post(
            f"/admin/members/household/{door.pk}/change/", {"room": "303", "name": ""}, follow=True
        )
    assert housing.BUILDING_GONE in answer.content.decode()
    door.refresh_from_db()
    assert door.room == "302"


def test_a_building_that_closed_meanwhile_takes_no_door(group: Area) -> None:
    group.close()
    with pytest.raises(ValidationError, match="刚刚停用了"):
        housing.add_door(group, room="302")


def test_a_door_needs_a_room_and_a_building(group: Area, station: Area) -> None:
    with pytest.raises(ValidationError, match="请填写室号"):
        factories.household(group, "  ")
    with pytest.raises(ValidationError, match="请选择楼组"):
        factories.household(station, "302")


def test_only_a_door_nothing_hangs_on_is_removed(group: Area, doors: dict[str, Household]) -> None:
    doors["101"].remove()
    assert AuditEntry.objects.filter(action="delete", model="members.Household").count() == 1
    with pytest.raises(ValidationError, match="住着党员"):
        doors["302"].remove()
    factories.pairing(doors["302"], doors["102"]).end()
    with pytest.raises(ValidationError, match="结对记录"):
        doors["102"].remove()
    factories.need(group, household=doors["103"])
    with pytest.raises(ValidationError, match="别的登记"):
        doors["103"].remove()


# The grid ------------------------------------------------------------------------------------------------------------
def cells(grid: BuildingGrid) -> dict[str, str]:
    rows = [cell for block in grid.blocks for floor in block.floors for cell in floor.cells if cell]
    return {cell.door.room: cell.kind for cell in [*rows, *grid.others]}


def test_the_grid_has_the_top_floor_first_and_units_in_order(group: Area, secretary: User) -> None:
    housing.add_rooms(group, ["10-101", "2-302", "2-101", "2-303", "车库"])
    grid = grid_of(group, user=secretary, day=TODAY)
    assert [block.unit for block in grid.blocks] == ["2", "10"]
    assert [floor.number for floor in grid.blocks[0].floors] == [3, 1]
    shown = [[cell and cell.number for cell in floor.cells] for floor in grid.blocks[0].floors]
    assert shown == [[None, "302", "303"], ["101", None, None]]
    assert [cell.door.room for cell in grid.others] == ["车库"]


def test_each_door_is_what_it_is_today(group: Area, doors: dict[str, Household], secretary: User) -> None:
    gone = factories.person("将搬走", group, room="501")
    factories.pairing(doors["302"], doors["401"])
    factories.pairing(doors["501"], doors["402"])
    factories.pairing(doors["302"], doors["403"]).end()
    gone.leave()
    factories.person("新搬来", group, room="601")
    factories.person("无室号", group, room="")
    factories.person("没有门", group, room="1201")
    grid = grid_of(group, user=secretary, day=TODAY)
    found = cells(grid)
    assert {room: found[room] for room in ("302", "401", "402", "403", "501", "601")} == {
        "302": "member", "401": "paired", "402": "paired", "403": "unpaired", "501": "left", "601": "member",
    }  # fmt: skip
    assert (grid.missing, grid.homeless) == (["1201"], 1)
    assert grid.counts == {"members": 2, "members_paired": 1, "neighbours": 22, "paired": 2}


def test_the_grid_asks_three_queries(
    group: Area, doors: dict[str, Household], secretary: User, django_assert_num_queries: Any
) -> None:
    for room in ("401", "402", "403"):
        factories.pairing(doors["302"], doors[room])
    with django_assert_num_queries(4):  # one of them for the user's posts
        grid = grid_of(group, user=secretary, day=TODAY)
        assert sum(len(cell.others) for floor in grid.blocks[0].floors for cell in floor.cells if cell) == 6


# Pages ---------------------------------------------------------------------------------------------------------------
def test_a_building_without_doors_asks_how_many_there_are(client: Client, group: Area) -> None:
    answer = client.get(url(group))
    assert answer.headers["Location"] == url(group, "doors/")
    page = text(client.get(url(group, "doors/")))
    assert re.findall(r'name="(units|floors|doors)" value="(\d+)"', page) == [
        ("units", "1"), ("floors", "3"), ("doors", "2"),
    ]  # fmt: skip
    answer = client.post(url(group, "doors/"), {"units": "1", "floors": "6", "doors": "4"}, follow=True)
    assert (answer.redirect_chain, told(answer)) == ([(url(group), 302)], "新增 24 户。")
    assert "欧阳建国" in text(answer)
    assert Household.objects.filter(area=group).count() == 24


def test_laying_out_anew_adds_and_clears(client: Client, group: Area, doors: dict[str, Household]) -> None:
    answer = client.post(url(group, "doors/"), {"units": "1", "floors": "7", "doors": "3"}, follow=True)
    assert told(answer) == "新增 3 户，去掉多余的 6 户。"
    assert client.post(url(group, "doors/"), {"units": "1", "floors": "7", "doors": "3"}).status_code == 302
    assert Household.objects.filter(area=group).count() == 21


@pytest.mark.parametrize("body", GARBAGE)
def test_a_layout_that_cannot_be_is_refused(client: Client, group: Area, body: dict[str, Any]) -> None:
    answer = client.post(url(group, "doors/"), body)
    assert answer.status_code == 200
    assert "lz-problem" in text(answer)
    assert not Household.objects.exists()


def test_members_who_moved_in_since_get_their_doors(client: Client, group: Area, doors: dict[str, Household]) -> None:
    factories.person("新搬来", group, room="1201")
    assert "有党员住在 1201" in text(client.get(url(group)))
    assert told(client.post(url(group, "doors/members/"), follow=True)) == "补上 1 户。"
    assert told(client.post(url(group, "doors/members/"), follow=True)) == "补上 0 户。"
    assert "有党员住在" not in text(client.get(url(group)))
    assert client.get(url(group, "doors/members/")).status_code == 405


def test_a_single_door_is_added_once(client: Client, group: Area, doors: dict[str, Household]) -> None:
    add = url(group, "doors/add/")
    assert "请勿填写思想" in text(client.get(add))
    assert told(client.post(add, {"room": "车库", "name": "王阿姨家"}, follow=True)) == "已加上 车库。"
    assert "其他" in text(client.get(url(group)))
    again = client.post(add, {"room": "车库"})
    assert (again.status_code, "这个楼组里已经有这一户。" in text(again)) == (200, True)
    for room in ("", "\x00", "9" * 31, "室" * 40):
        assert "lz-problem" in text(client.post(add, {"room": room, "name": "x" * 21}))
    assert Household.objects.filter(area=group).count() == 25


def test_a_door_gets_a_name(client: Client, doors: dict[str, Household]) -> None:
    door = doors["401"]
    assert "请勿填写思想" in text(client.get(f"/households/{door.pk}/"))
    answer = client.post(f"/households/{door.pk}/", {"name": "王阿姨家"}, follow=True)
    assert (told(answer), "王阿姨家" in text(answer)) == ("称呼已保存。", True)
    assert "lz-problem" in text(client.post(f"/households/{door.pk}/", {"name": "长" * 21}))
    assert Household.objects.get(pk=door.pk).name == "王阿姨家"
    assert Household.history.filter(id=door.pk, history_type="~").count() == 1  # type: ignore[attr-defined]


def test_a_door_made_by_mistake_is_removed_after_a_question(client: Client, doors: dict[str, Household]) -> None:
    door, home = doors["401"], doors["302"]
    assert f"/households/{door.pk}/remove/" in text(client.get(f"/households/{door.pk}/"))
    assert f"/households/{home.pk}/remove/" not in text(client.get(f"/households/{home.pk}/"))
    assert "确定要去掉" in text(client.get(f"/households/{door.pk}/remove/"))
    assert told(client.post(f"/households/{door.pk}/remove/", follow=True)) == "已去掉 401。"
    assert client.post(f"/households/{door.pk}/remove/").status_code == 404
    assert "住着党员" in told(client.post(f"/households/{home.pk}/remove/", follow=True))
    assert Household.objects.filter(pk=home.pk).exists()


def test_the_way_to_a_building_shows_what_is_paired(
    client: Client, station: Area, group: Area, doors: dict[str, Household]
) -> None:
    factories.building("3号楼", station)
    factories.pairing(doors["302"], doors["401"])
    page = text(client.get("/buildings/"))
    links = re.findall(r'href="/buildings/\d+/"><b>(\S+)</b> <small>(\d+ / \d+)</small>', page)
    assert links == [("1号楼", "1 / 1"), ("3号楼", "0 / 0")]


def test_a_street_finds_the_building_by_its_compound(
    logged_in: Any, street_officer: User, station: Area, group: Area, other_group: Area
) -> None:
    client = logged_in(street_officer)
    page = text(client.get("/buildings/"))
    assert f"?place={station.path}" in page
    assert url(group) not in page
    page = text(client.get(f"/buildings/?place={station.path}"))
    assert url(group) in page
    assert url(other_group) not in page


def test_a_leader_is_led_to_the_only_building(logged_in: Any, leader: User, group: Area) -> None:
    assert logged_in(leader).get("/buildings/").headers["Location"] == url(group)


@pytest.mark.parametrize("place", ["x", "9" * 40, "0001000100010009", "' OR 1"])
def test_a_place_that_cannot_be_is_all_places(client: Client, group: Area, place: str) -> None:
    factories.building("3号楼", Area.objects.get(name="迎晖苑"))
    assert url(group) in text(client.get("/buildings/", {"place": place}))


def test_pages_ask_as_many_queries_for_many_doors(
    client: Client, group: Area, member: Member, django_assert_max_num_queries: Any
) -> None:
    housing.add_rooms(group, all_rooms(units=4, floors=20, doors=4))
    home = Household.objects.get(area=group, room="302")
    for door in Household.objects.filter(area=group, unit="2")[:10]:
        factories.pairing(home, door)
    for number in range(3, 12):
        factories.building(f"{number}号楼", Area.objects.get(name="迎晖苑"))
    client.get(url(group))
    with django_assert_max_num_queries(11):
        page = client.get(url(group))
    assert len(page.content) < 200_000
    with django_assert_max_num_queries(13):
        client.get("/buildings/")


# Who may -------------------------------------------------------------------------------------------------------------
def calls(group: Area, door: Household) -> dict[str, tuple[str, dict | None]]:
    """Every address of a building and a door, what is posted there."""
    size = {"units": "1", "floors": "1", "doors": "1"}
    return {
        "grid": (url(group), None), "pair": (url(group), {"household": door.pk, "neighbour": door.pk}),
        "lay out": (url(group, "doors/"), None), "laid out": (url(group, "doors/"), size),
        "members": (url(group, "doors/members/"), {}), "add": (url(group, "doors/add/"), None),
        "added": (url(group, "doors/add/"), {"room": "999"}), "door": (f"/households/{door.pk}/", None),
        "named": (f"/households/{door.pk}/", {"name": "x"}), "remove": (f"/households/{door.pk}/remove/", None),
        "removed": (f"/households/{door.pk}/remove/", {}),
    }  # fmt: skip


def statuses(client: Client, group: Area, door: Household) -> set[int]:
    return {
        (client.get(address) if body is None else client.post(address, body)).status_code
        for address, body in calls(group, door).values()
    }


@pytest.mark.parametrize("who", ["other_secretary", "instructor", "auditor", "outsider"])
def test_doors_of_others_are_not_there(request: Any, logged_in: Any, doors: Any, group: Area, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    before = list(Household.objects.order_by("pk").values())
    assert statuses(client, group, doors["401"]) == {404}
    assert list(Household.objects.order_by("pk").values()) == before
    mine = client.get("/buildings/")
    assert (mine.status_code, "1号楼" in text(mine)) == (200 if who == "other_secretary" else 403, False)


def test_an_instructor_who_leads_a_building_writes_there_alone(
    logged_in: Any, instructor: User, station: Area, group: Area, doors: dict[str, Household]
) -> None:
    """The two posts together open no more than each by itself."""
    own = factories.building("3号楼", station)
    factories.post(instructor, PostKind.LEADER, own)
    mine = factories.household(own, "101")
    client = logged_in(instructor)
    assert statuses(client, group, doors["401"]) == {404}
    assert statuses(client, own, mine) <= {200, 302}
    assert Household.objects.for_user(instructor).inside(station).count() == Household.objects.inside(own).count()


def test_names_are_for_those_who_may_read_members(
    group: Area, doors: dict[str, Household], secretary: User, instructor: User
) -> None:
    def names(user: User) -> set[str]:
        blocks = grid_of(group, user=user, day=TODAY).blocks
        return {
            name for block in blocks for floor in block.floors for cell in floor.cells if cell for name in cell.names
        }

    assert (names(secretary), names(instructor)) == ({"欧阳建国"}, {"党员"})


def test_a_closed_building_is_no_place_to_work(client: Client, group: Area, doors: Any, member: Member) -> None:
    member.leave(on=TODAY)
    group.close(on=TODAY)
    assert client.get(url(group)).status_code == 404


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
def test_numbers_that_are_nobodys(client: Client, number: str) -> None:
    for address in (f"/buildings/{number}/", f"/buildings/{number}/doors/", f"/households/{number}/"):
        assert client.get(address).status_code == 404


# The admin -----------------------------------------------------------------------------------------------------------
def test_the_admin_lists_filters_mends_and_exports(client: Client, group: Area, doors: dict[str, Household]) -> None:
    factories.pairing(doors["302"], doors["401"])
    admin = "/admin/members/household/"
    for query, count in (("", 24), ("?of=members", 1), ("?paired=yes", 2), ("?of=neighbours&paired=no", 22)):
        assert client.get(admin + query).context["cl"].result_count == count, query
    assert client.get(f"{admin}?q=1号楼 302").context["cl"].result_count == 1
    body = {"room": "402A", "name": ""}
    assert client.post(f"{admin}{doors['402'].pk}/change/", body).status_code == 302
    assert Household.objects.get(pk=doors["402"].pk).number == "02A"
    assert "402A" in text(client.get(f"{admin}{doors['402'].pk}/history/"))
    exported = client.post(f"{admin}export/", {"format": "1", "reason": "核对门牌"})
    assert exported.content.decode("utf-8-sig").splitlines()[0] == "楼组,室号,称呼,家庭,正在结对"
    assert client.post(f"{admin}add/", {"area": group.pk, "room": "302"}).status_code == 200
    assert client.post(f"{admin}add/", {"area": group.pk, "room": "地下室"}).status_code == 302


def test_the_admin_keeps_to_the_scope(
    logged_in: Any, leader: User, instructor: User, group: Area, other_group: Area, doors: dict[str, Household]
) -> None:
    far = factories.household(other_group, "101")
    admin = "/admin/members/household/"
    client = logged_in(leader)
    assert client.get(f"{admin}{far.pk}/change/").status_code == 404
    assert client.get(f"{admin}{doors['401'].pk}/change/").status_code == 200
    assert client.post(f"{admin}add/", {"area": other_group.pk, "room": "102"}).status_code == 200
    assert not Household.objects.filter(area=other_group, room="102").exists()
    assert client.get(f"{admin}export/").status_code == 403
    assert client.post(f"{admin}{doors['401'].pk}/delete/", {"post": "yes"}).status_code == 403
    client = logged_in(instructor)
    assert {client.get(admin + page).status_code for page in ("", "add/", "export/")} == {403}
    assert client.get(f"{admin}{doors['401'].pk}/change/").status_code in (403, 404)


def test_the_admin_asks_as_many_queries_for_many_doors(
    client: Client, group: Area, doors: dict[str, Household], django_assert_max_num_queries: Any
) -> None:
    client.get("/admin/members/household/")
    with django_assert_max_num_queries(9):
        client.get("/admin/members/household/")


# All pages -----------------------------------------------------------------------------------------------------------
def test_the_pages_are_chinese_and_keep_to_the_policy(
    client: Client, station: Area, group: Area, doors: dict[str, Household], member: Member
) -> None:
    pair = factories.pairing(doors["302"], doors["401"])
    factories.household(group, "车库")
    factories.building("3号楼", station)
    pages = {
        *("/buildings/", url(group), f"{url(group)}?made={pair.pk}", url(group, "doors/"), url(group, "doors/add/")),
        *(f"/households/{door.pk}/{page}" for door in (doors["302"], doors["402"]) for page in ("", "remove/")),
        *(f"/pairings/?show={tab}" for tab in TABS), "/pairings/export/", f"/pairings/{pair.pk}/",
        *(f"/pairings/propose/{place.pk}/" for place in (group, station)), f"/pairings/end/?pick={pair.pk}",
        *(f"/admin/members/{model}/{page}" for model in ("household", "pairing") for page in ("", "export/")),
        *(f"/admin/members/pairing/{pair.pk}/{page}/" for page in ("change", "history")),
        *(f"/admin/members/household/{page}" for page in ("add/", f"{pair.household_id}/change/")),
    }  # fmt: skip
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert foreign_words(text(answer)) == set(), address
        assert not re.findall(r"<script(?![^>]*(?:\bsrc=|\bnonce=|application/json))[^>]*>", text(answer)), address
        assert not re.findall(r"<[^>]*\s(on\w+)=", text(answer)), address


def test_a_member_leads_to_the_grid(client: Client, group: Area, doors: dict[str, Household], member: Member) -> None:
    change = text(client.get(f"/admin/members/member/{member.pk}/change/"))
    (link,) = re.findall(r'href="(/admin/members/member/[^"]*pairings[^"]*)"', change)
    assert client.get(link).headers["Location"] == url(group)
