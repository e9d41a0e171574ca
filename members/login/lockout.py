"""The lock-out: by login name and place, and more slowly by the name alone, from any place.

django-axes brings the authentication back end, the page and the signals; the counting is ours. A browser in which the
user logged in before has a count of its own, so that strangers who try the name elsewhere do not lock its owner out.
"""

import secrets
import unicodedata
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from axes.signals import user_locked_out
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from members.ground.audit import plain_address
from members.ground.sealing import digest
from members.models.attempts import Limit, LoginAttempts, Standing

PLACE = Limit(6, timedelta(minutes=15))
ANYWHERE = Limit(30, timedelta(hours=1))
SALT = "louzu_known"
KNOWN = f"{settings.COOKIE_PREFIX}{SALT}"
KNOWN_FOR = timedelta(days=180)
MOST_NAMES = 5  # an office PC is shared


class CountedLogins(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]
    """Counts each try before the password is checked; a successful login sets the counts back."""

    def is_allowed(self, request: HttpRequest, credentials: dict | None = None) -> bool:
        if not (credentials or {}).get("username"):
            return True
        request.login_standing = _take(request, _folded(credentials["username"]))  # type: ignore[attr-defined, index]
        return request.login_standing.is_allowed  # type: ignore[attr-defined]

    def user_login_failed(self, sender: Any, credentials: dict, request: Any = None, **kwargs: Any) -> None:
        standing: Standing | None = getattr(request, "login_standing", None)
        if standing is None or not standing.is_last:
            return
        request.axes_locked_out = True
        request.axes_credentials = credentials
        request.locked_minutes = ceil(standing.wait / timedelta(minutes=1))
        address = request.axes_ip_address
        user_locked_out.send("axes", request=request, username=credentials.get("username"), ip_address=address)

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        self.reset_attempts(username=user.username)

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """Do nothing: logging out is no try."""

    def get_failures(self, request: Any, credentials: dict | None = None) -> int:
        """Return 0: axes needs a number only for its own limit, which is not used."""
        return 0

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        return LoginAttempts.forget(_folded(username)) if username else 0

    def post_save_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Do nothing: axes' own rows are not written."""

    post_delete_access_attempt = post_save_access_attempt


def place_of(request: HttpRequest) -> str:
    """Return the address that tries are counted for: of IPv6 the /64, since each subscriber has a whole one."""
    plain = plain_address(request.META.get("REMOTE_ADDR", ""))
    if plain and isinstance(ip_address(plain), IPv6Address):
        return str(ip_network(f"{plain}/64", strict=False).network_address)
    return plain or ""


def remember(request: Any, response: HttpResponse) -> None:
    """Set a signed cookie that says that this user logged in in this browser."""
    mark, names = _known(request)
    name = _folded(request.user.username)
    if name not in names:
        text = signing.dumps([mark or secrets.token_hex(16), [name, *names][:MOST_NAMES]], salt=SALT)
        kept = {"max_age": KNOWN_FOR, "httponly": True, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
        response.set_cookie(KNOWN, text, **kept)


def _take(request: HttpRequest, name: str) -> Standing:
    mark, names = _known(request)
    if name in names:
        return LoginAttempts.take(name, {digest(mark, purpose="browser"): PLACE})
    return LoginAttempts.take(name, {"": ANYWHERE, digest(place_of(request), purpose="address"): PLACE})


def _known(request: Any) -> tuple[str, list[str]]:
    """Return the browser's random mark and the digests of the login names used in it, from the signed cookie."""
    try:
        mark, names = signing.loads(request.COOKIES.get(KNOWN, ""), salt=SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return "", []
    return mark, names


def _folded(username: str) -> str:
    """Return the digest of a login name, the same for all ways to type it; what was typed may be a password."""
    return digest(unicodedata.normalize("NFKC", str(username)).casefold()[:150], purpose="login")
