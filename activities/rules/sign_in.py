"""Signing in at a poster: the input is saved at once and matched to a member by a background task.

The response and its time are the same whatever was typed, so that a visitor cannot find out whether a name exists. A
match is recorded; any other sign-in waits for the secretary.
"""

from collections import defaultdict
from collections.abc import Mapping

from django_tasks import task

from activities.models import Activity, Attendance, SignIn
from activities.rules.attendance import Recording, eligible, enrol, enrol_signed
from members.ground.atomic import atomic_write
from members.ground.names import LONGEST, fold_name
from members.models import User
from members.work.jobs import enqueue

MOST_WAITING = 2_000


class Full(Exception):
    """The activity has as many sign-ins waiting as it can take."""


def sign_in(activity: Activity, *, name: str, phone_end: str) -> None:
    """Save a sign-in and start matching; the same input twice is saved once. Full where too many wait."""
    folded = fold_name(name)[:LONGEST]
    with atomic_write():
        if SignIn.objects.filter(activity=activity).count() >= MOST_WAITING:
            raise Full
        SignIn.objects.bulk_create([SignIn(activity=activity, name=folded, phone_end=phone_end)], ignore_conflicts=True)
        enqueue(settle_sign_ins, activity.pk)


@task()
def settle_sign_ins(pk: int) -> None:
    """Record the new sign-ins that match exactly one member of the area; leave the others to the secretary."""
    activity = Activity.objects.planned_or_held().select_related("area").filter(pk=pk).first()
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
    """Settle waiting sign-ins: `answers` maps their ids to member ids, 0 for nobody. They are deleted.

    Sign-ins that another user settled meanwhile are skipped. Return None where nobody is to be recorded.
    """
    with atomic_write():
        mine = SignIn.objects.for_user(user).filter(activity=activity, pk__in=answers).order_by("pk")
        waiting = list(mine.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        chosen = {answers[pk] for pk in waiting} - {0}
        recorded = enrol(activity, chosen, user=user, source=Attendance.Source.CODE) if chosen else None
        SignIn.objects.filter(pk__in=waiting).delete()
    return recorded


def _found(activity: Activity, waiting: list[SignIn]) -> dict[int, int]:
    """Return member ids by sign-in id, for the sign-ins that match exactly one member."""
    members = eligible(activity, area=activity.area).filter(name__in={row.name for row in waiting})
    by_input: dict[tuple[str, str], list[int]] = defaultdict(list)
    for member in members:
        by_input[member.name, member.phone[-4:]].append(member.pk)
    matches = {row.pk: by_input.get((row.name, row.phone_end), []) for row in waiting}
    return {pk: pks[0] for pk, pks in matches.items() if len(pks) == 1}
