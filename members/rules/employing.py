"""The shared register of employers: one unit serves many streets, so no one of them rewrites it for all.

A unit that only one street uses is for whoever writes members there. What ties a unit to a street is registered as what
holds on to it (`members.ground.dependents`).
"""

from collections import defaultdict
from collections.abc import Collection

from django.core.exceptions import PermissionDenied

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.dependents import places_of
from members.models import Area, Employer, User
from members.models.areas import SEGMENT

SHARED = (
    "这家单位别的街道也在用，名称和信用代码不能由一个街道改。"
    "本街道有自己的叫法，请登记在“单位叫法”里；确实要改，请联系系统管理员。"
)


def streets_of(employers: Collection[int]) -> dict[int, set[str]]:
    """Return the paths of the streets that use each of these employers; a query a kind of row, for any number."""
    found: dict[int, set[str]] = defaultdict(set)
    for employer, path in places_of(Employer, employers):
        found[employer].add(path[:SEGMENT])
    return found


def used_outside(employers: Collection[int], street: Area) -> set[int]:
    """Return those that another street uses as well."""
    return {employer for employer, paths in streets_of(employers).items() if paths - {street.path}}


def may_change(user: User, employer: Employer) -> bool:
    """Whether the user may give this employer another name or code."""
    own = {low[:SEGMENT] for low, _ in access.reach(user, Resource.EMPLOYER, Right.WRITE)}
    return bool(own) and (access.sets_up(user) or streets_of([employer.pk])[employer.pk] <= own)


def require_change(user: User, employer: Employer) -> None:
    """Hold the employer and raise PermissionDenied where it is not this user's to change; in a transaction."""
    list(Employer.objects.select_for_update(no_key=True).filter(pk=employer.pk))
    if not may_change(user, employer):
        raise PermissionDenied(SHARED)
