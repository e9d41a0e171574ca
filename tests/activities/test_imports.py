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
from activities.imports import steps
from activities.imports.headings import ACTIVITIES, CAME, titles
from activities.imports.report import Report, seal_book, unseal_book
from activities.imports.sheets import read_book
from activities.imports.write import write
from activities.models import Activity, ActivityImport, Attendance
from activities.rules.attendance import enrol, note_duties
from members.ground.access import PostKind
from members.ground.export import ExportSheet, workbook_of
from members.models import Area, AreaName, AuditEntry, Member, RosterColumns, User
from members.roster.stages import ChangedMeanwhile
from tests import factories
from tests.activities import books
from tests.activities.books import DAY, GROUP, activity, area_of, book, came, everything, named_columns, read, uploaded

URL, TEMPLATE = "/activities/import/", "/activities/import/template.xlsx"
Row = books.Row
Status = ActivityImport.Status


def checked(user: User, *tables: Iterable[Row]) -> Report:
    return books.looked_at(read(*tables), user)


def brought(user: User, *tables: Iterable[Row]) -> Report:
    return books.brought(read(*tables), user)


def sentences(user: User, *tables: Iterable[Row]) -> list[str]:
    """What is wrong with the rows."""
    return [problem.message for problem in checked(user, *tables).problems]


def counts(report: Report) -> list[tuple[int, int, int]]:
    return [(count.new, count.changed, count.same) for count in (report.activities, report.came)]


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User, member: Member) -> Client:
    return logged_in(secretary)


def upload(client: Client, content: bytes, area: Area | None = None, name: str = "活动.xlsx") -> Any:
    where = area or Area.objects.get(label="第一社区")
    return client.post(URL, {"area": where.pk, "file": SimpleUploadedFile(name, content)})


def previewed(client: Client, content: bytes) -> Any:
    """Upload, and return the page that the browser is led to."""
    answer = upload(client, content)
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(answer.headers["Location"])


def at(step: str) -> str:
    """The address of a step of the newest import."""
    return f"{URL}{ActivityImport.objects.latest('pk').pk}/{step}"


def confirm(client: Client, **fields: str) -> Any:
    return client.post(at("apply/"), fields, follow=True)


# From upload to the activity ------------------------------------------------------------------------------------------
def test_it_is_looked_at_first_and_then_written(client: Client) -> None:
    page = previewed(client, book([activity()], [came()]))
    assert "将新增的活动" in page.content.decode()
    assert not Activity.objects.exists()
    done = confirm(client)
    assert "已写入" in done.content.decode()
    assert ActivityImport.objects.get().counts | {"new": 1, "came": 1} == ActivityImport.objects.get().counts
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
    assert "没有需要写入的内容" in confirm(client).content.decode()
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
    report = books.brought(read_book(exported.export("xlsx")), secretary)
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
    report = books.brought(read_book(only_came.encode("utf-8-sig")), secretary)
    assert counts(report) == [(0, 0, 0), (1, 0, 0)]


# What is there already ------------------------------------------------------------------------------------------------
def test_a_filled_cell_changes_what_is_there_and_an_empty_one_does_not(secretary: User, group: Area) -> None:
    there = factories.activity(group, held_on=DAY, co_organisers="工会")
    report = brought(secretary, [activity(活动结果="清出杂物 3 袋", 协办="")])
    assert counts(report)[0] == (0, 1, 0)
    there.refresh_from_db()
    assert (there.result, there.co_organisers) == ("清出杂物 3 袋", "工会")
    entry = AuditEntry.objects.filter(action="change", row=str(there.pk)).latest("pk")
    assert entry.changes == {"result": ["", "清出杂物 3 袋"]}


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


def test_who_came_to_a_row_with_an_error_is_led_to_that_row(secretary: User, member: Member) -> None:
    assert sentences(secretary, [activity(工作领域="卫生")], [came()])[1].startswith("这次活动在“活动”那一行有错误")


def test_who_came_is_not_taken_to_the_other_session_of_a_row_with_an_error(secretary: User, member: Member) -> None:
    rows = [activity(开始时间="9:00"), activity(开始时间="14:00", 工作领域="卫生")]
    assert "有错误" in sentences(secretary, rows, [came()])[1]
    brought(secretary, rows, [came()])
    assert not Attendance.objects.exists()


