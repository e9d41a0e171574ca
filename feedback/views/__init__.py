"""The office's pages of cards, the member's page, the papers."""
