"""Moving house, away and back: what ends with it, and taking it back for seven days as if it had not been."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from members.ground import ties
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.rows import locked
from members.ground.states import Conflict
from members.ground.ties import Going, Tie
from members.models import Area, Member, Move, Pairing, Residence, Transfer, User
from members.models.moves import UNDOABLE
from members.rules.latest import by_history
from members.rules.pairing import lock_doors
from members.rules.ties import PAIRINGS

GONE = "这次办理的记录已经不在了，没有撤销。"
UNDONE = "这次办理已经撤销过了。"
NO_MOVE = f"{UNDOABLE.days} 天内没有办理过迁居、迁出，没有可以撤销的。"


class Held(NamedTuple):
    """Rows of one kind that may end with a move."""

    tie: Tie
    rows: list[Any]

    def __str__(self) -> str:
        return self.tie.words.format(len(self.rows))


def held_by(member: Member, *, by: User, to: Area | None = None) -> list[Held]:
    """Return what hangs on the member's present home and may be ended by this user; nothing without a home."""
    home = _present(member)
    if home is None:
        return []
    going = Going(member, home, by, timezone.localdate(), to)
    return [Held(tie, rows) for tie in ties.kinds() if (rows := tie.held(going))]


def ended_with(move: Move) -> list[str]:
    """Return the counts of what ended with the move, in words."""
    return [tie.words.format(len(move.ended[tie.key])) for tie in ties.kinds() if tie.key in move.ended]


def settle(
    member: Member,
    *,
    to: Area,
    by: User,
    end: Collection[str] = (),
    on: date | None = None,
    room: str = "",
    joined_on: date | None = None,
) -> Move | None:
    """Move house, or come back, as `Member.move` does; end what hangs on the old home of these kinds.

    Return the move, None where a repeated call changed nothing.
    """
    with atomic_write():
        Area.objects.lock_open(to)
        move = _begun(member)
        move.settled = member.move(to=to, room=room, on=on, joined_on=joined_on)
        if move.left == move.settled:
            return None
        return _kept(move, by=by, end=end, day=move.settled.since)


def leave(member: Member, *, by: User, end: Collection[str] = (), on: date | None = None) -> Move:
    """Move away as `Member.leave` does; end what hangs on the home of these kinds."""
    with atomic_write():
        move = _begun(member)
        member.leave(on=on)
        return _kept(move, by=by, end=end, day=on or timezone.localdate())


def depart(member: Member, *, by: User, end: Collection[str] = ()) -> None:
    """Move away today as `leave` does, for good: another street goes on with the member, so there is no undo."""
    with atomic_write():
        move = _begun(member)
        member.leave()
        _end_ties(move, by=by, end=end, day=timezone.localdate())


def undoable_of(member: Member, *, by: User) -> Move | None:
    """Return the member's last move if this user may undo it; whether anything was changed since is not asked."""
    last = Move.objects.filter(member=member, undone_at=None).values("pk")[:1]
    return Move.objects.for_user(by, Right.WRITE).undoable().filter(pk__in=last).first()


def undo_last(member: Member, *, by: User) -> Move:
    """Undo the member's last move, see `undo`."""
    move = undoable_of(member, by=by)
    if move is None:
        raise Conflict(NO_MOVE)
    return undo(move, by=by)


def undo(move: Move, *, by: User) -> Move:
    """Put everything back as it was before the move. Conflict, with who and what, where somebody changed it since."""
    with atomic_write():
        if move.left:
            Area.objects.lock_open(move.left.area)
        move.member.queue()
        now = locked(Move.objects.select_related("member", "left__area", "settled__area"), move.pk, gone=GONE)
        left, settled = now.left, now.settled
        lock_doors([left, settled], now.ended.get(PAIRINGS, []))
        _require_undoable(now)
        now.undone_at, now.settled = timezone.now(), None
        now.save()
        if settled:
            settled.delete()
        if left:
            left.until = None
            left.full_clean()
            left.save()
        going = Going(now.member, left, by, timezone.localdate(), since=now.at)
        for tie in ties.kinds():
            tie.resume(now.ended.get(tie.key, []), going)
        # What this move and its undo wrote does not stand in the way of undoing the move before it.
        before = Move.objects.filter(member=now.member, undone_at=None, pk__lt=now.pk, mark=now.began)
        before.update(mark=_newest(now.member))
    return now


def _present(member: Member) -> Residence | None:
    return member.residences.select_related("area").filter(until=None).first()


def _begun(member: Member) -> Move:
    """Lock the member, and the doors of their present home; return the move that is about to happen."""
    member.queue()
    left = _present(member)
    lock_doors([left])
    return Move(member=member, left=left, began=_newest(member))


def _newest(member: Member) -> int:
    """Return the newest entry in the history of the member's homes, 0 where there is none."""
    return Residence.history.filter(member_id=member.pk).aggregate(newest=Max("history_id"))["newest"] or 0


def _kept(move: Move, *, by: User, end: Collection[str], day: date) -> Move:
    """End what is to end with the move, and save what an undo needs."""
    _end_ties(move, by=by, end=end, day=day)
    both = move.left is not None and move.settled is not None
    move.kind = Move.Kind.HOUSE if both else Move.Kind.AWAY if move.left else Move.Kind.BACK
    move.mark, move.at = _newest(move.member), timezone.now()
    move.save()
    return move


def _end_ties(move: Move, *, by: User, end: Collection[str], day: date) -> None:
    """End what hangs on the home that was left, of these kinds, and note it in `ended`."""
    if move.left:
        going = Going(move.member, move.left, by, day, move.settled and move.settled.area)
        for tie in ties.kinds():
            rows = tie.held(going) if tie.key in end else []
            if rows:
                move.ended[tie.key] = tie.end(rows, going)


def _require_undoable(move: Move) -> None:
    if move.undone_at:
        raise Conflict(UNDONE)
    if move.at <= timezone.now() - UNDOABLE:
        raise ValidationError(f"超过 {UNDOABLE.days} 天，不能撤销。住址不对的，请再办一次迁居，或在居住经历里更正。")
    if gone := Transfer.objects.filter(member=move.member, accepted_at__gt=move.at).first():
        raise Conflict(f"{gone.to_street}已经接收了{move.member}，没有撤销：不然两个街道都有他的家。")
    later = Residence.history.filter(member_id=move.member_id, history_id__gt=move.mark)
    if change := later.select_related("history_user").order_by("-history_id").first():
        raise Conflict(f"{by_history(change)}又改过{move.member}的住址，没有撤销。请打开{move.member}看看居住经历。")
    _require_no_new_pairs(move)


def _require_no_new_pairs(move: Move) -> None:
    """Raise Conflict where a pairing was registered since that the undo would contradict.

    One of the new home would hang on nobody; one that took the empty old home for a neighbour's has a member in it.
    """
    doors = [("household", move.settled), ("neighbour", move.left)]
    for side, home in doors:
        if home is None or not home.room or _is_shared(home):
            continue
        here = Pairing.objects.filter(**{f"{side}__area": home.area_id, f"{side}__room": home.room}, until=None)
        registered = Pairing.history.filter(history_type="+", history_date__gt=move.at, id__in=here.values("pk"))
        if new := registered.select_related("history_user").order_by("-history_id").first():
            raise Conflict(f"{by_history(new)}给{home}登记了结对，没有撤销。请先撤销或结束这一对。")


def _is_shared(home: Residence) -> bool:
    """Whether another member lives behind the same door."""
    others = Residence.objects.current().filter(area=home.area_id, room=home.room)
    return others.exclude(member=home.member_id).exists()
