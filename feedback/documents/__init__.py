"""Record cards on paper: the content of a printed card, and many of them as one PDF."""

from feedback.documents.cards import cards_pdf, printed_card

__all__ = ["cards_pdf", "printed_card"]
