"""The employers' API v1: what a key opens (design: cards, "API v1")."""
