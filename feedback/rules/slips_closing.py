"""Slips that are over: declined, withdrawn, ended; and the employer's word on whose they are."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.feed.slips import add_slip_events, tell
from feedback.models import FeedEvent, Slip
from feedback.models.slip_rows import WAITING
from feedback.rules.receiving import By
from feedback.rules.slips_asking import NOT_NOW, change, locked, locked_for, sentence
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import Consent, User, journal

Status = Slip.Status
JOURNAL = "slip"
HANDED_ON = "这张报到单已经转给{}，请在那边的一张（{}）上办。"
NO_END = "请选结束的原因。"
THEIR_OWN = "这张报到单是单位自己发来的，不用再认。"
OTHER_WORD = "这张报到单单位已经答复过“{}”，不能再改。要改请联系社区。"


def decline(slip: Slip, *, text: str = "", by: User) -> Slip:
    """Say that the member does not live in the street; a repeated call changes nothing. Conflict where it is over."""
    text = sentence(text)
    with atomic_write():
        slip = locked_for(slip, by)
        if slip.status != Status.DECLINED:
            _decline([slip], text)
    return slip


def decline_all(slips: Sequence[int], *, text: str = "", by: User) -> tuple[int, int]:
    """Decline those of these slips (ids) that wait; return how many, and how many were left."""
    text = sentence(text)
    mine = Slip.objects.for_user(by, Right.WRITE).filter(status__in=WAITING).with_facts().locked().order_by("pk")
    with atomic_write():
        found = [slip for part in batches(sorted(set(slips))) for slip in mine.filter(pk__in=part)]
        _decline(found, text)
    return len(found), len(set(slips)) - len(found)


def _decline(slips: Sequence[Slip], text: str) -> None:
    for slip in slips:
        slip.advance(Status.DECLINED, declined_at=timezone.now(), declined_text=text)
    add_slip_events(slips, FeedEvent.Type.SLIP_DECLINED)


def withdraw(slip: Slip, *, withdrawer: str, by: By) -> Slip:
    """Withdraw a slip, whoever it is (Slip.Withdrawer), and the consents that it brought; repeated, nothing changes.

    Conflict where it was declined, forwarded or has ended.
    """
    with atomic_write():
        consents = _lock_consents(slip)
        slip = locked(slip)
        if slip.status == Status.WITHDRAWN:
            return slip
        _require_here(slip)
        _withdraw([slip], withdrawer)
        for consent in consents:
            consent.withdraw()
    return slip


def end(slip: Slip, *, code: str, text: str = "", by: By) -> Slip:
    """End an accepted slip (Slip.End): what the member is now, the secretary decides. Repeated, nothing changes.

    Conflict where it is not accepted.
    """
    text = sentence(text)
    if code not in Slip.End.values or code == Slip.End.REPLACED:
        raise ValidationError({"code": NO_END})
    with atomic_write():
        slip = locked(slip)
        if (slip.status, slip.ended_code) == (Status.ENDED, code):
            return slip
        _require_here(slip)
        end_as(slip, code, text)
    return slip


def end_as(slip: Slip, code: str, text: str = "") -> None:
    """End a locked slip, in the caller's transaction."""
    slip.advance(Status.ENDED, ended_at=timezone.now(), ended_code=code, ended_text=text)
    add_slip_events([slip], FeedEvent.Type.SLIP_ENDED)


def resume(slip: Slip) -> None:
    """Let a locked slip that has ended stand again, in the caller's transaction; Conflict where it has not."""
    slip.advance(Status.ACCEPTED, only_from=Status.ENDED, ended_at=None, ended_code="", ended_text="")
    add_slip_events([slip], FeedEvent.Type.SLIP_ACCEPTED)


def ours(slip: Slip, *, is_ours: bool, by: By) -> Slip:
    """Say whether the member who named the employer is theirs; of one who is not, the employer hears no more.

    Conflict where the employer sent the slip itself, said the other before, or the slip is over.
    """
    word = Slip.Ours.OURS if is_ours else Slip.Ours.NOT_OURS
    with atomic_write():
        slip = locked(slip)
        if slip.origin == Slip.Origin.EMPLOYER:
            raise Conflict(THEIR_OWN)
        if slip.employer_says == word:
            return slip
        if slip.employer_says:
            raise Conflict(OTHER_WORD.format(slip.get_employer_says_display()))
        if slip.untold_at or slip.status in (Status.WITHDRAWN, Status.DECLINED, Status.FORWARDED):
            raise Conflict(NOT_NOW.format(slip.get_status_display()))
        change(slip, employer_says=word)
        if not is_ours:
            stop_telling(slip)
    return slip


def stop_telling(slip: Slip) -> None:
    """Tell the employer of a locked slip that it was withdrawn, and then no more, in the caller's transaction."""
    counterpart = slip.counterpart
    change(slip, untold_at=timezone.now())
    tell({slip: counterpart}, FeedEvent.Type.SLIP_WITHDRAWN)


def fall_with(consent: Consent) -> None:
    """Withdraw every slip that rests on a withdrawn consent; stop telling the employer where only that was."""
    rows = Slip.objects.with_facts().locked().order_by("pk")
    _withdraw(list(rows.filter(consent=consent, status=Status.ACCEPTED)), Slip.Withdrawer.MEMBER)
    for slip in rows.filter(consent_to_tell=consent, untold_at=None).exclude(status=Status.WITHDRAWN):
        stop_telling(slip)


def withdraw_again(tokens: Sequence[str]) -> int:
    """Withdraw again the slips of these journal tokens that a restored backup has as live; return how many."""
    rows = Slip.objects.live().with_facts().locked().order_by("pk")
    forgotten = [slip for part in batches(tokens) for slip in rows.filter(number__in=part)]
    _withdraw(forgotten, Slip.Withdrawer.SENDER)
    return len(forgotten)


def withdraw_all(slips: Sequence[Slip]) -> None:
    """Withdraw these locked slips for their member, in the caller's transaction."""
    _withdraw(slips, Slip.Withdrawer.MEMBER)


def _withdraw(slips: Sequence[Slip], withdrawer: str) -> None:
    """Withdraw these locked slips, and note it in the journal, so that a restored backup does not bring them back."""
    for slip in slips:
        slip.advance(Status.WITHDRAWN, withdrawn_at=timezone.now(), withdrawn_by=withdrawer)
    add_slip_events(slips, FeedEvent.Type.SLIP_WITHDRAWN)
    if slips:
        journal.note(JOURNAL, *(slip.number for slip in slips))


def _require_here(slip: Slip) -> None:
    """Raise Conflict, with where it went, for a slip that another street continues."""
    if slip.status == Status.FORWARDED:
        raise Conflict(HANDED_ON.format(slip.continued_by.street.name, slip.continued_by.number))


def _lock_consents(slip: Slip) -> list[Any]:
    """Return the consents in force that this slip alone rests on, locked: consents are locked before slips."""
    known = Slip.objects.filter(pk=slip.pk).values_list("consent", "consent_to_tell").first()
    rows = Consent.objects.in_force().filter(pk__in=filter(None, known or ()))
    others = Slip.objects.filter(status=Status.ACCEPTED).exclude(pk=slip.pk)
    free = rows.exclude(slips__in=others).exclude(told_slips__in=others)
    return list(free.select_for_update(no_key=True, of=("self",)).order_by("pk"))
