"""The rows of a week in two streets, for the access matrices and the tests of side doors."""

import io
from datetime import date
from typing import Any

import pypdf
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from docx import Document
from openpyxl import load_workbook

from activities.ground.periods import month_before
from activities.imports import steps as import_steps
from activities.models import ActivityImport, Attendance, Reminder, SignIn
from activities.rules import attendance, voiding
from activities.rules.due import latest
from louzu.documents import making
from louzu.models import MonthlyReport, OwnFile
from louzu.rules import monthly
from members.ground.export import XLSX
from members.models import Area, CorrectionRequest, Member, Move, Transfer, User
from tests import factories

EXPORTED = (
    "members/household", "members/pairing", "activities/activity", "activities/attendance", "activities/visit",
    "activities/need", "activities/honour",
)  # fmt: skip
LAST_MONTH = month_before(timezone.localdate().replace(day=1))
COMMUNITIES = {"": "第一社区", "other_": "第二社区", "far_": "平城社区"}
NOTHING: dict[str, Any] = {"sections": [], "not_held": [], "left_out": []}
SIDES = ("", "near_", "other_", "far_")


def lived(member: Member, other_member: Member, *, by: User) -> dict[str, int]:
    """Create a week of rows in two streets; return their ids by name.

    Names without a prefix belong to 1号楼. "near_" is the other building of its compound, which a leader does not see;
    "community_" the community itself, above a liaison's post; "other_" the other community; "far_" the other street.
    """
    areas = {area.name: area for area in Area.objects.all()}
    group, station = areas["1号楼"], areas["迎晖苑"]
    next_door = factories.building("3号楼", station)
    near_member = factories.person("近邻人", next_door, room="201")
    far = factories.person("外街道人", areas["9号楼"], room="901")
    newcomer = factories.person("新来人", group, room="2606")
    week: dict[str, Any] = furnish(group, member, by=by, name="邬阿婆家")
    week |= furnish(next_door, near_member, by=by, name="柳阿姨家", before="near_")
    week |= furnish(areas["2号楼"], other_member, by=by, name="费师傅家", before="other_")
    week |= furnish(areas["9号楼"], far, by=by, name="车老师家", before="far_")
    made = week | of_states(group, member, by=by) | {
        "refusal": factories.consent(newcomer, is_agreed=False, by=by),
        "newcomer": newcomer, "member": member, "near_member": near_member, "other_member": other_member,
        "community_activity": factories.activity(areas["第一社区"], title="社区读书会"),
        "community_need": factories.need(areas["第一社区"], text="社区要一块黑板"),
        "new_pairing": factories.pairing(week["door"], factories.household(group, "2321"), since=timezone.localdate()),
        "reminder": reminded(group, by), "near_reminder": reminded(next_door, by),
        "other_reminder": reminded(areas["2号楼"], by), "far_reminder": reminded(areas["9号楼"], by),
        "missing": factories.building("6号楼", station),
        "far_street": areas["菊园新区"],
        "community": areas["第一社区"], "station": station, "group": group, "near_group": next_door,
        "other_group": areas["2号楼"], "other_station": areas["仓场公寓"], "far_group": areas["9号楼"],
        "other_community": areas["第二社区"], "street": areas["新成路街道"], "far_community": areas["平城社区"],
    }  # fmt: skip
    made |= {f"{side}import": uploaded(areas[name], by=by) for side, name in (("", "1号楼"), ("other_", "2号楼"))}
    # Nobody can undo it: something came after.
    made["move"] = Move.objects.create(member=member, kind="back", settled=member.home, at=timezone.now())
    made["far_transfer"] = Transfer.objects.create(
        member=near_member, to_street=areas["菊园新区"], home_text="嘉富丽苑 9号楼901室", sent_by=by
    )
    people = {"": member, "other_": other_member, "far_": far}
    made |= {f"{side}correction": said(one) for side, one in people.items()}
    made["own_file"] = handed(member, by=by)
    made |= {f"{side}report": handed_up(areas[name], by=by) for side, name in COMMUNITIES.items()}
    return {word: row.pk for word, row in made.items()}


def reminded(area: Area, by: User) -> Reminder:
    """Create a reminder of the running period, whoever may send one."""
    [period] = latest(area.level, timezone.localdate(), 1)
    return Reminder.objects.create(area=area, first=period.first, last=period.last, sent_by=by)


def handed_up(area: Area, *, by: User, month: date = LAST_MONTH) -> MonthlyReport:
    """Make the report of a month, by default the last one."""
    report, _ = monthly.begin(area, month, by=by)
    making.make_files.call(report.pk, True)
    report.refresh_from_db()
    return report


