"""All that the portal holds about one member in one street, in words, for that member.

What concerns others stays out of it: a neighbour's door and name and what was noted of a visit, the names of those who
wrote, looked or exported (their posts stand instead), who else took part. A refusal that somebody else recorded stays
with them, as everywhere (docs/design/privacy.md). The other streets of the installation answer for their own records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from activities.models import Activity, Attendance, Need, StruckAttendance, Visit
from feedback.models import RecordCard, Slip
from louzu.models import OwnFile
from louzu.rules.looked import LIMITS, for_the_member, lists_around, looks
from louzu.rules.own_file_changes import changes
from louzu.rules.person import paired_in, visited_from
from members.models import Consent, CorrectionRequest, Duty, Household, Member, Pairing, Residence, Transfer, User

TITLE = "本人资料"
NOT_HELD = (
    "身份证号：只在登记时核对，没有存下来。存的是一段认人用的校验码，从它读不出号码。",
    "思想、信仰、健康、收入、家庭情况。",
    "评分、积分、排名、考核。",
    "人脸、指纹、照片、行踪，登录和浏览的次数。",
    "没有参加的活动。",
)
LEFT_OUT = (
    "邻居家的门牌、称呼，走访时写下的说明：是别人的事，只写结对的邻居在哪个楼组。",
    "登记、办理、查看的人的姓名：只写当时的岗位。",
    "别人登记的您“不同意”的答复：只有当时登记的人看得到，可以直接问那一位。",
    "您在其他街道的记录：由那个街道负责，请向那个街道要。",
    "扫码签到时填的姓名和手机后四位，还没有对上人的：不知道是谁的，保留 30 天。",
    "导入用的原表、撤销和接口用的底稿、备份：是同样内容的副本，到期清除。",
)


@dataclass(frozen=True, slots=True)
class FileSection:
    """A part of the file: its columns by name, its rows as texts; `name` stays the same for programs."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: Sequence[str] = ()


def content_of(member: Member, *, user: Any) -> dict[str, Any]:
    """Return the file's content as this user may read it, who has the whole street; about twenty queries."""
    homes = list(Residence.objects.for_user(user).filter(member=member).select_related("area").order_by("since", "pk"))
    return {
        "title": TITLE,
        "name": member.name,
        "street": member.street.name,
        "made_at": _moment(timezone.now()),
        "sections": [asdict(section) for section in _sections(user, member, homes)],
        "not_held": list(NOT_HELD),
        "left_out": list(LEFT_OUT),
    }


def _sections(user: Any, member: Member, homes: Sequence[Residence]) -> Iterator[FileSection]:
    yield _person(member)
    yield _homes(user, homes)
    yield _duties(user, member)
    yield _activities(user, member)
    yield _needs(user, member)
    yield _pairings(user, homes)
    yield _visits(user, homes)
    yield _consents(user, member)
    yield _cards(user, member)
    yield _slips(user, member)
    yield _transfers(user, member)
    yield FileSection("changes", "改过的内容", ["什么时候", "哪一项", "原来", "改成"], changes(member))
    yield _corrections(user, member)
    yield _files(user, member)
    yield _looks(user, member)
    yield _lists(user, homes)


def _person(member: Member) -> FileSection:
    login = User.objects.filter(member=member).values_list("username", flat=True).first()
    facts = {
        "姓名": member.name,
        "拼音（查找用）": " ".join(filter(None, (member.pinyin, member.initials))),
        "性别": member.get_sex_display(),
        "出生年月": member.birth_date,
        "联系电话": member.phone,
        "认人用的校验码": "有" if member.id_digest else "没有",
        "在册/在职": member.get_affiliation_display(),
        "党员类别": member.get_standing_display(),
        "入党时间": member.party_since,
        "单位": member.employer.name if member.employer else "",
        "单位内编号": member.employer_number,
        "职务层次": member.get_rank_display(),
        "特长": member.skills,
        "备注": member.remark,
        "本系统的登录名": login or "",
    }
    rows = [[label, str(value or "没有登记")] for label, value in facts.items()]
    return FileSection("person", "基本情况", ["项目", "内容"], rows)


def _homes(user: Any, homes: Sequence[Residence]) -> FileSection:
    doors = Household.objects.for_user(user).filter(area__in=[home.area_id for home in homes]).exclude(name="")
    names = {(area, room): name for area, room, name in doors.values_list("area", "room", "name")}
    rows = [
        [
            str(home), f"{home.since}{'' if home.is_since_known else '（登记的日期）'}", _day(home.until),
            _day(home.joined_on), "" if home.until else names.get((home.area_id, home.room), ""),
        ]
        for home in homes
    ]  # fmt: skip
    return FileSection("homes", "住址", ["住址", "从哪天", "到哪天", "参加楼组党小组", "这一户的称呼"], rows)


