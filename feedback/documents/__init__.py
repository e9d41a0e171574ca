"""Record cards on paper: the content of a printed card, many of them as one PDF, a code's poster, a signed receipt."""

from feedback.documents.cards import cards_pdf, printed_card
from feedback.documents.poster import code_poster
from feedback.documents.receipts import receipt_pdf
from feedback.documents.slip_poster import slip_poster
from feedback.documents.slip_receipts import receipt_paper

__all__ = ["cards_pdf", "code_poster", "printed_card", "receipt_paper", "receipt_pdf", "slip_poster"]
