"""The admin's lists of activities and of who came: scoped, exported with a reason, written elsewhere."""

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from activities.imports.sheets import read_book
from activities.models import Activity, Attendance
from activities.rules.attendance import enrol
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.activities.books import looked_at

ACTIVITIES, ATTENDANCES = "/admin/activities/activity/", "/admin/activities/attendance/"
REASON = {"format": "0", "reason": "核对年度活动"}
TODAY = timezone.localdate()


@pytest.fixture
def client(logged_in: Any, secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def activity(community: Area, member: Member, secretary: User) -> Activity:
    activity = factories.activity(community, title="读书会", held_on=date(2026, 1, 15), begins_at=time(14))
    enrol(activity, [member.pk], user=secretary, source="tick", duties={member.pk: "helper"})
    return activity


@pytest.fixture
def other_activity(other_group: Area, other_member: Member, street_officer: User) -> Activity:
    activity = factories.activity(other_group, title="别处的")
    enrol(activity, [other_member.pk], user=street_officer, source="paste")
    return activity


def typed(activity: Activity, **changes: Any) -> dict[str, Any]:
    names = ("title", "held_on", "place", "field", "regularity", "visibility", "support", "co_organisers", "result")
    kept = {name: getattr(activity, name) for name in names}
    return kept | {"area": activity.area_id, "begins_at": "", "residents_reached": ""} | changes


def sheet(answer: Any) -> list[tuple]:
    return list(load_workbook(io.BytesIO(answer.content)).active.values)


def text_of(answer: Any) -> str:
    return answer.content.decode()


def test_lists_hold_what_the_post_opens(client: Client, activity: Activity, other_activity: Activity) -> None:
    for url, mine, theirs in ((ACTIVITIES, "读书会", "别处的"), (ATTENDANCES, "欧阳建国", "单秀英")):
        page = text_of(client.get(url))
        assert (mine in page, theirs in page) == (True, False)
    row = other_activity.attendances.get()
    assert client.get(f"{ACTIVITIES}{other_activity.pk}/change/").status_code == 404
    assert client.get(f"{ATTENDANCES}{row.pk}/change/").status_code == 404


def test_an_instructor_reads_activities_and_no_names(logged_in: Any, instructor: User, activity: Activity) -> None:
    client, row = logged_in(instructor), activity.attendances.get()
    assert [client.get(url).status_code for url in (ACTIVITIES, f"{ACTIVITIES}{activity.pk}/change/")] == [200, 200]
    assert {client.get(url).status_code for url in (ATTENDANCES, f"{ATTENDANCES}{row.pk}/change/")} == {403}
    for url in (f"{ACTIVITIES}{activity.pk}/change/", f"{ACTIVITIES}export/", f"{ATTENDANCES}export/"):
        assert client.post(url, REASON).status_code == 403
    assert "欧阳建国" not in text_of(client.get(f"{ACTIVITIES}?q=读书"))


@pytest.mark.parametrize("who", ["auditor", "outsider"])
def test_who_works_nowhere_finds_nothing(logged_in: Any, request: Any, activity: Activity, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert {client.get(url).status_code for url in (ACTIVITIES, ATTENDANCES)} <= {302, 403}


def test_none_is_added_or_deleted(client: Client, activity: Activity) -> None:
    row = activity.attendances.get()
    for url in (f"{ACTIVITIES}add/", f"{ATTENDANCES}add/"):
        assert client.get(url).status_code == 403
    for url in (f"{ACTIVITIES}{activity.pk}/delete/", f"{ATTENDANCES}{row.pk}/delete/"):
        assert client.post(url, {"post": "yes"}).status_code == 403
    assert client.get(f"{ACTIVITIES}record/").headers["Location"] == "/activities/add/"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("field__exact=culture", False), ("field__exact=surroundings", True), ("status__exact=planned", False),
        ("held_on_from=2026-01-01&held_on_to=2026-01-31", True), ("held_on_from=2026-02-01", False),
        ("q=读书", True), ("q=大扫除", False), ("place={path}", True), ("place=00010002", False),
    ],
)  # fmt: skip
def test_the_list_is_filtered(client: Client, activity: Activity, community: Area, query: str, found: bool) -> None:
    page = text_of(client.get(f"{ACTIVITIES}?{query.format(path=community.path)}"))
    assert (f"{ACTIVITIES}{activity.pk}/change/" in page) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("duty__exact=helper", True), ("duty__exact=publicist", False), ("source__exact=paste", False),
        ("activity__held_on_from=2026-01-01", True), ("activity__held_on_from=2026-02-01", False),
        ("q=ouyang", True), ("q=OYJG", True), ("q=读书", True), ("q=单", False), ("activity__id__exact={pk}", True),
        ("place={path}", True), ("place=00010002", False),
    ],
)  # fmt: skip
def test_who_came_is_filtered(client: Client, activity: Activity, community: Area, query: str, found: bool) -> None:
    page = text_of(client.get(f"{ATTENDANCES}?{query.format(path=community.path, pk=activity.pk)}"))
    assert (f"{ATTENDANCES}{activity.attendances.get().pk}/change/" in page) == found


