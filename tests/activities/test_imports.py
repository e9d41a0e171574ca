"""Activities and who came from a workbook: looked at first, then all of it or nothing, and again nothing new."""

import io
import threading
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from activities.admin.activities import ActivityResource, AttendanceResource
from activities.imports.bringing import Report, Unfit, bring_in, check
from activities.imports.sheets import ACTIVITIES, CAME, ActivityBook, ImportTable, read_book, seal, titles, unseal
from activities.models import Activity, Attendance
from activities.rules.attendance import enrol
from members.ground.export import ExportSheet, workbook_of
from members.models import Area, AuditEntry, Member, User
from tests import factories

URL, PREVIEW, TEMPLATE = "/activities/import/", "/activities/import/preview/", "/activities/import/template.xlsx"
GROUP = "第一社区 迎晖苑 1号楼"
DAY = timezone.localdate() - timedelta(days=30)
Row = dict[str, Any]


def activity(**more: Any) -> Row:
    """A row of the sheet of activities."""
    return {"主办": GROUP, "活动名称": "楼道大扫除", "日期": DAY, "工作领域": "居住环境"} | more


def came(name: str = "欧阳建国", **more: Any) -> Row:
    """A row of the sheet of who came."""
    return {"活动日期": DAY, "活动名称": "楼道大扫除", "主办": GROUP, "姓名": name} | more


def book(activities: Iterable[Row] = (), attendances: Iterable[Row] = ()) -> bytes:
    """A workbook of both sheets."""
    sheets = ((name, titles(headings), rows) for name, headings, rows in (
        ("活动", ACTIVITIES, activities), ("参加", CAME, attendances),
    ))  # fmt: skip
    return workbook_of(
        ExportSheet(name, columns, [[row.get(column) for column in columns] for row in rows], {})
        for name, columns, rows in sheets
    )


def read(activities: Iterable[Row] = (), attendances: Iterable[Row] = ()) -> ActivityBook:
    """The same as it is when read, without the process that a file is read in."""
    return ActivityBook(table("活动", ACTIVITIES, activities), table("参加", CAME, attendances))


def table(name: str, headings: Any, rows: Iterable[Row]) -> ImportTable:
    fields = {written: field for field, (written, *_) in headings.items()}
    read = [{fields[column]: str(cell) for column, cell in row.items() if cell not in (None, "")} for row in rows]
    return ImportTable(read, [(name, number) for number, _ in enumerate(read, start=2)])


def checked(user: User, *tables: Iterable[Row]) -> Report:
    return check(read(*tables), user)


def brought(user: User, *tables: Iterable[Row]) -> Report:
    return bring_in(read(*tables), user)


def sentences(user: User, *tables: Iterable[Row]) -> list[str]:
    """What is wrong with the rows; with writing them it is the same, and nothing is written."""
    problems = checked(user, *tables).problems
    with pytest.raises(Unfit) as unfit:
        brought(user, *tables)
    assert unfit.value.report.problems == problems
    assert not AuditEntry.objects.filter(action="import").exists()
    return [problem.message for problem in problems]


def counts(report: Report) -> list[tuple[int, int, int]]:
    return [(count.new, count.changed, count.same) for count in (report.activities, report.came)]


def everything() -> list:
    return [list(model._base_manager.order_by("pk").values()) for model in (Activity, Attendance)]


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User, member: Member) -> Client:
    return logged_in(secretary)


def upload(client: Client, content: bytes, name: str = "活动.xlsx") -> Any:
    return client.post(URL, {"file": SimpleUploadedFile(name, content)})


def previewed(client: Client, content: bytes) -> Any:
    """Upload, and return the page that the browser is led to."""
    answer = upload(client, content)
    assert answer.status_code == 302, answer.context["form"].errors
    assert answer.headers["Location"] == PREVIEW
    return client.get(PREVIEW)


def confirm(client: Client) -> Any:
    mark = client.session["activities_import"]["mark"]
    return client.post(PREVIEW, {"mark": mark}, follow=True)


