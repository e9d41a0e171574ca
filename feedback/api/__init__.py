"""The employers' API v1 (docs/design/cards.md, "API v1"), and the office's own calls on cards and offers."""