def said(member: Member) -> CorrectionRequest:
    """Create a request of the member, who wrote it on a phone."""
    return CorrectionRequest.objects.create(member=member, about="home", text=f"{member}：不住302室", means="link")


def handed(member: Member, *, by: User) -> OwnFile:
    """Create an empty file of the member behind a link, past the rule, which would put everything into it."""
    file = OwnFile(member=member, means=OwnFile.Means.LINK, reason="本人来要", made_by=by)
    file.fill({"title": "本人资料", "name": member.name, "street": "街道", "made_at": "2026-01-05 09:00"} | NOTHING)
    file.save()
    return file


def uploaded(area: Area, *, by: User) -> ActivityImport:
    """Create an upload of activities under review, of this area alone."""
    upload = ActivityImport(area=area, scope_path=area.path, user=by, file_name="活动.csv")
    sheet = f"主办,活动名称,日期,工作领域\n{area.label},读书会,2026-01-15,楼组文化\n"
    upload.file = sheet.encode()
    upload.save()
    import_steps.read_step(upload)
    return upload


def furnish(place: Area, member: Member, *, by: User, name: str, before: str = "") -> dict[str, Any]:
    """Create rows of each kind in the member's building; return them by name, prefixed with `before`.

    `name` is the name of the neighbour's household; `by` is the user who recorded the member's consent.
    """
    home = member.home
    assert home
    door = factories.household(place, home.room)
    paired = factories.household(place, "2317", name=name)
    pairing = factories.pairing(door, paired)
    activity = factories.activity(place, title=f"{place}大扫除")
    need = factories.need(place, text=f"{place}修路灯", household=paired, skill="水电维修")
    rows = {
        "door": door,
        "paired": paired,
        "free": factories.household(place, "2319"),
        "pairing": pairing,
        "visit": factories.visit(pairing, on=timezone.localdate()),
        "activity": activity,
        "attendance": Attendance.objects.create(activity=activity, member=member, source="tick"),
        "need": need,
        "honour": factories.honour(place, deeds=f"{place}常年义务理发。"),
        "consent": factories.consent(member, by=by),
    }
    return {f"{before}{word}": row for word, row in rows.items()}


def of_states(group: Area, member: Member, *, by: User) -> dict[str, Any]:
    """Create activities and needs in each status; return them by name."""
    planned = factories.activity(group, title="包粽子", is_held=False)
    signing = factories.activity(group, title="歌会", is_held=False)
    signing.open_signing_in()
    cancelled = factories.activity(group, title="取消了的", is_held=False)
    cancelled.cancel()
    voided = factories.activity(group, title="记错了的")
    voiding.void(voided, user=by)
    struck = factories.activity(group, title="多记了人的")
    Attendance.objects.create(activity=struck, member=member, source="tick")
    attendance.strike(struck, [member.pk], user=by)
    needs = {status: factories.need(group, text=f"{status}的需求") for status in ("claimed", "done", "withdrawn")}
    needs["withdrawn"].withdraw()
    for status in ("claimed", "done"):
        needs[status].claim(members=[member])
    needs["done"].finish()
    return {
        "planned": planned, "signing": signing, "cancelled": cancelled, "voided": voided,
        "struck": struck,
        "sign_in": SignIn.objects.create(activity=signing, name="无名氏", phone_end="0000"), **needs,
    }  # fmt: skip