# From upload to the activity ------------------------------------------------------------------------------------------
def test_it_is_looked_at_first_and_then_written(client: Client) -> None:
    page = previewed(client, book([activity()], [came()]))
    assert "将新增的活动" in page.content.decode()
    assert not Activity.objects.exists()
    done = confirm(client)
    assert "新增活动 1 次，修改活动 0 次，新登记参加 1 人次" in done.content.decode()
    (made,) = Activity.objects.all()
    assert (made.title, made.held_on, made.status, str(made.area)) == ("楼道大扫除", DAY, "held", GROUP)
    assert made.attendances.get().member.name == "欧阳建国"
    assert made.attendances.get().source == "import"


def test_the_same_file_twice_changes_nothing(client: Client) -> None:
    content = book([activity(状态="已举办", 开始时间="9:30", 活动结果="清出杂物 3 袋")], [came(六员="服务员")])
    previewed(client, content)
    confirm(client)
    before = everything()
    page = previewed(client, content)
    assert "不用导入" in page.content.decode()
    confirm(client)
    assert everything() == before


def test_every_column_arrives(secretary: User, member: Member) -> None:
    row = {
        "开始时间": time(14, 30), "地点": "楼前空地", "经常性/阶段性": "阶段性", "显性/隐性": "隐性",
        "物质/精神文化": "物质帮助", "协办": "工会、妇联", "参加的群众人数": 35, "活动结果": "清出杂物 3 袋。",
    }  # fmt: skip
    brought(secretary, [activity(**row)])
    made = Activity.objects.get()
    assert (made.begins_at, made.place, made.co_organisers) == (time(14, 30), "楼前空地", "工会、妇联")
    assert (made.regularity, made.visibility, made.support) == ("occasional", "quiet", "material")
    assert (made.residents_reached, made.result, made.field) == (35, "清出杂物 3 袋。", "surroundings")
    made.full_clean()


def test_what_is_exported_can_be_imported(secretary: User, member: Member, group: Area, station: Area) -> None:
    held = factories.activity(group, title="=楼道：扫除", begins_at=time(9, 0), result="- 三袋", residents_reached=12)
    factories.activity(station, title="合唱", is_held=False, held_on=timezone.localdate() + timedelta(days=3))
    factories.activity(station, title="合唱", is_held=False).cancel()
    enrol(held, [member.pk], user=secretary, source="tick", duties={member.pk: "helper"})
    before = everything()
    exported = ActivityResource().export(Activity.objects.select_related("area"))
    report = bring_in(read_book(exported.export("xlsx")), secretary)
    assert counts(report) == [(0, 0, 3), (0, 0, 0)]
    assert everything() == before


def test_the_columns_are_the_exports() -> None:
    assert titles(ACTIVITIES) == [field.column_name for field in ActivityResource().get_export_fields()]
    assert titles(CAME) == [field.column_name for field in AttendanceResource().get_export_fields()]


def test_the_template_has_both_sheets_and_nothing_in_it(client: Client) -> None:
    content = client.get(TEMPLATE).content
    template = load_workbook(io.BytesIO(content))
    assert {sheet.title: [cell.value for cell in sheet[1]] for sheet in template} == {
        "活动": titles(ACTIVITIES),
        "参加": titles(CAME),
    }
    assert "不用导入" in previewed(client, content).content.decode()


def test_one_sheet_alone_will_do(secretary: User, member: Member) -> None:
    assert counts(brought(secretary, [activity()])) == [(1, 0, 0), (0, 0, 0)]
    only_came = "活动日期,活动名称,主办,姓名\n" + f"{DAY},楼道大扫除,{GROUP},欧阳建国\n"
    report = bring_in(read_book(only_came.encode("utf-8-sig")), secretary)
    assert counts(report) == [(0, 0, 0), (1, 0, 0)]