def _duties(user: Any, member: Member) -> FileSection:
    found = Duty.objects.for_user(user).filter(member=member).order_by("since", "pk")
    rows = [[str(duty), str(duty.since), _day(duty.until)] for duty in found]
    return FileSection("duties", "六员", ["岗位", "从哪天", "到哪天"], rows)


def _activities(user: Any, member: Member) -> FileSection:
    """Return the activities with the member's part, those that were voided and those they were struck from too."""
    came = Attendance.objects.filter(member=member, activity__in=Activity.objects.within_reach(user))
    struck = StruckAttendance.objects.for_user(user).filter(member=member)
    found: list[tuple[Attendance | StruckAttendance, str]]
    found = [(row, row.activity.get_status_display()) for row in came.select_related("activity__area")]
    found += [(row, "已去掉，还可以放回") for row in struck.select_related("activity__area")]
    rows = [
        [_day(row.activity.held_on), str(row.activity), str(row.activity.area), _as_part(row), state]
        for row, state in sorted(found, key=lambda each: each[0].activity.held_on)
    ]
    return FileSection("activities", "活动", ["日期", "活动", "在哪里", "您做的", "状态"], rows)


def _as_part(row: Attendance | StruckAttendance) -> str:
    return f"{row.get_duty_display() if row.duty else '参加'}（{row.get_source_display()}）"


def _needs(user: Any, member: Member) -> FileSection:
    found = Need.objects.for_user(user).filter(members=member).select_related("area").order_by("claimed_at", "pk")
    rows = [[str(need), str(need.area), _moment(need.claimed_at), _moment(need.done_at)] for need in found]
    return FileSection("needs", "认领的群众需求", ["需求", "在哪里", "认领", "办结"], rows)


def _pairings(user: Any, homes: Sequence[Residence]) -> FileSection:
    found = Pairing.objects.for_user(user).filter(paired_in(homes)).select_related("neighbour__area")
    rows = [
        [f"{pair.neighbour.area}的一户邻居", str(pair.since), _day(pair.until)]
        for pair in found.order_by("since", "pk")
    ]
    return FileSection("pairings", "结对", ["与谁", "从哪天", "到哪天"], rows)


def _visits(user: Any, homes: Sequence[Residence]) -> FileSection:
    found = Visit.objects.for_user(user).filter(visited_from(homes)).order_by("visited_on", "pk")
    rows = [[str(visit.visited_on), visit.get_kind_display()] for visit in found]
    return FileSection("visits", "走访", ["日期", "方式"], rows)


def _consents(user: Any, member: Member) -> FileSection:
    found = Consent.objects.for_user(user).filter(member=member).select_related("employer").order_by("given_on", "pk")
    rows = [
        [
            f"{row.get_purpose_display()}{f'（{row.employer}）' if row.employer else ''}",
            row.get_is_agreed_display(), f"{row.given_on}，{row.get_means_display()}", _moment(row.withdrawn_at),
            f"{row.notice}（第 {row.version} 版）",
        ]
        for row in found
    ]  # fmt: skip
    return FileSection("consents", "您的同意", ["用途", "意见", "哪天，怎么说的", "撤回", "告知的内容"], rows)


def _cards(user: Any, member: Member) -> FileSection:
    found = RecordCard.objects.for_user(user).filter(member=member).select_related("employer")
    columns = [
        "时段",
        "单位",
        "状态",
        "卡号",
        "经过",
        "写的内容",
        "没有写进去的",
        "您的意见",
        "签收回执",
        "单位反馈",
        "退回",
    ]
    rows = [_card(card) for card in found.prefetch_related("receipts", "answers").order_by("first_day", "pk")]
    return FileSection("cards", "记录卡", columns, rows)


def _card(card: RecordCard) -> list[str]:
    moments = {
        "生成": card.created_at, "请您确认": card.shown_at, "您同意": card.agreed_at, "您有意见": card.objected_at,
        "发出": card.issued_at, "单位签收": card.received_at, "单位反馈": card.answered_at,
        "单位退回": card.returned_at, "撤回": card.withdrawn_at,
    }  # fmt: skip
    left_out = [line for line in card.lines if line["key"] in card.left_out]
    return [
        card.period.label,
        card.employer.name,
        card.get_status_display(),
        card.number or "",
        _told(moments),
        "\n".join([*map(_line, card.kept_lines), *([f"社区的一句话：{card.sentence}"] if card.sentence else [])]),
        "\n".join(map(_line, left_out)),
        card.objection,
        "\n".join(f"{_moment(row.at)} {row.get_kind_display()}，编码 {row.hash}" for row in card.receipts.all()),
        "\n".join(f"{_moment(row.at)} {row.text}{'（表示感谢）' if row.thanks else ''}" for row in card.answers.all()),
        "，".join(filter(None, (card.get_return_code_display(), card.return_text))),
    ]


