"""The codes by which members report: a community's poster, and the link that an employer hands out."""

from datetime import date

from feedback.models import SlipCode
from members.models import Area, Employer


def open_code(place: Area, *, ends_on: date, employer: Employer | None = None) -> SlipCode:
    """Return the open code of this place, a new one where there is none; its last day is set.

    ValidationError for a day that is past or over a year away, or a place of another level.
    """
    raise NotImplementedError


def code_of(text: str) -> SlipCode | None:
    """Return the code with this secret text, open or not, with its place and employer; None where there is none."""
    raise NotImplementedError
