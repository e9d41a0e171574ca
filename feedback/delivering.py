"""Telling employers' systems that there is something to fetch."""

from collections.abc import Mapping


def announce(cursors: Mapping[int, str]) -> None:
    """Let the webhooks of these employers (ids) know that there is something after these cursors."""
