"""The pages of activities: recorded once and in a minute, narrowed, corrected, held, cancelled, by whoever may."""

import re
import threading
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from activities.forms import activities as forms
from activities.models import Activity, Attendance, SignIn
from activities.rules.attendance import enrol
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.conftest import BACKEND

LIST, ADD = "/activities/", "/activities/add/"
TODAY = timezone.localdate()
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
KEPT = "填的内容都在"


@pytest.fixture
def client(logged_in: Any, secretary: User, group: Area) -> Client:
    return logged_in(secretary)


@pytest.fixture
def typed(community: Area) -> dict[str, Any]:
    """What is posted where nothing but the necessary was typed."""
    return {
        "title": "楼道大扫除", "held_on": TODAY.isoformat(), "area": community.pk, "field": "surroundings",
        "regularity": "regular", "visibility": "open", "support": "cultural",
    }  # fmt: skip


@pytest.fixture
def planned(group: Area) -> Activity:
    return factories.activity(group, is_held=False)


def text_of(answer: Any) -> str:
    return answer.content.decode()


def url(activity: Activity, step: str = "") -> str:
    return f"/activities/{activity.pk}/{step}"


# Adding --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "place"),
    [("street_officer", "street"), ("secretary", "community"), ("liaison", "station"), ("leader", "group")],
)
def test_the_form_opens_with_todays_date_and_ones_own_area(logged_in: Any, group: Area, request: Any, who, place):
    own = request.getfixturevalue(place)
    page = text_of(logged_in(request.getfixturevalue(who)).get(ADD))
    assert re.findall(r'<option value="(\d+)" selected>', page) == [str(own.pk)]
    assert f'value="{TODAY.isoformat()}"' in page
    assert "checked" not in page.partition("<details")[0]


@pytest.mark.parametrize("who", ["instructor", "auditor", "outsider"])
def test_who_may_not_write_finds_no_form(logged_in: Any, typed: Any, request: Any, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert {client.get(ADD).status_code, client.post(ADD, typed).status_code} == {403}
    assert not Activity.objects.exists()


def test_what_took_place_is_held(client: Client, typed: Any, secretary: User) -> None:
    answer = client.post(ADD, typed | {"begins_at": "09:30", "residents_reached": "20", "result": "干净了\n好看了"})
    activity = Activity.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, url(activity))
    assert (activity.status, activity.begins_at, activity.residents_reached) == ("held", time(9, 30), 20)
    assert set(AuditEntry.objects.filter(model="activities.Activity").values_list("user", "action")) == {
        (secretary.pk, "create"), (secretary.pk, "change"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "button", "status"),
    [(TODAY, {"plan": "on"}, "planned"), (TOMORROW, {}, "planned"), (YESTERDAY, {}, "held"), (TODAY, {}, "held")],
)
def test_what_is_ahead_or_said_to_be_a_plan_is_planned(client: Client, typed: Any, day, button, status) -> None:
    client.post(ADD, typed | {"held_on": day.isoformat()} | button)
    assert Activity.objects.get().status == status


def test_pasted_names_are_looked_at_next(client: Client, typed: Any, member: Member) -> None:
    answer = client.post(ADD, typed | {"names": "1. 欧阳建国\r\n2. 单秀英"})
    activity = Activity.objects.get()
    assert answer.headers["Location"] == url(activity, "paste/")
    assert client.session[f"pasted-{activity.pk}"] == "1. 欧阳建国\n2. 单秀英"
    assert (activity.status, activity.attendances.count()) == ("planned", 0)  # until the second step
    assert "欧阳建国" in text_of(client.get(answer.headers["Location"]))


@pytest.mark.parametrize("plan", [{"plan": "on"}, {"held_on": TOMORROW.isoformat()}])
def test_nobody_came_yet_to_what_is_planned(client: Client, typed: Any, plan: dict) -> None:
    page = text_of(client.post(ADD, typed | plan | {"names": "欧阳建国"}))
    assert "还没办的活动不能登记参加的人" in page
    assert ">\n欧阳建国</textarea>" in page
    assert not Activity.objects.exists()


