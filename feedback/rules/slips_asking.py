"""Slips that are not clear yet: asking the sender, their answer, placing an unknown home, the phone in full."""

from feedback.models import Slip
from feedback.rules.receiving import By
from members.models import Area, User


def ask(slip: Slip, *, code: str, text: str = "", by: User) -> Slip:
    """Ask the sender what is not clear (Slip.Question); a repeated call changes nothing.

    ValidationError where OTHER has no text, Conflict where the slip does not wait. The employer's feed tells of it.
    """
    raise NotImplementedError


def answer_question(slip: Slip, *, text: str = "", home: str = "", phone: str = "", by: By) -> Slip:
    """Answer what was asked, with a sentence, another address or another phone; the slip is SENT again.

    A new address is read anew. ValidationError by field, Conflict where nothing is asked. Repeating it changes nothing.
    """
    raise NotImplementedError


def correct_home(slip: Slip, *, home: Area, room: str = "", by: User) -> Slip:
    """Say which building group and room the address means; the secretary's choice is certain.

    ValidationError where the group is not the user's or is closed, Conflict where the slip does not wait.
    """
    raise NotImplementedError


def place(slip: Slip, community: Area, *, by: User) -> Slip:
    """Hand a slip to a community of its street, whose secretary goes on with it.

    ValidationError where it is no open community of the street, Conflict where the slip does not wait.
    """
    raise NotImplementedError


def reveal_phone(slip: Slip) -> str:
    """Record the access and return the phone in full."""
    raise NotImplementedError
