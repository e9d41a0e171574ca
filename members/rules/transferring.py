"""Sending a member to another street of the installation: sent, withdrawn, declined, accepted (docs/design/privacy.md).

Until it is accepted nothing changes in either street. Accepting ends the home in the one and begins it in the other,
each with a record of its own; what was done stays with the street where it was done. There is no undo of that.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.utils import timezone

from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.rooms import fold_room
from members.ground.states import Conflict
from members.ground.text import visible
from members.models import Area, Consent, Member, Transfer, User
from members.models.areas import AreaQuerySet
from members.models.consents import ConsentQuerySet
from members.models.transfers import receiving_ranges
from members.rules import employing, moving
from members.rules.consenting import record_answers

WAITS = "这位党员已经转出，正等着对方接收，不用再转。"
AWAY = "这位党员现在没有住址，不能转接；请先办理迁居，或在那边直接登记。"
SAME_STREET = "请选别的街道：在本街道里搬家，请办理迁居。"
NOT_YOURS = "转接由收到的那个街道接收。"
NOT_SENT_BY_YOU = "转接由原街道撤回。"
TWIN = "这个身份证号在您的街道已经登记过，请选“就是已登记的”那一位。"
STRANGER = "这不是同一个人：姓名、身份证号、电话都对不上，或者身份证号不一样。"
ELSEWHERE = "请选“{}”的楼组。"
SENDER_GONE = "转出这位党员的人已经不负责他，说好要一起结束的结对、岗位等没有人能结束。请原街道撤回，重新转出。"
WHY = "请写明不接收的原因。"
FILLED = (
    "birth_date", "id_digest", "phone_sealed", "phone_digest", "standing", "party_since", "employer", "employer_number",
)  # fmt: skip
PASSED = ("name", "sex", "affiliation", *FILLED)


def other_streets(member: Member) -> AreaQuerySet:
    """Return the streets of the installation to which the member can be sent."""
    return Area.objects.streets().current().exclude(path=member.street.path)


def waiting_of(member: Member) -> Transfer | None:
    return Transfer.objects.waiting().select_related("member", "to_street").filter(member=member).first()


def send(
    member: Member,
    *,
    to_street: Area,
    home_text: str,
    means: str,
    given_on: date | None = None,
    by: User,
    end: Collection[str] = (),
) -> Transfer:
    """Send a member, who agreed by these `means` on this day, to another street; these kinds of ties end with it.

    Conflict where the member waits for a street already, ValidationError where no other street is named or nobody
    lives here.
    """
    with atomic_write():
        Area.objects.lock_open(to_street)
        member.queue()
        if waiting_of(member):
            raise Conflict(WAITS)
        if to_street.level != Area.Level.STREET or to_street.path == member.street.path:
            raise ValidationError({"to_street": SAME_STREET})
        if not member.residences.filter(until=None).exists():
            raise ValidationError(AWAY)
        _used_up(member)
        how: dict[str, Any] = {"means": means, "given_on": given_on or timezone.localdate()}
        record_answers({member.pk: True}, by=by, purpose=Consent.Purpose.TRANSFER, **how)
        transfer = Transfer(member=member, to_street=to_street, home_text=visible(home_text).strip(), sent_by=by)
        transfer.end = sorted(end)
        transfer.full_clean()
        transfer.save()
    return transfer


def withdraw(transfer: Transfer, *, by: User) -> None:
    """Take a transfer back before it is accepted; its consent is used up. Conflict where it has ended."""
    with atomic_write():
        if not Transfer.objects.leaving(by).filter(pk=transfer.pk).exists():
            raise PermissionDenied(NOT_SENT_BY_YOU)
        _lock_agreed(transfer.member)
        transfer.advance(Transfer.Status.WITHDRAWN, withdrawn_at=timezone.now())
        _used_up(transfer.member)


def decline(transfer: Transfer, *, sentence: str, by: User) -> None:
    """Refuse a transfer with a sentence, which the sender reads; its consent is used up."""
    with atomic_write():
        require_receiver(transfer, by)
        said = visible(sentence).strip()
        if not said:
            raise ValidationError({"sentence": WHY})
        Transfer._meta.get_field("sentence").run_validators(said)
        _lock_agreed(transfer.member)
        transfer.advance(Transfer.Status.DECLINED, sentence=said, declined_at=timezone.now())
        _used_up(transfer.member)


def fall_with(consent: Consent) -> None:
    """Withdraw the transfer that waits on this consent: a member may take it back until the other street accepts."""
    if consent.purpose != Consent.Purpose.TRANSFER:
        return
    for transfer in Transfer.objects.waiting().filter(member=consent.member_id):
        with suppress(Conflict):  # accepted at this moment: the consent ends, the transfer stays
            transfer.advance(Transfer.Status.WITHDRAWN, withdrawn_at=timezone.now())


def matches(transfer: Transfer) -> list[Member]:
    """Return the receiving street's own records that may be this person: the same number, phone or name."""
    sent = transfer.member
    same = Q(name=sent.name)
    for name in ("id_digest", "phone_digest"):
        if value := getattr(sent, name):
            same |= Q(**{name: value})
    found = Member.objects.filter(same, street=transfer.to_street_id)
    if sent.id_digest:
        found = found.filter(id_digest__in=["", sent.id_digest])
    return list(found.order_by("pk"))


