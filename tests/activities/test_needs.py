"""The board of needs: who reads what of it, how a need moves on, and that of two who move it one wins."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Need
from activities.models.needs import EMPTIED
from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Employer, Household, Member, User
from tests import factories
from tests.members.test_admin_scope import exported

NEEDS, ADD, LIST = "/needs/", "/needs/add/", "/admin/activities/need/"
TODAY = timezone.localdate()
REASON = {"format": "0", "reason": "核对三季度需求"}
Status = Need.Status


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def door(group: Area) -> Household:
    return factories.household(group, "502", name="王阿姨家")


@pytest.fixture
def need(group: Area, door: Household) -> Need:
    """Something that 502 of the leader's building needs."""
    return factories.need(group, household=door, skill="水电维修")


@pytest.fixture
def elsewhere(other_group: Area) -> Need:
    return factories.need(other_group, text="教写春联")


@pytest.fixture
def client(logged_in: Callable[[User], Client], leader: User) -> Client:
    return logged_in(leader)


@pytest.fixture
def plumber(group: Area) -> Member:
    return factories.person("翟水电", group, room="201", skills="水电维修、书法")


def text(answer: Any) -> str:
    return answer.content.decode()


def on_board(answer: Any) -> dict[str, list[int]]:
    """The needs in each column, by what stands above it."""
    columns = re.split(r'<section class="lz-column[^"]*" aria-label="([^"]+)">', text(answer))[1:]
    return {
        title: [int(pk) for pk in re.findall(r'<h3><a href="/needs/(\d+)/">', rows)]
        for title, rows in zip(columns[::2], columns[1::2], strict=True)
    }


def moved(need: Need, *steps: str, members: Any = (), employer: Any = None) -> Need:
    """Take a need through these moves."""
    with transaction.atomic():
        for step in steps:
            arguments = {"members": members, "employer": employer} if step == "claim" else {}
            getattr(need, step)(**arguments)
    return need


def status(need: Need) -> str:
    return Need.objects.get(pk=need.pk).status


def claim(client: Client, need: Need, *members: Member, **body: Any) -> Any:
    return client.post(f"/needs/{need.pk}/", {"members": [member.pk for member in members]} | body, follow=True)


# Who sees what -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "own", "other", "writes"),
    [
        ("superuser", 404, 404, False),
        ("street_officer", 200, 200, True),
        ("secretary", 200, 404, True),
        ("liaison", 200, 404, True),
        ("leader", 200, 404, True),
        ("other_secretary", 404, 200, True),
        ("instructor", 200, 404, False),
        ("auditor", 404, 404, False),
        ("outsider", 404, 404, False),
    ],
)
def test_needs_are_open_to_those_who_work_there(
    request: Any, logged_in: Any, need: Need, elsewhere: Need, member: Member, who: str, own: int, other: int,
    writes: bool,
) -> None:  # fmt: skip
    client = logged_in(request.getfixturevalue(who))
    reads = 200 in (own, other)
    assert client.get(NEEDS).status_code == (200 if reads else 403)
    assert client.get(ADD).status_code == (200 if writes else 403)
    for row, seen in ((need, own), (elsewhere, other)):
        assert client.get(f"/needs/{row.pk}/").status_code == seen
        refused = 404 if seen == 404 else 403
        assert client.get(f"/needs/{row.pk}/edit/").status_code == (200 if writes and seen == 200 else refused)
        for move in ("", "edit/", "unclaim/", "finish/", "withdraw/", "resume/"):
            answer = client.post(f"/needs/{row.pk}/{move}")
            assert answer.status_code in ((200, 302) if writes and seen == 200 else (refused,)), move
    if reads:
        shown = {need.pk} if own == 200 else set()
        board = on_board(client.get(NEEDS, {"show": "done"}))
        everywhere = {pk for column in board.values() for pk in column}
        assert everywhere == shown | ({elsewhere.pk} if other == 200 else set())


