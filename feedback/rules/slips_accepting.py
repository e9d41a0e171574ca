"""Accepting slips: registering the member or naming the one who is, the consents, the receipt."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.feed.slips import add_slip_events, write_receipts
from feedback.models import FeedEvent, Slip
from feedback.models.slip_rows import WAITING
from feedback.rules.slips_asking import locked_for, require_waiting
from feedback.rules.slips_closing import end_as, stop_telling
from feedback.rules.slips_consents import give_consents
from feedback.rules.slips_matching import SlipCandidate, candidates, candidates_of
from feedback.rules.slips_reading import community_of, group_of
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import differences, record
from members.ground.history import batches
from members.ground.rooms import fold_room, wrong_with_room
from members.ground.states import Conflict
from members.models import Area, Consent, Employer, Member, User
from members.roster.apply import overwrite
from members.rules import employing
from members.rules.registering import Newcomer, register_all

__all__ = ["SlipCandidate", "SlipsAccepted", "accept", "accept_all", "candidates", "candidates_of"]

Status = Slip.Status
NO_HOME = "请选楼组（哪一号楼），再接收。"
NO_UNIT = "请先选好单位，再接收。"
NOT_YOURS = "这位党员不在您负责的范围里。请联系街道办理。"
DENIED = "“{}”说不是他们的人，请选这位党员实际的单位；没有登记过的，请先登记这个单位。"
SENT_BY = "这张报到单是单位自己发来的，不能改成别的单位。"
KNOWN = "“{}”（{}）的姓名、电话和这张报到单一致：请选“就是已登记的”。"
KNOWN_ELSEWHERE = "姓名、电话一致的党员已登记在本街道别的社区。请联系街道办理。"
DOUBLED = "这位党员已经由单位报到过本社区（{}）。这一张是重复的，请点“撤回（重复的）”。"
LEFT_HOME = "住址还看不准，请打开再接收"
LEFT_UNIT = "单位还没有登记，请打开再接收"
LEFT_NOT_OURS = "单位说不是他们的人，请打开再接收"
LEFT_KNOWN = "可能是已经登记的党员，请打开核对"
LEFT_TWICE = "这一批里有两张好像是同一个人，请打开核对"
LEFT_CLOSED = "楼组已经停用，请打开再接收"
LEFT_GONE = "现在不是待接收，或者不归您办"


@dataclass(slots=True)
class SlipsAccepted:
    """The outcome of accepting many: the accepted slips, and of each other one (id) the sentence that says why."""

    accepted: list[Slip] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)


def accept(
    slip: Slip,
    *,
    home: Area | None = None,
    room: str = "",
    member: Member | None = None,
    employer: Employer | None = None,
    sex: str = "",
    by: User,
) -> Slip:
    """Accept a slip: register a new member at this home, or say which registered one it is; return the slip.

    Without `home` it is the one that the slip has; without `employer` the slip's, else a unit of the name on it is
    registered; of a slip that a unit denied, another one has to be named. A member who is registered keeps what is
    known of them; what is missing is filled in, and they move only if they have no home. The declared consents are
    recorded, the receipt (`slip.receipt`) is given, the employer's feed tells of it. A repeated call returns the slip.
    ValidationError by field, Conflict where the slip does not wait or the member has a live one already.
    """
    if problem := wrong_with_room(room):
        raise ValidationError({"room": problem})
    with atomic_write():
        Area.objects.lock_street(slip.street)  # so that a second registration of a person sees the first
        slip = Slip.objects.with_facts().get(pk=slip.pk)
        if slip.status == Status.ACCEPTED and (member is None or member.pk == slip.member_id):
            return slip
        group, room = (home, room) if home else (slip.home, slip.room)
        group = group_of(group, by, slip.street) if group else None
        unit = _unit(slip, employer)
        known = _lock_member(member, by)
        slip = require_waiting(locked_for(slip, by))
        _belong_to(slip, unit)
        if known:
            _fill_in(known, slip, group, room)
        else:
            _require_new(slip, by)
            _register([_newcomer(slip, group, room, sex=sex)])
        _settle(slip, known)
        _make_room_for(slip)
        _finish([slip], slip.street, by=by)
    return slip


def accept_all(slips: Sequence[int], *, by: User) -> SlipsAccepted:
    """Accept those of these slips (ids) whose home is certain and where nobody registered may be meant.

    In one transaction and a fixed number of queries; the others are left, each with a reason. The slips are of one
    street; those of another are left.
    """
    done = SlipsAccepted(left=dict.fromkeys(slips, LEFT_GONE))
    mine = Slip.objects.for_user(by, Right.WRITE).filter(status__in=WAITING).with_facts().order_by("pk")
    first = mine.filter(pk__in=list(slips)[:1]).first() or mine.filter(pk__in=slips).first()
    if first is None:
        return done
    with atomic_write():
        Area.objects.lock_street(first.street)
        waiting = [
            slip
            for part in batches(sorted(set(slips)))
            for slip in mine.filter(pk__in=part, street=first.street_id).select_related("employer").locked()
        ]
        certain = _certain(waiting, done.left)
        for slip in certain:
            assert slip.home
            slip.room = fold_room(slip.room)
        _register([_newcomer(slip, slip.home, slip.room) for slip in certain])
        _finish(certain, first.street, by=by)
        done.accepted = certain
    done.left = {pk: why for pk, why in done.left.items() if pk not in {slip.pk for slip in certain}}
    return done


def _certain(slips: Sequence[Slip], left: dict[int, str]) -> list[Slip]:
    """Return the slips that nobody needs to look at; set the reasons of the others in `left`."""
    open_groups = _lock_groups({slip.home_id for slip in slips if slip.home_id})
    meant = candidates_of(slips)
    seen: set[str] = set()
    certain = []
    for slip in slips:
        why = _doubt(slip, open_groups, meant[slip.pk], seen)
        seen |= {slip.phone_digest, f"{slip.name} {slip.home_id}"}
        if why:
            left[slip.pk] = why
        else:
            certain.append(slip)
    return certain


def _doubt(slip: Slip, open_groups: set[int], meant: Sequence[SlipCandidate], seen: set[str]) -> str:
    """Return why a person has to look at the slip, "" where nobody has to."""
    doubts: list[tuple[str, Callable[[], bool]]] = [
        (LEFT_HOME, lambda: not (slip.is_certain and slip.home_id)),
        (LEFT_CLOSED, lambda: slip.home_id not in open_groups),
        (LEFT_UNIT, lambda: slip.employer is None or slip.employer.merged_into_id is not None),
        (LEFT_NOT_OURS, lambda: slip.employer_says == Slip.Ours.NOT_OURS),
        (LEFT_KNOWN, lambda: bool(meant)),
        (LEFT_TWICE, lambda: bool(seen & {slip.phone_digest, f"{slip.name} {slip.home_id}"})),
    ]
    return next((why for why, is_so in doubts if is_so()), "")


def _lock_groups(groups: Iterable[int]) -> set[int]:
    """Lock these groups against being closed, and return the ids of those that are open."""
    rows = Area.objects.current().filter(level=Area.Level.BUILDING_GROUP, pk__in=groups).order_by("path")
    return set(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def _unit(slip: Slip, employer: Employer | None) -> Employer:
    """Lock and return the employer of the member: the given one, the slip's, or a new one of the name on the slip."""
    unit = employing.standing(employer or slip.employer)
    if unit and slip.employer_says == Slip.Ours.NOT_OURS and unit == employing.standing(slip.employer):
        raise ValidationError({"employer": DENIED.format(unit)})
    if unit:
        return unit
    if not slip.employer_name:
        raise ValidationError({"employer": NO_UNIT})
    try:
        return employing.add(name=slip.employer_name)
    except ValidationError as error:
        raise ValidationError({"employer": error.messages}) from error


