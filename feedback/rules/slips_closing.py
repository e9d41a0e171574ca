"""Slips that are over: declined, withdrawn, ended; and the employer's word on whose they are."""

from collections.abc import Sequence

from feedback.models import Slip
from feedback.rules.receiving import By
from members.models import Consent, User


def decline(slip: Slip, *, text: str = "", by: User) -> Slip:
    """Say that the member does not live in the street; a repeated call changes nothing. Conflict where it is over."""
    raise NotImplementedError


def decline_all(slips: Sequence[int], *, text: str = "", by: User) -> tuple[int, int]:
    """Decline those of these slips (ids) that wait; return how many, and how many were left."""
    raise NotImplementedError


def withdraw(slip: Slip, *, withdrawer: str, by: By) -> Slip:
    """Withdraw a slip, whoever it is (Slip.Withdrawer), and the consents that it brought; repeated, nothing changes.

    Conflict where it was declined, forwarded or has ended.
    """
    raise NotImplementedError


def end(slip: Slip, *, code: str, text: str = "", by: By) -> Slip:
    """End an accepted slip (Slip.End): what the member is now, the secretary decides. Repeated, nothing changes.

    Conflict where it is not accepted.
    """
    raise NotImplementedError


def ours(slip: Slip, *, is_ours: bool, by: By) -> Slip:
    """Say whether the member who named the employer is theirs; of one who is not, the employer hears no more.

    Conflict where the employer sent the slip itself, said the other before, or the slip is over.
    """
    raise NotImplementedError


def fall_with(consent: Consent) -> None:
    """Withdraw every slip that rests on a withdrawn consent; stop telling the employer where only that was."""
    raise NotImplementedError