@pytest.mark.parametrize("move", ["unclaim", "finish", "withdraw", "resume"])
def test_a_look_moves_nothing(client: Client, need: Need, move: str) -> None:
    assert client.get(f"/needs/{need.pk}/{move}/").status_code == 405


def test_a_visitor_is_asked_to_log_in(need: Need) -> None:
    for address in (NEEDS, ADD, f"/needs/{need.pk}/", f"/needs/{need.pk}/edit/", f"/needs/{need.pk}/withdraw/"):
        assert Client().post(address).headers["Location"].startswith("/admin/login")
    assert status(need) == Status.OPEN


def test_an_instructor_sees_numbers_instead_of_names_and_doors(
    logged_in: Any, instructor: User, need: Need, member: Member, plumber: Member
) -> None:
    secret = ("欧阳建国", "翟水电", " 502", "王阿姨", "上海嘉定仪表厂")
    client = logged_in(instructor)
    addresses = (NEEDS, f"/needs/{need.pk}/?q=欧阳&members={member.pk}", LIST, f"{LIST}{need.pk}/change/")
    for address in addresses:
        page = text(client.get(address))
        assert [word for word in secret if word in page] == []
    moved(need, "claim", members=[member, plumber], employer=Employer.objects.get())
    for address in addresses:
        page = text(client.get(address))
        assert ("修楼道灯" in page, [word for word in secret if word in page]) == (True, [])
    assert "认领：2 名党员、1 家单位" in text(client.get(NEEDS))
    assert "data-once" not in text(client.get(NEEDS)) + text(client.get(addresses[1]))


def test_whoever_may_not_know_a_member_reads_a_number(
    client: Client, need: Need, member: Member, other_member: Member
) -> None:
    moved(need, "claim", members=[member, other_member])
    page = text(client.get(NEEDS))
    assert ("欧阳建国、另 1 名党员" in page, "单秀英" in page) == (True, False)


# Writing down --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["street_officer", "secretary", "liaison", "leader"])
def test_a_need_is_written_down(request: Any, logged_in: Any, group: Area, door: Household, who: str) -> None:
    user = request.getfixturevalue(who)
    client = logged_in(user)
    page = text(client.get(ADD))
    assert "请勿填写思想、信仰、健康、收入、家庭情况等内容。" in page
    body = {"area": group.pk, "text": " 想请人修水龙头 ", "room": "５０２室", "skill": "水电维修", "opened_on": ago(1)}
    answer = client.post(ADD, body, follow=True)
    need = Need.objects.get()
    assert (need.area, need.household, need.text, need.skill) == (group, door, "想请人修水龙头", "水电维修")
    assert (need.status, need.opened_on) == (Status.OPEN, ago(1))
    assert (answer.request["PATH_INFO"], "接下来找人认领" in text(answer)) == (f"/needs/{need.pk}/", True)
    entry = AuditEntry.objects.get(model="activities.Need")
    assert (entry.action, entry.user, entry.changes["text"]) == ("create", user, [None, "＊＊＊"])


def test_the_same_need_sent_twice_is_one(client: Client, group: Area) -> None:
    body = {"area": group.pk, "text": "想请人修水龙头", "opened_on": TODAY}
    client.post(ADD, body)
    assert "刚才已经登记过了" in text(client.post(ADD, body, follow=True))
    assert Need.objects.get().household is None
    moved(Need.objects.get(), "withdraw")
    client.post(ADD, body)
    assert Need.objects.count() == 2


def test_a_leader_finds_their_building_chosen(client: Client, secretary: User, logged_in: Any, group: Area) -> None:
    assert re.search(rf'<option value="{group.pk}"( selected)?>', text(client.get(ADD)))
    assert '<option value="">' not in text(client.get(ADD))
    asked = text(logged_in(secretary).get(ADD, {"place": group.path}))
    assert f'<option value="{group.pk}" selected>' in asked


