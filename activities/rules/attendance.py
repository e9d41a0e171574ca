"""Recording of attendances, the one rule behind the tick list, the pasted list, the poster, the import and the API.

Calls are idempotent: an attendance that exists stays as it is. Each call locks the activity and writes only what its
caller changed, so two users who record at once keep each other's changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from activities.models import Activity, Attendance, StruckAttendance
from activities.rules import latest, resting
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Area, Duty, Member, Residence, User
from members.models.people import MemberQuerySet

MOST_AT_ONCE = 5_000
KEPT = ("activity_id", "member_id", "duty", "source", "recorded_at")
OUTSIDE = "有 {} 位不在可以登记的范围内（不住在这里，或不在您的岗位范围内），没有登记任何人。请刷新页面，重新选择。"


NOT_STRUCK = "没有可以放回的人：已经放回了，或者去掉已经超过 7 天。请刷新页面看看。"


@dataclass(frozen=True, slots=True)
class Recording:
    """The result of recording: counts of new attendances, of those that existed, and of all there are now."""

    added: int
    already: int
    total: int

    def __str__(self) -> str:
        if not self.added:
            return f"没有新增，共登记 {self.total:,} 人。"
        return f"新登记 {self.added:,} 人，共登记 {self.total:,} 人。"


def eligible(activity: Activity, *, area: Area | None, user: User | None = None) -> MemberQuerySet:
    """Return the members who may have come: they live in the area now or did on the activity's day.

    Only members whom the user may read; without a user (signing in at the poster) all. None as the area means any area.
    """
    members = Member.objects.for_user(user) if user else Member.objects.all()
    homes = Residence.objects.inside(area) if area else Residence.objects.all()
    return members.filter(Exists(homes.filter(_counting_for(activity), member=OuterRef("pk"))))


def enrol(
    activity: Activity,
    members: Iterable[int],
    *,
    user: User,
    source: str,
    duties: Mapping[int, str] | None = None,
) -> Recording:
    """Record that these members (ids) came, all or none; ValidationError where one of them is not eligible.

    `duties` gives the role of some of them, by id. Takes six queries and the two of the transaction.
    """
    pks = _bounded(members)
    with atomic_write():
        locked = _locked(activity, user=user)
        came = _came(locked, pks, user)
        if len(came) < len(pks):
            raise ValidationError(OUTSIDE.format(len(pks) - len(came)))
        new = [pk for pk in pks if not came[pk]]
        return _write(locked, new, already=len(pks) - len(new), source=source, duties=duties or {})


def enrol_signed(activity: Activity, members: Iterable[int]) -> Recording:
    """Record members (ids) who signed in at the poster themselves; no user acts, so no scope is checked."""
    with atomic_write():
        locked = _countable(Activity.objects.filter(pk=activity.pk))
        recorded = Attendance.objects.filter(activity=locked, member__in=list(members))
        came = set(recorded.values_list("member_id", flat=True))
        new = [pk for pk in members if pk not in came]
        return _write(locked, new, already=len(came), source=Attendance.Source.CODE, duties={})


def strike(activity: Activity, members: Iterable[int], *, user: User, is_final: bool = False) -> int:
    """Delete the attendances of these members (ids) with an audit entry; return how many there were.

    For a week `put_back` has them again, unless `is_final`. Drafts of record cards follow at once.
    """
    pks = _bounded(members)
    with atomic_write():
        Area.objects.lock_street(activity.area)
        locked = _locked(activity, user=user)
        rows = list(Attendance.objects.for_user(user, Right.WRITE).filter(activity=locked, member__in=pks))
        struck = sorted(row.member_id for row in rows)
        if struck:
            gone = Attendance.objects.filter(activity=locked, member__in=struck)
            resting.lose(locked, gone)
            StruckAttendance.objects.bulk_create([] if is_final else map(_struck, rows))
            gone.delete()
            record("change", locked, path=locked.area.path, changes={"attendances": [struck, []]})
    return len(struck)


def put_back(activity: Activity, members: Iterable[int], *, user: User) -> int:
    """Put struck attendances of these members (ids) back as they were, all or none; return how many.

    ValidationError where one was not struck in the last week, or was recorded anew since.
    """
    pks = _bounded(members)
    with atomic_write():
        Area.objects.lock_street(activity.area)
        locked = _locked(activity, user=user)
        struck = StruckAttendance.objects.for_user(user).lately().filter(activity=locked, member__in=pks)
        last = {row.member_id: row for row in struck.order_by("pk")}
        if not pks or len(last) < len(pks):
            raise ValidationError(NOT_STRUCK)
        if Attendance.objects.filter(activity=locked, member__in=pks).exists():
            told = "".join(f"（{latest.told(entry)}）" for entry in latest.entries_of(locked)[:1])
            raise ValidationError(f"后来又登记过了，不用放回{told}。请刷新页面看看。")
        back = Attendance.objects.bulk_create(_attendance(row) for row in last.values())
        StruckAttendance.objects.filter(activity=locked, member__in=pks).delete()
        record("change", locked, path=locked.area.path, changes={"attendances": [[], sorted(pks)], "back": True})
        resting.regain(locked, Attendance.objects.filter(pk__in=[row.pk for row in back]))
    return len(back)


def note_duties(activity: Activity, duties: Mapping[int, str], *, user: User) -> int:
    """Save the role of members (ids) who came, "" for none; return how many changed."""
    _check(duties)
    with atomic_write():
        locked = _locked(activity, user=user)
        rows = Attendance.objects.for_user(user, Right.WRITE).filter(activity=locked, member__in=_bounded(duties))
        changed = [row for row in rows if row.duty != duties[row.member_id]]
        if changed:
            changes = {str(row.member_id): [row.duty, duties[row.member_id]] for row in changed}
            for row in changed:
                row.duty = duties[row.member_id]
            Attendance.objects.bulk_update(changed, ["duty"])
            record("change", locked, path=locked.area.path, changes={"duties": changes})
    return len(changed)


def change(activity: Activity, *, before: Iterable[int], ticked: Iterable[int], user: User) -> tuple[Recording, int]:
    """Save a tick list of member ids: `before` as the page was opened, `ticked` as it was sent.

    Return the recording and the number struck. Only the difference is written, so that what another user recorded
    meanwhile stays.
    """
    old, new = set(before), set(ticked)
    with atomic_write():
        gone = old - new
        struck = strike(activity, gone, user=user) if gone else 0
        recorded = enrol(activity, new - old, user=user, source=Attendance.Source.TICK)
    return recorded, struck


def _came(activity: Activity, pks: list[int], user: User) -> dict[int, bool]:
    """Return those of these members who are `eligible` anywhere, with whether they are recorded already.

    Asked from their last homes, by which they are in the user's scope: half the query that asks from the members.
    """
    homes = Residence.objects.filter(_counting_for(activity), member=OuterRef("member"))
    last = Residence.objects.for_user(user).last_homes().filter(Exists(homes), member__in=pks).order_by()
    recorded = Attendance.objects.filter(activity=activity, member=OuterRef("member"))
    return dict(last.values_list("member", Exists(recorded)))


def _counting_for(activity: Activity) -> Q:
    """Return the condition that a home is of today or of the activity's day.

    Current homes count too: a home known from today's roster may be older than its first recorded day.
    """
    return Q(until=None) | Q(since__lte=activity.held_on, until__gt=activity.held_on)


def _bounded(members: Iterable[int]) -> list[int]:
    pks = list(dict.fromkeys(members))
    if len(pks) > MOST_AT_ONCE:
        raise ValidationError(f"一次最多登记 {MOST_AT_ONCE:,} 人，请分几次登记。")
    return pks


def _locked(activity: Activity, *, user: User) -> Activity:
    """Return the activity as stored, locked and annotated as `_countable` does; ValidationError outside the scope."""
    return _countable(Activity.objects.within_reach(user, Right.WRITE).filter(pk=activity.pk))


def _struck(row: Attendance) -> StruckAttendance:
    return StruckAttendance(attendance=row.pk, **{name: getattr(row, name) for name in KEPT})


def _attendance(row: StruckAttendance) -> Attendance:
    return Attendance(pk=row.pk, **{name: getattr(row, name) for name in KEPT})


def _countable(activities: models.QuerySet) -> Activity:
    """Lock the one activity and annotate its attendances as `attended`; ValidationError where none can be recorded."""
    recorded = Attendance.objects.filter(activity=OuterRef("pk")).order_by().values("activity").annotate(n=Count("pk"))
    locked = activities.select_for_update(of=("self",), no_key=True).select_related("area")
    activity = locked.annotate(attended=models.Subquery(recorded.values("n"))).first()
    if activity is None:
        raise ValidationError("没有这次活动，或者它不在您的岗位范围内。")
    if activity.status == Activity.Status.CANCELLED:
        raise ValidationError("这次活动已经取消，不能登记参加的人。")
    if activity.is_voided:
        raise ValidationError("这次活动已经作废，不能改参加的人。")
    if activity.held_on > timezone.localdate():
        raise ValidationError("活动的日期还没到，不能登记参加的人。")
    return activity


def _write(activity: Activity, pks: list[int], *, already: int, source: str, duties: Mapping[int, str]) -> Recording:
    _check(duties)
    if pks:
        now = timezone.now()
        Attendance.objects.bulk_create(
            Attendance(activity_id=activity.pk, member_id=pk, duty=duties.get(pk, ""), source=source, recorded_at=now)
            for pk in pks
        )
        changes = {"attendances": [[], sorted(pks)], "source": [None, source]}
        record("change", activity, path=activity.area.path, changes=changes)
        # Attendances recorded by hand mean that it was held; while its sign-in code is open, it is still going on.
        if activity.is_planned and not activity.sign_in_code:
            activity.hold()
    total = (activity.attended or 0) + len(pks)  # type: ignore[attr-defined]
    return Recording(added=len(pks), already=already, total=total)


def _check(duties: Mapping[int, str]) -> None:
    if set(duties.values()) - {"", *Duty.Kind.values}:
        raise ValidationError("请从六员中选择，或者不选。")