def test_as_many_names_as_fit(client: Client, typed: Any) -> None:
    lines = "王\r\n" * 10_000
    answer = client.post(ADD, typed | {"names": lines})
    assert answer.status_code == 302
    page = text_of(client.post(ADD, typed | {"title": "读书会", "names": f"{lines}欧阳"}))
    assert "名单太长（20,002 字），最多 20,000 字" in page
    assert Activity.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "请填写活动名称"),
        ({"title": "　 "}, "请填写活动名称"),
        ({"title": "长" * 61}, "最多 60 个字符"),
        ({"title": "楼道\0"}, "不允许包含空字符"),
        ({"held_on": ""}, "请填写活动的日期"),
        ({"held_on": "1902-01-01"}, "日期太早了"),
        ({"held_on": "2150-01-01"}, "日期太远了"),
        ({"held_on": (TODAY + timedelta(days=367)).isoformat()}, "日期太远了"),
        ({"held_on": "2026-13-45"}, "请输入有效的日期"),
        ({"held_on": "昨天"}, "请输入有效的日期"),
        ({"area": ""}, "请选择主办"),
        ({"area": "0"}, "请重新选择主办"),
        ({"area": "乱写"}, "请重新选择主办"),
        ({"area": "9" * 30}, "请重新选择主办"),
        ({"field": ""}, "请选一个工作领域"),
        ({"field": "sports"}, "请选择有效的选项"),
        ({"regularity": "sometimes"}, "请选择有效的选项"),
        ({"begins_at": "25:99"}, "请输入有效的时间"),
        ({"place": "远" * 61}, "最多 60 个字符"),
        ({"co_organisers": "会" * 201}, "最多 200 个字符"),
        ({"residents_reached": "-1"}, "大于或等于0"),
        ({"residents_reached": "99999999999999999999"}, "参加的群众人数最多填 99999"),
        ({"residents_reached": "很多"}, "请输入整数"),
        ({"result": "好" * 501}, "最多 500 个字符"),
        ({"names": "欧阳\0建国"}, "不允许包含空字符"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(client: Client, typed: Any, wrong: dict, sentence: str) -> None:
    answer = client.post(ADD, typed | wrong)
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert KEPT in text_of(answer)
    assert not Activity.objects.exists()


def test_a_fault_below_the_fold_is_seen(client: Client, typed: Any) -> None:
    assert "<details open>" in text_of(client.post(ADD, typed | {"residents_reached": "很多"}))
    assert "<details>" in text_of(client.post(ADD, typed | {"title": ""}))


def test_an_area_of_somebody_else_is_refused(client: Client, typed: Any, other_group: Area) -> None:
    assert "请重新选择主办" in text_of(client.post(ADD, typed | {"area": other_group.pk}))
    assert not Activity.objects.exists()


def test_areas_are_offered_by_compound(client: Client, group: Area, other_group: Area) -> None:
    closed = factories.building("3号楼", Area.objects.get(name="迎晖苑"))
    Area.objects.filter(pk=closed.pk).update(until=TODAY)
    page = text_of(client.get(ADD))
    assert re.findall(r'<optgroup label="([^"]+)">', page) == ["第一社区 迎晖苑"]
    assert re.findall(r"<option value=\"\d+\"(?: selected)?>([^<]+)</option>", page) == [
        "第一社区", "第一社区 迎晖苑", "第一社区 迎晖苑 1号楼",
    ]  # fmt: skip


def test_many_areas_are_searched(client: Client, typed: Any, community: Area, monkeypatch: Any) -> None:
    monkeypatch.setattr(forms, "FEW_AREAS", 2)
    page = text_of(client.get(ADD))
    assert 'data-ajax--url="/admin/autocomplete/"' in page
    assert re.findall(r'<option value="(\d+)" selected>', page) == [str(community.pk)]
    assert client.post(ADD, typed).status_code == 302


# Sent twice ----------------------------------------------------------------------------------------------------------
def test_the_same_again_leads_to_the_first(client: Client, typed: Any, member: Member) -> None:
    for _ in range(2):
        answer = client.post(ADD, typed | {"names": "欧阳建国"})
    assert answer.headers["Location"] == url(Activity.objects.get(), "paste/")
    assert "没有重复登记" in text_of(client.get(answer.headers["Location"]))


def test_planned_first_then_held_is_one_activity(client: Client, typed: Any) -> None:
    client.post(ADD, typed | {"plan": "on"})
    client.post(ADD, typed)
    assert Activity.objects.get().status == "held"


def test_another_of_the_same_name_and_day_is_asked_for(client: Client, typed: Any) -> None:
    client.post(ADD, typed)
    page = text_of(client.post(ADD, typed | {"result": "又扫了一次"}))
    assert f'或在名称里写出区别。<a href="{url(Activity.objects.get())}">打开那一次</a>' in page
    assert "又扫了一次" in page
    client.post(ADD, typed | {"result": "又扫了一次", "begins_at": "15:00"})
    assert Activity.objects.count() == 2


def test_what_was_cancelled_may_be_recorded_anew(client: Client, typed: Any, community: Area) -> None:
    factories.activity(community, is_held=False).cancel()
    client.post(ADD, typed)
    assert set(Activity.objects.values_list("status", flat=True)) == {"cancelled", "held"}


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_once_it_is_one(secretary: User, typed: Any) -> None:
    start, answers = threading.Barrier(4), []

    def send() -> None:
        try:
            client = Client()
            client.force_login(secretary, backend=BACKEND)
            start.wait(timeout=30)
            answers.append(client.post(ADD, typed).headers.get("Location"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [url(Activity.objects.get())] * 4


# Again ---------------------------------------------------------------------------------------------------------------
def test_again_copies_what_where_and_how(client: Client, group: Area) -> None:
    told = {"place": "活动室", "co_organisers": "工会", "residents_reached": 30, "result": "读完了"}
    last = factories.activity(
        group, title="读书会", held_on=date(2026, 1, 5), begins_at=time(14), field="culture", regularity="occasional"
    )
    Activity.objects.filter(pk=last.pk).update(**told)
    page = text_of(client.get(f"{ADD}?again={last.pk}"))
    for part in ('value="读书会"', f'value="{TODAY}"', 'value="14:00"', 'value="活动室"', 'value="工会"'):
        assert part in page
    assert re.findall(r'value="(\w+)"[^>]*checked', page) == ["culture", "occasional", "open", "cultural"]
    assert re.findall(r'<option value="(\d+)" selected>', page) == [str(group.pk)]
    assert ("读完了" in page, 'value="30"' in page) == (False, False)


def test_a_day_and_an_area_can_be_asked_for(client: Client, group: Area) -> None:
    page = text_of(client.get(f"{ADD}?on=2026-11-03&area={group.pk}"))
    assert 'value="2026-11-03"' in page
    assert re.findall(r'<option value="(\d+)" selected>', page) == [str(group.pk)]


@pytest.mark.parametrize("query", ["on=gestern", "on=2026-02-31", "area=x", "area=0", f"area={'9' * 40}", "area=²"])
def test_what_cannot_be_asked_for_is_left_out(client: Client, community: Area, query: str) -> None:
    page = text_of(client.get(f"{ADD}?{query}"))
    assert f'value="{TODAY.isoformat()}"' in page
    assert re.findall(r'<option value="(\d+)" selected>', page) == [str(community.pk)]


@pytest.mark.parametrize("again", ["x", "0", "9" * 40, "9" * 5000])
def test_again_of_nothing_is_not_found(client: Client, again: str) -> None:
    assert client.get(f"{ADD}?again={again}").status_code == 404


def test_again_of_somebody_elses_is_not_found(client: Client, other_group: Area) -> None:
    assert client.get(f"{ADD}?again={factories.activity(other_group).pk}").status_code == 404


def test_what_the_area_did_lately_is_offered_once_each(client: Client, community: Area, group: Area) -> None:
    factories.activity(community, title="读书会", held_on=TODAY - timedelta(days=7))
    latest = factories.activity(community, title="读书会")
    factories.activity(group, title="别处的")
    factories.activity(community, title="取消了的", is_held=False).cancel()
    assert re.findall(r'href="\?again=(\d+)">([^<]+)<', text_of(client.get(ADD))) == [(str(latest.pk), "读书会")]


# One activity --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("ahead", "海报签到 改日期或内容 再办一次 取消活动 作废 全部活动"),
        ("due", "勾选参加的人 粘贴名单 海报签到 改日期或内容 再办一次 取消活动 作废 全部活动 举办了"),
        ("held", "勾选参加的人 粘贴名单 修改 再办一次 其实还没办 作废 全部活动"),
        ("attended", "勾选参加的人 粘贴名单 修改 再办一次 作废 全部活动"),
        ("cancelled", "再办一次 恢复 作废 全部活动"),
    ],
)
def test_the_next_steps_are_those_of_its_state(client, group, member, secretary, instructor, logged_in, state, steps):
    activity = factories.activity(
        group, is_held=state in ("held", "attended"), held_on=TOMORROW if state == "ahead" else TODAY
    )
    if state == "cancelled":
        activity.cancel()
    if state == "attended":
        enrol(activity, [member.pk], user=secretary, source="tick")
    found = r'class="lz-button[^"]*"[^>]*>([^<]+)</'
    assert re.findall(found, text_of(client.get(url(activity)))) == steps.split()
    assert re.findall(found, text_of(logged_in(instructor).get(url(activity)))) == ["全部活动"]


def test_names_are_for_whoever_may_read_members(
    logged_in: Any, client: Client, community: Area, group: Area, member: Member, secretary: User, instructor: User
) -> None:
    moved = factories.person("翟建军", group, on=date(2020, 1, 1))
    activity = factories.activity(community)
    enrol(activity, [member.pk, moved.pk], user=secretary, source="tick", duties={member.pk: "helper"})
    page = text_of(client.get(url(activity)))
    assert "参加的党员 2 人" in page
    assert "服务员 1 人" in page
    assert re.findall(r'<b>([^<]+)</b>|<span id="came-\d+">([^<]+)', page[page.index("参加的党员") :]) == [
        ("迎晖苑 1号楼", ""), ("", "欧阳建国（服务员）"), ("", "翟建军"),
    ]  # fmt: skip
    numbers = text_of(logged_in(instructor).get(url(activity)))
    assert "参加的党员 2 人" in numbers
    assert "<b>迎晖苑 1号楼</b><span>2 人</span>" in numbers
    assert ("欧阳建国" in numbers, "翟建军" in numbers, "服务员 1 人" in numbers) == (False, False, True)


def test_who_came_is_told_by_the_building_of_that_day(client, community, station, group, member, secretary) -> None:
    then = factories.activity(community, held_on=date(2026, 1, 5))
    before_any_roster = factories.activity(community, held_on=date(2005, 1, 5))
    now = factories.activity(community)
    member.move(to=factories.building("7号楼", station), on=TODAY)
    for activity, building in ((then, "1号楼"), (before_any_roster, "7号楼"), (now, "7号楼")):
        enrol(activity, [member.pk], user=secretary, source="tick")
        assert f"<b>迎晖苑 {building}</b>" in text_of(client.get(url(activity)))


def test_many_names_are_paged(client: Client, group: Area, secretary: User, monkeypatch: Any) -> None:
    monkeypatch.setattr("activities.views.activities.NAMES_PER_PAGE", 2)
    people = [factories.person(f"王{name}", group) for name in "甲乙丙"]
    activity = factories.activity(group)
    enrol(activity, [person.pk for person in people], user=secretary, source="tick")
    shown = [re.findall(r">(王[甲乙丙])<", text_of(client.get(f"{url(activity)}?p={page}"))) for page in (1, 2)]
    assert [len(names) for names in shown] == [2, 1]
    assert sorted(name for names in shown for name in names) == sorted(["王甲", "王乙", "王丙"])


def test_who_waits_at_the_poster_is_told_to_whoever_may_settle_it(client, logged_in, instructor, planned) -> None:
    SignIn.objects.create(activity=planned, name="张三", phone_end="1234", is_seen=True)
    page = text_of(client.get(url(planned)))
    assert "有 1 位扫码签到的人" in page
    assert f'href="{url(planned, "signed/")}"' in page
    assert "扫码签到的人" not in text_of(logged_in(instructor).get(url(planned)))


@pytest.mark.parametrize("people", [1, 12])
def test_one_activity_takes_as_many_queries_however_many_came(
    client: Client, group: Area, secretary: User, people: int, django_assert_num_queries: Any
) -> None:
    came = [factories.person(f"王{number}号", group) for number in range(people)]
    activity = factories.activity(group)
    enrol(activity, [person.pk for person in came], user=secretary, source="tick")
    client.get(LIST)
    with django_assert_num_queries(11):
        client.get(url(activity))


# Correcting ----------------------------------------------------------------------------------------------------------
def test_it_is_put_off_to_another_day(client: Client, typed: Any, planned: Activity, group: Area) -> None:
    typed |= {"area": group.pk, "held_on": TOMORROW.isoformat(), "place": "活动室"}
    assert client.post(url(planned, "edit/"), typed).headers["Location"] == url(planned)
    planned.refresh_from_db()
    assert (planned.held_on, planned.place, planned.status) == (TOMORROW, "活动室", "planned")
    last = AuditEntry.objects.filter(model="activities.Activity").latest("pk")
    assert last.changes.keys() == {"held_on", "place"}


def test_only_what_was_corrected_is_written(client: Client, typed: Any, planned: Activity, group: Area) -> None:
    """Somebody else may have said meanwhile that it was held."""
    page = client.get(url(planned, "edit/"))
    Activity.objects.get(pk=planned.pk).hold()
    assert page.context["form"].instance.is_planned
    client.post(url(planned, "edit/"), typed | {"area": group.pk, "title": "大扫除"})
    planned.refresh_from_db()
    assert (planned.title, planned.status) == ("大扫除", "held")


def test_what_was_held_stays_in_the_past(client: Client, typed: Any, group: Area) -> None:
    held = factories.activity(group)
    page = text_of(client.post(url(held, "edit/"), typed | {"area": group.pk, "held_on": TOMORROW.isoformat()}))
    assert "已举办的活动，日期不能晚于今天" in page


def test_what_somebody_came_to_stays_in_the_past(client, typed, planned, group, member, secretary) -> None:
    enrol(planned, [member.pk], user=secretary, source="tick")
    Activity.objects.filter(pk=planned.pk).update(status="planned", recorded_at=None)
    page = text_of(client.post(url(planned, "edit/"), typed | {"area": group.pk, "held_on": TOMORROW.isoformat()}))
    assert "已经登记了参加的人，日期不能晚于今天" in page


def test_one_of_a_closed_area_can_be_corrected(client: Client, typed: Any, planned: Activity, group: Area) -> None:
    Area.objects.filter(pk=group.pk).update(until=TODAY)
    client.post(url(planned, "edit/"), typed | {"area": group.pk, "title": "大扫除"})
    planned.refresh_from_db()
    assert planned.title == "大扫除"


# States --------------------------------------------------------------------------------------------------------------
def test_it_is_held_with_what_came_of_it(client: Client, planned: Activity) -> None:
    answer = client.post(url(planned, "hold/"), {"residents_reached": "35", "result": "扫了五层楼"})
    planned.refresh_from_db()
    assert answer.headers["Location"] == url(planned)
    assert (planned.status, planned.residents_reached, planned.result) == ("held", 35, "扫了五层楼")


def test_said_by_a_bare_button_nothing_typed_is_lost(client: Client, group: Area) -> None:
    planned = factories.activity(group, is_held=False, residents_reached=20, result="要扫五层")
    client.post(url(planned, "hold/"))
    planned.refresh_from_db()
    assert (planned.status, planned.residents_reached, planned.result) == ("held", 20, "要扫五层")


def test_looking_at_where_it_is_said_holds_nothing(client: Client, planned: Activity) -> None:
    """There whoever lost the login comes back to."""
    assert "举办了" in text_of(client.get(url(planned, "hold/")))
    planned.refresh_from_db()
    assert planned.is_planned


def test_what_is_wrong_with_it_is_said_beside_it(client: Client, planned: Activity) -> None:
    page = text_of(client.post(url(planned, "hold/"), {"residents_reached": "很多", "result": "扫了五层楼"}))
    assert "请输入整数" in page
    assert "扫了五层楼" in page
    planned.refresh_from_db()
    assert planned.is_planned


def test_it_is_not_held_twice_nor_before_its_day(client: Client, group: Area) -> None:
    ahead = factories.activity(group, is_held=False, held_on=TOMORROW)
    assert "活动的日期还没到" in text_of(client.post(url(ahead, "hold/"), {"result": "提前"}))
    held = factories.activity(group, result="第一次说的")
    assert "现在是“已举办”" in text_of(client.post(url(held, "hold/"), {"result": "第二次说的"}))
    assert set(Activity.objects.values_list("status", "result")) == {("planned", ""), ("held", "第一次说的")}


def test_it_is_cancelled_and_comes_back(client: Client, planned: Activity) -> None:
    for step, status, sentence in (("cancel/", "cancelled", "已取消"), ("reopen/", "planned", "又是计划中了")):
        page = text_of(client.post(url(planned, step), follow=True))
        planned.refresh_from_db()
        assert (planned.status, sentence in page) == (status, True)


@pytest.mark.parametrize(("step", "status"), [("cancel/", "planned"), ("reopen/", "held")])
def test_what_somebody_came_to_is_neither_cancelled_nor_reopened(
    client: Client, planned: Activity, member: Member, secretary: User, step: str, status: str
) -> None:
    enrol(planned, [member.pk], user=secretary, source="tick")
    if status == "planned":
        Activity.objects.filter(pk=planned.pk).update(status="planned", recorded_at=None)
    assert "已经登记了参加的人" in text_of(client.post(url(planned, step), follow=True))
    planned.refresh_from_db()
    assert planned.status == status


@pytest.mark.parametrize("step", ["", "edit/", "hold/", "cancel/", "reopen/"])
def test_what_lies_outside_is_not_found(client: Client, logged_in: Any, instructor: User, other_group, group, step):
    elsewhere, here = factories.activity(other_group, is_held=False), factories.activity(group, is_held=False)
    method = "get" if step in ("", "edit/") else "post"
    assert getattr(client, method)(url(elsewhere, step)).status_code == 404
    assert getattr(logged_in(instructor), method)(url(here, step)).status_code == (403 if step else 200)
    assert set(Activity.objects.values_list("status", flat=True)) == {"planned"}


# The list ------------------------------------------------------------------------------------------------------------
def listed(client: Client, query: str = "") -> list[str]:
    page = text_of(client.get(f"{LIST}?{query}"))
    return re.findall(r'<a href="/activities/\d+/">([^<]+)</a>', page)


@pytest.fixture
def year(community: Area, group: Area, other_group: Area) -> dict[str, Activity]:
    near_the_river = {"place": "河畔小广场", "co_organisers": "区团委"}
    made = {
        "读书会": factories.activity(community, title="读书会", held_on=date(2025, 12, 31), field="culture"),
        "大扫除": factories.activity(group, title="大扫除", held_on=date(2026, 1, 1)),
        "茶话会": factories.activity(group, title="茶话会", held_on=date(2026, 1, 31), is_held=False),
        "别处的": factories.activity(other_group, title="别处的", held_on=date(2026, 1, 5)),
    }
    Activity.objects.filter(pk=made["大扫除"].pk).update(**near_the_river)
    return made


def test_the_newest_comes_first(client: Client, year: Any) -> None:
    assert listed(client) == ["茶话会", "大扫除", "读书会"]


def test_what_is_near_today_comes_first(client: Client, year: Any, group: Area) -> None:
    """Plans to come, the soonest first; then what was, the latest first; a cancelled plan is none."""
    for title, days in (("下月的", 30), ("明天的", 1), ("不办了", 2), ("昨天的", -1)):
        event = factories.activity(group, title=title, held_on=TODAY + timedelta(days=days), is_held=days < 0)
        if title == "不办了":
            event.cancel()
    assert listed(client) == ["明天的", "下月的", "不办了", "昨天的", "茶话会", "大扫除", "读书会"]


def test_totals_are_of_what_is_listed(client: Client, year: Any, member: Member, other_member: Member) -> None:
    for event, who in (("大扫除", member), ("读书会", member), ("读书会", other_member), ("别处的", member)):
        Attendance.objects.create(activity=year[event], member=who, source="tick")
    assert "共 3 次活动，3 人次。" in text_of(client.get(LIST))
    assert "共 1 次活动，2 人次。" in text_of(client.get(f"{LIST}?q=读书"))


def test_a_phone_shows_twenty_at_first(client: Client, group: Area) -> None:
    for number in range(20):
        factories.activity(group, title=f"第{number}次")
    assert "lz-unfold" not in text_of(client.get(LIST))
    factories.activity(group, title="又一次")
    shown = text_of(client.get(LIST))
    assert shown.index('id="unfold"') < shown.index("<table") < shown.index('for="unfold">更多')


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=书", ["读书会"]),
        ("q=河畔 团委", ["大扫除"]),
        ("q=河畔 书", []),
        ("q=会&period=2026", ["茶话会"]),
        ("q=%25", []),
        ("period=2026", ["茶话会", "大扫除"]),
        ("period=2025-12", ["读书会"]),
        ("period=2026-01-31", ["茶话会"]),
        ("period=2025-12-29~2026-01-04", ["大扫除", "读书会"]),
        ("field=culture", ["读书会"]),
        ("status=planned", ["茶话会"]),
        ("period=2026&status=held", ["大扫除"]),
    ],
)
def test_the_list_is_narrowed(client: Client, year: Any, query: str, found: list[str]) -> None:
    assert listed(client, query) == found


