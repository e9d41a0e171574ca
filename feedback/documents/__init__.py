"""Record cards on paper: the content of a printed card, many of them as one PDF, a code's poster, a signed receipt."""

from feedback.documents.cards import cards_pdf, printed_card
from feedback.documents.poster import code_poster
from feedback.documents.receipts import receipt_pdf

__all__ = ["cards_pdf", "code_poster", "printed_card", "receipt_pdf"]