# What is there already ------------------------------------------------------------------------------------------------
def test_a_filled_cell_changes_what_is_there_and_an_empty_one_does_not(secretary: User, group: Area) -> None:
    there = factories.activity(group, held_on=DAY, co_organisers="工会")
    report = brought(secretary, [activity(活动结果="清出杂物 3 袋", 协办="")])
    assert counts(report)[0] == (0, 1, 0)
    there.refresh_from_db()
    assert (there.result, there.co_organisers) == ("清出杂物 3 袋", "工会")
    entry = AuditEntry.objects.get(action="import")
    assert entry.changes == {"new": [], "changed": {str(there.pk): {"result": ["", "清出杂物 3 袋"]}}}


def test_a_planned_one_becomes_held_or_cancelled(secretary: User, group: Area) -> None:
    for label, status in (("已举办", "held"), ("已取消", "cancelled")):
        there = factories.activity(group, title=label, held_on=DAY, is_held=False)
        brought(secretary, [activity(活动名称=label, 状态=label)])
        there.refresh_from_db()
        assert there.status == status
        assert (there.recorded_at is not None, there.cancelled_at is not None) == (status == "held", status != "held")


@pytest.mark.parametrize(
    ("status", "ahead", "sentence"),
    [("计划中", False, "不能从表里改成“计划中”"), ("已取消", False, "请在活动页上改"), ("已举办", True, "日期还没到")],
)
def test_a_state_does_not_go_back(secretary: User, group: Area, status: str, ahead: bool, sentence: str) -> None:
    day = timezone.localdate() + timedelta(days=5) if ahead else DAY
    factories.activity(group, held_on=day, is_held=not ahead)
    assert sentence in sentences(secretary, [activity(日期=day, 状态=status)])[0]


def test_who_came_is_added_to_who_is_recorded(secretary: User, group: Area, member: Member) -> None:
    there = factories.activity(group, held_on=DAY)
    other = factories.person("赵大年", group, room="201")
    enrol(there, [member.pk], user=secretary, source="tick")
    report = brought(secretary, [], [came(), came("赵大年"), came("赵大年")])
    assert counts(report)[1] == (1, 0, 2)
    assert set(there.attendances.values_list("member", "source")) == {(member.pk, "tick"), (other.pk, "import")}


def test_a_role_is_noted_and_never_emptied(secretary: User, group: Area, member: Member) -> None:
    there = factories.activity(group, held_on=DAY)
    enrol(there, [member.pk], user=secretary, source="tick")
    assert counts(brought(secretary, [], [came(六员="调解员")]))[1] == (0, 1, 0)
    assert counts(brought(secretary, [], [came()]))[1] == (0, 0, 1)
    assert there.attendances.get().duty == "mediator"


def test_a_name_within_a_file_twice_takes_the_role_told_later(secretary: User, member: Member) -> None:
    brought(secretary, [activity()], [came(), came(六员="宣传员")])
    assert Attendance.objects.get().duty == "publicist"


def test_two_of_one_name_on_one_day_are_told_apart_by_their_time(secretary: User, group: Area) -> None:
    rows = [activity(开始时间="9:00", 活动结果="上午"), activity(开始时间="14:00", 活动结果="下午")]
    assert counts(brought(secretary, rows))[0] == (2, 0, 0)
    assert counts(brought(secretary, rows))[0] == (0, 0, 2)
    assert set(Activity.objects.values_list("begins_at", "result")) == {(time(9), "上午"), (time(14), "下午")}
    assert "2 次同名活动" in sentences_of(checked(secretary, [activity()]))[0]


def sentences_of(report: Report) -> list[str]:
    return [problem.message for problem in report.problems]


def test_who_moved_out_of_reach_stays_on_the_list(secretary: User, group: Area, other_group: Area) -> None:
    there = factories.activity(group, held_on=DAY)
    gone = factories.person("赵大年", group, room="201")
    enrol(there, [gone.pk], user=secretary, source="tick")
    gone.move(to=other_group, room="101")
    assert counts(brought(secretary, [], [came("赵大年", 住址="已迁出")]))[1] == (0, 0, 1)