def test_the_list_is_narrowed_to_an_area_and_below_or_its_own(client, year, community, group, other_group) -> None:
    assert listed(client, f"area={community.pk}") == ["茶话会", "大扫除", "读书会"]
    assert listed(client, f"area={community.pk}&own=on") == ["读书会"]
    assert listed(client, f"area={group.pk}") == ["茶话会", "大扫除"]
    assert "别处的" not in listed(client, f"area={other_group.pk}")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("area=x", "没有这个区域"),
        ("area=" + "9" * 5000, "没有这个区域"),
        ("period=1902", "没有这个时间"),
        ("period=2026-13", "没有这个时间"),
        ("period=x", "没有这个时间"),
        ("field=x", "请选择有效的选项"),
        ("q=" + "长" * 500, "要查找的内容太长了"),
        ("status=x", "请选择有效的选项"),
    ],
)
def test_what_cannot_be_narrowed_by_is_said(client: Client, year: Any, query: str, sentence: str) -> None:
    assert sentence in text_of(client.get(f"{LIST}?{query}"))
    assert listed(client, query) == ["茶话会", "大扫除", "读书会"]


def test_each_tells_how_many_came(client: Client, group: Area, member: Member, secretary: User) -> None:
    activity = factories.activity(group, residents_reached=20)
    factories.activity(group, title="没有人的")
    enrol(activity, [member.pk, factories.person("翟建军", group).pk], user=secretary, source="tick")
    found = dict(
        re.findall(r'/">([^<]+)</a></th>.*?data-label="参加党员"[^>]*>(\d+)<', text_of(client.get(LIST)), re.DOTALL)
    )
    assert found == {"楼道大扫除": "2", "没有人的": "0"}


