"""The clock of the demonstration: what the rules do within the block was done some time ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone


@contextmanager
def ago(time: timedelta) -> Iterator[None]:
    """Set the clock back within the block: the rules note the moment, and a receipt is signed with it."""
    now = timezone.now
    timezone.now = lambda: now() - time  # type: ignore[assignment]
    try:
        yield
    finally:
        timezone.now = now  # type: ignore[assignment]
