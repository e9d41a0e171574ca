"""Who looked at a member's data, exported or fetched it, as far as the trail knows.

An entry that names the member, a card or a slip of theirs is theirs alone. A list that was exported has left only its
length and its place: such lists are counted, and nobody can say whether the member was in them. Opening a page leaves
no entry at all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import CharField, Count, Max, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from activities.models import Attendance
from feedback.models import RecordCard, Slip
from louzu.models import OwnFile
from members.models import AreaRole, AuditEntry, Consent, CorrectionRequest, Member, Residence, Transfer
from members.models.areas import SEGMENT
from members.models.audit import AuditEntryQuerySet

Action = AuditEntry.Action
YEAR = timedelta(days=365)
LIMITS = (
    "记下来的有：查看完整电话、导出、单位按接口取走记录卡或报到单、填错号码没能打开链接。",
    "名单成批导出、单位成批取卡，只记下有多少行、哪个地方，没有记下里面有谁：本人可能在内，也可能不在。",
    "只是打开页面看的，没有记下来。",
)
UNKNOWN_POST = "登录过的人，当时的岗位不详"
WORDS = {
    (Action.REVEAL, Member): "查看完整电话",
    (Action.EXPORT, Member): "导出",
    (Action.REVEAL, Slip): "查看报到单上的完整电话",
    (Action.PULL, Slip): "单位读取报到单",
    (Action.EXPORT, Slip): "导出报到单",
    (Action.PULL, RecordCard): "单位读取记录卡",
    (Action.EXPORT, RecordCard): "导出记录卡",
    (Action.REFUSE, RecordCard): "打开记录卡的链接，号码没填对",
    (Action.REFUSE, OwnFile): "打开资料的链接，号码没填对",
}
LOOKS = {(action.value, model._meta.label): words for (action, model), words in WORDS.items()}
NAMING = (Member, Residence, Attendance, Consent, CorrectionRequest, Transfer, RecordCard, Slip)
LISTS = {model._meta.label: str(model._meta.verbose_name) for model in NAMING}


class Look(NamedTuple):
    """One look: `who` is a user's name, or for the member the posts that they held in the street then."""

    at: datetime
    who: str
    what: str
    reason: str


class ListLooks(NamedTuple):
    """How often lists of a kind left the places where the member lived within a year, and when last."""

    what: str
    times: int
    last_at: datetime


def looks(user: Any, member: Member) -> AuditEntryQuerySet:
    """Return the entries, the newest first, in which the member was looked at; of streets whose trail the user reads.

    Two queries: the ids of the member's papers, and the entries.
    """
    found = Q(model=Member._meta.label, row=str(member.pk), action__in=(Action.REVEAL, Action.EXPORT))
    rows: dict[str, list[str]] = {}
    for label, row in _papers(member):
        rows.setdefault(label, []).append(row)
    for label, keys in rows.items():
        found |= Q(model=label, row__in=keys, action__in=[action for action, of in LOOKS if of == label])
    return AuditEntry.objects.for_user(user).filter(found).select_related("user").order_by("-pk")


def _papers(member: Member) -> Iterable[tuple[str, str]]:
    """Return the labels of the models and the ids, as texts, of the member's cards, slips and own files."""
    parts: list[QuerySet[Any]] = [
        model._default_manager.filter(member=member)
        .order_by()
        .annotate(of=Value(model._meta.label), paper=Cast("pk", CharField()))
        .values_list("of", "paper")
        for model in (RecordCard, Slip, OwnFile)
    ]
    return parts[0].union(*parts[1:], all=True)


def in_words(entries: Iterable[AuditEntry]) -> list[Look]:
    """Return the entries with the names of who looked, for those who read the trail."""
    return [_look(entry, entry.user.name if entry.user else "") for entry in entries]


def for_the_member(entries: Sequence[AuditEntry]) -> list[Look]:
    """Return the entries with the posts of who looked then, and nobody's name. One query."""
    roles: dict[int, list[AreaRole]] = {}
    users = {entry.user_id for entry in entries if entry.user_id}
    for role in AreaRole.objects.filter(user__in=users).select_related("area"):
        roles.setdefault(role.user_id, []).append(role)
    return [_look(entry, _post(entry, roles.get(entry.user_id or 0, ()))) for entry in entries]


def _post(entry: AuditEntry, roles: Iterable[AreaRole]) -> str:
    """Return the posts that who looked held on that day in the entry's street; "" where nobody was logged in."""
    day, street = timezone.localdate(entry.at), entry.area_path[:SEGMENT]
    held = [
        f"{role.area.name} {role.get_kind_display()}"
        for role in roles
        if role.since <= day and (role.until is None or day <= role.until) and role.area.path.startswith(street)
    ]
    return "、".join(held) or (UNKNOWN_POST if entry.user_id and entry.action != Action.PULL else "")


def _look(entry: AuditEntry, who: str) -> Look:
    what = LOOKS[entry.action, entry.model] + entry.changes.get("report", "")
    return Look(entry.at, who or ("单位" if entry.action == Action.PULL else "没有登录的人"), what, entry.reason)


def lists_around(user: Any, homes: Iterable[Residence]) -> list[ListLooks]:
    """Return by kind the lists of a year that came from where the member lived: they may be in them. One query."""
    paths = {home.area.path[:end] for home in homes for end in range(SEGMENT, 4 * SEGMENT + 1, SEGMENT)}
    rows: QuerySet[Any] = AuditEntry.objects.for_user(user).filter(
        action__in=(Action.EXPORT, Action.PULL), row="", model__in=LISTS, area_path__in=paths,
        at__gte=timezone.now() - YEAR,
    )  # fmt: skip
    counted = rows.order_by().values_list("action", "model").annotate(times=Count("pk"), last_at=Max("at"))
    found = [
        ListLooks(f"{'单位成批读取' if action == Action.PULL else '导出'}{LISTS[model]}", times, last_at)
        for action, model, times, last_at in counted
    ]
    return sorted(found, key=lambda each: each.last_at, reverse=True)
