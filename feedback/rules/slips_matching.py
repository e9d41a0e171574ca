"""Who of the registered members a slip may mean: by phone, by name and home. In doubt nobody is taken for another."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from feedback.models import Slip
from feedback.rules.slips_reading import COMMUNITY
from members.ground.access import Right
from members.ground.history import batches
from members.models import Member, User

SAME = "姓名、电话都一致"
OTHER_NAME = "电话是这一位的，姓名不同"
SAME_HOME = "姓名一致，住同一个楼组"
GONE = "姓名一致，已经迁出"
NEAR = "姓名一致，住同一个社区，没有登记电话"


class SlipCandidate(NamedTuple):
    """A registered member who may be meant; `why` says what agrees and what does not, `home` where they live."""

    member: Member
    home: str
    why: str
    is_same: bool  # name and phone agree


def candidates(slip: Slip, *, by: User | None = None) -> list[SlipCandidate]:
    """Return the registered members of the slip's street who may be meant, those whose name and phone agree first.

    With `by`, only those in the user's scope.
    """
    found = candidates_of([slip])[slip.pk]
    if by is None:
        return found
    mine = Member.objects.for_user(by, Right.WRITE).filter(pk__in=[each.member.pk for each in found])
    pks = set(mine.values_list("pk", flat=True))
    return [each for each in found if each.member.pk in pks]


def candidates_of(slips: Sequence[Slip]) -> dict[int, list[SlipCandidate]]:
    """Return the candidates of each of these slips (ids) in its street; a fixed number of queries."""
    by_phone: dict[tuple[int, str], list[Member]] = defaultdict(list)
    by_name: dict[tuple[int, str], list[Member]] = defaultdict(list)
    for member in _likely(slips):
        by_name[member.street_id, member.name].append(member)
        if member.phone_digest:
            by_phone[member.street_id, member.phone_digest].append(member)
    return {slip.pk: _of(slip, by_phone, by_name) for slip in slips}


def _likely(slips: Sequence[Slip]) -> Iterable[Member]:
    """Return the members of these streets that have one of the names or one of the phones, with their homes."""
    rows = Member.objects.filter(street__in={slip.street_id for slip in slips}).with_home()
    found: dict[int, Member] = {}
    for column in ("name", "phone_digest"):
        values = sorted({getattr(slip, column) for slip in slips} - {""})
        for part in batches(values):
            found |= {member.pk: member for member in rows.filter(**{f"{column}__in": part}).order_by("pk")}
    return found.values()


def _of(slip: Slip, by_phone: Mapping, by_name: Mapping) -> list[SlipCandidate]:
    callers = by_phone.get((slip.street_id, slip.phone_digest), []) if slip.phone_digest else []
    namesakes = by_name.get((slip.street_id, slip.name), [])
    found = {member.pk: (member, SAME if member.name == slip.name else OTHER_NAME) for member in callers}
    for member in namesakes:
        if member.pk not in found and (why := _why(slip, member)):
            found[member.pk] = (member, why)
    all_ = [SlipCandidate(member, _home(member), why, why == SAME) for member, why in found.values()]
    return sorted(all_, key=lambda each: (not each.is_same, each.member.pk))


def _why(slip: Slip, member: Member) -> str:
    """Return what speaks for a namesake, "" where only the name does, or the phones differ far from the home."""
    path = member.home_path  # type: ignore[attr-defined]
    if path and slip.home and path == slip.home.path:
        return SAME_HOME
    if member.phone_digest and slip.phone_digest:  # not the same, or the phone would have led here
        return ""
    if not path:
        return GONE
    return NEAR if slip.area and path[:COMMUNITY] == slip.area.path else ""


def _home(member: Member) -> str:
    label, room = member.home_label, member.home_room  # type: ignore[attr-defined]
    return f"{label} {room}".strip() if label else "（已迁出）"
