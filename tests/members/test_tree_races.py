"""Two people at the tree at once, each at a door of their own: it stays whole, the loser is told what to do."""

import io
import threading
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import NamedTuple

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from members.ground.access import PostKind
from members.models import Area, AreaRole, Member, Residence, RosterImport, User
from members.roster.refusal import UnreadableFile
from members.roster.tree import import_tree, street_named
from members.rules.tree import misfits
from tests import factories
from tests.conftest import BACKEND
from tests.members.pages import OLD, Page, Said, told
from tests.members.uploads import called, cells, preview, sheet, write
from tests.racing import raced

ROUNDS = 4
SHEET = "社区,小区,楼组\n丁家社区,新苑,7号楼\n丁家社区,新苑,8号楼\n".encode("utf-8-sig")
LABELS = ["丁家社区 新苑 7号楼", "丁家社区 新苑 8号楼"]
ADD = "/admin/members/area/add/"
URL = "/api/v1/areas"


class Ground(NamedTuple):
    """A street with three communities, in the first of them a compound with three groups."""

    street: Area
    first: Area
    second: Area
    third: Area
    compound: Area
    group: Area
    officer: User


@pytest.fixture
def ground(transactional_db: None) -> Ground:
    street = factories.area("新成路街道", division_code="310114001")
    communities = [factories.area(f"第{number}社区", street) for number in "一二三"]
    compound = factories.area("迎晖苑", communities[0], housing=Area.Housing.COMMERCIAL)
    groups = [factories.building(f"{number}号楼", compound) for number in (1, 2, 3)]
    return Ground(street, *communities, compound, groups[0], factories.official("jiedao", PostKind.STREET, street))


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def opened(ground: Ground) -> Page:
    """The compound's page, opened before anybody writes."""
    return Page(browser(ground.officer), ground.compound)


def adding(user: User, under: Area, name: str) -> Callable[[], Said]:
    client = browser(user)
    return lambda: told(client.post(ADD, {"parent": under.pk, "name": name}))


def calling(user: User, method: str, url: str, body: dict) -> Callable[[], Said]:
    client = APIClient()
    client.force_login(user, backend=BACKEND)

    def call() -> Said:
        answer = getattr(client, method)(url, body)
        assert answer.status_code in (200, 201, 400, 409), answer.data
        return Said(answer.status_code < 400, str(answer.data.get("errors", "")))

    return call


def other(ground: Ground, area: Area) -> Area:
    return ground.second if area.parent_path == ground.first.path else ground.first


def fresh(area: Area) -> Area:
    return Area.objects.get(pk=area.pk)


def test_one_move_sent_twice_moves_once(ground: Ground) -> None:
    for _ in range(ROUNDS):
        to = other(ground, fresh(ground.compound))
        pages = [opened(ground) for _ in range(2)]
        ends = raced(*[page.sending(parent=to.pk) for page in pages])
        assert ends == [Said(True, "")] * 2
        assert (fresh(ground.compound).parent, misfits()) == (to, [])


def test_of_two_moves_the_later_page_istold(ground: Ground) -> None:
    pages = [opened(ground) for _ in range(2)]
    ends = raced(pages[0].sending(parent=ground.second.pk), pages[1].sending(parent=ground.third.pk))
    assert sorted(ends) == [Said(False, OLD), Said(True, "")]
    assert misfits() == []


@pytest.mark.parametrize("door", ["admin", "api"])
def test_a_group_added_to_a_compound_that_moves_goes_along(ground: Ground, door: str) -> None:
    for number in range(10, 10 + ROUNDS):
        to, name = other(ground, fresh(ground.compound)), f"{number}号楼"
        page = opened(ground)
        add = {
            "admin": adding(ground.officer, ground.compound, name),
            "api": calling(ground.officer, "post", URL, {"parent": ground.compound.pk, "name": name}),
        }[door]
        assert [end.wrote for end in raced(page.sending(parent=to.pk), add)] == [True, True]
        assert Area.objects.get(name=name).label == f"{to.name} 迎晖苑 {name}"
        assert misfits() == []


def test_groups_added_at_once_stand_side_by_side(ground: Ground) -> None:
    for number in range(ROUNDS):
        names = [f"{number}{letter}号楼" for letter in "甲乙丙"]
        by_api = calling(ground.officer, "post", URL, {"parent": ground.compound.pk, "name": names[2]})
        adds = [adding(ground.officer, ground.compound, name) for name in names[:2]]
        assert [end.wrote for end in raced(*adds, by_api)] == [True, True, True]
        assert Area.objects.filter(name__in=names).values("path").distinct().count() == 3
    assert misfits() == []