def test_the_state_follows_the_day_where_none_is_told(secretary: User, group: Area) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    brought(secretary, [activity(), activity(日期=tomorrow)])
    assert dict(Activity.objects.values_list("held_on", "status")) == {DAY: "held", tomorrow: "planned"}


# What is wrong --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ({"主办": "第九社区"}, "主办", "“第九社区”不是您可以登记活动的区域"),
        ({"主办": None}, "主办", "没有填主办"),
        ({"活动名称": None}, "活动名称", "没有填活动名称"),
        ({"活动名称": "扫" * 61}, "活动名称", "最多填 60 个字，这里有 61 个字"),
        ({"日期": None}, "日期", "没有填日期"),
        ({"日期": "前天"}, "日期", "看不懂这个日期"),
        ({"日期": "2026-02"}, "日期", "要写到日"),
        ({"日期": "1902-01-01"}, "日期", "日期太早了"),
        ({"日期": date(2150, 1, 1)}, "日期", "日期太远了"),
        ({"日期": "2026-02-30"}, "日期", "没有这一天"),
        ({"开始时间": "一早"}, "开始时间", "请写成 14:00"),
        ({"开始时间": "25:00"}, "开始时间", "请写成 14:00"),
        ({"工作领域": "卫生"}, "工作领域", "请填：楼组文化、互帮互助"),
        ({"工作领域": None}, "工作领域", "没有填工作领域"),
        ({"经常性/阶段性": "有时"}, "经常性/阶段性", "请填：经常性、阶段性"),
        ({"参加的群众人数": "很多"}, "参加的群众人数", "人数请填整数"),
        ({"参加的群众人数": -3}, "参加的群众人数", "人数请填整数"),
        ({"活动结果": "好" * 501}, "活动结果", "最多填 500 个字"),
        ({"状态": "快了"}, "状态", "请填：计划中、已举办、已取消"),
        ({"日期": timezone.localdate() + timedelta(days=2), "状态": "已举办"}, "日期", "不能晚于今天"),
    ],
)
def test_each_error_of_an_activity_is_told(secretary: User, group: Area, row: Row, column: str, sentence: str) -> None:
    rows = [activity(活动名称="没有错的"), activity(**row)]
    (problem,) = checked(secretary, rows).problems
    assert (problem.sheet, problem.row, problem.column) == ("活动", 3, column)
    assert sentence in problem.message
    assert sentences(secretary, rows) == [problem.message]
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ({"姓名": "没有此人"}, "姓名", "没有找到“没有此人”"),
        ({"姓名": "单秀英"}, "姓名", "没有找到“单秀英”"),  # of another community
        ({"姓名": None, "六员": "宣传员"}, "姓名", "没有填姓名"),
        ({"住址": "第一社区 迎晖苑 2号楼 302"}, "住址", "登记的住址不是"),
        ({"姓名": "曾国强"}, "姓名", "那时不住在这里"),  # moved away before
        ({"活动名称": "没办过的"}, "活动名称", "没有找到"),
        ({"活动名称": None}, "活动名称", "没有填活动名称"),
        ({"主办": None}, "主办", "没有填主办"),
        ({"活动日期": "昨天"}, "活动日期", "看不懂这个日期"),
        ({"六员": "队长"}, "六员", "请填：宣传员、示范员"),
    ],
)
def test_each_error_of_who_came_is_told(
    secretary: User, member: Member, other_member: Member, moved_away: Member, row: Row, column: str, sentence: str
) -> None:
    tables = [activity()], [came(), came(**row)]
    (problem,) = checked(secretary, *tables).problems
    assert (problem.sheet, problem.row, problem.column) == ("参加", 3, column)
    assert sentence in problem.message
    assert sentences(secretary, *tables) == [problem.message]
    assert everything() == [[], []]


