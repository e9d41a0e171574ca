"""Recording, correcting and claiming of needs.

The transitions without further input are methods of `Need`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from activities.models import Need
from activities.rules import correcting
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.states import Conflict
from members.models import Area, Employer, Member, User

MOST_CLAIMANTS = 50
NOT_HERE = "有的党员没有登记、已经迁出，或不在您的岗位范围内，请重新选择。"


def write_down(*, area: Area, **fields: Any) -> tuple[Need, bool]:
    """Record a need; return it and whether it is new.

    An open need of the same area, household, text and day is returned instead of a second one.
    """
    with atomic_write():
        need = Need(area=area, **fields)
        Area.objects.lock_open(area)
        same = Need.objects.filter(area=area, household=need.household, text=need.text, status=Need.Status.OPEN)
        if known := same.filter(opened_on=need.opened_on).first():
            return known, False
        need.full_clean()
        need.save()
    return need, True


def mend(need: Need, **changes: Any) -> Need:
    """Change these fields of a need; Conflict where it is over, since its text may have been emptied."""
    return correcting.correct(need, changes, require=_require_not_over)


def claim(need: Need, *, user: User, members: Iterable[int] = (), employer: Employer | None = None) -> None:
    """Assign the need to members (ids), an employer or both.

    ValidationError where a member is outside the user's scope or has moved away, or where there are too many.
    """
    pks = set(members)
    if len(pks) > MOST_CLAIMANTS:
        raise ValidationError({"members": f"一次最多登记 {MOST_CLAIMANTS} 名党员。"})
    with atomic_write():
        chosen = list(residents(user).filter(pk__in=pks))
        if len(chosen) < len(pks):
            raise ValidationError({"members": NOT_HERE})
        need.claim(members=chosen, employer=employer)


def let_go(need: Need, member: Member) -> datetime | None:
    """Release one member from a claimed need; it is open again unless others claimed it too.

    Return when it had been claimed where it is open again, else None.
    """
    with atomic_write():
        need.lock("claimed_at", "employer")
        claimants = sorted(need.members.values_list("pk", flat=True))
        if claimants == [member.pk] and need.employer_id is None:
            moment = need.claimed_at
            need.unclaim()
            return moment
        _set_claimants(need, claimants, [pk for pk in claimants if pk != member.pk])
    return None


def take_again(need: Need, member: Member, *, claimed_at: str | None) -> bool:
    """Put a member's claim back as it was before `let_go`; `claimed_at` as that returned it, in ISO format.

    Return False, with nothing changed, where the need has moved on since.
    """
    with atomic_write():
        need.lock("claimed_at", "employer")
        if need.status != (Need.Status.OPEN if claimed_at else Need.Status.CLAIMED):
            return False
        if claimed_at:
            need.advance(Need.Status.CLAIMED, only_from=Need.Status.OPEN, claimed_at=datetime.fromisoformat(claimed_at))
        claimants = sorted(need.members.values_list("pk", flat=True))
        _set_claimants(need, claimants, sorted({*claimants, member.pk}))
    return True


def _set_claimants(need: Need, before: list[int], after: list[int]) -> None:
    need.members.set(after)
    record("change", need, changes={"members": [before, after]})


def residents(user: Any) -> Any:
    """Return the members of the user's scope who have a current home, annotated with it."""
    members: Any = Member.objects.for_user(user).with_home()
    return members.filter(home_path__isnull=False)


def _require_not_over(need: Need) -> None:
    if need.is_over:
        raise Conflict("这条需求已经办结或撤回，不能再修改。请刷新页面看看。")
