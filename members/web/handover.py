"""First passwords on their way to paper: sealed in the session until they are printed, an hour at most."""

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.contrib import messages
from django.urls import reverse
from django.utils.html import format_html

from members.ground.sealing import KeyLost, decrypt_text, encrypt_text

KEPT, KEPT_FOR = "handovers", 60 * 60
USERS = "admin:members_user_changelist"
NOTE = '{}（只显示这一次，请当面告知；首次登录须修改）。<a href="{}">打印交接单（{} 张）</a>'


class KeptPasswords(NamedTuple):
    """First passwords that are not printed yet, by their users' ids, and the name of the list to go back to."""

    passwords: dict[int, str]
    back: str


def keep(request: Any, passwords: Mapping[int, str], *, back: str = USERS) -> int:
    """Keep first passwords by their users' ids beside those not printed yet; return how many there are now."""
    made = {"at": int(time.time()), "sealed": encrypt_text(json.dumps(passwords)), "back": back}
    request.session[KEPT] = [*_fresh(request.session), made]
    return len(_opened(request.session))


def tell(request: Any, pk: int, said: str, password: str, *, back: str = USERS) -> None:
    """Show what was `said` with the first password in it, this once, with a link to the slip."""
    slips = keep(request, {pk: password}, back=back)
    messages.warning(request, format_html(NOTE, said, reverse("members:handover"), slips))


def taken(request: Any) -> KeptPasswords:
    """Return what is kept, once."""
    found, kept = _opened(request.session), _fresh(request.session)
    request.session.pop(KEPT, None)
    return KeptPasswords(found, kept[-1]["back"] if kept else USERS)


def end(session: Any) -> None:
    """Take what has been kept for an hour out of the session."""
    kept = session.get(KEPT)
    if kept and len(fresh := _fresh(session)) < len(kept):
        session[KEPT] = fresh


def _fresh(session: Any) -> list[dict[str, Any]]:
    return [each for each in session.get(KEPT, []) if each["at"] >= time.time() - KEPT_FOR]


def _opened(session: Any) -> dict[int, str]:
    """Return the passwords; a newer one replaces the older one of the same user."""
    found: dict[int, str] = {}
    for each in _fresh(session):
        try:
            found |= {int(pk): text for pk, text in json.loads(decrypt_text(each["sealed"])).items()}
        except KeyLost:
            continue
    return found
