"""Handing a slip to another street of the installation."""

from feedback.models import Slip
from members.models import Area, User


def forward(slip: Slip, to: Area, *, by: User) -> Slip:
    """Hand the slip to another street, and return its successor there; a repeated call returns the same one.

    The sender hears of both in the feed of the street that they sent it to. ValidationError where `to` is no other open
    street, Conflict where the slip does not wait.
    """
    raise NotImplementedError


def streets_to_forward(slip: Slip) -> list[Area]:
    """Return the open streets of the installation other than the slip's, by name."""
    raise NotImplementedError
