"""Signing in at a poster: what was typed is kept at once, and matched behind the scenes.

The phone's answer is the same, and takes the same time, whatever was typed: whether a name exists is found out by a
background task, which no visitor waits for. A match is recorded; anything else waits for the secretary.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from django_tasks import task

from activities.models import Activity, Attendance, SignIn
from activities.rules.attendance import Recording, eligible, enrol, enrol_signed
from members.ground.atomic import atomic_write
from members.models import User
from members.work.jobs import enqueue

MOST_WAITING = 2_000


class Full(Exception):
    """More has been typed at this poster than one activity can have."""


def sign_in(activity: Activity, *, name: str, phone_end: str) -> None:
    """Keep what was typed; the same twice is kept once."""
    typed = "".join(unicodedata.normalize("NFKC", name).split())
    with atomic_write():
        if SignIn.objects.filter(activity=activity).count() >= MOST_WAITING:
            raise Full
        SignIn.objects.bulk_create([SignIn(activity=activity, name=typed, phone_end=phone_end)], ignore_conflicts=True)
        enqueue(settle_sign_ins, activity.pk)


@task()
def settle_sign_ins(pk: int) -> None:
    """Record those new sign-ins that mean exactly one member of the area; the others wait in the list."""
    activity = Activity.objects.select_related("area").filter(pk=pk).exclude(status=Activity.Status.CANCELLED).first()
    if activity is None or not activity.is_due:
        return
    with atomic_write():
        waiting = list(SignIn.objects.select_for_update(no_key=True).filter(activity=activity, is_seen=False))
        found = _found(activity, waiting)
        if found:
            enrol_signed(activity, set(found.values()))
        SignIn.objects.filter(pk__in=found).delete()
        SignIn.objects.filter(pk__in=[row.pk for row in waiting if row.pk not in found]).update(is_seen=True)


def answer(activity: Activity, answers: Mapping[int, int], *, user: User) -> Recording | None:
    """Record whom sign-ins (ids) that wait mean: members (ids), 0 for nobody; they leave the list.

    Those that somebody else answered meanwhile are left as they are. None where nobody is to be recorded.
    """
    with atomic_write():
        mine = SignIn.objects.for_user(user).filter(activity=activity, pk__in=answers).order_by("pk")
        waiting = list(mine.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        chosen = {answers[pk] for pk in waiting} - {0}
        recorded = enrol(activity, chosen, user=user, source=Attendance.Source.CODE) if chosen else None
        SignIn.objects.filter(pk__in=waiting).delete()
    return recorded


def _found(activity: Activity, waiting: list[SignIn]) -> dict[int, int]:
    """Return the member (id) whom each sign-in (id) means, where it is exactly one."""
    members = eligible(activity, area=activity.area).filter(name__in={row.name for row in waiting})
    by_typed: dict[tuple[str, str], list[int]] = defaultdict(list)
    for member in members:
        by_typed[member.name, member.phone[-4:]].append(member.pk)
    matches = {row.pk: by_typed.get((row.name, row.phone_end), []) for row in waiting}
    return {pk: meant[0] for pk, meant in matches.items() if len(meant) == 1}
