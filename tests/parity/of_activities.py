"""The writes of activities: activities, attendances, signing in, visits, needs, honours and the workbook import."""

import csv
import io
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from activities.imports import steps as import_steps
from activities.models import Activity, Attendance, Need, SignIn
from activities.rules import (
    attendance,
    honouring,
    needing,
    recording,
    reminding,
    sign_in,
    taking_back,
    visiting,
    voiding,
)
from members.ground.audit import acting
from members.models import Area, AuditEntry, Member, User
from members.roster import stages
from tests import factories
from tests.activities import books
from tests.parity.asking import Door, Rows, Values, Write

TODAY = timezone.localdate()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
UNNAMED = f"哪天,做了什么,属于\n{books.DAY},楼道大扫除,居住环境\n".encode("utf-8-sig")
IMPORT = "page activities/import/<int:pk>/apply/"


def _by_workbook(rows: Rows, headings: str, cells: list[Any]) -> str:
    """Upload a sheet of one row and confirm the import; return the text of both pages."""
    sheet, client = io.StringIO(), Client()
    csv.writer(sheet).writerows([headings.split(), cells])
    client.force_login(User.objects.get(pk=rows["street_officer"]), "django.contrib.auth.backends.ModelBackend")
    file = SimpleUploadedFile("活动.csv", sheet.getvalue().encode())
    upload = client.post("/activities/import/", {"area": rows["street"], "file": file}, follow=True)
    answer = client.post(f"{upload.redirect_chain[-1][0]}apply/", follow=True)
    return upload.content.decode() + answer.content.decode()


def _activity_by_workbook(rows: Rows, values: Values) -> str:
    headings = (
        "主办 活动名称 日期 开始时间 地点 工作领域 经常性/阶段性 显性/隐性 物质/精神文化 协办 "
        "参加的群众人数 活动结果 状态"
    )
    words = {name: value for name, value in values.items() if name not in ("plan", "area")}
    said = Activity(**words)
    labels = [
        getattr(said, f"get_{name}_display")() if name in ("field", "regularity", "visibility", "support") else value
        for name, value in words.items()
    ]
    return _by_workbook(rows, headings, [rows["group_label"], *labels, "计划中"])


def _workbook(values: Values) -> Any:
    file = SimpleUploadedFile("活动.xlsx", books.book([books.activity()]))
    return {"area": values["area"], "file": file}


def _attendance_by_workbook(rows: Rows, values: Values) -> str:
    at, who = Activity.objects.get(pk=values["activity"]), Member.objects.get(pk=values["member"])
    return _by_workbook(rows, "活动日期 活动名称 主办 姓名", [at.held_on, at.title, at.area.label, who.name])


def _paste(values: Values) -> Any:
    return {"names": Member.objects.get(pk=values["member"]).name, "save": ""}


def _tick(values: Values) -> Any:
    return {"was": "", "member": [values["member"]]}


def _untick(values: Values) -> Any:
    return {"was": str(values["member"]), "member": []}


def _recorded(values: Values) -> Any:
    return {"members": [{"member": values["member"]}]}


def _with_null(values: Values) -> Any:
    return {**values, "stated_on": values["stated_on"] or None}


ACTIVITY: Values = {
    "area": "{group}", "title": "读书会", "held_on": TODAY.isoformat(), "begins_at": "14:00", "place": "活动室",
    "field": "culture", "regularity": "occasional", "visibility": "quiet", "support": "material",
    "co_organisers": "工会", "residents_reached": 20, "result": "读了一章。",
}  # fmt: skip
NO_SUCH_ACTIVITY: tuple[tuple[str, Values], ...] = (
    ("日期太早了，请检查年份", {"held_on": "1999-12-31"}),
    ("日期太远了，最多提前一年登记，请检查年份", {"held_on": "2150-01-01"}),
    ("参加的群众人数最多填 99999，请核对", {"residents_reached": 100_000}),
)
NOBODY_CAN_COME: tuple[tuple[str, Values], ...] = (
    ("这次活动已经取消，不能登记参加的人", {"activity": "{cancelled}"}),
    ("活动的日期还没到，不能登记参加的人", {"activity": "{ahead}"}),
)
NEED: Values = {
    "area": "{group}", "text": "换灯泡", "skill": "水电维修", "opened_on": TODAY.isoformat(), "room": "2317",
    "household": "{door}",
}  # fmt: skip
NO_SUCH_NEED: tuple[tuple[str, Values], ...] = (
    ("提出日期不能晚于今天", {"opened_on": TOMORROW.isoformat()}),
    ("日期太早了，请检查年份", {"opened_on": "1902-01-01"}),
)
HONOUR: Values = {
    "area": "{group}", "year": 2025, "kind": "theme", "theme": "green", "deeds": "楼前种花。",
    "awarded_on": YESTERDAY.isoformat(), "no_disputes": "true", "stated_on": YESTERDAY.isoformat(),
}  # fmt: skip
NO_SUCH_HONOUR: tuple[tuple[str, Values], ...] = (
    ("授予日期不能晚于今天", {"awarded_on": TOMORROW.isoformat()}),
    ("声明日期不能晚于今天", {"stated_on": TOMORROW.isoformat()}),
    ("授予日期比评优的年度（2025 年）早得多，请核对", {"awarded_on": "2020-01-01"}),
    ("特色楼组要选主题，先进楼组党小组不选主题", {"theme": ""}),
    ("勾选了“四无”，请填写声明日期", {"stated_on": ""}),
    ("这个楼组这一年已有这项荣誉", {"year": 2024, "theme": "arts"}),
)
CONFLICT = "不能再做这一步。请刷新页面看看"


