"""Counts of slips, by employer and by community; nobody is named."""

from dataclasses import dataclass
from datetime import date

from feedback.models.slips import SlipQuerySet
from members.models import Area, User

SLOW = 7


@dataclass(slots=True)
class UnitSlips:
    """An employer's counts: sent in the time, and of those accepted, waiting, ended; the median days to the receipt."""

    unit: str
    sent: int
    accepted: int
    waiting: int
    ended: int
    days: float | None


@dataclass(slots=True)
class CommunitySlips:
    """A community's counts: members reported in the time, and of them how many came to an activity within 90 days."""

    community: Area
    reported: int
    came: int


@dataclass(slots=True)
class SlipFigures:
    """The counts of an area: by employer and by community."""

    units: list[UnitSlips]
    communities: list[CommunitySlips]


def slip_figures(area: Area, first: date, last: date) -> SlipFigures:
    """Return the counts of an area's slips sent between two days."""
    raise NotImplementedError


def waiting_over(user: User, days: int = SLOW) -> SlipQuerySet:
    """Return the user's slips that have waited for over so many days."""
    raise NotImplementedError
