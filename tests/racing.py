"""Several people at the same moment, each with a connection of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from members.ground.states import Conflict


def raced(*acts: Callable[[], Any]) -> list[Any]:
    """What each act ends in, all started at once in threads of their own: its result, or the refusal."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            return act()
        except (ValidationError, IntegrityError, Conflict) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [job.result() for job in [pool.submit(run, act) for act in acts]]