def bodies(rows: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Return by address the bodies to post, each valid for a user with the right to write."""
    today = timezone.localdate().isoformat()
    told = {"field": "culture", "regularity": "regular", "visibility": "open", "support": "cultural"}
    activity = told | {"title": "读书会", "held_on": today}
    need = {"text": "换灯泡", "opened_on": today}
    honour = {"year": "2024", "kind": "commended", "deeds": "楼道干净。", "awarded_on": today}
    sheet = "主办,活动名称,日期,工作领域\n第一社区 迎晖苑 1号楼,读书会,2026-01-15,楼组文化\n"
    ticked = {"was": "", "member": [rows["member"]]}
    reason = {"format": "0", "reason": "核对三月名单"}
    return {
        "buildings/{group}/": {"household": rows["door"], "neighbour": rows["free"], "since": today},
        **{f"buildings/{{{side}group}}/doors/": {"units": 1, "floors": 6, "doors": 2} for side in SIDES},
        **{f"buildings/{{{side}group}}/doors/add/": {"room": "888"} for side in SIDES},
        **{f"households/{{{side}door}}/": {"name": "王阿姨家"} for side in SIDES},
        **{f"pairings/{{{side}pairing}}/": {"on": today} for side in SIDES},
        **{
            f"members/{{{who}}}/transfer/": {
                "to_street": rows["far_street"], "home_text": "嘉富丽苑 9号楼801室", "means": "paper",
                "given_on": today,
            }
            for who in ("newcomer", "other_member")
        },
        **{
            f"members/{{{who}}}/corrections/add/": {"about": "home", "text": "不住302室", "means": "desk"}
            for who in ("member", "other_member")
        },
        **{f"corrections/{{{side}correction}}/keep/": {"reply": "核对过，没有错"} for side in ("", "other_", "far_")},
        "pairings/end/?pick={pairing}": {"on": today},
        "pairings/export/": reason,
        "pairings/propose/{group}/": {"since": today, "pick": rows["free"], f"household-{rows['free']}": rows["door"]},
        "consents/?area={group}": {"means": "paper", "given_on": today, f"answer-{rows['newcomer']}": "yes"},
        "activities/add/": activity | {"area": rows["group"]},
        **{f"activities/{{{side}activity}}/edit/": activity | {"area": rows[f"{side}group"]} for side in SIDES},
        "activities/{community_activity}/edit/": activity | {"area": rows["community"]},
        **{f"activities/{{{side}activity}}/tick/": ticked for side in SIDES},
        "activities/{activity}/strike/": {"member": rows["member"]},
        "activities/{struck}/put-back/": {"member": rows["member"]},
        **{f"activities/{{{side}activity}}/came/": {f"duty-{rows['member']}": "helper"} for side in SIDES},
        **{f"activities/{{{side}activity}}/paste/": {"names": "欧阳建国", "save": ""} for side in SIDES},
        "activities/{signing}/signed/": {f"who-{rows['sign_in']}": rows["member"]},
        "activities/import/": {"area": rows["station"], "file": SimpleUploadedFile("活动.csv", sheet.encode())},
        "visits/": {"pairing": rows["pairing"], "kind": "phone"},
        "visits/overdue/": {"pairing": rows["pairing"], "kind": "phone"},
        **{f"visits/pairings/{{{side}pairing}}/": {"visited_on": today, "kind": "phone"} for side in SIDES},
        **{f"visits/{{{side}visit}}/": {"visited_on": today, "kind": "help"} for side in SIDES},
        "needs/add/": need | {"area": rows["group"]},
        **{f"needs/{{{side}need}}/": {"members": [rows["member"]]} for side in SIDES},
        **{f"needs/{{{side}need}}/edit/": need | {"area": rows[f"{side}group"]} for side in SIDES},
        "thin/{station}/remind-all/": {"level": "3"},
        "thin/{other_community}/remind-all/": {"level": "2"},
        "honours/add/": honour | {"area": rows["group"]},
        **{f"honours/{{{side}honour}}/": honour | {"area": rows[f"{side}group"]} for side in SIDES},
        **{f"honours/{{{side}honour}}/withdraw/": {"reason": "选错了楼组"} for side in SIDES},
        "monthly/{community}/make/": {"month": f"{LAST_MONTH:%Y-%m}"},
        f"monthly/{{community}}/{LAST_MONTH:%Y-%m}/text/": {"text": "本月办了不少事。"},
        **{f"admin/{model}/export/": reason for model in EXPORTED},
        "admin/members/household/add/": {"area": rows["group"], "room": "999"},
        **{f"admin/members/household/{{{side}door}}/change/": {"room": "302", "name": "王阿姨家"} for side in SIDES},
        **{f"admin/members/pairing/{{{side}pairing}}/change/": {"since": "2021-01-01"} for side in SIDES},
        **{
            f"admin/activities/activity/{{{side}activity}}/change/": activity | {"area": rows[f"{side}group"]}
            for side in SIDES
        },
        **{f"admin/activities/attendance/{{{side}attendance}}/change/": {"duty": "helper"} for side in SIDES},
    }  # fmt: skip


def read(answer: Any) -> str:
    """Return the readable text of a response: a page, workbook, PDF or Word file."""
    kind = answer.headers["Content-Type"]
    if kind == XLSX:
        return repr([list(sheet.values) for sheet in load_workbook(io.BytesIO(answer.content))])
    if kind == "application/pdf":
        return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    if kind == making.TYPES["docx"]:
        return "".join(Document(io.BytesIO(answer.content)).element.itertext())
    return answer.content.decode()