def _belong_to(slip: Slip, unit: Employer) -> None:
    """Set the employer; one that heard of the slip by mistake hears no more. ValidationError for an employer's own."""
    if slip.employer and slip.employer.pk != unit.pk and slip.employer.merged_into_id is None:
        if slip.origin == Slip.Origin.EMPLOYER:
            raise ValidationError({"employer": SENT_BY})
        if slip.counterpart:
            stop_telling(slip)
    slip.employer = unit


def _lock_member(member: Member | None, by: User) -> Member | None:
    """Lock the member and their consents, which come before slips; ValidationError where they are not the user's."""
    if member is None:
        return None
    rows = Member.objects.for_user(by, Right.WRITE).select_for_update(no_key=True, of=("self",))
    found = rows.select_related("street").filter(pk=member.pk).first()
    if found is None:
        raise ValidationError({"member": NOT_YOURS})
    list(Consent.objects.in_force().filter(member=found).order_by("pk").select_for_update(no_key=True))
    return found


def _require_new(slip: Slip, by: User) -> None:
    """Raise ValidationError where somebody of this name and phone is registered: that is no new member."""
    mine = {each.member.pk for each in candidates(slip, by=by)}
    for each in candidates(slip):
        if each.is_same:
            told = KNOWN.format(each.member.name, each.home) if each.member.pk in mine else KNOWN_ELSEWHERE
            raise ValidationError({"member": told})