def test_one_group_added_twice_is_there_once(ground: Ground) -> None:
    for number in range(10, 10 + ROUNDS):
        name = f"{number}号楼"
        by_api = calling(ground.officer, "post", URL, {"parent": ground.compound.pk, "name": name})
        ends = sorted(raced(adding(ground.officer, ground.compound, name), by_api))
        assert [end.wrote for end in ends] == [False, True]
        assert f"这里已经有“{name}”，请换一个名称，或修改原来的那一条。" in ends[0].said
        assert Area.objects.filter(name=name).count() == 1
    assert misfits() == []


def test_streets_set_up_at_once_stand_side_by_side(ground: Ground) -> None:
    root = factories.user("root", is_superuser=True)
    clients = [browser(root) for _ in range(3)]
    ends = raced(
        *[
            lambda client=client, name=name: told(client.post(ADD, {"parent": "", "name": name}))
            for client, name in zip(clients, ["菊园新区", "嘉定镇街道", "真新街道"], strict=True)
        ]
    )
    assert [end.wrote for end in ends] == [True] * 3
    assert list(Area.objects.streets().values_list("path", flat=True)) == ["0001", "0002", "0003", "0004"]
    assert misfits() == []


def test_the_first_streets_of_all_set_up_at_once(transactional_db: None) -> None:
    """There is no row yet behind which they could queue: one may have to save again."""
    root = factories.user("root", is_superuser=True)
    clients = [browser(root) for _ in range(3)]
    answers = raced(
        *[
            partial(client.post, ADD, {"parent": "", "name": name})
            for client, name in zip(clients, ["菊园新区", "嘉定镇街道", "真新街道"], strict=True)
        ]
    )
    assert [answer.status_code for answer in answers] == [302] * 3
    lost = sum(answer.url == ADD for answer in answers)
    assert Area.objects.count() == 3 - lost
    assert misfits() == []


def test_one_new_street_from_two_sheets_is_there_once(transactional_db: None) -> None:
    def bring_in() -> str:
        try:
            import_tree(SHEET, street=street_named("新成路街道"), today=timezone.localdate())
        except UnreadableFile as refusal:
            return refusal.sentence
        return ""

    ends = raced(bring_in, bring_in)
    assert set(ends) <= {"", "刚刚有人也在新建街道，什么都没有写入。请再导入一次。"}
    assert "" in ends
    assert sorted(Area.objects.values_list("label", flat=True)) == ["丁家社区", "丁家社区 新苑", *LABELS, "新成路街道"]
    assert misfits() == []


def test_a_sheet_beside_groups_added_by_hand(ground: Ground) -> None:
    def upload() -> int:
        file = io.BytesIO(SHEET.replace("丁家社区,新苑".encode(), "第一社区,迎晖苑".encode()))
        file.name = "areas.csv"
        return browser(ground.officer).post("/areas/upload/", {"street": ground.street.pk, "file": file}).status_code

    uploaded, added = raced(upload, adding(ground.officer, ground.compound, "9号楼"))
    assert (uploaded, added.wrote) == (200, True)
    assert Area.objects.children_of(fresh(ground.compound)).count() == 6
    assert misfits() == []


def test_a_roster_with_a_new_group_beside_a_move_of_its_compound(ground: Ground) -> None:
    for number in range(10, 10 + ROUNDS):
        to = other(ground, fresh(ground.compound))
        row = cells(called(number), 楼组=f"{number}号楼")
        roster = preview(sheet(row), fresh(ground.street), ground.officer, create_groups=True)
        page = opened(ground)
        done, moved = raced(partial(write, roster), page.sending(parent=to.pk))
        assert (done.status, moved.wrote) == (RosterImport.Status.APPLIED, True)
        assert Residence.objects.get(member__name=called(number)).area.label == f"{to.name} 迎晖苑 {number}号楼"
        assert misfits() == []


def test_a_roster_brought_into_the_very_compound_that_moved(ground: Ground) -> None:
    roster = preview(sheet(cells("新人甲")), ground.compound, ground.officer)
    fresh(ground.compound).move(to=ground.second)
    assert write(roster).status == RosterImport.Status.APPLIED
    assert Residence.objects.get().area.label == "第二社区 迎晖苑 1号楼"