def test_among_many_areas_one_searches(logged_in: Any, secretary: User, station: Area) -> None:
    for number in range(2, 40):
        factories.building(f"{number}号楼", station)
    client = logged_in(secretary)
    page = text(client.get(ADD))
    assert ("admin-autocomplete" in page, page.count("<option")) == (True, 1)
    offered = client.get("/admin/autocomplete/?app_label=activities&model_name=need&field_name=area&term=39号楼").json()
    assert [row["text"] for row in offered["results"]] == ["第一社区 迎晖苑 39号楼"]
    body = {"area": offered["results"][0]["id"], "text": "修灯", "opened_on": TODAY}
    assert client.post(ADD, body).status_code == 302


def test_skills_to_choose_from_are_those_of_the_scope(
    logged_in: Any, secretary: User, plumber: Member, other_group: Area
) -> None:
    factories.person("单太极", other_group, skills="太极拳")
    assert re.findall(r'<option value="([^"]+)"></option>', text(logged_in(secretary).get(ADD))) == ["书法", "水电维修"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"text": ""}, "请填写"),
        ({"text": "长" * 201}, "最多 200 个字符"),
        ({"text": "修\x00灯"}, "不允许包含空字符"),
        ({"skill": "长" * 21}, "最多 20 个字符"),
        ({"opened_on": "1902-05-06"}, "日期太早了"),
        ({"opened_on": "2150-05-06"}, "提出日期不能晚于今天"),
        ({"opened_on": "昨天"}, "请输入有效的日期"),
        ({"room": "909"}, "没有登记“909”这一户"),
        ({"room": "长" * 31}, "最多 30 个字符"),
        ({"room": "5\x0002"}, "不允许包含空字符"),
        ({"area": "other", "room": "402"}, "请选择有效的选项"),
        ({"area": "station", "room": "502"}, "请选择有效的选项"),
        ({"area": "abc"}, "请选择有效的选项"),
        ({"area": "9" * 30}, "请选择有效的选项"),
        ({"area": ""}, "请填写"),
    ],
)
def test_bad_input_is_told(
    client: Client, group: Area, station: Area, need: Need, elsewhere: Need, body: dict, sentence: str
) -> None:
    good = {"area": group.pk, "text": "想请人修水龙头", "opened_on": TODAY}
    rows = {"other": elsewhere.area_id, "station": station.pk}
    bad = good | body | ({"area": rows.get(body["area"], body["area"])} if "area" in body else {})
    for address in (ADD, f"/needs/{need.pk}/edit/"):
        answer = client.post(address, bad)
        assert (answer.status_code, sentence in text(answer)) == (200, True)
    assert (Need.objects.count(), Need.objects.get(pk=need.pk).text) == (2, "帮忙修楼道灯")


def test_a_room_wants_its_building(logged_in: Any, liaison: User, station: Area, door: Household) -> None:
    body = {"area": station.pk, "text": "修灯", "room": "502", "opened_on": TODAY}
    assert "请先在“在哪里”选到楼组" in text(logged_in(liaison).post(ADD, body))


# Mending -------------------------------------------------------------------------------------------------------------
def test_a_need_is_mended_until_it_is_over(client: Client, need: Need, group: Area, member: Member) -> None:
    address, body = f"/needs/{need.pk}/edit/", {"area": group.pk, "text": "帮忙换楼道灯", "opened_on": TODAY}
    assert ("帮忙修楼道灯" in (page := text(client.get(address))), 'value="502"' in page) == (True, True)
    assert "已改好" in text(client.post(address, body, follow=True))
    need.refresh_from_db()
    assert (need.text, need.household) == ("帮忙换楼道灯", None)
    moved(need, "claim", members=[member])
    client.post(address, body | {"text": "帮忙换两盏灯"})
    need.refresh_from_db()
    assert (need.text, need.status, list(need.members.all())) == ("帮忙换两盏灯", Status.CLAIMED, [member])
    moved(need, "finish")
    answer = client.post(address, body | {"text": "别的事"})
    assert ("已经办结或撤回" in text(answer), "别的事" in text(answer)) == (True, True)
    assert Need.objects.get(pk=need.pk).text == "帮忙换两盏灯"