def _newcomer(slip: Slip, home: Area | None, room: str, *, sex: str = "") -> tuple[Slip, Newcomer]:
    """Return the member that a slip reports, unsaved, with the home."""
    if home is None:
        raise ValidationError({"home": NO_HOME})
    if sex and sex not in Member.Sex.values:
        raise ValidationError({"sex": "性别请选男或女，不清楚就不选。"})
    member = Member(
        street=slip.street, name=slip.name, phone_sealed=slip.phone_sealed, phone_digest=slip.phone_digest, sex=sex,
        affiliation=Member.Affiliation.IN_POST, employer=slip.employer, employer_number=slip.employer_number,
        skills=slip.skills,
    )  # fmt: skip
    return slip, Newcomer(member, home, room, timezone.localdate())


def _register(new: Sequence[tuple[Slip, Newcomer]]) -> None:
    """Register these members at their homes, and set them on their slips."""
    register_all([newcomer for _, newcomer in new])
    for slip, (member, home, room, _) in new:
        slip.member, slip.home, slip.room = member, home, fold_room(room)


def _fill_in(member: Member, slip: Slip, home: Area | None, room: str) -> None:
    """Fill in what is missing of a registered member, and let them move in where they have no home."""
    if member.street_id != slip.street_id:
        raise ValidationError({"member": NOT_YOURS})
    if not member.phone_digest:
        member.phone_sealed, member.phone_digest = slip.phone_sealed, slip.phone_digest
    if slip.origin == Slip.Origin.EMPLOYER or member.employer is None:
        was_theirs = member.employer == slip.employer
        member.employer = slip.employer
        member.employer_number = slip.employer_number or (member.employer_number if was_theirs else "")
    member.skills = member.skills or slip.skills
    member.save()
    if member.residences.filter(until=None).exists():
        return
    if home is None:
        raise ValidationError({"home": NO_HOME})
    member.move(to=home, room=room)


def _settle(slip: Slip, known: Member | None) -> None:
    """Set on the slip where its member lives, and whether they were registered."""
    if known:
        lives = known.residences.select_related("area").get(until=None)
        slip.member, slip.home, slip.room, slip.was_known = known, lives.area, lives.room, True
    assert slip.home
    slip.area = community_of(slip.home)
    slip.is_certain = True


def _make_room_for(slip: Slip) -> None:
    """End the member's live slip of the same employer and community: the new one takes its place.

    Conflict where that is one the employer hears of, and this one is not: it would lose it.
    """
    rows = Slip.objects.filter(status=Status.ACCEPTED, member=slip.member, employer=slip.employer, area=slip.area)
    for earlier in rows.exclude(pk=slip.pk).with_facts().locked():
        if earlier.counterpart and earlier.counterpart != slip.counterpart:
            raise Conflict(DOUBLED.format(earlier.number))
        end_as(earlier, Slip.End.REPLACED)


def _finish(slips: Sequence[Slip], street: Area, *, by: User) -> None:
    """Record the consents, move these locked slips on, give the receipts and tell the feeds."""
    if not slips:
        return
    give_consents(slips, by=by)
    now = timezone.now()
    for slip in slips:
        slip.status, slip.accepted_at = Status.ACCEPTED, now
    _save(slips)
    write_receipts(slips, street)
    add_slip_events(slips, FeedEvent.Type.SLIP_ACCEPTED)


def _save(slips: Sequence[Slip]) -> None:
    names = [
        "status", "accepted_at", "member", "was_known", "consent", "consent_to_tell", "area", "home", "room",
        "is_certain", "employer",
    ]  # fmt: skip
    overwrite(Slip, list(slips))
    for slip in slips:
        record("change", slip, changes=_changes(slip, names))


def _changes(slip: Slip, names: Sequence[str]) -> dict[str, Any]:
    return differences(slip._loaded, slip._values(names))
