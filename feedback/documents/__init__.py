"""Record cards on paper: the content of a printed card, many of them as one PDF, the poster of a code."""

from feedback.documents.cards import cards_pdf, printed_card
from feedback.documents.poster import code_poster

__all__ = ["cards_pdf", "code_poster", "printed_card"]
