"""What neighbours need: written down once, mended while it lasts, taken on by whom the user may ask.

The steps that need no more than a button are methods of `Need`.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from activities.models import Need
from activities.rules import correcting
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, Employer, Member, User

MOST_CLAIMANTS = 50
NOT_HERE = "有的党员没有登记、已经迁出，或不在您的岗位范围内，请重新选择。"


def write_down(*, area: Area, **words: Any) -> tuple[Need, bool]:
    """Write down what somebody needs; return it, and whether it is new.

    One of the same words, place, door and day that still waits is the one that was meant.
    """
    with atomic_write():
        need = Need(area=area, **words)
        Area.objects.lock_open(area)
        same = Need.objects.filter(area=area, household=need.household, text=need.text, status=Need.Status.OPEN)
        if there := same.filter(opened_on=need.opened_on).first():
            return there, False
        need.full_clean()
        need.save()
    return need, True


def mend(need: Need, **changes: Any) -> Need:
    """Change these words of a need that is not over; Conflict where it is: its text may have been emptied."""
    return correcting.correct(need, changes, require=_lasts)


def claim(need: Need, *, user: User, members: Iterable[int] = (), employer: Employer | None = None) -> None:
    """Members (ids) of the user's scope who live there now, an employer or both take the need on."""
    pks = set(members)
    if len(pks) > MOST_CLAIMANTS:
        raise ValidationError({"members": f"一次最多登记 {MOST_CLAIMANTS} 名党员。"})
    with atomic_write():
        chosen = list(residents(user).filter(pk__in=pks))
        if len(chosen) < len(pks):
            raise ValidationError({"members": NOT_HERE})
        need.claim(members=chosen, employer=employer)


def residents(user: Any) -> Any:
    """The members of the scope who live there now, with their homes."""
    members: Any = Member.objects.for_user(user).with_home()
    return members.filter(home_path__isnull=False)


def _lasts(need: Need) -> None:
    if need.is_over:
        raise Conflict("这条需求已经办结或撤回，不能再修改。请刷新页面看看。")