def require_receiver(transfer: Transfer, by: User) -> None:
    """Raise PermissionDenied unless the user is the office of the street that the member was sent to."""
    path = transfer.to_street.path
    if not any(low <= path < high for low, high in receiving_ranges(by)):
        raise PermissionDenied(NOT_YOURS)


def accept(
    transfer: Transfer, *, to: Area, by: User, room: str = "", known: Member | None = None, joins: bool = False
) -> Member:
    """Take the member in from today on, in this building group, as a new record or as the one that is `known` here.

    Of a known one only what was blank is filled in. ValidationError where the group is another street's, or the person
    is not the known one, or is known but not named. Conflict where the transfer has ended.
    """
    with atomic_write():
        require_receiver(transfer, by)
        if to.street_path != transfer.to_street.path:
            raise ValidationError(ELSEWHERE.format(transfer.to_street.name))
        Area.objects.lock_street(to)
        Area.objects.lock_open(to)
        employing.standing(transfer.member.employer)  # comes before the members in the order of locks
        _lock_members(transfer, known)
        transfer.lock_if(Transfer.Status.SENT)
        sent = Member.objects.select_related("street").get(pk=transfer.member_id)
        if sent.residences.filter(until=None).exists():
            _require_sender(transfer)
            moving.depart(sent, by=transfer.sent_by, end=transfer.end)
        record = _filled(transfer, sent, known) if known else _copied(transfer, sent)
        _settle(record, to, room, joins=joins)
        transfer.advance(Transfer.Status.ACCEPTED, settled=record, accepted_at=timezone.now())
    return record


def _require_sender(transfer: Transfer) -> None:
    """Raise Conflict where what is to end with the home cannot: who sent the member works for them no more."""
    mine = Member.objects.for_user(transfer.sent_by, Right.WRITE).filter(pk=transfer.member_id)
    if transfer.end and not mine.exists():
        raise Conflict(SENDER_GONE)


def _agreed(member: Member) -> ConsentQuerySet:
    return Consent.objects.in_force(Consent.Purpose.TRANSFER).filter(member=member)


def _lock_agreed(member: Member) -> None:
    """Lock the member and the consent, which comes before the transfer: a consent that is withdrawn takes it along."""
    member.queue()
    list(_agreed(member).select_for_update(no_key=True).values_list("pk"))


def _used_up(member: Member) -> None:
    """End the member's consent to a transfer: each one asks anew."""
    for consent in _agreed(member):
        consent.withdraw()


def _lock_members(transfer: Transfer, known: Member | None) -> None:
    pks = {transfer.member_id, known.pk} if known else {transfer.member_id}
    list(Member.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _copied(transfer: Transfer, sent: Member) -> Member:
    """Return a new record of the receiving street, with what the notice says and nothing of what was done."""
    record = Member(street=transfer.to_street, **{name: getattr(sent, name) for name in PASSED})
    if record.twins().exists():
        raise ValidationError({"known": TWIN})
    record.full_clean()
    record.save()
    return record


def _filled(transfer: Transfer, sent: Member, known: Member) -> Member:
    """Fill in what is blank in the receiving street's own record of the person."""
    record = next((each for each in matches(transfer) if each.pk == known.pk), None)
    if record is None:
        raise ValidationError({"known": STRANGER})
    was_numbered = bool(record.id_digest)
    fills = [name for name in FILLED if not getattr(record, name)]
    if record.employer_id and record.employer_id != sent.employer_id:
        fills = [name for name in fills if name != "employer_number"]
    for name in fills:
        setattr(record, name, getattr(sent, name))
    if not was_numbered and record.twins().exists():
        raise ValidationError({"known": TWIN})
    record.full_clean()
    record.save()
    return record


def _settle(record: Member, to: Area, room: str, *, joins: bool) -> None:
    """Begin the home, unless the known record lives there already."""
    home = record.residences.filter(area=to, until=None).first()
    if home is None or (room and home.room != fold_room(room)):
        record.move(to=to, room=room, joined_on=timezone.localdate() if joins else None)
