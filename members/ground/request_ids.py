"""The id of a request: on its answer, in its log lines and its entries in the trail."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

GIVEN = re.compile(r"[\w-]{8,40}", re.ASCII)
_present: ContextVar[str] = ContextVar("request_id", default="")


def taken(given: str) -> str:
    """Return the id that a proxy or a caller gave, or a new one where it gave none of this form."""
    return given if GIVEN.fullmatch(given) else uuid.uuid4().hex


def present() -> str:
    """Return the id of the request that this thread answers, "" outside of any."""
    return _present.get()


@contextmanager
def answering(request_id: str) -> Iterator[None]:
    token = _present.set(request_id)
    try:
        yield
    finally:
        _present.reset(token)