def test_who_came_to_one_of_two_sessions_is_asked_about(secretary: User, group: Area, member: Member) -> None:
    for begins_at in (None, time(14)):
        factories.activity(group, title="楼道大扫除", held_on=DAY, begins_at=begins_at)
    assert "2 次同名活动" in sentences(secretary, [], [came()])[0]


def test_another_session_of_a_day_is_another_activity(secretary: User, group: Area) -> None:
    factories.activity(group, title="楼道大扫除", held_on=DAY, begins_at=time(14), result="下午")
    brought(secretary, [activity(开始时间="9:00", 活动结果="上午")])
    assert set(Activity.objects.values_list("begins_at", "result")) == {(time(9), "上午"), (time(14), "下午")}


@pytest.mark.parametrize("word", ["已迁出", "住在别处"])
def test_a_namesake_is_not_taken_for_who_moved_away(secretary: User, group: Area, other_group: Area, word: str) -> None:
    there = factories.activity(group, held_on=DAY)
    gone, _ = factories.person("赵大年", group, room="201"), factories.person("赵大年", group, room="301")
    assert "登记的名单里没有" in sentences(secretary, [], [came("赵大年", 住址=word)])[0]
    enrol(there, [gone.pk], user=secretary, source="tick")
    gone.move(to=other_group, room="101")
    assert counts(brought(secretary, [], [came("赵大年", 住址=word)]))[1] == (0, 0, 1)


def test_a_member_of_another_street_is_not_found(secretary: User, group: Area, far_member: Member) -> None:
    factories.post(secretary, PostKind.STREET, far_member.street)
    assert "没有找到" in sentences(secretary, [activity()], [came(far_member.name)])[0]


def test_places_whose_names_run_together_are_told_apart(secretary: User, community: Area) -> None:
    for compound, building in (("梅园1", "1号楼"), ("梅园", "11号楼")):
        factories.building(building, factories.area(compound, community))
    brought(secretary, [activity(主办="第一社区 梅园 11号楼"), activity(主办="第一社区 梅园1 1号楼", 活动名称="合唱")])
    assert {made.title: made.area.label for made in Activity.objects.select_related("area")} == {
        "楼道大扫除": "第一社区 梅园 11号楼", "合唱": "第一社区 梅园1 1号楼",
    }  # fmt: skip
    assert "有 2 个" in sentences(secretary, [activity(主办="第一社区梅园11号楼")])[0]


def test_one_that_somebody_came_to_is_not_cancelled(secretary: User, group: Area, member: Member) -> None:
    there = factories.activity(group, title="楼道大扫除", held_on=DAY, is_held=False)
    cancelled = activity(状态="已取消")
    assert "已经取消" in sentences(secretary, [cancelled], [came()])[0]
    Attendance.objects.create(activity=there, member=member, source="code")
    assert "已经登记了参加的人，不能取消" in sentences(secretary, [cancelled])[0]


def test_the_preview_lists_what_is_changed(client: Client, group: Area) -> None:
    there = factories.activity(group, title="楼道大扫除", held_on=DAY, is_held=False)
    there.place = "空地"
    there.save()
    page = previewed(client, book([activity(地点="广场", 状态="已举办")])).content.decode()
    for words in ("将修改的活动", "地点：空地 → 广场", "状态：计划中 → 已举办"):
        assert words in page


def test_a_closed_area_takes_no_new_activity(secretary: User, group: Area) -> None:
    group.close(on=DAY - timedelta(days=1))
    assert "没有启用" in sentences(secretary, [activity()])[0]
    brought(secretary, [activity(日期=DAY - timedelta(days=10))])


def test_errors_are_shown_row_by_row_and_only_the_good_rows_can_be_written(client: Client) -> None:
    content = book([activity(), activity(活动名称="合唱", 日期="前天")], [came("没有此人")])
    page = previewed(client, content).content.decode()
    assert "活动 第 3 行" in page
    assert "参加 第 2 行" in page
    assert "确认写入" not in page
    assert "还有 2 处错误" in confirm(client).content.decode()
    assert not Activity.objects.exists()
    assert "有些行没有写入" in confirm(client, only_good="1").content.decode()
    assert [made.title for made in Activity.objects.all()] == ["楼道大扫除"]


