"""Signs of life: while a block lasts, a thread of its own says so every few seconds."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

logger = logging.getLogger(__name__)

EVERY = 10.0  # seconds


class Heart:
    """Calls `beat` now and then until the `with` block ends, on a database connection of its own.

    Nobody waits for its last beat: it may itself be waiting for the lock that the block holds.
    """

    def __init__(self, beat: Callable[[], object]):
        self.beat = beat
        self._over = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, name="louzu-heart", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    def _run(self) -> None:
        try:
            while not self._over.wait(EVERY):
                self._beat_once()
        finally:
            connections.close_all()

    def _beat_once(self) -> None:
        """A beat that the database does not take is left out; whoever is at work notices by themselves."""
        try:
            close_old_connections()
            self.beat()
        except (DatabaseError, InterfaceError):
            logger.info("A sign of life was not taken.", exc_info=True)
