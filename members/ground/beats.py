"""Signs of life: while a block runs, a thread of its own gives one every few seconds."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

logger = logging.getLogger(__name__)

EVERY = 10.0  # seconds


class Heart:
    """Calls `beat` every `EVERY` seconds until the `with` block ends, on a database connection of its own.

    The block does not wait for the last beat, which may itself be waiting for a lock of the block.
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
        """Beat once; an error of the database is only logged, because the block itself meets it too."""
        try:
            close_old_connections()
            self.beat()
        except (DatabaseError, InterfaceError):
            logger.info("A sign of life was not taken.", exc_info=True)