# Claiming ------------------------------------------------------------------------------------------------------------
def test_suggestions_are_by_nearness_then_name(
    logged_in: Any, street_officer: User, need: Need, group: Area, station: Area, community: Area, other_group: Area
) -> None:
    next_door = factories.building("2号楼", station)
    compound = factories.area("嘉乐花园", community, housing=Area.Housing.OLD)
    homes = {"邹同楼": group, "艾同楼": group, "陈小区": next_door, "安社区": factories.building("1号楼", compound)}
    for name, home in (homes | {"白街道": other_group}).items():
        factories.person(name, home, skills="书法、水电维修")
    factories.person("包书法", group, skills="书法")
    away = factories.person("曹搬走", group, skills="水电维修")
    away.leave(on=ago(10))
    client = logged_in(street_officer)
    page = text(client.get(f"/needs/{need.pk}/"))
    listed = re.findall(r'name="members" value="\d+"> <span>(\S+) <small>(\S+) ·', page)
    assert listed == [
        ("艾同楼", "同楼组"), ("邹同楼", "同楼组"), ("陈小区", "同小区"), ("安社区", "同社区"), ("白街道", "本街道"),
    ]  # fmt: skip
    assert "近的在前，同样远近的按姓名拼音排" in page
    of_community = factories.need(community, skill="水电维修")
    page = text(client.get(f"/needs/{of_community.pk}/"))
    near = re.findall(r'name="members" value="\d+"> <span>(\S+) <small>(\S+) ·', page)
    assert [word for _, word in near] == ["同社区"] * 4 + ["本街道"]


def test_suggestions_end_where_the_reader_s_members_do(client: Client, need: Need, station: Area) -> None:
    factories.person("陈小区", factories.building("2号楼", station), skills="水电维修")
    page = text(client.get(f"/needs/{need.pk}/"))
    assert ("陈小区" in page, "没有登记“水电维修”特长的党员" in page) == (False, True)


def test_others_are_found_by_name(
    logged_in: Any,
    secretary: User,
    need: Need,
    plumber: Member,
    member: Member,
    other_member: Member,
    moved_away: Member,
) -> None:
    client, address = logged_in(secretary), f"/needs/{need.pk}/"
    for words in ("欧阳", "ouyang", "OYJG"):
        assert f'value="{member.pk}">' in text(client.get(address, {"q": words}))
    for words in ("单秀英", "曾国强", "没有这人", "' OR 1=1 --"):
        page = text(client.get(address, {"q": words}))
        assert ("没有找到叫" in page, f'value="{other_member.pk}"' in page) == (True, False)
    assert "上面推荐的名单里有：翟水电。" in text(client.get(address, {"q": "翟"}))
    kept = text(client.get(address, {"q": "没有这人", "members": [member.pk, plumber.pk, other_member.pk, "x"]}))
    ticked = {int(pk) for pk in re.findall(r'value="(\d+)" checked', kept)}
    assert (ticked, "没有找到叫" in kept) == ({member.pk, plumber.pk}, True)


def test_members_claim(client: Client, need: Need, plumber: Member, member: Member) -> None:
    page = text(claim(client, need, plumber, member))
    assert ("已登记认领" in page, "欧阳建国、翟水电" in page) == (True, True)
    need.refresh_from_db()
    assert (need.status, set(need.members.all()), need.claimed_at is None) == (Status.CLAIMED, {plumber, member}, False)
    assert on_board(client.get(NEEDS)) == {"待认领": [], "已认领": [need.pk], "已办结": []}


