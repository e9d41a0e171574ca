"""What a unit offers, and what it is used for: by its system, its contact or the office, under the same rules."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from activities.models import Need
from feedback.models import Contact, EmployerKey, Offer
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Area, Employer, User

NO_PLACE = "请从列出的街道和社区里选一个。"
ELSEWHERE = "这条需求不在这项资源提供的范围里，请选范围里的需求。"
FOR_THE_STREET = "这项资源是提供给全街道的，由街道来标记。"
Status = Offer.Status


def offer(by: EmployerKey | Contact, *, area: Area, kind: str, title: str, text: str = "") -> tuple[Offer, bool]:
    """Offer something to the street of this key or contact, or to a community of it; return it and whether it is new.

    One that says the same and stands is the one that was meant.
    """
    with atomic_write():
        said = {"area": _place(by, area), "kind": kind, "title": title, "text": text}
        # Of two at once the second finds what the first made.
        said["employer"] = Employer.objects.select_for_update(no_key=True).get(pk=by.employer_id)
        new = Offer(**said)
        new.full_clean()
        if same := Offer.objects.open().filter(**said).order_by("pk").first():
            return same, False
        new.save()
    return new, True


def change(row: Offer, *, by: EmployerKey | Contact, **said: Any) -> Offer:
    """Say these fields of an offer anew; Conflict where it stands no more."""
    with atomic_write():
        if "area" in said:
            said["area"] = _place(by, said["area"])
        locked = _locked(row)
        locked.lock_if(Status.OPEN)
        for name, value in said.items():
            setattr(locked, name, value)
        locked.full_clean()
        locked.save(update_fields=list(said))
    return locked


def take_back(row: Offer) -> Offer:
    """Its unit offers it no more; again, nothing changes. Conflict where it is used up."""
    with atomic_write():
        locked = _locked(row)
        if locked.status != Status.WITHDRAWN:
            locked.close(Status.WITHDRAWN)
    return locked


def offer_again(row: Offer) -> Offer:
    """Its unit offers it after all; again, nothing changes. That something was used up is the office's to say."""
    with atomic_write():
        locked = _locked(row)
        if locked.status != Status.OPEN:
            locked.reopen(only_from=Status.WITHDRAWN)
    return locked


def use(row: Offer, *, need: Need) -> None:
    """The unit takes this open need on with what it offers; the need lies within the area that it is offered to."""
    with atomic_write():
        locked = _locked(row)
        locked.lock_if(Status.OPEN)
        asked = Need.objects.select_for_update(of=("self",), no_key=True).select_related("area").get(pk=need.pk)
        if not asked.area.path.startswith(locked.area.path):
            raise ValidationError({"need": ELSEWHERE})
        asked.claim(employer=locked.employer)
        locked.needs.add(asked)
        record("change", locked, changes={"needs": [asked.pk]})


def use_up(row: Offer, *, user: User) -> None:
    """There is no more of it."""
    with atomic_write():
        _locked_to_mark(row, user).close(Status.USED)


def make_available(row: Offer, *, user: User) -> None:
    """There is some of it after all; what its unit took back is the unit's to offer again."""
    with atomic_write():
        _locked_to_mark(row, user).reopen(only_from=Status.USED)


def may_mark(row: Offer, user: User) -> bool:
    """Whether the user says if there is any left: what is offered to a whole street is not one community's to close."""
    return access.covers(user, Resource.CARD, row.area.path, Right.WRITE)


def _locked_to_mark(row: Offer, user: User) -> Offer:
    locked = _locked(row)
    if not may_mark(locked, user):
        raise PermissionDenied(FOR_THE_STREET)
    return locked


def _locked(row: Offer) -> Offer:
    """The offer as it now is, locked."""
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("area", "employer")
    return rows.get(pk=row.pk)


def _place(by: EmployerKey | Contact, area: Area) -> Area:
    """The area, locked, if something can be offered to it."""
    found = Offer.places(by.street).select_for_update(no_key=True).filter(pk=area.pk).first()
    if found is None:
        raise ValidationError({"area": NO_PLACE})
    return found