def test_all_errors_are_told_at_once(secretary: User, member: Member) -> None:
    tables = (
        [activity(日期="前天", 工作领域="卫生", 状态="快了")],
        [came("没有此人", 活动日期="前天", 六员="队长"), came()],
    )
    found = [(problem.sheet, problem.row, problem.column) for problem in checked(secretary, *tables).problems]
    assert found == [
        ("活动", 2, "日期"), ("活动", 2, "工作领域"), ("活动", 2, "状态"), ("参加", 2, "活动日期"),
        ("参加", 2, "姓名"), ("参加", 2, "六员"), ("参加", 3, "活动名称"),
    ]  # fmt: skip


def test_of_two_of_one_name_the_address_tells_which(secretary: User, group: Area, member: Member) -> None:
    twin = factories.person("欧阳建国", group, room="501")
    (sentence,) = sentences(secretary, [activity()], [came()])
    assert sentence.startswith("有 2 位“欧阳建国”，请在“住址”里写清楚")
    brought(secretary, [activity()], [came(住址=f"{GROUP} 501室")])
    assert Attendance.objects.get().member == twin


def test_nobody_comes_to_what_is_cancelled_or_ahead(secretary: User, member: Member) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    rows = [activity(状态="已取消"), activity(日期=tomorrow)]
    cancelled, ahead = sentences(secretary, rows, [came(), came(活动日期=tomorrow)])
    assert "已经取消" in cancelled
    assert "日期还没到" in ahead


def test_an_activity_written_twice_is_told(secretary: User, group: Area) -> None:
    assert "写了两遍" in sentences(secretary, [activity(), activity(活动结果="又一行")])[0]


def test_a_closed_area_takes_no_new_activity(secretary: User, group: Area) -> None:
    group.close(on=DAY - timedelta(days=1))
    assert "没有启用" in sentences(secretary, [activity()])[0]
    brought(secretary, [activity(日期=DAY - timedelta(days=10))])


def test_errors_are_shown_row_by_row_and_nothing_can_be_written(client: Client) -> None:
    content = book([activity(), activity(活动名称="合唱", 日期="前天")], [came("没有此人")])
    page = previewed(client, content).content.decode()
    assert "活动 第 3 行" in page
    assert "参加 第 2 行" in page
    assert "确认导入" not in page
    assert "什么都没有写入" in confirm(client).content.decode()
    assert not Activity.objects.exists()


# What is no such workbook ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * 64, "这是一张图片"),
        (b"PK\x03\x04 broken", "损坏"),
        (b"a,b\n1,2\n", "没有找到表头"),
        (book([activity(活动名称=f"第{n}次") for n in range(501)]), "这份表里有 501 次活动"),
    ],
    ids=["picture", "broken", "no heading", "too many"],
)
def test_it_is_refused_in_a_sentence(client: Client, content: bytes, sentence: str) -> None:
    answer = upload(client, content)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert "activities_import" not in client.session


def test_no_file_is_told(client: Client) -> None:
    assert "lz-problem" in client.post(URL).content.decode()


def test_strange_characters_break_nothing(client: Client) -> None:
    text = f"主办,活动名称,日期,工作领域\n{GROUP},<script>\ud83d\ude00\x01,{DAY},居住环境\n"
    page = previewed(client, text.encode("utf-8", "surrogatepass").replace(b"\xed\xa0\xbd\xed\xb8\x80", "😀".encode()))
    assert "&lt;script&gt;😀" in page.content.decode()
    confirm(client)
    assert Activity.objects.get().title == "<script>😀"


# Between preview and writing ------------------------------------------------------------------------------------------
def test_the_rows_wait_sealed(client: Client) -> None:
    previewed(client, book([activity()], [came()]))
    sealed = client.session["activities_import"]["sealed"]
    assert "欧阳" not in str(dict(client.session))
    assert unseal(sealed).came.rows[0]["member"] == "欧阳建国"
    assert unseal(seal(unseal(sealed))) == unseal(sealed)
    confirm(client)
    assert "activities_import" not in client.session