def test_an_employer_claims(client: Client, need: Need, member: Member) -> None:
    employer = Employer.objects.get()
    offered = client.get(
        "/admin/autocomplete/?app_label=activities&model_name=need&field_name=employer&term=仪表"
    ).json()
    assert [row["id"] for row in offered["results"]] == [str(employer.pk)]
    assert "上海嘉定仪表厂" in text(claim(client, need, employer=employer.pk))
    assert Need.objects.get(pk=need.pk).employer == employer


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "请选择认领的党员或单位"),
        ({"members": "abc"}, "有的党员没有登记、已经迁出"),
        ({"members": "9" * 30}, "有的党员没有登记、已经迁出"),
        ({"members": "1\x00"}, "有的党员没有登记、已经迁出"),
        ({"members": "other"}, "有的党员没有登记、已经迁出"),
        ({"members": "away"}, "有的党员没有登记、已经迁出"),
        ({"employer": "abc"}, "请选择有效的选项"),
        ({"employer": "9" * 30}, "请选择有效的选项"),
    ],
)
def test_a_bad_claim_is_told(
    client: Client, need: Need, other_member: Member, moved_away: Member, body: dict, sentence: str
) -> None:
    people = {"other": other_member.pk, "away": moved_away.pk}
    answer = client.post(f"/needs/{need.pk}/", {key: people.get(value, value) for key, value in body.items()})
    assert (answer.status_code, sentence in text(answer), status(need)) == (200, True, Status.OPEN)
    assert not need.members.exists()


def test_a_crowd_does_not_claim(client: Client, need: Need, group: Area) -> None:
    crowd = [factories.person(f"新人{chr(0x4E00 + number)}", group) for number in range(51)]
    assert "一次最多登记 50 名党员" in text(claim(client, need, *crowd))
    assert "已登记认领" in text(claim(client, need, *crowd[1:]))


# From open to done -------------------------------------------------------------------------------------------------
def test_a_need_goes_its_way_and_back(client: Client, need: Need, member: Member) -> None:
    def after(step: str) -> tuple[str, int]:
        answer = client.post(f"/needs/{need.pk}/{step}/", follow=True)
        assert answer.status_code == 200
        return status(need), need.members.count()

    claim(client, need, member)
    assert after("unclaim") == (Status.OPEN, 0)
    claim(client, need, member)
    assert after("finish") == (Status.DONE, 1)
    assert after("resume") == (Status.CLAIMED, 1)
    assert after("withdraw") == (Status.WITHDRAWN, 0)
    assert after("resume") == (Status.OPEN, 0)


ALLOWED = {
    Status.OPEN: {"claim": Status.CLAIMED, "withdraw": Status.WITHDRAWN},
    Status.CLAIMED: {"unclaim": Status.OPEN, "finish": Status.DONE, "withdraw": Status.WITHDRAWN},
    Status.DONE: {"resume": Status.CLAIMED},
    Status.WITHDRAWN: {"resume": Status.OPEN},
}
WAYS = {Status.OPEN: (), Status.CLAIMED: ("claim",), Status.DONE: ("claim", "finish"), Status.WITHDRAWN: ("withdraw",)}


@pytest.mark.parametrize("state", ALLOWED)
@pytest.mark.parametrize("step", ["claim", "unclaim", "finish", "withdraw", "resume"])
def test_a_step_that_does_not_fit_is_told(client: Client, need: Need, member: Member, state: str, step: str) -> None:
    """The page may be an hour old: what it offers may have been done meanwhile."""
    moved(need, *WAYS[state], members=[member])
    answer = claim(client, need, member) if step == "claim" else client.post(f"/needs/{need.pk}/{step}/", follow=True)
    fits = step in ALLOWED[state]
    assert (answer.status_code, "不能再做这一步" in text(answer)) == (200, not fits)
    assert status(need) == ALLOWED[state].get(step, state)


def test_a_button_leads_back_to_its_board(client: Client, need: Need, member: Member) -> None:
    moved(need, "claim", members=[member])
    page = text(client.get(NEEDS, {"show": "claimed"}))
    assert f'<input type="hidden" name="back" value="{NEEDS}?show=claimed">' in page
    assert (
        client.post(f"/needs/{need.pk}/finish/", {"back": f"{NEEDS}?show=claimed"})
        .headers["Location"]
        .startswith(NEEDS)
    )
    answer = client.post(f"/needs/{need.pk}/resume/", {"back": "//example.com/"})
    assert answer.headers["Location"] == f"/needs/{need.pk}/"