@pytest.mark.parametrize("url", [ACTIVITIES, ATTENDANCES])
def test_hidden_fields_are_not_looked_up(client: Client, activity: Activity, url: str) -> None:
    for query in ("sign_in_code__startswith=a", "member__phone_digest__startswith=a", "activity__sign_in_code=a"):
        assert client.get(f"{url}?{query}").status_code in (302, 400)


@pytest.mark.parametrize("rows", [1, 15])
def test_the_lists_take_as_many_queries_however_long(
    client: Client, community: Area, group: Area, secretary: User, rows: int, django_assert_num_queries: Any
) -> None:
    people = [factories.person(f"王{number}号", group).pk for number in range(rows)]
    for number in range(rows):
        enrol(factories.activity(community, title=f"第{number}次"), people, user=secretary, source="tick")
    for url, queries in ((ACTIVITIES, 8), (ATTENDANCES, 8)):
        client.get(url)
        with django_assert_num_queries(queries):
            client.get(url)


def test_words_are_corrected_and_the_state_is_not(client: Client, activity: Activity) -> None:
    url = f"{ACTIVITIES}{activity.pk}/change/"
    answer = client.post(url, typed(activity, title="大读书会", status="planned"))
    activity.refresh_from_db()
    assert (answer.status_code, activity.title, activity.status) == (302, "大读书会", "held")
    assert AuditEntry.objects.latest("pk").changes == {
        "title": ["读书会", "大读书会"], "begins_at": ["14:00:00", None],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"held_on": "1902-01-01"}, "日期太早了"),
        ({"held_on": "2150-01-01"}, "日期太远了"),
        ({"held_on": (TODAY + timedelta(days=1)).isoformat()}, "日期不能晚于今天"),
        ({"title": "长" * 61}, "最多 60 个字符"),
        ({"result": "好\0"}, "不允许包含空字符"),
        ({"area": "999999"}, "请选择有效的选项"),
        ({"residents_reached": "-3"}, "大于或等于"),
        ({"residents_reached": "9" * 30}, "小于或等于"),
    ],
)
def test_what_cannot_be_is_said(client: Client, activity: Activity, wrong: dict, sentence: str) -> None:
    answer = client.post(f"{ACTIVITIES}{activity.pk}/change/", typed(activity, **wrong))
    assert (answer.status_code, sentence in text_of(answer)) == (200, True)


def test_it_cannot_be_given_to_somebody_elses_area(client: Client, activity: Activity, other_group: Area) -> None:
    answer = client.post(f"{ACTIVITIES}{activity.pk}/change/", typed(activity, area=other_group.pk))
    assert "请选择有效的选项" in text_of(answer)
    assert Activity.objects.get(pk=activity.pk).area_id == activity.area_id


def test_a_duty_is_noted_and_nothing_else(client: Client, activity: Activity, other_member: Member) -> None:
    row = activity.attendances.get()
    body = {"duty": "publicist", "member": other_member.pk, "source": "api"}
    assert client.post(f"{ATTENDANCES}{row.pk}/change/", body).status_code == 302
    again = Attendance.objects.get(pk=row.pk)
    assert (again.duty, again.member_id, again.source) == ("publicist", row.member_id, "tick")
    assert "请选择有效的选项" in text_of(client.post(f"{ATTENDANCES}{row.pk}/change/", {"duty": "boss"}))


