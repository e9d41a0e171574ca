"""What this app has of a member who is erased: claims, sign-ins, uploads; attendances stay, as they are counted."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Exists, OuterRef

from activities.models import ActivityImport, Need, SignIn, StruckAttendance
from activities.models.needs import EMPTIED
from activities.rules import needing
from members.models import Area, Member
from members.rules import erasing
from members.rules.erasing import KnownPerson
from members.rules.erasing_people import busy_uploads


def register_all() -> None:
    erasing.goes_along(erasing.Part(_hindered, _ends, _end, _empty))


def _hindered(member: Member) -> Iterator[str]:
    yield from busy_uploads(ActivityImport, member)


def _ends(member: Member) -> Iterator[str]:
    if claims := _claims(member).count():
        yield f"{claims} 条认领"
    if own := _own_needs(erasing.doors_of(member)).count():
        yield f"{own} 条自己家的群众需求"


def _claims(member: Member) -> Any:
    return Need.objects.filter(status=Need.Status.CLAIMED, members=member).select_related("area").order_by("pk")


def _own_needs(doors: Any) -> Any:
    waiting = (Need.Status.OPEN, Need.Status.CLAIMED)
    return Need.objects.filter(household__in=doors, status__in=waiting).select_related("area").order_by("pk")


def _end(known: KnownPerson) -> None:
    for need in _claims(known.member):
        needing.let_go(need, known.member)
    for need in _own_needs(known.doors):
        need.withdraw()


def _typed_by(known: KnownPerson) -> Any:
    """Return what the person signed in with; without a phone nothing tells it from a namesake's, which stays."""
    street, ends = known.member.street, {phone[-4:] for phone in known.phones}
    typed = SignIn.objects.filter(activity__area__path__startswith=street.path, name__in=known.names)
    if ends:
        return typed.filter(phone_end__in=ends)
    namesakes = Member.objects.filter(street=street, name=OuterRef("name")).exclude(pk=known.member.pk)
    return typed.filter(~Exists(namesakes))


def _empty(known: KnownPerson) -> Mapping[type[Any], Any]:
    member = known.member
    Need.objects.filter(household__in=known.doors).update(text=EMPTIED)
    StruckAttendance.objects.filter(member=member).delete()
    _typed_by(known).delete()
    ActivityImport.objects.forget_about(Area.objects.get(pk=member.street_id), known.words)
    return {}