def test_a_rename_beside_a_move_keeps_both(ground: Ground) -> None:
    for number in range(ROUNDS):
        to, name = other(ground, fresh(ground.compound)), f"迎晖苑{number}期"
        pages = [opened(ground) for _ in range(2)]
        ends = raced(pages[0].sending(parent=to.pk), pages[1].sending(name=name))
        assert ends == [Said(True, "")] * 2
        now = fresh(ground.compound)
        assert (now.parent, now.name) == (to, name)
        assert fresh(ground.group).label == f"{to.name} {name} 1号楼"
        assert misfits() == []


def test_a_community_renamed_beside_a_move_into_it(ground: Ground) -> None:
    for number in range(ROUNDS):
        to = other(ground, fresh(ground.compound))
        rename = calling(ground.officer, "patch", f"{URL}/{to.pk}", {"name": f"{to.name[:4]}{number}"})
        move = calling(ground.officer, "patch", f"{URL}/{ground.compound.pk}", {"parent": to.pk})
        assert [end.wrote for end in raced(rename, move)] == [True, True]
        assert misfits() == []


@pytest.mark.parametrize("door", ["admin", "api"])
def test_nothing_stays_open_in_what_closes(ground: Ground, door: str) -> None:
    """Added first, the group ends with its compound; closed first, the compound takes no more."""
    for number in range(10, 10 + ROUNDS):
        Area.objects.filter(pk=ground.compound.pk).update(until=None)
        page = opened(ground)
        add = {
            "admin": adding(ground.officer, ground.compound, f"{number}号楼"),
            "api": calling(ground.officer, "post", URL, {"parent": ground.compound.pk, "name": f"{number}号楼"}),
        }[door]
        closed, added = raced(page.sending(until="2026-01-01"), add)
        assert closed.wrote
        if not added.wrote:
            assert "请先恢复上级，或另选上级，" in added.said or "请重新选择。" in added.said
        assert misfits() == []
        assert not Area.objects.inside(ground.compound).filter(until=None).exists()


def test_nobody_moves_into_what_closes(ground: Ground) -> None:
    for number in range(ROUNDS):
        home = factories.building(f"{number + 10}号楼", ground.compound)
        member = factories.person("欧阳建国", ground.group)
        close = calling(ground.officer, "patch", f"{URL}/{home.pk}", {"until": "2026-01-01"})
        move = calling(ground.officer, "post", f"/api/v1/members/{member.pk}/move", {"area": home.pk})
        ends = dict(zip(("close", "move"), raced(close, move), strict=True))
        assert sorted(end.wrote for end in ends.values()) == [False, True]
        lives_there = Member.objects.filter(pk=member.pk, residences__area=home, residences__until=None).exists()
        assert lives_there == ends["move"].wrote == (fresh(home).until is None)
        said = ends["close"].said + ends["move"].said
        assert "还有党员居住，请先为他们办理迁居，再停用。" in said or "不在您的范围内" in said or "刚刚停用了" in said


def test_two_compounds_that_change_places_do_not_wait_for_each_other(ground: Ground) -> None:
    """Locks are taken in one order, whatever is moved where."""
    there = factories.area("仓场公寓", ground.second)
    factories.building("9号楼", there)
    for _ in range(ROUNDS):
        one, two = fresh(ground.compound), fresh(there)
        moves = [
            calling(ground.officer, "patch", f"{URL}/{area.pk}", {"parent": other(ground, area).pk})
            for area in (one, two)
        ]
        assert [end.wrote for end in raced(*moves)] == [True, True]
        assert misfits() == []


def test_a_post_given_there_does_not_hang_on_a_move(ground: Ground) -> None:
    """Who gives it is at the trail, and refers to the area on commit; the mover is at the area, next the trail."""
    user, written = factories.user("lianluo"), threading.Event()

    def give() -> AreaRole:
        with transaction.atomic():
            role = factories.post(user, PostKind.LIAISON, ground.compound)
            written.set()
            time.sleep(1)
        return role

    def move() -> Area:
        written.wait(timeout=30)
        return fresh(ground.compound).move(to=ground.second)

    given, moved = raced(give, move)
    assert (given.area_id, moved.parent) == (ground.compound.pk, ground.second)
    assert misfits() == []


def test_a_pairing_begun_while_the_building_changes_its_compound_has_one(ground: Ground) -> None:
    elsewhere = factories.area("仓场公寓", ground.first)
    factories.person("欧阳建国", ground.group, room="101")
    home, neighbour = (factories.household(ground.group, room) for room in ("101", "102"))
    fresh(ground.group).move(to=elsewhere)
    assert home.area.path != fresh(ground.group).path
    assert factories.pairing(home, neighbour, since=date(2026, 1, 1)).compound == elsewhere
