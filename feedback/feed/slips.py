"""Slips in the employers' feed: their events, and the signed receipts that the communities give for them."""

from collections.abc import Iterable
from typing import Any

from feedback.models import Slip, SlipReceipt


def facts(slip: Slip) -> dict[str, Any]:
    """Return what an employer reads of a slip: number, status and what goes with it; nothing that names the member.

    `slip` has its `sent_to`, `street`, `area`, `continues`, `continued_by` and `receipt` loaded.
    """
    raise NotImplementedError


def signed(receipt: SlipReceipt) -> dict[str, Any]:
    """Return the receipt for the sender: the statement, its SHA-256, and the signature in base64."""
    raise NotImplementedError


def add_slip_events(slips: Iterable[Slip], kind: str) -> None:
    """Add an event for each of these slips that an employer hears of to its feed, and announce it."""
    raise NotImplementedError