def _line(line: dict[str, Any]) -> str:
    return " ".join(filter(None, (line["day"], line["title"], line.get("duty"))))


def _slips(user: Any, member: Member) -> FileSection:
    found = Slip.objects.for_user(user).filter(member=member).select_related("employer", "area", "receipt")
    columns = [
        "报到单号", "来源", "状态", "单位", "单位内编号", "姓名", "电话", "住址", "特长", "愿意做的", "怎么同意的",
        "经过", "核对的话", "回执",
    ]  # fmt: skip
    return FileSection("slips", "报到单", columns, [_slip(slip) for slip in found.order_by("sent_at", "pk")])


def _slip(slip: Slip) -> list[str]:
    moments = {
        "发来": slip.sent_at, "请对方核对": slip.asked_at, "接收": slip.accepted_at, "不再告诉单位": slip.untold_at,
        "撤回": slip.withdrawn_at, "结束": slip.ended_at,
    }  # fmt: skip
    receipt = getattr(slip, "receipt", None)
    return [
        slip.number,
        slip.get_origin_display(),
        slip.get_status_display(),
        slip.unit,
        slip.employer_number,
        slip.name,
        slip.phone,
        slip.home_text,
        slip.skills,
        slip.wishes,
        f"{slip.agreed_on}，{slip.get_agreed_how_display()}{'，也告诉单位' if slip.tells_employer else ''}",
        _told(moments),
        "\n".join(filter(None, (slip.get_asked_code_display(), slip.asked_text, slip.reply, slip.ended_text))),
        f"{_moment(receipt.at)} {receipt.community}，编码 {receipt.hash}" if receipt else "",
    ]


def _transfers(user: Any, member: Member) -> FileSection:
    found = Transfer.objects.for_user(user).filter(Q(member=member) | Q(settled=member))
    rows = [
        [
            f"{row.member.street.name}转到{row.to_street.name}", row.home_text, row.get_status_display(),
            _moment(row.sent_at), _moment(row.ended_at), row.sentence,
        ]
        for row in found.select_related("member__street", "to_street").order_by("sent_at", "pk")
    ]  # fmt: skip
    return FileSection(
        "transfers", "转接", ["从哪里到哪里", "那边的住址", "状态", "转出", "有结果", "不接收的原因"], rows
    )


def _corrections(user: Any, member: Member) -> FileSection:
    found = CorrectionRequest.objects.for_user(user).filter(member=member).order_by("made_at", "pk")
    rows = [
        [
            _moment(row.made_at), f"{row.get_about_display()}（{row.get_means_display()}）", row.text,
            row.get_status_display(), row.reply,
        ]
        for row in found
    ]  # fmt: skip
    return FileSection("corrections", "您要求更正的", ["什么时候", "哪一方面", "您说的", "状态", "答复"], rows)


def _files(user: Any, member: Member) -> FileSection:
    found = OwnFile.objects.for_user(user).filter(member=member).order_by("made_at", "pk")
    rows = [[_moment(row.made_at), row.get_means_display(), row.reason, _moment(row.opened_at)] for row in found]
    return FileSection("own_files", "以前给过您的资料", ["什么时候", "怎么交的", "事由", "您打开"], rows)


def _looks(user: Any, member: Member) -> FileSection:
    found = for_the_member(list(looks(user, member)))
    rows = [[_moment(look.at), look.who, look.what, look.reason] for look in found]
    return FileSection("looks", "谁看过您的资料", ["什么时候", "谁（岗位）", "做了什么", "事由"], rows, LIMITS)


def _lists(user: Any, homes: Sequence[Residence]) -> FileSection:
    rows = [[each.what, f"{each.times} 次", _moment(each.last_at)] for each in lists_around(user, homes)]
    title = "最近一年，您住的地方成批导出过的名单"
    return FileSection("lists", title, ["名单", "几次", "最近一次"], rows, ["里面可能有您，也可能没有。"])


def _told(moments: dict[str, datetime | None]) -> str:
    return "\n".join(f"{_moment(at)} {what}" for what, at in moments.items() if at)


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