def test_the_file_comes_back_with_its_errors_marked(client: Client) -> None:
    content = book([activity(), activity(活动名称="合唱", 日期="前天")], [came("没有此人")])
    previewed(client, content)
    marked = load_workbook(io.BytesIO(client.get(at("errors.xlsx")).content))
    assert [sheet.cell(1, sheet.max_column).value for sheet in marked] == ["错误说明", "错误说明"]
    notes = [sheet.cell(row, sheet.max_column).value for sheet, row in zip(marked, (3, 2), strict=True)]
    assert notes[0].startswith("日期：看不懂这个日期")
    assert notes[1].startswith("姓名：没有找到“没有此人”")


# What is no such workbook ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * 64, "这是一张图片"),
        (b"PK\x03\x04 broken", "损坏"),
        (b"1,2\n3,4\n", "没有找到表头"),
        (book([activity(活动名称=f"第{n}次") for n in range(501)]), "这份表里有 501 次活动"),
    ],
    ids=["picture", "broken", "no heading", "too many"],
)
def test_it_is_refused_in_a_sentence(client: Client, content: bytes, sentence: str) -> None:
    assert sentence in previewed(client, content).content.decode()
    assert ActivityImport.objects.get().status == Status.REFUSED
    assert ActivityImport.objects.get().content is None


def test_no_file_is_told(client: Client) -> None:
    assert "lz-problem" in client.post(URL, {"area": "1"}).content.decode()


def test_strange_characters_break_nothing(client: Client) -> None:
    text = f"主办,活动名称,日期,工作领域\n{GROUP},<script>\ud83d\ude00\x01,{DAY},居住环境\n"
    page = previewed(client, text.encode("utf-8", "surrogatepass").replace(b"\xed\xa0\xbd\xed\xb8\x80", "😀".encode()))
    assert "&lt;script&gt;😀" in page.content.decode()
    confirm(client)
    assert Activity.objects.get().title == "<script>😀"


# Between preview and writing ------------------------------------------------------------------------------------------
def test_the_rows_wait_sealed(client: Client) -> None:
    previewed(client, book([activity()], [came()]))
    kept = ActivityImport.objects.get()
    assert "欧阳".encode() not in bytes(kept.content) + bytes(kept.reading) + bytes(kept.plan)
    rows = unseal_book(kept.reading)
    assert rows.came[0].cells["member"] == "欧阳建国"
    assert unseal_book(seal_book(rows)) == rows
    confirm(client)
    kept.refresh_from_db()
    assert (kept.content, kept.reading, kept.plan) == (None, None, None)


def test_sent_twice_it_is_written_once(client: Client) -> None:
    previewed(client, book([activity()], [came()]))
    confirm(client)
    assert "已经处理过了" in confirm(client).content.decode()
    assert Attendance.objects.count() == 1


def test_what_was_given_up_is_not_written(client: Client) -> None:
    previewed(client, book([activity()]))
    client.post(at("discard/"))
    assert "已经处理过了" in confirm(client).content.decode()
    assert not Activity.objects.exists()


def test_what_changed_meanwhile_is_looked_at_once_more(client: Client, group: Area, member: Member) -> None:
    previewed(client, book([activity()], [came()]))
    member.leave(on=timezone.localdate() - timedelta(days=60))
    page = confirm(client).content.decode()
    assert "预览之后有人登记或改动了" in page
    assert "参加 第 2 行" in page
    assert everything() == [[], []]


def test_a_post_that_ended_meanwhile_writes_nothing(secretary: User, member: Member) -> None:
    kept = uploaded(book([activity()], [came()]), secretary)
    secretary.roles.all().delete()
    steps.start_step(kept, user=secretary)
    steps.apply_step(kept)
    kept.refresh_from_db()
    assert (kept.status, kept.content) == (Status.FAILED, None)
    assert everything() == [[], []]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_of_each(secretary: User, member: Member) -> None:
    content = read([activity()], [came()])
    area, seen = area_of(secretary), books.looked_at(content, secretary).outcome
    start, failed, late = threading.Barrier(2), [], []

    def work() -> None:
        try:
            start.wait(timeout=30)
            write(content, secretary, area, seen=seen)
        except ChangedMeanwhile:
            late.append(1)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, late) == ([], [1])
    assert (Activity.objects.count(), Attendance.objects.count()) == (1, 1)


