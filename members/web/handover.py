"""First passwords on their way to paper: sealed in the session until they are printed, an hour at most."""

import json
import time
from collections.abc import Mapping
from typing import Any

from members.ground.sealing import KeyLost, decrypt_text, encrypt_text

KEPT, KEPT_FOR = "handover", 60 * 60


def keep(request: Any, passwords: Mapping[int, str]) -> int:
    """Keep first passwords by their users' ids beside those not printed yet; return how many there are now."""
    waiting = _waiting(request) | {str(pk): text for pk, text in passwords.items()}
    request.session[KEPT] = {"at": int(time.time()), "sealed": encrypt_text(json.dumps(waiting))}
    return len(waiting)


def taken(request: Any) -> dict[int, str]:
    """Return what is kept, once."""
    found = _waiting(request)
    request.session.pop(KEPT, None)
    return {int(pk): text for pk, text in found.items()}


def _waiting(request: Any) -> dict[str, str]:
    kept = request.session.get(KEPT)
    if not kept or kept["at"] < time.time() - KEPT_FOR:
        return {}
    try:
        return dict(json.loads(decrypt_text(kept["sealed"])))
    except KeyLost:
        return {}