def _step(of: str, pages: str, step: str) -> tuple[Door, ...]:
    """Return the two doors of a transition: a button of a page and a call of the API."""
    return (
        Door(f"page {pages}/<int:pk>/{step}/", f"{pages}/{{{of}}}/{step}/"),
        Door(f"api POST api/v1/{pages}/<int:pk>/{step}", f"api/v1/{pages}/{{{of}}}/{step}"),
    )


WRITES: dict[str, Write] = {
    "an activity is recorded": Write(
        rule=recording.add_all,
        doors=(
            Door("page activities/add/", "activities/add/"),
            Door("api POST api/v1/activities", "api/v1/activities"),
            Door(IMPORT, call=_activity_by_workbook),
        ),
        beside=("ActivityImport",),
        good=ACTIVITY | {"plan": "on"},
        bad=(
            *NO_SUCH_ACTIVITY,
            (f"在 {YESTERDAY - timedelta(days=5000)} 没有启用", {"held_on": str(YESTERDAY - timedelta(days=5000))}),
        ),
    ),
    "another activity of the same name and time": Write(
        rule=recording.record,
        doors=(
            Door("page activities/add/", "activities/add/"),
            Door("api POST api/v1/activities", "api/v1/activities"),
        ),
        good=ACTIVITY | {"plan": "on", "title": "扫楼道", "begins_at": "09:00"},
        bad=(("“扫楼道”已经登记过了。确实是另一场，请填写开始时间，或在名称里写出区别", {"begins_at": "08:00"}),),
    ),
    "an activity is corrected": Write(
        rule=recording.correct,
        doors=(
            Door("page activities/<int:pk>/edit/", "activities/{activity}/edit/"),
            Door("api PATCH api/v1/activities/<int:pk>", "api/v1/activities/{activity}"),
            Door("admin activities.activity change", "admin/activities/activity/{activity}/change/"),
        ),
        good=ACTIVITY,
        bad=(
            *NO_SUCH_ACTIVITY,
            ("已举办的活动，日期不能晚于今天", {"held_on": TOMORROW.isoformat()}),
            ("已经登记了参加的人，日期不能晚于今天", {"activity": "{signing}", "held_on": TOMORROW.isoformat()}),
        ),
    ),
    "an activity was held": Write(
        rule=Activity.hold,
        doors=_step("activity", "activities", "hold"),
        good={"activity": "{planned}"},
        bad=(("活动的日期还没到，不能登记为已举办", {"activity": "{ahead}"}), (CONFLICT, {"activity": "{activity}"})),
    ),
    "an activity is cancelled": Write(
        rule=Activity.cancel,
        doors=_step("activity", "activities", "cancel"),
        good={"activity": "{planned}"},
        bad=(
            ("已经登记了参加的人，不能取消。登记错了的，请先去掉", {"activity": "{signing}"}),
            (CONFLICT, {"activity": "{activity}"}),
        ),
    ),
    "an activity is planned again": Write(
        rule=Activity.reopen,
        doors=_step("activity", "activities", "reopen"),
        good={"activity": "{cancelled}"},
        bad=(
            ("已经登记了参加的人，不能改回计划中", {"activity": "{attended}"}),
            (CONFLICT, {"activity": "{planned}"}),
        ),
    ),
    "an activity is voided": Write(
        rule=voiding.void,
        doors=_step("activity", "activities", "void"),
        good={"activity": "{attended}"},
        bad=(("已经作废过了", {"activity": "{voided}"}),),
    ),
    "a voided activity is put back": Write(
        rule=voiding.unvoid,
        doors=_step("activity", "activities", "unvoid"),
        good={"activity": "{voided}"},
        bad=(("没有作废，或者已经撤销了作废", {"activity": "{activity}"}),),
    ),
    "somebody came": Write(
        rule=attendance.enrol,
        doors=(
            Door("page activities/<int:pk>/tick/", "activities/{activity}/tick/", body=_tick),
            Door("page activities/<int:pk>/paste/", "activities/{activity}/paste/", body=_paste),
            Door("api POST api/v1/activities/<int:pk>/enrol", "api/v1/activities/{activity}/enrol", body=_recorded),
            Door(IMPORT, call=_attendance_by_workbook),
        ),
        apart=("source",),
        beside=("ActivityImport",),
        good={"activity": "{activity}", "member": "{member}"},
        bad=NOBODY_CAN_COME,
    ),
    "somebody came, by number": Write(
        rule=attendance.enrol,
        doors=(
            Door("page activities/<int:pk>/tick/", "activities/{activity}/tick/", body=_tick),
            Door("api POST api/v1/activities/<int:pk>/enrol", "api/v1/activities/{activity}/enrol", body=_recorded),
        ),
        apart=("source",),
        good={"activity": "{activity}", "member": "{member}"},
        bad=((attendance.OUTSIDE.format(1), {"member": "{far_member}"}),),
    ),
    "somebody did not come": Write(
        rule=attendance.strike,
        doors=(
            Door("page activities/<int:pk>/tick/", "activities/{activity}/tick/", body=_untick),
            Door(
                "page activities/<int:pk>/came/",
                "activities/{activity}/came/",
                body=lambda values: {"gone": [values["member"]]},
            ),
            Door("page activities/<int:pk>/strike/", "activities/{activity}/strike/"),
            Door(
                "api POST api/v1/activities/<int:pk>/strike",
                "api/v1/activities/{activity}/strike",
                body=lambda values: {"members": [values["member"]]},
            ),
        ),
        good={"activity": "{attended}", "member": "{member}"},
        bad=NOBODY_CAN_COME,
    ),
    "who was struck is put back": Write(
        rule=attendance.put_back,
        doors=(
            Door("page activities/<int:pk>/put-back/", "activities/{activity}/put-back/"),
            Door(
                "api POST api/v1/activities/<int:pk>/put-back",
                "api/v1/activities/{activity}/put-back",
                body=lambda values: {"members": [values["member"]]},
            ),
        ),
        good={"activity": "{struck}", "member": "{member}"},
        bad=((attendance.NOT_STRUCK, {"activity": "{attended}"}), *NOBODY_CAN_COME),
    ),
    "one's own write is taken back": Write(
        rule=taking_back.take_back,
        doors=(
            Door(
                "page activities/<int:pk>/take-back/<int:entry>/",
                "activities/{noted}/take-back/{entry}/",
                body=lambda _: {},
            ),
        ),
        good={},
    ),
    "in which role somebody came": Write(
        rule=attendance.note_duties,
        doors=(
            Door(
                "page activities/<int:pk>/came/",
                "activities/{activity}/came/",
                body=lambda values: {f"duty-{values['member']}": values["duty"]},
            ),
            Door("api PATCH api/v1/attendances/<int:pk>", "api/v1/attendances/{attendance}"),
            Door("admin activities.attendance change", "admin/activities/attendance/{attendance}/change/"),
        ),
        good={"activity": "{attended}", "attendance": "{attendance}", "member": "{member}", "duty": "helper"},
        bad=(("这次活动已经取消，不能登记参加的人", {"activity": "{void}", "attendance": "{of_void}"}),),
    ),
    "signing in is opened": Write(
        rule=Activity.open_signing_in,
        doors=(Door("page activities/<int:pk>/poster/open/", "activities/{activity}/poster/open/"),),
        good={"activity": "{planned}"},
        bad=(("只有还没办的活动可以扫码签到", {"activity": "{activity}"}),),
    ),
    "signing in is closed": Write(
        rule=Activity.close_signing_in,
        doors=(Door("page activities/<int:pk>/poster/close/", "activities/{activity}/poster/close/"),),
        good={"activity": "{signing}"},
    ),
    "somebody signs in": Write(
        rule=sign_in.sign_in,
        doors=(Door("page s/<str:code>/", "s/{code}/"),),
        good={"code": "{code}", "name": "夏小荷", "phone_end": "1234"},
        bad=(("请填手机号的最后四位数字", {"phone_end": "12"}),),
    ),
    "who signed in is told": Write(
        rule=sign_in.answer,
        doors=(Door("page activities/<int:pk>/signed/", "activities/{signing}/signed/"),),
        good={"who-{sign_in}": "{member}"},
        bad=(("不在可以登记的范围内", {"who-{sign_in}": "{far_member}"}),),
    ),
    "a visit of today": Write(
        rule=visiting.record,
        doors=(
            Door("page visits/", "visits/"),
            Door("page visits/overdue/", "visits/overdue/"),
            Door(
                "page visits/pairings/<int:pk>/",
                "visits/pairings/{pairing}/",
                body=lambda values: {**values, "visited_on": TODAY.isoformat()},
            ),
            Door("api POST api/v1/visits", "api/v1/visits"),
        ),
        good={"pairing": "{pairing}", "kind": "phone"},
    ),
    "a visit of another day": Write(
        rule=visiting.record,
        doors=(
            Door("page visits/pairings/<int:pk>/", "visits/pairings/{pairing}/"),
            Door("api POST api/v1/visits", "api/v1/visits"),
        ),
        good={"pairing": "{pairing}", "kind": "help", "visited_on": YESTERDAY.isoformat(), "note": "帮忙搬米"},
        bad=(
            ("走访日期不能晚于今天", {"visited_on": TOMORROW.isoformat()}),
            ("走访日期早于结对日期", {"visited_on": "2019-01-01"}),
            (f"这一对已于 {YESTERDAY} 结束，请核对日期", {"pairing": "{ended}"}),
            ("这一天的这次走访已经登记过了", {"kind": "door", "visited_on": TODAY.isoformat(), "note": "又写"}),
        ),
    ),
    "a visit is mended": Write(
        rule=visiting.mend,
        doors=(Door("page visits/<int:pk>/", "visits/{visit}/"),),
        good={"kind": "phone", "visited_on": YESTERDAY.isoformat(), "note": "问了平安"},
        bad=(
            ("走访日期不能晚于今天", {"visited_on": TOMORROW.isoformat()}),
            ("这一天的这次走访已经登记过了", {"kind": "door", "visited_on": "2021-01-01"}),
        ),
    ),
    "a visit is taken back": Write(
        rule=visiting.take_back,
        doors=(Door("page visits/<int:pk>/undo/", "visits/{visit}/undo/"),),
        good={"visit": "{visit}"},
        bad=(("超过 7 天的走访不能撤销；记错了可以修改", {"visit": "{old_visit}"}),),
    ),
    "a need is written down": Write(
        rule=needing.write_down,
        doors=(Door("page needs/add/", "needs/add/"), Door("api POST api/v1/needs", "api/v1/needs")),
        good=NEED,
        bad=NO_SUCH_NEED,
    ),
    "a need is mended": Write(
        rule=needing.mend,
        doors=(
            Door("page needs/<int:pk>/edit/", "needs/{need}/edit/"),
            Door("api PATCH api/v1/needs/<int:pk>", "api/v1/needs/{need}"),
        ),
        good=NEED,
        bad=(
            *NO_SUCH_NEED,
            ("这条需求已经办结或撤回，不能再修改。请刷新页面看看", {"need": "{done}"}),
            ("这条需求已经办结或撤回，不能再修改。请刷新页面看看", {"need": "{emptied}"}),
        ),
    ),
    "a need is claimed": Write(
        rule=needing.claim,
        doors=(
            Door("page needs/<int:pk>/", "needs/{need}/"),
            Door("api POST api/v1/needs/<int:pk>/claim", "api/v1/needs/{need}/claim"),
        ),
        good={"need": "{need}", "members": ["{member}"], "employer": "{employer}"},
        bad=(
            ("请选择认领的党员或单位", {"members": [], "employer": ""}),
            (needing.NOT_HERE, {"members": ["{far_member}"]}),
            (needing.NOT_HERE, {"members": ["{moved_away}"]}),
            ("一次最多登记 50 名党员", {"members": list(range(1, 52))}),
            (CONFLICT, {"need": "{claimed}"}),
        ),
    ),
    "a need is claimed no more": Write(
        rule=Need.unclaim,
        doors=_step("need", "needs", "unclaim"),
        good={"need": "{claimed}"},
        bad=((CONFLICT, {"need": "{need}"}),),
    ),
    "a need is done": Write(
        rule=Need.finish,
        doors=_step("need", "needs", "finish"),
        good={"need": "{claimed}"},
        bad=((CONFLICT, {"need": "{need}"}),),
    ),
    "a need is withdrawn": Write(
        rule=Need.withdraw,
        doors=_step("need", "needs", "withdraw"),
        good={"need": "{claimed}"},
        bad=((CONFLICT, {"need": "{done}"}),),
    ),
    "a need is taken up again": Write(
        rule=Need.resume,
        doors=_step("need", "needs", "resume"),
        good={"need": "{done}"},
        bad=(
            ("内容已按规定清空，不能恢复。还需要的话，请重新登记", {"need": "{emptied}"}),
            (CONFLICT, {"need": "{need}"}),
        ),
    ),
    "an honour is given": Write(
        rule=honouring.give,
        doors=(
            Door("page honours/add/", "honours/add/"),
            Door("api POST api/v1/honours", "api/v1/honours", body=_with_null),
        ),
        good=HONOUR,
        bad=NO_SUCH_HONOUR,
    ),
    "an honour is corrected": Write(
        rule=honouring.correct,
        doors=(
            Door("page honours/<int:pk>/", "honours/{honour}/"),
            Door("api PATCH api/v1/honours/<int:pk>", "api/v1/honours/{honour}", body=_with_null),
        ),
        good=HONOUR,
        bad=NO_SUCH_HONOUR,
    ),
    "an honour is withdrawn": Write(
        rule=honouring.withdraw,
        doors=(
            Door("page honours/<int:pk>/withdraw/", "honours/{honour}/withdraw/"),
            Door("api POST api/v1/honours/<int:pk>/withdraw", "api/v1/honours/{honour}/withdraw"),
        ),
        good={"honour": "{honour}", "reason": "选错了楼组。"},
        bad=(
            ("请写上撤回的原因", {"reason": " "}),
            ("撤回的原因最多写 100 个字", {"reason": "错" * 101}),
            ("这项评优已经撤回，不能再做这一步", {"honour": "{withdrawn}"}),
        ),
    ),
    "a place is reminded of": Write(
        rule=reminding.remind,
        doors=(
            Door("page thin/<int:pk>/remind/", "thin/{area}/remind/"),
            Door("api POST api/v1/reminders", "api/v1/reminders"),
        ),
        good={"area": "{missing}"},
        bad=(
            ("现在没有缺的，不用提醒", {"area": "{group}"}),
            ("已经提醒过了，满 7 天才能再提醒", {"area": "{reminded}"}),
            ("已经停用，不用提醒", {"area": "{closed}"}),
        ),
    ),
    "all places of an area are reminded of": Write(
        rule=reminding.remind_all,
        doors=(Door("page thin/<int:pk>/remind-all/", "thin/{compound}/remind-all/"),),
        good={"level": "4"},
        bad=(("现在没有缺的，不用提醒", {"level": "1"}), ("现在没有缺的，不用提醒", {"level": "九"})),
    ),
    "a workbook of activities is taken in": Write(
        rule=import_steps.take_in,
        doors=(Door("page activities/import/", "activities/import/", body=_workbook),),
        good={"area": "{street}"},
        again="Each upload is read anew, by what is recorded by then.",
    ),
    "the columns of a workbook of activities are named": Write(
        rule=stages.columns_step,
        doors=(
            Door(
                "page activities/import/<int:pk>/columns/",
                "activities/import/{unnamed}/columns/",
                body=lambda values: values["columns"],
            ),
        ),
        good={"columns": "{columns}"},
        again="A second answer finds the question settled.",
    ),
    "the columns of a workbook of activities are asked about again": Write(
        rule=stages.ask_columns_step,
        doors=(Door("page activities/import/<int:pk>/columns/again/", "activities/import/{upload}/columns/again/"),),
        good={},
    ),
    "a workbook of activities is given up": Write(
        rule=stages.discard_step,
        doors=(Door("page activities/import/<int:pk>/discard/", "activities/import/{upload}/discard/"),),
        good={},
    ),
    "a workbook of activities is taken back": Write(
        rule=import_steps.undo_step,
        doors=(Door("page activities/import/<int:pk>/undo/", "activities/import/{written}/undo/"),),
        good={},
    ),
}