def test_sent_twice_it_is_written_once(client: Client) -> None:
    previewed(client, book([activity()], [came()]))
    mark = client.session["activities_import"]["mark"]
    client.post(PREVIEW, {"mark": mark})
    again = client.post(PREVIEW, {"mark": mark}, follow=True)
    assert "可能已经导入过了" in again.content.decode()
    assert Attendance.objects.count() == 1


def test_the_button_of_an_older_preview_writes_nothing(client: Client) -> None:
    previewed(client, book([activity()]))
    old = client.session["activities_import"]["mark"]
    previewed(client, book([activity(活动名称="合唱")]))
    page = client.post(PREVIEW, {"mark": old})
    assert "又上传了另一份表" in page.content.decode()
    assert not Activity.objects.exists()


def test_without_an_upload_there_is_no_preview(client: Client) -> None:
    assert client.get(PREVIEW).headers["Location"] == URL


def test_what_changed_meanwhile_is_judged_anew(client: Client, group: Area, member: Member) -> None:
    previewed(client, book([activity()], [came()]))
    member.leave(on=timezone.localdate() - timedelta(days=60))
    page = confirm(client).content.decode()
    assert "什么都没有写入" in page
    assert everything() == [[], []]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_of_each(secretary: User, member: Member) -> None:
    content = read([activity()], [came()])
    start, failed = threading.Barrier(2), []

    def work() -> None:
        try:
            start.wait(timeout=30)
            bring_in(content, secretary)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (Activity.objects.count(), Attendance.objects.count()) == (1, 1)


# Who may, and how fast ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["instructor", "auditor", "outsider"])
@pytest.mark.parametrize("url", [URL, PREVIEW, TEMPLATE])
def test_whoever_writes_no_activities_may_not(
    who: str, url: str, request: pytest.FixtureRequest, logged_in: Callable[[User], Client]
) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert client.get(url).status_code == 403
    assert client.post(url).status_code in (403, 405)


@pytest.mark.parametrize("who", ["street_officer", "secretary", "liaison", "leader"])
def test_whoever_writes_activities_may(
    who: str, request: pytest.FixtureRequest, logged_in: Callable[[User], Client], member: Member
) -> None:
    user = request.getfixturevalue(who)
    assert logged_in(user).get(URL).status_code == 200
    brought(user, [activity()], [came()])
    assert Attendance.objects.count() == 1


def test_a_leader_writes_in_their_building_alone(leader: User, station: Area, secretary: User) -> None:
    neighbours = factories.building("2号楼", station)
    factories.person("赵大年", neighbours)
    factories.activity(neighbours, held_on=DAY)
    elsewhere = {"主办": "第一社区 迎晖苑 2号楼"}
    assert "不是您可以登记活动的区域" in sentences(leader, [activity(**elsewhere)])[0]
    assert "没有找到" in sentences(leader, [], [came("赵大年", **elsewhere)])[0]


def test_it_is_on_record(secretary: User, member: Member) -> None:
    brought(secretary, [activity()], [came()])
    made = Activity.objects.get()
    entry = AuditEntry.objects.get(action="import")
    assert (entry.model, entry.changes) == ("activities.Activity", {"new": [made.pk], "changed": {}})
    assert AuditEntry.objects.filter(row=str(made.pk), action="change").get().changes["attendances"] == [
        [],
        [member.pk],
    ]


def test_no_query_a_row(secretary: User, group: Area, django_assert_max_num_queries: Any) -> None:
    people = [factories.person(f"赵大{sign}", group, room=str(n)) for n, sign in enumerate("甲乙丙丁戊己庚辛", 101)]
    rows = [activity(活动名称=f"第{n}次") for n in range(8)]
    content = read(rows, [came(one.name, 活动名称=f"第{n}次") for n in range(8) for one in people])
    with django_assert_max_num_queries(5):
        assert counts(check(content, secretary)) == [(8, 0, 0), (64, 0, 0)]
    with django_assert_max_num_queries(8 * 8 + 15):  # eight for each activity that somebody came to
        bring_in(content, secretary)
    with django_assert_max_num_queries(10):
        assert not bring_in(content, secretary).has_news
