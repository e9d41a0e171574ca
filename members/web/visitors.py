"""Visitors without a login: how often one address may try."""

from django.http import HttpRequest

from members.web.throttling import Windowed


class ByAddress(Windowed):
    """Counts tries by address. A subclass sets `what` is tried, and the `rate`."""

    what = ""
    rate = "30/min"

    def get_cache_key(self, request, view):
        return f"{self.what}-{self.get_ident(request)}"

    @classmethod
    def lets(cls, request: HttpRequest) -> bool:
        """Count a try of this address; return whether it is allowed."""
        return cls().allow_request(request, None)  # type: ignore[arg-type]