def test_no_duty_is_noted_where_nobody_can_have_come(client: Client, activity: Activity) -> None:
    row = activity.attendances.get()
    Activity.objects.update(status="cancelled", recorded_at=None, cancelled_at=timezone.now())
    answer = client.post(f"{ATTENDANCES}{row.pk}/change/", {"duty": "publicist"}, follow=True)
    assert (answer.status_code, "这次活动已经取消" in text_of(answer)) == (200, True)
    assert Attendance.objects.get(pk=row.pk).duty == "helper"


# Out -----------------------------------------------------------------------------------------------------------------
def test_activities_go_out_under_the_headings_that_come_in(client, activity, other_activity) -> None:
    Activity.objects.filter(pk=activity.pk).update(title="=读书会", residents_reached=20, co_organisers="工会")
    rows = sheet(client.post(f"{ACTIVITIES}export/", REASON))
    assert " ".join(rows[0][:6]) == "主办 活动名称 日期 开始时间 地点 工作领域"
    assert " ".join(rows[0][6:]) == "经常性/阶段性 显性/隐性 物质/精神文化 协办 参加的群众人数 活动结果 状态"
    assert rows[1] == (
        "第一社区", "'=读书会", datetime(2026, 1, 15), time(14), None, "居住环境", "经常性", "显性", "精神文化", "工会",
        20, None, "已举办",
    )  # fmt: skip
    assert len(rows) == 2


def test_who_came_goes_out_with_home_and_duty(client: Client, activity: Activity, other_activity: Activity) -> None:
    rows = sheet(client.post(f"{ATTENDANCES}export/", REASON))
    assert rows[0] == ("活动日期", "活动名称", "主办", "姓名", "住址", "六员")
    assert rows[1][1:] == ("读书会", "第一社区", "欧阳建国", "第一社区 迎晖苑 1号楼 302", "服务员")
    assert len(rows) == 2
    entry = AuditEntry.objects.get(action="export")
    assert (entry.model, entry.reason, entry.changes["rows"]) == ("activities.Attendance", "核对年度活动", 1)


@pytest.mark.parametrize("file", ["0", "1"])
def test_what_went_out_comes_in_unchanged(client, activity, secretary, file: str) -> None:
    Activity.objects.filter(pk=activity.pk).update(residents_reached=20, co_organisers="工会", place="活动室")
    for url in (ACTIVITIES, ATTENDANCES):
        book = read_book(client.post(f"{url}export/", REASON | {"format": file}).content)
        report = looked_at(book, secretary)
        assert (report.problems, report.has_news, report.activities.same + report.came.same) == ([], False, 1)


@pytest.mark.parametrize("url", [ACTIVITIES, ATTENDANCES])
def test_nothing_goes_out_without_a_reason_or_the_right(client, logged_in, liaison, activity, url) -> None:
    assert client.post(f"{url}export/", {"format": "0"}).status_code == 200
    assert logged_in(liaison).post(f"{url}export/", REASON).status_code == 403
    assert not AuditEntry.objects.filter(action="export").exists()


def test_with_two_posts_only_ones_own_community_goes_out(client, secretary, activity, other_activity) -> None:
    factories.post(secretary, PostKind.LEADER, other_activity.area)
    assert "别处的" in text_of(client.get(ACTIVITIES))
    assert [row[1] for row in sheet(client.post(f"{ACTIVITIES}export/", REASON))[1:]] == ["读书会"]
    assert [row[3] for row in sheet(client.post(f"{ATTENDANCES}export/", REASON))[1:]] == ["欧阳建国"]


@pytest.mark.parametrize("rows", [1, 15])
def test_an_export_takes_as_many_queries_however_long(
    client: Client, community: Area, group: Area, secretary: User, rows: int, django_assert_num_queries: Any
) -> None:
    people = [factories.person(f"王{number}号", group).pk for number in range(rows)]
    enrol(factories.activity(community), people, user=secretary, source="tick")
    client.get(ATTENDANCES)
    with django_assert_num_queries(12):
        client.post(f"{ATTENDANCES}export/", REASON)