# Who may, and how fast ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["instructor", "auditor", "outsider"])
@pytest.mark.parametrize("url", [URL, TEMPLATE])
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
    kept = books.written(uploaded(book([activity()], [came()]), secretary))
    made = Activity.objects.get()
    entry = AuditEntry.objects.get(action="import")
    assert (entry.model, entry.row, entry.changes["new"]) == ("activities.ActivityImport", str(kept.pk), [made.pk])
    told = AuditEntry.objects.filter(row=str(made.pk), action="change").get().changes
    assert told["attendances"] == [[], [member.pk]]


def test_no_query_a_row(secretary: User, group: Area, django_assert_max_num_queries: Any) -> None:
    people = [factories.person(f"赵大{sign}", group, room=str(n)) for n, sign in enumerate("甲乙丙丁戊己庚辛", 101)]
    rows = [activity(活动名称=f"第{n}次") for n in range(8)]
    content, area = (
        read(rows, [came(one.name, 活动名称=f"第{n}次") for n in range(8) for one in people]),
        area_of(secretary),
    )
    with django_assert_max_num_queries(6):
        report = books.check(content, secretary, area)
    assert counts(report) == [(8, 0, 0), (64, 0, 0)]
    with django_assert_max_num_queries(8 * 8 + 18):  # eight for each activity that somebody came to
        write(content, secretary, area, seen=report.outcome)
    with django_assert_max_num_queries(7):
        assert not books.check(content, secretary, area).has_news


# What the columns mean ------------------------------------------------------------------------------------------------
UNNAMED = f"哪天,做了什么,哪里办的,属于\n{DAY},楼道大扫除,{GROUP},居住环境\n".encode("utf-8-sig")
MEANT = {"哪天": "held_on", "做了什么": "title", "哪里办的": "area", "属于": "field"}


def test_unknown_columns_are_asked_about_once(client: Client, group: Area) -> None:
    assert "这些列是什么" in previewed(client, UNNAMED).content.decode()
    asked = ActivityImport.objects.get()
    page = client.post(at("columns/"), named_columns(asked, MEANT), follow=True).content.decode()
    assert "确认写入 1 次活动" in page
    confirm(client)
    assert Activity.objects.get().title == "楼道大扫除"
    again = UNNAMED.replace("楼道大扫除".encode(), "合唱".encode())
    assert "确认写入 1 次活动" in previewed(client, again).content.decode()


def test_who_came_without_a_column_of_organisers_came_to_the_activity_of_the_file(
    client: Client, secretary: User, group: Area, community: Area, member: Member
) -> None:
    factories.activity(community, title="楼道大扫除", held_on=DAY)
    titled = workbook_of([
        ExportSheet("活动", list(activity()), [list(activity().values())], {}),
        ExportSheet("参加", ["姓名", "活动名称", "日期"], [["欧阳建国", "楼道大扫除", DAY]], {}),
    ])  # fmt: skip
    previewed(client, titled)
    confirm(client)
    assert Attendance.objects.get().activity.area == group


def test_a_sheet_of_names_must_say_of_which_activity(client: Client, group: Area) -> None:
    content = workbook_of([
        ExportSheet("活动", list(activity()), [list(activity().values())], {}),
        ExportSheet("签到表", ["姓名", "哪次"], [["欧阳建国", "楼道大扫除"]], {}),
    ])  # fmt: skip
    page = previewed(client, content).content.decode()
    assert "没有读取的工作表：签到表" in page
    client.post(at("columns/again/"))
    fields = named_columns(ActivityImport.objects.get(), {"姓名": "member"})
    assert "工作表“签到表”选了“姓名”" in client.post(at("columns/"), fields).content.decode()


