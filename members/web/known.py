"""What a browser without a login may read for some minutes, because its user has given the digits that open it."""

import time
from collections.abc import Iterable

from django.http import HttpRequest

KNOWN_SECONDS = 20 * 60


def remember(request: HttpRequest, what: str, marks: Iterable[str]) -> None:
    """Let this browser read the rows with these marks; `what` names their kind."""
    now = int(time.time())
    known = {mark: until for mark, until in request.session.get(what, {}).items() if until > now}
    request.session.cycle_key()
    request.session[what] = known | dict.fromkeys(marks, now + KNOWN_SECONDS)


def is_known(request: HttpRequest, what: str, mark: str) -> bool:
    return request.session.get(what, {}).get(mark, 0) > time.time()
