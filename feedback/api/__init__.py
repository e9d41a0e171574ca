"""The employers' API v1: what a key opens (docs/design/cards.md, "API v1")."""