def test_a_list_that_is_hidden_is_read_where_no_other_is_there(client: Client, group: Area) -> None:
    hidden = load_workbook(io.BytesIO(book([activity()])))
    hidden["活动"].sheet_state = "hidden"
    del hidden["参加"]
    hidden.create_sheet("封面").append(["活动汇总"])
    file = io.BytesIO()
    hidden.save(file)
    previewed(client, file.getvalue())
    asked = ActivityImport.objects.get()
    sent = named_columns(asked, {}) | {"hidden_sheets": "on"}
    assert "确认写入 1 次活动" in client.post(at("columns/"), sent, follow=True).content.decode()


def test_the_name_of_the_activity_must_be_told(client: Client, group: Area) -> None:
    previewed(client, UNNAMED)
    fields = named_columns(ActivityImport.objects.get(), {**MEANT, "做了什么": ""})
    assert "请先找出“活动名称”是哪一列" in client.post(at("columns/"), fields).content.decode()


def test_what_a_roster_taught_is_not_taken_for_activities(client: Client, secretary: User, group: Area) -> None:
    previewed(client, UNNAMED)
    client.post(at("columns/"), named_columns(ActivityImport.objects.get(), MEANT))
    RosterColumns.objects.update(kind="roster")
    assert "这些列是什么" in previewed(client, UNNAMED).content.decode()


def test_the_columns_can_be_changed_from_the_preview(client: Client, group: Area) -> None:
    previewed(client, book([activity()]))
    assert "这些列是什么" in client.post(at("columns/again/"), follow=True).content.decode()


def test_a_compound_is_found_by_the_end_of_its_name_and_by_its_address(secretary: User, station: Area) -> None:
    AreaName.objects.create(street=Area.objects.get(level=1), area=station, text="迎园路218弄", key="迎园路218弄")
    brought(secretary, [activity(主办="迎晖苑"), activity(主办="迎园路218弄", 活动名称="合唱")])
    assert {made.area for made in Activity.objects.all()} == {station}


def test_a_short_name_of_two_places_is_asked_about(secretary: User, station: Area, community: Area) -> None:
    factories.building("1号楼", station)
    factories.building("1号楼", factories.area("仓桥公寓", community))
    assert "有 2 个“1号楼”，请写全称" in sentences(secretary, [activity(主办="1号楼")])[0]


def test_without_a_column_of_organisers_the_chosen_area_organises(client: Client, station: Area) -> None:
    content = f"活动名称,日期,工作领域\n楼道大扫除,{DAY},居住环境\n".encode("utf-8-sig")
    client.get(upload(client, content, station).headers["Location"])
    confirm(client)
    assert Activity.objects.get().area == station


# Taking it back -------------------------------------------------------------------------------------------------------
def taken_back(client: Client) -> ActivityImport:
    client.post(at("undo/"))
    return ActivityImport.objects.latest("pk")


def test_an_import_taken_back_leaves_everything_as_it_was(
    client: Client, secretary: User, group: Area, member: Member
) -> None:
    other = factories.person("赵大年", group, room="201")
    there = factories.activity(group, title="合唱", held_on=DAY, co_organisers="工会")
    planned = factories.activity(group, title="下棋", held_on=DAY, is_held=False)
    factories.activity(group, title="踏青", held_on=DAY, is_held=False)
    enrol(there, [member.pk], user=secretary, source="tick", duties={member.pk: "helper"})
    before = everything()
    previewed(client, book(
        [activity(), activity(活动名称="合唱", 协办="妇联", 参加的群众人数=12),
         activity(活动名称="踏青", 状态="已取消")],
        [came(), came(活动名称="合唱", 六员="调解员"), came("赵大年", 活动名称="合唱"), came(活动名称="下棋")],
    ))  # fmt: skip
    confirm(client)
    planned.refresh_from_db()
    assert (Activity.objects.count(), Attendance.objects.count(), planned.status) == (4, 4, "held")
    assert "撤销" in client.get(at("undo/")).content.decode()
    undone = taken_back(client)
    assert (undone.status, undone.kept) == (Status.UNDONE, [])
    assert everything() == before
    assert not other.attendances.exists()
    assert AuditEntry.objects.filter(action="delete", reason="撤销活动导入").count() == 1