def test_what_was_emptied_is_not_resumed(client: Client, need: Need) -> None:
    moved(need, "withdraw")
    Need.objects.update(text=EMPTIED)
    assert "恢复</button>" not in text(client.get(f"/needs/{need.pk}/"))
    assert "内容已按规定清空，不能恢复" in text(client.post(f"/needs/{need.pk}/resume/", follow=True))
    assert status(need) == Status.WITHDRAWN


def test_the_loser_of_a_move_is_told_by_the_model(need: Need, member: Member) -> None:
    stale = Need.objects.get(pk=need.pk)
    moved(need, "claim", "finish", members=[member])
    with pytest.raises(Conflict, match="已办结"):
        moved(stale, "claim", members=[member])
    with pytest.raises(ValidationError, match="请选择认领的党员或单位"):
        moved(Need.objects.get(pk=need.pk), "claim")


# The board -----------------------------------------------------------------------------------------------------------
def test_the_board(client: Client, group: Area, member: Member) -> None:
    new, old = factories.need(group), factories.need(group, opened_on=ago(40))
    claimed = moved(factories.need(group, opened_on=ago(3)), "claim", members=[member])
    done, long_done = (moved(factories.need(group), "claim", "finish", members=[member]) for _ in range(2))
    withdrawn = moved(factories.need(group), "withdraw")
    Need.objects.filter(pk=long_done.pk).update(done_at=timezone.now() - timedelta(days=31))
    answer = client.get(NEEDS)
    assert on_board(answer) == {
        "待认领": [old.pk, new.pk], "已认领": [claimed.pk], "已办结": [done.pk, withdrawn.pk],
    }  # fmt: skip
    page = text(answer)
    for words in ("已提出 40 天", "今天提出", "已提出 3 天", "当天办结", "撤回的 1 条", "认领：欧阳建国"):
        assert words in page
    for shown in ("open", "claimed", "done", "withdrawn", "x"):
        assert text(client.get(NEEDS, {"show": shown})).count("lz-shown") == 1


def test_a_full_column_says_how_many_are_left(client: Client, group: Area) -> None:
    Need.objects.bulk_create(Need(area=group, text=f"第 {number} 件事") for number in range(43))
    answer = client.get(NEEDS)
    assert (len(on_board(answer)["待认领"]), "还有 3 条没有显示" in text(answer)) == (40, True)
    assert "待认领 <b>43</b>" in text(answer)


def test_the_board_is_narrowed_to_an_area(
    logged_in: Any, street_officer: User, secretary: User, need: Need, elsewhere: Need
) -> None:
    client = logged_in(street_officer)
    assert on_board(client.get(NEEDS, {"place": need.area.path[:8]}))["待认领"] == [need.pk]
    assert on_board(client.get(NEEDS, {"place": elsewhere.area.path}))["待认领"] == [elsewhere.pk]
    mine = logged_in(secretary).get(NEEDS, {"place": elsewhere.area.path})
    assert on_board(mine)["待认领"] == [need.pk]


def test_the_board_is_searched_and_narrowed_to_a_skill(
    logged_in: Any, street_officer: User, need: Need, elsewhere: Need, group: Area
) -> None:
    client, writing = logged_in(street_officer), factories.need(group, text="写家书", skill="书法")
    assert on_board(client.get(NEEDS, {"skill": "书法"}))["待认领"] == [writing.pk]
    assert on_board(client.get(NEEDS, {"q": "写"}))["待认领"] == [elsewhere.pk, writing.pk]
    assert on_board(client.get(NEEDS, {"q": "写 1号楼", "place": group.path}))["待认领"] == [writing.pk]
    for query in ({"q": "'\"><%😀"}, {"q": "写" * 500}, {"skill": "没有的", "q": "全都没有"}):
        assert on_board(client.get(NEEDS, query))["待认领"] == []
    page = text(client.get(NEEDS, {"q": "写", "skill": "书法", "place": group.path}))
    url = re.findall(r'href="(/admin/activities/need/export/[^"]+)"', page)[0].replace("&amp;", "&")
    lines = client.post(url, {"format": "1", "reason": "核对三季度需求"}).content.decode("utf-8-sig").splitlines()
    assert (len(lines), "写家书" in lines[1]) == (2, True)


