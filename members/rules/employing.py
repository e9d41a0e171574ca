"""The shared register of employers. One unit may serve many streets, so no single street changes it for all of them.

A unit that only one street uses may be changed by the users who write members there. The rows that tie a unit to a
street are registered as its dependents (`members.ground.dependents`).
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.dependents import places_of
from members.ground.rows import locked, save_with
from members.ground.unit_names import folded
from members.models import Area, Employer, EmployerName, User
from members.models.areas import SEGMENT

UNIT_GONE = "这家单位刚刚去掉了，没有保存。请回到名单看看。"
NAME_GONE = "这个叫法刚刚删去了，没有保存。请回到名单看看。"
SHARED = (
    "这家单位别的街道也在用，名称和信用代码不能由一个街道改。"
    "本街道有自己的叫法，请登记在“单位叫法”里；确实要改，请联系系统管理员。"
)


def streets_of(employers: Collection[int]) -> dict[int, set[str]]:
    """Return the paths of the streets that use each of these employers (ids); one query for each kind of dependent."""
    found: dict[int, set[str]] = defaultdict(set)
    for employer, path in places_of(Employer, employers):
        if path and not path.startswith(access.PRACTICE):  # a former name is no street's own
            found[employer].add(path[:SEGMENT])
    return found


def used_outside(employers: Collection[int], street: Area) -> set[int]:
    """Return the ids of those employers that another street uses too."""
    return {employer for employer, paths in streets_of(employers).items() if paths - {street.path}}


def may_change(user: User, employer: Employer) -> bool:
    """Whether the user may give this employer another name or code."""
    own = {low[:SEGMENT] for low, _ in access.reach(user, Resource.EMPLOYER, Right.WRITE)}
    return bool(own) and (access.sets_up(user) or streets_of([employer.pk])[employer.pk] <= own)


def add(**values: Any) -> Employer:
    """Add a unit to the register; ValidationError where its name or code is taken."""
    with atomic_write():
        employer = Employer(**values)
        employer.full_clean()
        employer.save()
    return employer


def change(employer: Employer, *, by: User, **values: Any) -> Employer:
    """Change a unit's name or code; PermissionDenied where the user may not, ValidationError where it is gone."""
    with atomic_write():
        require_change(by, employer)
        now = locked(Employer.objects.all(), employer.pk, gone=UNIT_GONE)
        before = now.name
        keep_name(save_with(now, values), before)
    return now


def keep_name(employer: Employer, name: str) -> None:
    """Keep a name that the employer had as its former name, for every street; the caller opens the transaction.

    What it is called now is no former name any more.
    """
    text, own = folded(name), EmployerName.objects.filter(employer=employer, street=None)
    for row in own.filter(folded=folded(employer.name)):
        row.delete()
    if text != folded(employer.name) and not own.filter(folded=text).exists():
        EmployerName(employer=employer, name=name).save()


def standing(employer: Employer | None) -> Employer | None:
    """Lock the employer, in a transaction, and return it, or the one that it was merged into meanwhile."""
    while employer is not None:
        now = Employer.objects.select_for_update(no_key=True).filter(pk=employer.pk).first()
        if now is None:
            raise ValidationError({"employer": UNIT_GONE})
        if now.merged_into_id is None:
            return now
        employer = now.merged_into
    return None


def call(known: EmployerName | None = None, *, by: User, **values: Any) -> EmployerName:
    """Add a street's own name for a unit, or change the `known` one; ValidationError where that is gone.

    A name without a street is every street's: only who may change the unit gives it.
    """
    with atomic_write():
        before: dict[str, Any] = {"street": known.street, "employer": known.employer} if known else {}
        for name in (before, before | values):
            if name and name.get("street") is None:
                require_change(by, name["employer"])
        now = locked(EmployerName.objects.all(), known.pk, gone=NAME_GONE) if known else EmployerName()
        return save_with(now, values)


def forget(name: EmployerName, *, by: User) -> None:
    """Delete a street's own name for a unit, if it is still there; a former name, if the user may change the unit."""
    with atomic_write():
        if name.street_id is None:
            require_change(by, name.employer)
        for row in EmployerName.objects.select_for_update(no_key=True).filter(pk=name.pk):
            row.delete()


def require_change(user: User, employer: Employer) -> None:
    """Lock the employer, in a transaction; raise PermissionDenied where the user may not change it."""
    list(Employer.objects.select_for_update(no_key=True).filter(pk=employer.pk))
    if not may_change(user, employer):
        raise PermissionDenied(SHARED)