def test_what_was_edited_since_stays_and_is_listed(client: Client, secretary: User, member: Member) -> None:
    previewed(client, book([activity(), activity(活动名称="合唱")], [came(), came(活动名称="合唱")]))
    confirm(client)
    edited = Activity.objects.get(title="合唱")
    edited.result = "唱了三首"
    edited.save()
    assert "导入之后又有人改过" in client.get(at("undo/")).content.decode()
    undone = taken_back(client)
    assert [made.title for made in Activity.objects.all()] == ["合唱"]
    assert Attendance.objects.get().activity == edited
    assert undone.kept == [[f"{DAY} {GROUP} 合唱", "导入之后又有人改过"]]
    assert (undone.made, undone.content) == (None, None)


def test_what_a_later_import_changed_stays(client: Client, group: Area) -> None:
    previewed(client, book([activity()]))
    confirm(client)
    first = ActivityImport.objects.get()
    previewed(client, book([activity(地点="楼前空地")]))
    confirm(client)
    client.post(f"{URL}{first.pk}/undo/")
    first.refresh_from_db()
    assert Activity.objects.get().place == "楼前空地"
    assert [why for _, why in first.kept] == ["导入之后又有人改过"]


def test_a_role_that_somebody_changed_since_stays_and_is_listed(
    client: Client, secretary: User, group: Area, member: Member
) -> None:
    there = factories.activity(group, title="楼道大扫除", held_on=DAY)
    previewed(client, book([], [came(六员="调解员")]))
    confirm(client)
    note_duties(there, {member.pk: "helper"}, user=secretary)
    assert "有 1 位的参加、六员" in client.get(at("undo/")).content.decode()
    assert [why for _, why in taken_back(client).kept] == ["有 1 位的参加、六员在导入之后又有人改过，没有撤销"]
    assert there.attendances.get().duty == "helper"


def test_an_import_whose_time_is_over_is_not_taken_back(client: Client, member: Member) -> None:
    previewed(client, book([activity()], [came()]))
    confirm(client)
    ActivityImport.objects.update(made=None)
    assert client.get(at("undo/")).status_code == 200
    assert "不能再整批撤销" in client.post(at("undo/"), follow=True).content.decode()
    assert Attendance.objects.count() == 1


def test_an_undo_that_was_opened_before_the_writing_knows_what_was_written(
    client: Client, secretary: User, member: Member
) -> None:
    kept = uploaded(book([activity()], [came()]), secretary)
    early = ActivityImport.objects.get(pk=kept.pk)
    books.written(kept)
    steps.undo_step(early, secretary)
    assert everything() == [[], []]


def test_a_value_that_somebody_set_since_stays(client: Client, secretary: User, group: Area) -> None:
    there = factories.activity(group, title="楼道大扫除", held_on=DAY)
    previewed(client, book([activity(协办="妇联")]))
    confirm(client)
    there.refresh_from_db()
    there.co_organisers = "工会、妇联"
    there.save()
    assert taken_back(client).kept
    there.refresh_from_db()
    assert there.co_organisers == "工会、妇联"


def test_who_was_recorded_by_hand_since_stays(client: Client, secretary: User, group: Area, member: Member) -> None:
    there = factories.activity(group, title="楼道大扫除", held_on=DAY)
    other = factories.person("赵大年", group, room="201")
    previewed(client, book([], [came()]))
    confirm(client)
    enrol(there, [other.pk], user=secretary, source="tick")
    taken_back(client)
    assert [row.member for row in there.attendances.all()] == [other]


def test_it_is_taken_back_once(client: Client, member: Member) -> None:
    previewed(client, book([activity()], [came()]))
    confirm(client)
    taken_back(client)
    assert "现在是“已撤销”" in client.post(at("undo/"), follow=True).content.decode()


def test_nobody_takes_back_another_communitys_import(
    client: Client, member: Member, logged_in: Callable[[User], Client], other_group: Area
) -> None:
    previewed(client, book([activity()], [came()]))
    confirm(client)
    stranger = logged_in(factories.official("shuji2", PostKind.SECRETARY, other_group.parent.parent))
    assert stranger.post(at("undo/")).status_code == 404
    assert stranger.get(at("")).status_code == 404
    assert Attendance.objects.count() == 1
