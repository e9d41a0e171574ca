"""Sending slips: an employer's, a member's own, or typed from paper; any number at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from feedback.models import Slip, SlipCode
from feedback.rules.receiving import By
from members.models import Area, Employer

MOST = 500


class SlipRow(NamedTuple):
    """What one slip says, as it was typed or sent."""

    name: str
    phone: str
    home: str
    employer_number: str = ""
    skills: str = ""
    wishes: str = ""
    agreed_how: str = ""  # Consent.Means
    agreed_on: date | None = None
    employer_name: str = ""  # as written, where the sender is not the employer
    tells_employer: bool = False  # the second tick of a member


@dataclass(slots=True)
class SlipSent:
    """The answer for one row: its slip, or by field the sentences that say what is wrong.

    `is_new` is False where the same slip was sent before and still stands: it is that one.
    """

    slip: Slip | None = None
    is_new: bool = False
    errors: dict[str, list[str]] = field(default_factory=dict)


def send_slips(
    rows: Sequence[SlipRow],
    *,
    street: Area,
    origin: str,
    by: By,
    employer: Employer | None = None,
    code: SlipCode | None = None,
) -> list[SlipSent]:
    """Send these slips to a street, and return an answer for each row, in their order; good rows are sent.

    `origin` is of Slip.Origin; for EMPLOYER the sender is `employer`, for the others the row names it. `code` is the
    poster or link by which a member reports; its employer is theirs. ValidationError where there are over `MOST` rows.
    """
    raise NotImplementedError
