"""Record cards on paper: what a printed card says, and many of them as one PDF."""

from feedback.documents.cards import cards_pdf, printed_card

__all__ = ["cards_pdf", "printed_card"]