def test_no_skill_of_elsewhere_is_offered(logged_in: Any, leader: User, other_group: Area, need: Need) -> None:
    factories.need(other_group, text="别处的", skill="钢琴")
    page = text(logged_in(leader).get(NEEDS))
    assert ("水电维修</option>" in page, "钢琴" in page, "/export/" in page) == (True, False, False)
    assert "钢琴" not in text(logged_in(leader).get(LIST))


def test_a_full_board_asks_as_much_as_a_short_one(client: Client, group: Area, member: Member, door: Household) -> None:
    counts = []
    for size in (1, 12):
        for number in range(size):
            wish = {"text": f"第 {size}-{number} 件事", "household": door}
            factories.need(group, **wish)
            moved(factories.need(group, **wish), "claim", members=[member], employer=member.employer)
            moved(factories.need(group, **wish), "claim", "finish", members=[member])
            moved(factories.need(group, **wish), "withdraw")
        client.get(NEEDS)  # the first page of a session keeps it awake
        with CaptureQueriesContext(connection) as asked:
            client.get(NEEDS)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 13


def test_many_suggestions_ask_as_much_as_few(client: Client, need: Need, group: Area) -> None:
    counts = []
    for names in ("甲乙", "丙丁戊己庚辛壬癸子丑寅卯"):
        for sign in names:
            factories.person(f"新人{sign}", group, skills="水电维修")
            factories.person(f"别人{sign}", group)
        client.get(f"/needs/{need.pk}/")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/needs/{need.pk}/", {"q": "别人"})
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 13


# Two at once ---------------------------------------------------------------------------------------------------------
def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at the same moment, each on its own connection."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_one_wins(
    logged_in: Any, liaison: User, leader: User, need: Need, member: Member, plumber: Member
) -> None:
    clients = [(logged_in(liaison), member), (logged_in(leader), plumber)]
    answers = at_once(*(lambda c=c, m=m: claim(c, need, m) for c, m in clients))
    assert sorted("已登记认领" in text(answer) for answer in answers) == [False, True]
    assert sorted("不能再做这一步" in text(answer) for answer in answers) == [False, True]
    winner = clients[["已登记认领" in text(answer) for answer in answers].index(True)][1]
    assert (status(need), list(need.members.all())) == (Status.CLAIMED, [winner])
    assert AuditEntry.objects.first_broken() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("steps", [("finish", "unclaim"), ("finish", "finish"), ("withdraw", "finish")])
def test_of_two_moves_one_wins(
    logged_in: Any, liaison: User, leader: User, need: Need, member: Member, steps: tuple[str, str]
) -> None:
    moved(need, "claim", members=[member])
    clients = (logged_in(liaison), logged_in(leader))
    pairs = list(zip(clients, steps, strict=True))
    answers = at_once(*(lambda c=c, s=s: c.post(f"/needs/{need.pk}/{s}/", follow=True) for c, s in pairs))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted("不能再做这一步" in text(answer) for answer in answers) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_mending_does_not_undo_a_claim(logged_in: Any, liaison: User, leader: User, need: Need, member: Member) -> None:
    one, other = logged_in(liaison), logged_in(leader)
    body = {"area": need.area_id, "text": "帮忙换楼道灯", "opened_on": TODAY}
    at_once(lambda: claim(one, need, member), lambda: other.post(f"/needs/{need.pk}/edit/", body))
    need.refresh_from_db()
    assert (need.status, need.text, list(need.members.all())) == (Status.CLAIMED, "帮忙换楼道灯", [member])


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_once_is_one_need(logged_in: Any, leader: User, group: Area) -> None:
    clients, body = [logged_in(leader) for _ in range(2)], {"area": group.pk, "text": "修灯", "opened_on": TODAY}
    answers = at_once(*(lambda c=c: c.post(ADD, body) for c in clients))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Need.objects.count() == 1