def test_the_list_is_paged_and_keeps_what_it_is_narrowed_by(client: Client, group: Area) -> None:
    for number in range(51):
        factories.activity(group, title=f"第{number}次")
    factories.activity(group, title="另一领域", field="culture")
    assert (len(listed(client, "field=surroundings")), len(listed(client, "field=surroundings&p=2"))) == (50, 1)
    assert "?field=surroundings&amp;p=2" in text_of(client.get(f"{LIST}?field=surroundings"))
    assert len(listed(client, "p=x")) == 50


def test_what_is_listed_is_exported(client: Client, logged_in: Any, liaison: User, year: Any, community: Area) -> None:
    page = text_of(client.get(f"{LIST}?period=2026-01&status=held&area={community.pk}"))
    url = re.findall(r'href="(/admin/activities/activity/export/[^"]+)"', page)[0].replace("&amp;", "&")
    answer = client.post(url, {"format": "1", "reason": "核对年度活动"})
    assert [line.split(",")[1] for line in answer.content.decode("utf-8-sig").splitlines()[1:]] == ["大扫除"]
    assert "/export/" not in text_of(logged_in(liaison).get(LIST))


@pytest.mark.parametrize(("query", "found"), [("q=书 社区", []), ("q=河畔", ["大扫除"]), ("own=on", ["读书会"])])
def test_words_and_own_alone_are_exported_too(
    client: Client, year: Any, community: Area, query: str, found: list[str]
) -> None:
    page = text_of(client.get(f"{LIST}?{query}&area={community.pk}"))
    url = re.findall(r'href="(/admin/activities/activity/export/[^"]+)"', page)[0].replace("&amp;", "&")
    answer = client.post(url, {"format": "1", "reason": "核对年度活动"})
    assert [line.split(",")[1] for line in answer.content.decode("utf-8-sig").splitlines()[1:]] == found