# Doors that take a form but change no row of the product, and why.
WRITE_NOTHING: dict[str, str] = {}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids and other values that values and addresses refer to."""
    names = ("member", "far_member", "moved_away", "group", "street_officer", "street")
    found = {name: request.getfixturevalue(name) for name in names}
    group, member = found["group"], found["member"]
    group.since = TODAY - timedelta(days=4000)
    group.save()
    found |= _activities(group, member, found["street_officer"]) | _visits(group)
    found |= _needs(group, member) | _reminders(group, found)
    found |= {
        "honour": factories.honour(group, year=2023),
        "other_honour": factories.honour(group, year=2024, kind="theme", theme="arts"),
        "withdrawn": factories.honour(group, year=2022, withdrawn_at=timezone.now(), withdrawal_reason="选错了"),
        "employer": member.employer,
    }
    return {name: row.pk for name, row in found.items()} | {
        "group_label": group.label, "code": found["signing"].sign_in_code,
    } | _imports(found["street"], found["street_officer"])  # fmt: skip


def _imports(street: Area, user: User) -> dict[str, Any]:
    """Imports in each of their statuses, and what the columns page sends for the one that asks."""
    unnamed = books.uploaded(UNNAMED, user, street)
    return {
        "upload": books.uploaded(books.book([books.activity()]), user, street).pk,
        "written": books.written(books.uploaded(books.book([books.activity(活动名称="合唱团")]), user, street)).pk,
        "unnamed": unnamed.pk,
        "columns": books.named_columns(unnamed, {"哪天": "held_on", "做了什么": "title", "属于": "field"}),
    }


def _reminders(group: Area, found: dict[str, Any]) -> dict[str, Any]:
    """Buildings in a compound: one to be reminded of, one that was, one that is closed."""
    compound = Area.objects.get(path=group.parent_path)
    names = ("missing", "reminded", "closed")
    made = {name: factories.building(f"{number}号楼", compound) for number, name in enumerate(names, start=11)}
    reminding.remind(made["reminded"], by=found["street_officer"], today=TODAY)
    made["closed"].close(on=TODAY)
    return made | {"compound": compound}


def _activities(group: Any, member: Member, user: User) -> dict[str, Any]:
    made = {
        "activity": factories.activity(group),
        "twin": factories.activity(group, title="扫楼道", begins_at="08:00"),
        "attended": factories.activity(group, title="合唱"),
        "planned": factories.activity(group, title="包粽子", is_held=False),
        "ahead": factories.activity(group, title="郊游", held_on=TOMORROW, is_held=False),
        "cancelled": factories.activity(group, title="下棋", is_held=False),
        "void": factories.activity(group, title="踏青", is_held=False),
        "signing": factories.activity(group, title="歌会", is_held=False),
        "voided": factories.activity(group, title="记错了"),
        "struck": factories.activity(group, title="多记了人"),
        "noted": factories.activity(group, title="刚登记的"),
    }
    guest = factories.person("文来客", group, room="203")
    made["signing"].open_signing_in()
    made["sign_in"] = SignIn.objects.create(activity=made["signing"], name="无名氏", phone_end="0000")
    made["cancelled"].cancel()
    made["void"].cancel()
    came = {"attendance": ("attended", member), "of_void": ("void", member), "of_signing": ("signing", guest)}
    came["of_struck"] = ("struck", member)
    for name, (at, who) in came.items():
        made[name] = Attendance.objects.create(activity=made[at], member=who, source="tick")
    voiding.void(made["voided"], user=user)
    with acting(user):
        attendance.enrol(made["noted"], [member.pk], user=user, source="tick")
    made["entry"] = AuditEntry.objects.filter(model="activities.Activity", row=str(made["noted"].pk)).latest("pk")
    attendance.strike(made["struck"], [made.pop("of_struck").member_id], user=user)
    return made


def _visits(group: Any) -> dict[str, Any]:
    home, door, other = (factories.household(group, room) for room in ("302", "2317", "2319"))
    pairing = factories.pairing(home, door)
    return {
        "door": door,
        "pairing": pairing,
        "ended": factories.pairing(home, other, until=YESTERDAY),
        "visit": factories.visit(pairing, on=TODAY),
        "old_visit": factories.visit(pairing, on=TODAY.replace(year=2021, month=1, day=1)),
    }


def _needs(group: Any, member: Member) -> dict[str, Any]:
    made = {name: factories.need(group, text=name) for name in ("need", "claimed", "done", "emptied")}
    for name in ("claimed", "done"):
        made[name].claim(members=[member])
    made["done"].finish()
    made["emptied"].withdraw()
    Need.objects.filter(pk=made["emptied"].pk).update(text="（内容已按规定清空）")
    return made
