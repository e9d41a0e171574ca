"""What this app has of a member who is erased: homes, duties, consents, moves, uploads and every state before."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from members.ground.states import Conflict
from members.models import (
    Area,
    AreaRole,
    Consent,
    CorrectionRequest,
    Duty,
    Household,
    Member,
    Move,
    Pairing,
    Residence,
    RosterImport,
    Transfer,
    User,
)
from members.models.uploads import Upload
from members.rules import erasing
from members.rules.erasing import KnownPerson

LOGIN = "这位党员有登录账号“{}”，还能登录或还有岗位：请先在“用户”里结束岗位、去掉“可以登录”，再来删除。"
BUSY = "有一份{}正在处理：请等它处理完（一般几分钟），再来删除。"


def register_all() -> None:
    erasing.goes_along(erasing.Part(_hindered, _ends, _end, _empty))


def _hindered(member: Member) -> Iterator[str]:
    for user in User.objects.filter(member=member):
        if user.is_active or AreaRole.objects.lasting().filter(user=user).exists():
            yield LOGIN.format(user.username)
    yield from busy_uploads(RosterImport, member)


def busy_uploads(model: type[Upload], member: Member) -> Iterator[str]:
    """Yield a sentence where an upload to the member's street is being read or written."""
    if model.objects.at_work().filter(area__path__startswith=member.street.path).exists():
        yield BUSY.format(model.BOOK)


def _ends(member: Member) -> Iterator[str]:
    if home := member.residences.select_related("area").filter(until=None).first():
        yield f"在{home}的居住（从今天起不再计入这里的党员数）"
    counted = {
        "{} 对结对": _pairings(erasing.doors_of(member)),
        "{} 项六员": Duty.objects.lasting().filter(member=member),
        "{} 次正等着对方接收的转接": Transfer.objects.waiting().filter(member=member),
        "{} 项本人的同意": Consent.objects.in_force().filter(member=member),
    }
    yield from (words.format(count) for words, rows in counted.items() if (count := rows.count()))


def _pairings(doors: Any) -> Any:
    return Pairing.objects.filter(Q(household__in=doors), until=None)


def _end(known: KnownPerson) -> None:
    """End what hangs on the member; cards and slips fall with the consents that they rest on."""
    member, today = known.member, timezone.localdate()
    for consent in Consent.objects.in_force().filter(member=member).order_by("pk"):
        with suppress(Conflict):  # withdrawn at this moment
            consent.withdraw()
    for pairing in _pairings(known.doors).select_related("household__area", "neighbour").order_by("pk"):
        pairing.end(on=max(today, pairing.since))
    for rows in (member.residences.filter(until=None), Duty.objects.lasting().filter(member=member)):
        _end_dated(rows, today)


def _end_dated(rows: Any, today: date) -> None:
    """End rows today, none before it began; no state before is kept, so none is written."""
    rows.filter(since__gt=today).update(until=F("since"))
    rows.filter(since__lte=today).update(until=today)


def _empty(known: KnownPerson) -> Mapping[type[Any], Any]:
    member, street = known.member, Area.objects.get(pk=known.member.street_id)
    told: dict[type[Any], set[int]] = {model: _without_history(model, member) for model in (Residence, Duty)}
    sent = Transfer.objects.filter(Q(member=member) | Q(settled=member))
    going = {
        Transfer: sent,
        Move: Move.objects.filter(member=member),
        CorrectionRequest: CorrectionRequest.objects.filter(member=member),
    }
    told |= {model: _ids(rows) for model, rows in going.items()} | {Member: {member.pk}, Household: _unnamed(known)}
    for rows in going.values():
        rows.delete()
    Member.history.filter(id=member.pk).delete()
    User.objects.filter(member=member).update(member=None)
    RosterImport.objects.forget_about(street, known.words)
    return told


def _without_history(model: type[Any], member: Member) -> set[int]:
    """Delete every state before of the member's rows; return the ids, those of rows that are gone too."""
    states = model.history.filter(member_id=member.pk)
    found = set(states.values_list("id", flat=True)) | _ids(model._default_manager.filter(member=member))
    states.delete()
    return found


def _unnamed(known: KnownPerson) -> set[int]:
    """Empty what the member's own household liked to be called; return those that had a name."""
    named = Household.history.filter(id__in=known.doors).exclude(name="")
    found = set(named.values_list("id", flat=True))
    named.update(name="")
    Household.objects.filter(pk__in=known.doors).update(name="")
    return found


def _ids(rows: Any) -> set[int]:
    return set(rows.values_list("pk", flat=True))