@pytest.mark.parametrize("rows", [1, 20])
def test_the_list_takes_as_many_queries_however_long(client, group, member, rows, django_assert_num_queries) -> None:
    for number in range(rows):
        factories.activity(group, title=f"第{number}次")
    client.get(LIST)
    with django_assert_num_queries(8):
        client.get(LIST)


def test_an_empty_list_says_what_to_do(client: Client, logged_in: Any, instructor: User, year: Any) -> None:
    assert "没有符合条件的活动" in text_of(client.get(f"{LIST}?period=2024"))
    Activity.objects.all().delete()
    assert "登记第一次活动" in text_of(client.get(LIST))
    assert "登记第一次活动" not in text_of(logged_in(instructor).get(LIST))


@pytest.mark.parametrize("who", ["auditor", "outsider"])
def test_who_works_nowhere_finds_no_list(logged_in: Any, request: Any, who: str) -> None:
    assert logged_in(request.getfixturevalue(who)).get(LIST).status_code == 403


def test_with_two_posts_both_are_listed(client: Client, secretary: User, other_group: Area, group: Area) -> None:
    factories.post(secretary, PostKind.INSTRUCTOR, other_group)
    factories.activity(group, title="这里的")
    there = factories.activity(other_group, title="那里的", is_held=False)
    assert sorted(listed(client)) == ["这里的", "那里的"]
    assert client.post(url(there, "hold/")).status_code == 403
    assert "第二社区 仓场公寓 2号楼" not in text_of(client.get(ADD))
