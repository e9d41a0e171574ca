"""The receipt of a slip on paper."""

from feedback.models import SlipReceipt


def receipt_paper(receipt: SlipReceipt, *, title: str, address: str = "") -> bytes:
    """Return the receipt as one page of A4 (PDF); `address`, if any, checks it."""
    raise NotImplementedError
