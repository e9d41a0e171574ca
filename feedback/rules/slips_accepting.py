"""Accepting slips: who may be meant, registering them or naming the one who is, the consents and the receipt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from feedback.models import Slip
from members.models import Area, Member, User


class SlipCandidate(NamedTuple):
    """A registered member who may be meant; `why` says what agrees and what does not, `home` where they live."""

    member: Member
    home: str
    why: str
    is_same: bool  # name and phone agree


@dataclass(slots=True)
class SlipsAccepted:
    """The outcome of accepting many: the accepted slips, and of each other one (id) the sentence that says why."""

    accepted: list[Slip] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)


def candidates(slip: Slip) -> list[SlipCandidate]:
    """Return the registered members of the slip's street who may be meant, those whose name and phone agree first."""
    raise NotImplementedError


def candidates_of(slips: Sequence[Slip]) -> dict[int, list[SlipCandidate]]:
    """Return the candidates of each of these slips (ids); a fixed number of queries."""
    raise NotImplementedError


def accept(
    slip: Slip, *, home: Area | None = None, room: str = "", member: Member | None = None, sex: str = "", by: User
) -> Slip:
    """Accept a slip: register a new member at this home, or say which registered one it is; return the slip.

    Without `home` it is the one that the slip has. A member who is registered keeps what is known of them; what is
    missing is filled in, and they move only if they have no home. The declared consents are recorded, the receipt
    (`slip.receipt`) is given, the employer's feed tells of it. A repeated call returns the slip. ValidationError by
    field, Conflict where the slip does not wait or the member has a live one already.
    """
    raise NotImplementedError


def accept_all(slips: Sequence[int], *, by: User) -> SlipsAccepted:
    """Accept those of these slips (ids) whose home is certain and where nobody registered may be meant.

    In one transaction and a fixed number of queries; the others are left, each with a reason.
    """
    raise NotImplementedError
