"""Offers of units and their use for needs; the same rules for the unit's system, its contact and the office."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from activities.models import Need
from feedback.models import Contact, EmployerKey, Offer
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.rows import save_with
from members.models import Area, Employer, User

NO_PLACE = "请从列出的街道和社区里选一个。"
ELSEWHERE = "这条需求不在这项资源提供的范围里，请选范围里的需求。"
FOR_THE_STREET = "这项资源是提供给全街道的，由街道来标记。"
Status = Offer.Status


def offer(by: EmployerKey | Contact, *, area: Area, kind: str, title: str, text: str = "") -> tuple[Offer, bool]:
    """Offer something to the street of this key or contact, or to one of its communities; ValidationError elsewhere.

    Return the offer and whether it is new: an equal offer that is open is returned instead of a second one.
    """
    with atomic_write():
        values = {"area": _place(by, area), "kind": kind, "title": title, "text": text}
        # of two calls at once the second finds what the first made
        values["employer"] = Employer.objects.select_for_update(no_key=True).get(pk=by.employer_id)
        new = Offer(**values)
        new.full_clean()
        if same := Offer.objects.open().filter(**values).order_by("pk").first():
            return same, False
        new.save()
    return new, True


def change(row: Offer, *, by: EmployerKey | Contact, **values: Any) -> Offer:
    """Change these fields of an offer; Conflict where it is not open, ValidationError for a value that is not valid."""
    with atomic_write():
        if "area" in values:
            values["area"] = _place(by, values["area"])
        stored = _locked(row)
        stored.lock_if(Status.OPEN)
        return save_with(stored, values, only=True)


def take_back(row: Offer) -> Offer:
    """Withdraw the offer for its unit; repeating it changes nothing. Conflict where it is used up."""
    with atomic_write():
        locked = _locked(row)
        if locked.status != Status.WITHDRAWN:
            locked.close(Status.WITHDRAWN)
    return locked


def offer_again(row: Offer) -> Offer:
    """Open a withdrawn offer again; repeating it changes nothing. Conflict where the office marked it as used up."""
    with atomic_write():
        locked = _locked(row)
        if locked.status != Status.OPEN:
            locked.reopen(only_from=Status.WITHDRAWN)
    return locked


def use(row: Offer, *, need: Need) -> None:
    """Use the offer for this open need, which its unit claims; ValidationError for a need outside the offer's area."""
    with atomic_write():
        locked = _locked(row)
        locked.lock_if(Status.OPEN)
        claimed = Need.objects.select_for_update(of=("self",), no_key=True).select_related("area").get(pk=need.pk)
        if not claimed.area.path.startswith(locked.area.path):
            raise ValidationError({"need": ELSEWHERE})
        claimed.claim(employer=locked.employer)
        locked.needs.add(claimed)
        record("change", locked, changes={"needs": [claimed.pk]})


def use_up(row: Offer, *, user: User) -> None:
    """Mark the offer as used up; PermissionDenied as in `may_mark`, Conflict where it is not open."""
    with atomic_write():
        _locked_to_mark(row, user).close(Status.USED)


def make_available(row: Offer, *, user: User) -> None:
    """Open a used-up offer again; PermissionDenied as in `may_mark`, Conflict where its unit withdrew it."""
    with atomic_write():
        _locked_to_mark(row, user).reopen(only_from=Status.USED)


def may_mark(row: Offer, user: User) -> bool:
    """Return whether the user may mark the offer as used up: one to a whole street is marked by the street only."""
    return access.covers(user, Resource.CARD, row.area.path, Right.WRITE)


def _locked_to_mark(row: Offer, user: User) -> Offer:
    locked = _locked(row)
    if not may_mark(locked, user):
        raise PermissionDenied(FOR_THE_STREET)
    return locked


def _locked(row: Offer) -> Offer:
    """Return the offer read again and locked."""
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("area", "employer")
    return rows.get(pk=row.pk)


def _place(by: EmployerKey | Contact, area: Area) -> Area:
    """Return the area, locked; ValidationError where it cannot receive this unit's offers."""
    found = Offer.places(by.opens).select_for_update(no_key=True).filter(pk=area.pk).first()
    if found is None:
        raise ValidationError({"area": NO_PLACE})
    return found