# Trail and admin -----------------------------------------------------------------------------------------------------
def test_the_trail_holds_no_word_of_it(client: Client, need: Need, member: Member) -> None:
    client.post(f"/needs/{need.pk}/edit/", {"area": need.area_id, "text": "帮忙换楼道灯", "opened_on": TODAY})
    claim(client, need, member)
    trail = list(AuditEntry.objects.filter(model="activities.Need").order_by("pk").values_list("changes", flat=True))
    assert "楼道灯" not in str(trail)
    assert trail[1]["text"] == ["＊＊＊", "＊＊＊"]
    assert trail[-1] == {"members": [[], [member.pk]]}
    assert {entry.area_path for entry in AuditEntry.objects.filter(model="activities.Need")} == {need.area.path}


@pytest.mark.parametrize(
    ("who", "listed", "export"),
    [
        ("street_officer", 2, 200), ("secretary", 1, 200), ("liaison", 1, 403), ("leader", 1, 403),
        ("instructor", 1, 403), ("auditor", None, 403),
    ],
)  # fmt: skip
def test_needs_in_the_admin(
    request: Any, logged_in: Any, need: Need, elsewhere: Need, who: str, listed: int | None, export: int
) -> None:
    client = logged_in(request.getfixturevalue(who))
    answer = client.get(LIST)
    assert answer.status_code == (403 if listed is None else 200)
    assert listed is None or answer.context["cl"].result_count == listed
    for call in (f"{LIST}add/", f"{LIST}{need.pk}/delete/", f"{LIST}{need.pk}/change/"):
        assert client.post(call, {"text": "改"}).status_code == 403
    assert client.get(f"{LIST}export/").status_code == export
    assert Need.objects.get(pk=need.pk).text == "帮忙修楼道灯"


@pytest.mark.parametrize(
    "lookup", ["household__room", "members__name", "employer__name", "household__name__startswith"]
)
def test_the_list_answers_no_lookup_of_names_and_doors(
    logged_in: Any, instructor: User, need: Need, lookup: str
) -> None:
    answer = logged_in(instructor).get(LIST, {lookup: "5"})
    assert answer.status_code in (302, 400)


def test_an_export_says_what_and_why(
    logged_in: Any, secretary: User, need: Need, elsewhere: Need, member: Member, other_member: Member
) -> None:
    moved(need, "claim", members=[member, other_member], employer=member.employer)
    answer = logged_in(secretary).post(f"{LIST}export/", REASON)
    (row,) = exported(answer)
    assert row[:8] == (
        TODAY.isoformat(),
        "第一社区 迎晖苑 1号楼",
        "502",
        "帮忙修楼道灯",
        "水电维修",
        "已认领",
        2,
        "上海嘉定仪表厂",
    )
    assert "欧阳" not in str(row)
    entry = AuditEntry.objects.get(action="export")
    assert (entry.model, entry.reason, entry.changes["rows"]) == ("activities.Need", "核对三季度需求", 1)


def test_an_instructor_elsewhere_exports_their_own_alone(
    logged_in: Any, secretary: User, need: Need, elsewhere: Need
) -> None:
    factories.post(secretary, PostKind.INSTRUCTOR, elsewhere.area)
    client = logged_in(secretary)
    assert client.get(LIST).context["cl"].result_count == 2
    assert [row[3] for row in exported(client.post(f"{LIST}export/", REASON))] == ["帮忙修楼道灯"]
