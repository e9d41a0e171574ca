"""What of this app hangs on a member's home, or on the member: pairings, posts of the place, duties."""

from collections.abc import Callable, Iterable
from typing import Any

from members.ground import ties
from members.ground.access import PostKind, Right
from members.ground.states import Conflict
from members.ground.ties import Going, Tie
from members.models import AreaRole, Duty, Pairing, Residence, User
from members.rules import appointing, pairing, registering
from members.rules.latest import by_trail

PAIRINGS = "pairings"
OF_THE_PLACE = (PostKind.LIAISON, PostKind.LEADER)
NOT_YOURS = "当时还结束了岗位“{}”，您不能安排这个岗位，没有撤销。请能安排的人来撤销。"


def register_all() -> None:
    ties.register(
        Tie(PAIRINGS, "{} 对结对", _pairings, _end_pairings, _resume_pairings),
        Tie("posts", "{} 个岗位", _posts, _end_posts, _resume_posts),
        Tie("duties", "{} 项六员", _duties, _end_duties, _resume_duties),
    )


def _pairings(going: Going) -> list[Pairing]:
    """Return the pairings of the door; they stay with the household where another member lives behind it."""
    home = going.home
    others = Residence.objects.current().filter(area=home.area_id, room=home.room).exclude(member=going.member)
    if not home.room or others.exists():
        return []
    mine = Pairing.objects.for_user(going.by, Right.WRITE).select_related(*pairing.SIDES)
    return list(mine.filter(household__area=home.area_id, household__room=home.room, until=None).order_by("pk"))


def _end_pairings(rows: list[Any], going: Going) -> list[Any]:
    for row in rows:
        row.end(on=max(going.day, row.since))
    return [[row.pk, row.until.isoformat()] for row in rows]


def _resume_pairings(notes: list[Any], going: Going) -> None:
    for row, (_, until) in _stored(Pairing.objects.select_related(*pairing.SIDES), notes):
        _require_same(row, until, going)
        pairing.resume(row)


def _posts(going: Going) -> list[AreaRole]:
    """Return the posts of the place that the member leaves behind; nobody ends their own."""
    mine = AreaRole.objects.for_user(going.by, Right.WRITE).lasting().filter(user__member=going.member)
    rows = mine.filter(kind__in=OF_THE_PLACE).exclude(user=going.by).select_related("area").order_by("pk")
    return [row for row in rows if going.to is None or not going.to.path.startswith(row.area.path)]


def _lock_holders(pks: list[int]) -> None:
    """Lock the users of these posts, as every change of a post does first."""
    holders = AreaRole.objects.filter(pk__in=pks).values("user")
    list(User.objects.filter(pk__in=holders).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _end_posts(rows: list[Any], going: Going) -> list[Any]:
    pks = [row.pk for row in rows]
    _lock_holders(pks)
    now = list(AreaRole.objects.lasting().filter(pk__in=pks).select_related("area").order_by("pk"))
    return _end_dated(now, going, lambda row: appointing.set_post(row, by=going.by))


def _resume_posts(notes: list[Any], going: Going) -> None:
    _lock_holders([note[0] for note in notes])
    for row, (_, before, until) in _stored(AreaRole.objects.select_related("area"), notes):
        if not AreaRole.objects.for_user(going.by, Right.WRITE).filter(pk=row.pk).exists():
            raise Conflict(NOT_YOURS.format(row))
        _require_same(row, until, going)
        row.until = before
        appointing.set_post(row, by=going.by)


def _duties(going: Going) -> list[Duty]:
    return list(Duty.objects.lasting().filter(member=going.member).order_by("pk"))


def _end_duties(rows: list[Any], going: Going) -> list[Any]:
    return _end_dated(rows, going, registering.set_duty)


def _resume_duties(notes: list[Any], going: Going) -> None:
    for row, (_, before, until) in _stored(Duty.objects.all(), notes):
        _require_same(row, until, going)
        row.until = before
        registering.set_duty(row)


def _end_dated(rows: list[Any], going: Going, save: Callable[[Any], object]) -> list[Any]:
    """End rows on the day of the move, none before it began; return [id, its end before, its end now] of each."""
    notes = []
    for row in rows:
        before, row.until = row.until, max(going.day, row.since)
        save(row)
        notes.append([row.pk, before and before.isoformat(), row.until.isoformat()])
    return notes


def _stored(rows: Any, notes: list[Any]) -> Iterable[tuple[Any, list[Any]]]:
    """Yield each of the noted rows with its note, locked."""
    stored = rows.select_for_update(no_key=True, of=("self",)).in_bulk([note[0] for note in notes])
    for note in notes:
        if note[0] not in stored:
            raise Conflict("当时一起结束的，有一条已经去掉了，没有撤销。")
        yield stored[note[0]], note


def _require_same(row: Any, until: str, going: Going) -> None:
    """Raise Conflict, with who and what, where the row does not end any more on the day that the move set."""
    if going.since and str(row.until) != until:
        raise Conflict(f"{by_trail(row, since=going.since)}改过{row._meta.verbose_name}“{row}”，没有撤销。")
