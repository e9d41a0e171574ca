"""Record cards on paper: the content of a printed card, many of them as one PDF, and a signed receipt."""

from feedback.documents.cards import cards_pdf, printed_card
from feedback.documents.receipts import receipt_pdf

__all__ = ["cards_pdf", "printed_card", "receipt_pdf"]
